//! The calls: one function for each endpoint, by object. Paths and bodies follow the API descriptions "Konnect Audit Log
//! Settings" 2.0.0 and 3.0.7, of portal management 3.9.8, and of identity v3.

mod audit_log;
pub(crate) mod destination;
mod organization;
mod portal;
mod replay_job;
mod webhook;

use std::collections::HashSet;
use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::error::Error;
use crate::http::client::{Client, Request};
use crate::http::response::Response;
use crate::types::paging::{MAX_LIST_BYTES, MAX_PAGES, Page, SentPage};
use crate::types::region::Region;
use crate::types::secret::Authorization;

/// The calls of version 2 that version 3 does not replace: the webhook with its own endpoint, and the signing keys.
pub mod v2 {
    pub use super::webhook::{
        get_endpoint_webhook as get_webhook, get_jwks, is_endpoint_webhook_absent as is_webhook_absent,
        update_endpoint_webhook as update_webhook,
    };
}

/// The calls of version 3: destinations, webhooks that deliver to a destination, replay jobs, past events, Dev Portals,
/// the organization and the regions.
pub mod v3 {
    pub use super::audit_log::first_audit_logs;
    pub use super::destination::{
        all_destinations, create_destination, delete_destination, first_destinations, get_destination,
        update_destination,
    };
    pub use super::organization::{get_available_regions, get_organization};
    pub use super::portal::{all_portals, get_portal};
    pub use super::replay_job::{
        get_portal_replay_job, get_replay_job, replace_portal_replay_job, replace_replay_job,
    };
    pub use super::webhook::{
        delete_portal_webhook, delete_webhook, get_portal_webhook, get_portal_webhook_status, get_webhook,
        get_webhook_status, update_portal_webhook, update_webhook,
    };
}

/// The query parameters of a request.
pub(crate) type Parameters = Vec<(&'static str, String)>;

/// A request without a body.
pub(crate) fn request(method: Method, path: &str) -> Request {
    Request {
        method,
        path: path.to_owned(),
        query: Vec::new(),
        body: None,
        authorization: None,
        authenticated: true,
        max_retries: None,
    }
}

/// `GET`: reads an object.
pub(crate) async fn read<T: DeserializeOwned>(
    client: &Client,
    region: &Region,
    path: &str,
) -> Result<T, Error> {
    client.send(region, request(Method::GET, path)).await?.parse()
}

/// A request with a JSON body.
pub(crate) fn request_with_body(method: Method, path: &str, body: &impl Serialize) -> Request {
    Request {
        // Serialization of strings, IDs and flags does not fail.
        body: Some(SecretString::from(
            serde_json::to_string(body).unwrap_or_default(),
        )),
        ..request(method, path)
    }
}

/// Sends a body, and parses the object in the response. `authorization` is the secret in the body, if any.
pub(crate) async fn write<T: DeserializeOwned>(
    client: &Client,
    region: &Region,
    method: Method,
    path: &str,
    body: &impl Serialize,
    authorization: Option<&Authorization>,
) -> Result<T, Error> {
    let request = Request {
        authorization: authorization.cloned(),
        ..request_with_body(method, path, body)
    };
    client.send(region, request).await?.parse()
}

/// `DELETE`: removes an object.
pub(crate) async fn delete(client: &Client, region: &Region, path: &str) -> Result<(), Error> {
    let response = client.send(region, request(Method::DELETE, path)).await?;
    // Another success status comes from a proxy or a login page, and does not show whether the object was deleted.
    if response.received.meta.status == 204 {
        Ok(())
    } else {
        Err(response.unreadable("the API responds to a delete with 204 and no content"))
    }
}

/// `GET`: reads one page of a list with cursors. Also returns the response, for errors about the page.
pub(crate) async fn page<T: DeserializeOwned>(
    client: &Client,
    region: &Region,
    path: &str,
    query: Parameters,
    max_retries: Option<u32>,
) -> Result<(Page<T>, Response), Error> {
    let request = Request {
        query,
        max_retries,
        ..request(Method::GET, path)
    };
    let response = client.send(region, request).await?;
    let sent: SentPage<T> = response.parse()?;
    let next = sent.meta.cursor().map_err(|next| {
        response.unreadable(&format!("the address of its next page has no cursor: {next}"))
    })?;
    let page = Page {
        items: sent.data,
        next,
    };
    Ok((page, response))
}

/// `GET`, page by page: lists items until the list ends or `accept` has returned true for `limit` of them. Returns
/// those. `parameters` returns the query of the page after a cursor.
pub(crate) async fn first<T: DeserializeOwned>(
    client: &Client,
    region: &Region,
    path: &str,
    parameters: impl Fn(Option<String>) -> Parameters,
    limit: usize,
    accept: impl Fn(&T) -> bool,
) -> Result<Vec<T>, Error> {
    let mut walk = PageWalk::new(client);
    let mut accepted = Vec::new();
    let mut after = None;
    while accepted.len() < limit {
        let (page, response) = page(client, region, path, parameters(after), None).await?;
        let left = limit - accepted.len();
        accepted.extend(page.items.into_iter().filter(&accept).take(left));
        let Some(next) = page.next else { break };
        walk.advance(&response, &next)?;
        after = Some(next);
    }
    Ok(accepted)
}

/// The limits of a walk over all pages of a list.
pub(crate) struct PageWalk {
    began: Instant,
    limit: Duration,
    seen: HashSet<String>,
    bytes: usize,
}

impl PageWalk {
    /// Begins a walk.
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            began: Instant::now(),
            limit: client.list_timeout(),
            seen: HashSet::new(),
            bytes: 0,
        }
    }

    /// Records a page, by its response, and the cursor or number of the next page.
    ///
    /// # Errors
    /// When the list is too large, takes too long, has too many pages, or contains a page twice.
    pub(crate) fn advance(&mut self, response: &Response, next: &str) -> Result<(), Error> {
        self.bytes += response.received.body.len();
        if self.bytes > MAX_LIST_BYTES {
            let limit = MAX_LIST_BYTES >> 20;
            return Err(response.endless(&format!("it is larger than {limit} MiB")));
        }
        if self.began.elapsed() >= self.limit {
            let limit = self.limit.as_secs();
            return Err(response.endless(&format!("reading its pages takes longer than {limit} s")));
        }
        if !self.seen.insert(next.to_owned()) {
            return Err(response.endless("its next page is one that was read before"));
        }
        if self.seen.len() >= MAX_PAGES {
            return Err(response.endless(&format!("it has more than {MAX_PAGES} pages")));
        }
        Ok(())
    }
}
