//! Destinations.

use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::api::call;
use crate::api::repeat::{RepeatSchedule, repeat_while};
use crate::error::Error;
use crate::http::client::Client;
use crate::types::destination::{Destination, DestinationChanges, NewDestination};
use crate::types::id::DestinationId;
use crate::types::paging::{ListQuery, Page};
use crate::types::region::Region;

const DESTINATIONS: &str = "/v3/audit-log-destinations";

/// The number of retries of a page that is only an optimization.
const OPTIONAL_PAGE_RETRIES: u32 = 2;

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
    call::first(client, region, DESTINATIONS, parameters, limit, accept).await
}

/// Lists one page of the destinations for reads that share it, with items of any type. Also returns the length of the
/// response in bytes. It has fewer retries, because the reads succeed without it.
pub(crate) async fn destinations_page<T: DeserializeOwned>(
    client: &Client,
    region: &Region,
    query: &ListQuery,
) -> Result<(Page<T>, usize), Error> {
    let retries = Some(OPTIONAL_PAGE_RETRIES);
    let (page, response) = call::page(client, region, DESTINATIONS, query.parameters(), retries).await?;
    Ok((page, response.received.body.len()))
}

/// `POST /v3/audit-log-destinations`: creates a destination.
///
/// The request is retried only if no destination can have been created. After an error, [`Error::may_have_happened`]
/// shows whether one may exist; [`Creations`](crate::Creations) finds it.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn create_destination(
    client: &Client,
    region: &Region,
    new: &NewDestination,
) -> Result<Destination, Error> {
    let authorization = Some(&new.authorization);
    call::write(client, region, Method::POST, DESTINATIONS, new, authorization).await
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
    call::read(client, region, &path(id)).await
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
    call::write(client, region, Method::PATCH, &path(id), changes, authorization).await
}

/// `DELETE /v3/audit-log-destinations/{id}`: deletes a destination.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown ID, or with 409 while a webhook uses the destination. A
/// 404 after more than one attempt may follow the success of an earlier attempt.
pub async fn delete_destination(client: &Client, region: &Region, id: &DestinationId) -> Result<(), Error> {
    call::delete(client, region, &path(id)).await
}

/// Like [`delete_destination`], and repeats the call while a webhook uses the destination (409).
/// [`RepeatSchedule::DESTINATION_IN_USE`] is the usual schedule.
///
/// # Errors
/// As [`delete_destination`]. The last 409, when the schedule or the client stops first.
pub async fn delete_destination_when_unused(
    client: &Client,
    region: &Region,
    id: &DestinationId,
    schedule: RepeatSchedule,
) -> Result<(), Error> {
    let call = || delete_destination(client, region, id);
    repeat_while(client, schedule, Error::is_conflict, call).await
}
