//! Dev Portals.

use reqwest::Method;

use crate::calls::{self, PageWalk};
use crate::error::Error;
use crate::http::client::{Client, Request};
use crate::http::response::Response;
use crate::types::id::PortalId;
use crate::types::portal::{Portal, PortalPage, PortalQuery, SentPortalPage};
use crate::types::region::Region;

const PORTALS: &str = "/v3/portals";

/// `GET /v3/portals`, page by page: lists all Dev Portals of a region from `query.number` on.
///
/// # Errors
/// When a call fails or its response cannot be read, and when the list does not end.
pub async fn all_portals(
    client: &Client,
    region: &Region,
    query: &PortalQuery,
) -> Result<Vec<Portal>, Error> {
    let mut query = query.clone();
    let mut walk = PageWalk::new(client);
    let mut all: Vec<Portal> = Vec::new();
    loop {
        let (page, response) = page(client, region, &query).await?;
        // A server that ignores the page number always returns the first page.
        let repeats = page
            .items
            .first()
            .is_some_and(|first| all.first().is_some_and(|known| known.id == first.id));
        if repeats {
            return Err(response.endless("its next page is one that was read before"));
        }
        all.extend(page.items);
        let Some(next) = page.next else { return Ok(all) };
        walk.advance(&response, &next.to_string())?;
        query.number = Some(next);
    }
}

/// `GET /v3/portals/{id}`: reads a Dev Portal. A 404 ([`Error::is_not_found`]) shows that the region does not have it.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_portal(client: &Client, region: &Region, id: &PortalId) -> Result<Portal, Error> {
    calls::read(client, region, &format!("{PORTALS}/{id}")).await
}

async fn page(
    client: &Client,
    region: &Region,
    query: &PortalQuery,
) -> Result<(PortalPage, Response), Error> {
    let request = Request {
        query: query.parameters(),
        ..calls::request(Method::GET, PORTALS)
    };
    let response = client.send(region, request).await?;
    let sent: SentPortalPage = response.parse()?;
    Ok((sent.into_page(query), response))
}
