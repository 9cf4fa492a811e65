//! The common parts of all calls.

use std::collections::HashSet;

use reqwest::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::http::client::{Client, Request};
use crate::http::response::Response;
use crate::types::paging::{MAX_LIST_BYTES, MAX_PAGES, Page, SentPage};
use crate::types::region::Region;
use crate::types::secret::Authorization;

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
    let mut walk = PageWalk::default();
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
#[derive(Default)]
pub(crate) struct PageWalk {
    seen: HashSet<String>,
    bytes: usize,
}

impl PageWalk {
    /// Records a page, by its response, and the cursor or number of the next page.
    ///
    /// # Errors
    /// When the list is too large, has too many pages, or contains a page twice.
    pub(crate) fn advance(&mut self, response: &Response, next: &str) -> Result<(), Error> {
        self.bytes += response.received.body.len();
        if self.bytes > MAX_LIST_BYTES {
            let limit = MAX_LIST_BYTES >> 20;
            return Err(response.endless(&format!("it is larger than {limit} MiB")));
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
