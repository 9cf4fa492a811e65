//! The calls, without their version: what v2 and v3 have in common is written once.

use std::collections::HashSet;

use reqwest::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::ListedPage;
use crate::error::Error;
use crate::http::client::{Client, Request};
use crate::http::response::Answer;
use crate::types::changes::{DestinationChanges, NewDestination};
use crate::types::destination_id::DestinationId;
use crate::types::model::{Destination, Organization, WebhookStatus};
use crate::types::paging::{LARGEST_LIST, ListQuery, MOST_PAGES, Page, SentPage};
use crate::types::region::Region;
use crate::types::secret::Authorization;

/// A version of the API, with the region it is called in.
#[derive(Clone, Copy)]
pub(crate) struct Api<'a> {
    pub client: &'a Client,
    pub region: &'a Region,
    /// The first segment of each path.
    pub version: &'static str,
}

impl Api<'_> {
    pub(crate) async fn list_destinations(self, query: &ListQuery) -> Result<Page<Destination>, Error> {
        Ok(self.page(query, None).await?.0)
    }

    /// A page for reads that would do without it, and so don't wait long for it.
    pub(crate) async fn listed_destinations(self, query: &ListQuery) -> Result<ListedPage, Error> {
        let (page, answer) = self.page(query, Some(LISTING_RETRIES)).await?;
        Ok(ListedPage {
            items: page.items,
            next: page.next,
            bytes: answer.received.body.len(),
        })
    }

    pub(crate) async fn all_destinations(self, query: &ListQuery) -> Result<Vec<Destination>, Error> {
        let mut query = query.clone();
        let mut seen: HashSet<String> = query.after.iter().cloned().collect();
        let mut all = Vec::new();
        let mut bytes = 0;
        loop {
            let (page, answer) = self.page(&query, None).await?;
            all.extend(page.items);
            bytes += answer.received.body.len();
            if bytes > LARGEST_LIST {
                return Err(answer.endless(&format!("it is longer than {} MiB", LARGEST_LIST >> 20)));
            }
            let Some(next) = page.next else { return Ok(all) };
            if !seen.insert(next.clone()) {
                return Err(answer.endless("it names a page as the next one that was there before"));
            }
            if seen.len() >= MOST_PAGES {
                return Err(answer.endless(&format!("it has more than {MOST_PAGES} pages")));
            }
            query.after = Some(next);
        }
    }

    async fn page<T: DeserializeOwned>(
        self,
        query: &ListQuery,
        max_retries: Option<u32>,
    ) -> Result<(Page<T>, Answer), Error> {
        let request = Request {
            query: query.parameters(),
            max_retries,
            ..self.request(Method::GET, DESTINATIONS)
        };
        let answer = self.client.send(self.region, request).await?;
        let sent: SentPage<T> = answer.read()?;
        let next = sent.meta.cursor().map_err(|next| {
            answer.unreadable(&format!("the address of its next page has no cursor: {next}"))
        })?;
        Ok((
            Page {
                items: sent.data,
                next,
            },
            answer,
        ))
    }

    pub(crate) async fn create_destination(self, new: &NewDestination) -> Result<Destination, Error> {
        self.write(Method::POST, DESTINATIONS, new, Some(&new.authorization))
            .await
    }

    pub(crate) async fn destination(self, id: &DestinationId) -> Result<Destination, Error> {
        self.read(&destination_path(id)).await
    }

    pub(crate) async fn change_destination(
        self,
        id: &DestinationId,
        changes: &DestinationChanges,
    ) -> Result<Destination, Error> {
        self.write(
            Method::PATCH,
            &destination_path(id),
            changes,
            changes.authorization.as_ref(),
        )
        .await
    }

    pub(crate) async fn delete_destination(self, id: &DestinationId) -> Result<(), Error> {
        self.delete(&destination_path(id)).await
    }

    pub(crate) async fn webhook<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.read(WEBHOOK).await
    }

    pub(crate) async fn change_webhook<T: DeserializeOwned>(
        self,
        changes: &impl Serialize,
        authorization: Option<&Authorization>,
    ) -> Result<T, Error> {
        self.write(Method::PATCH, WEBHOOK, changes, authorization).await
    }

    pub(crate) async fn delete_webhook(self) -> Result<(), Error> {
        self.delete(WEBHOOK).await
    }

    pub(crate) async fn webhook_status(self) -> Result<WebhookStatus, Error> {
        self.read(WEBHOOK_STATUS).await
    }

    pub(crate) async fn organization(self) -> Result<Organization, Error> {
        self.read("organizations/me").await
    }

    async fn read<T: DeserializeOwned>(self, path: &str) -> Result<T, Error> {
        self.client
            .send(self.region, self.request(Method::GET, path))
            .await?
            .read()
    }

    async fn write<T: DeserializeOwned>(
        self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        authorization: Option<&Authorization>,
    ) -> Result<T, Error> {
        let mut request = self.request(method, path);
        request.authorization = authorization.cloned();
        // Texts and flags always have a form in JSON; an empty body is what the API would refuse.
        request.body = Some(SecretString::from(
            serde_json::to_string(body).unwrap_or_default(),
        ));
        self.client.send(self.region, request).await?.read()
    }

    async fn delete(self, path: &str) -> Result<(), Error> {
        let answer = self
            .client
            .send(self.region, self.request(Method::DELETE, path))
            .await?;
        // Another success is a proxy's or a login page's, and says nothing of what became of the object.
        if answer.received.mark.status == 204 {
            Ok(())
        } else {
            Err(answer.unreadable("the API answers a removal with 204 and nothing else"))
        }
    }

    fn request(self, method: Method, path: &str) -> Request {
        Request {
            method,
            path: format!("/{}/{path}", self.version),
            query: Vec::new(),
            body: None,
            authorization: None,
            max_retries: None,
        }
    }
}

/// How often a page is asked for again that nobody depends on.
const LISTING_RETRIES: u32 = 2;

const DESTINATIONS: &str = "audit-log-destinations";
const WEBHOOK: &str = "audit-log-webhook";
const WEBHOOK_STATUS: &str = "audit-log-webhook/status";

fn destination_path(id: &DestinationId) -> String {
    format!("{DESTINATIONS}/{id}")
}
