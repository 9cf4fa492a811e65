//! Destinations.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;

use crate::calls::{self, PageWalk};
use crate::error::Error;
use crate::http::client::Client;
use crate::types::destination::{Destination, DestinationChanges, NewDestination};
use crate::types::id::DestinationId;
use crate::types::paging::ListQuery;
use crate::types::region::Region;

const DESTINATIONS: &str = "/v3/audit-log-destinations";

/// The page size of the shared list. The API descriptions specify no maximum.
const SHARED_PAGE_SIZE: u32 = 100;
/// The maximum number of pages of the shared list.
const SHARED_PAGES: usize = 10;
/// The number of retries of one of its pages, without which the reads succeed too.
const SHARED_PAGE_RETRIES: u32 = 2;

fn path(id: &DestinationId) -> String {
    format!("{DESTINATIONS}/{id}")
}

/// `GET /v3/audit-log-destinations`, page by page: lists all destinations from `query.after` on.
///
/// # Errors
/// When a call fails or its response cannot be read, and when the list does not end.
pub async fn all_destinations(
    client: &Client,
    region: &Region,
    query: &ListQuery,
) -> Result<Vec<Destination>, Error> {
    first_destinations(client, region, query, usize::MAX, |_| true).await
}

/// `GET /v3/audit-log-destinations`, page by page: lists destinations from `query.after` on, until the list ends or
/// `accept` has returned true for `limit` of them. Returns those, in the order of the API, which is not documented.
///
/// # Errors
/// As [`all_destinations`].
pub async fn first_destinations(
    client: &Client,
    region: &Region,
    query: &ListQuery,
    limit: usize,
    accept: impl Fn(&Destination) -> bool,
) -> Result<Vec<Destination>, Error> {
    let parameters = |after: Option<String>| {
        let after = after.or_else(|| query.after.clone());
        ListQuery {
            after,
            ..query.clone()
        }
        .parameters()
    };
    calls::first(client, region, DESTINATIONS, parameters, limit, accept).await
}

/// Destinations by their id.
pub(crate) type Listed = HashMap<DestinationId, Destination>;

/// Lists the destinations for reads that share the list, page by page: those of at most [`SHARED_PAGES`] pages, as far as
/// they can be read. A destination that it lacks is read by its ID.
pub(crate) async fn list_destinations_for(client: Client, region: Region, readers: watch::Sender<Listed>) {
    let mut query = ListQuery {
        size: Some(SHARED_PAGE_SIZE),
        ..ListQuery::default()
    };
    let mut walk = PageWalk::new(&client);
    for _ in 0..SHARED_PAGES {
        let retries = Some(SHARED_PAGE_RETRIES);
        let page = calls::page::<Value>(&client, &region, DESTINATIONS, query.parameters(), retries).await;
        let Ok((page, response)) = page else { return };
        let complete = page.items.into_iter().filter_map(Destination::of_list_item);
        readers.send_modify(|found| {
            found.extend(complete.map(|destination| (destination.id.clone(), destination)));
        });
        let Some(next) = page.next.filter(|next| walk.advance(&response, next).is_ok()) else {
            return;
        };
        query.after = Some(next);
    }
}

/// `POST /v3/audit-log-destinations`: creates a destination.
///
/// The request is retried only if no destination can have been created. After an error, [`Error::may_have_happened`]
/// shows whether one may exist; [`Creations`](crate::Creations) finds it. A 409 is reported on the field `name`.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn create_destination(
    client: &Client,
    region: &Region,
    new: &NewDestination,
) -> Result<Destination, Error> {
    let authorization = Some(&new.authorization);
    calls::write(client, region, Method::POST, DESTINATIONS, new, authorization)
        .await
        .map_err(Error::with_conflict_on_name)
}

/// `GET /v3/audit-log-destinations/{id}`: reads a destination.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown ID, or its response cannot be read.
pub async fn get_destination(
    client: &Client,
    region: &Region,
    id: &DestinationId,
) -> Result<Destination, Error> {
    calls::read(client, region, &path(id)).await
}

/// `PATCH /v3/audit-log-destinations/{id}`: changes a destination. Absent fields keep their value.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn update_destination(
    client: &Client,
    region: &Region,
    id: &DestinationId,
    changes: &DestinationChanges,
) -> Result<Destination, Error> {
    let authorization = changes.authorization.as_ref();
    calls::write(client, region, Method::PATCH, &path(id), changes, authorization).await
}

/// `DELETE /v3/audit-log-destinations/{id}`: deletes a destination.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown ID, or with 409 while a webhook uses the destination. A
/// 404 after more than one attempt may follow the success of an earlier attempt.
pub async fn delete_destination(client: &Client, region: &Region, id: &DestinationId) -> Result<(), Error> {
    calls::delete(client, region, &path(id)).await
}
