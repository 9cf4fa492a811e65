//! A configured provider: whom to call, for which region.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use konnect::{Cache, Client, Creations, Destination, ListQuery, Region, RegionMismatch, ServerUrl, v3};
use terraform_plugin::{Attr, Diagnostic};
use tokio::sync::OnceCell;

/// How long a creation waits for the list of what is there: it does not depend on it.
const LONGEST_LOOK: Duration = Duration::from_secs(15);

/// What the provider block became. While planning, parts of it may not be known yet: then regions
/// can still be planned as far as they are known, and requests can't be made.
#[derive(Debug)]
pub struct Connection {
    regions: Regions,
    state: State,
    cache: Option<Cache>,
    creations: Creations,
    claims: Mutex<HashMap<Region, Claim>>,
    standing: Mutex<HashMap<Region, Arc<OnceCell<Standing>>>>,
}

/// The mark of the webhook that this process has set a region up with, if it has. Whoever sets one up holds it
/// meanwhile, so that two blocks for one region can't both find it free.
pub(crate) type Claim = Arc<tokio::sync::Mutex<Option<String>>>;

/// The destinations that a region had when this process first asked, which is before its first creation there but
/// for one that may be identical. `None` if they could not be listed.
pub(crate) type Standing = Option<Arc<Vec<Destination>>>;

/// Whether requests can be made.
#[derive(Debug)]
pub(crate) enum State {
    /// They can.
    Ready(Client),
    /// They wait for these parts of the provider block.
    Waiting(String),
}

/// Which regions there are, as far as the provider block says.
#[derive(Debug)]
pub(crate) struct Regions {
    server_url: Attr<ServerUrl>,
    region: Attr<Region>,
}

/// The region to plan for an object that exists: while the provider's is not known yet, that of an object
/// which inherits it stays, rather than to plan another object for a region that may well be the same.
pub(crate) fn inherit_prior_region(
    found: Attr<Region>,
    own: &Attr<Region>,
    prior: Option<&Attr<Region>>,
) -> Attr<Region> {
    match prior {
        Some(prior) if own.is_null() && found.is_unknown() && !prior.is_null() => prior.clone(),
        _ => found,
    }
}

impl Regions {
    /// Checks that the provider's own region can be served.
    pub(crate) fn new(server_url: Attr<ServerUrl>, region: Attr<Region>) -> Result<Self, Diagnostic> {
        let regions = Self { server_url, region };
        match &regions.region {
            Attr::Known(region) => regions.check(region).map(|()| regions),
            Attr::Null | Attr::Unknown => Ok(regions),
        }
    }

    /// The one region that a URL without `{region}` serves; null if the URL serves any.
    fn only(&self) -> Attr<Region> {
        let Attr::Known(server_url) = &self.server_url else {
            return Attr::Unknown;
        };
        if server_url.is_template() {
            return Attr::Null;
        }
        match (server_url.fixed_region(), &self.region) {
            (Some(region), _) => Attr::Known(region),
            (None, Attr::Null) => Attr::Known(Region::global()),
            (None, region) => region.clone(),
        }
    }

    /// Whether the server has this region, as far as that is known.
    fn check(&self, region: &Region) -> Result<(), Diagnostic> {
        let mismatch = match (&self.server_url, self.only()) {
            // The client has the words for a host of Kong's.
            (Attr::Known(url), _) if url.fixed_region().is_some() => {
                url.base(region).err().map(|e: RegionMismatch| e.to_string())
            }
            (_, Attr::Known(only)) if only != *region => Some(format!(
                "the server URL has no {{region}} in it and so serves one region, which is \"{only}\" here (the \
                 provider's region, else global), not \"{region}\". Put {{region}} into the host or path of the \
                 server URL, as in https://{{region}}.api.konghq.com, or use the same region"
            )),
            _ => None,
        };
        match mismatch {
            None => Ok(()),
            Some(why) => Err(Diagnostic::error(
                "Region not served by this server URL",
                super::validators::sentence(&why),
            )
            .at("region")),
        }
    }
}

impl Connection {
    pub(crate) fn new(regions: Regions, state: State) -> Self {
        let cache = match &state {
            State::Ready(client) => Some(Cache::new(client.clone())),
            State::Waiting(_) => None,
        };
        Self {
            regions,
            state,
            cache,
            creations: Creations::default(),
            claims: Mutex::default(),
            standing: Mutex::default(),
        }
    }

    /// The destinations that a region had when this was first asked for. They are listed once, however often
    /// and from however many sides it is asked for: it has to be before the first creation there.
    pub(crate) async fn standing(&self, client: &Client, region: &Region) -> Standing {
        let list = async {
            let query = ListQuery {
                size: Some(100),
                ..ListQuery::default()
            };
            let listed =
                tokio::time::timeout(LONGEST_LOOK, v3::all_destinations(client, region, &query)).await;
            match listed {
                Ok(Ok(found)) => return Some(Arc::new(found)),
                // Not in the server's words: this log line is nobody's call.
                Ok(Err(error)) => tracing::warn!(
                    %region, status = error.status(),
                    "can't list the destinations, so that creations are not compared with what is there"
                ),
                Err(_) => tracing::warn!(
                    %region,
                    "listing the destinations takes too long, so that creations are not compared with what is there"
                ),
            }
            None
        };
        let cell = {
            let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
            standing.entry(region.clone()).or_default().clone()
        };
        cell.get_or_init(|| list).await.clone()
    }

    /// The client for requests.
    ///
    /// # Errors
    /// That parts of the provider block are known only after apply, with what to do.
    pub fn client(&self) -> Result<&Client, Diagnostic> {
        match &self.state {
            State::Ready(client) => Ok(client),
            State::Waiting(parts) => Err(Diagnostic::error(
                "Provider configuration is not known yet",
                format!(
                    "The {parts} in the provider block comes from something that this run has yet to create, so \
                     that Konnect can't be asked now. Create that first, for instance with -target, or give the \
                     provider a value that is known while planning."
                ),
            )),
        }
    }

    /// The reads that share their requests.
    ///
    /// # Errors
    /// As [`Connection::client`].
    pub(crate) fn cache(&self) -> Result<&Cache, Diagnostic> {
        match &self.cache {
            Some(cache) => Ok(cache),
            None => Err(self.client().err().unwrap_or_else(|| {
                Diagnostic::error("Provider is not configured", "The provider has no client.")
            })),
        }
    }

    /// The creations of this run.
    pub(crate) fn creations(&self) -> &Creations {
        &self.creations
    }

    /// The claim on the webhook of a region.
    pub(crate) fn claim(&self, region: &Region) -> Claim {
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        claims.entry(region.clone()).or_default().clone()
    }

    /// Why a refresh has to wait for the apply, if it has to: then nothing is known of the object,
    /// and its state stays as it is.
    #[must_use]
    pub fn refresh_has_to_wait(&self) -> Option<Diagnostic> {
        let State::Waiting(parts) = &self.state else {
            return None;
        };
        Some(Diagnostic::warning(
            "Not refreshed: provider configuration is not known yet",
            format!(
                "The {parts} in the provider block is known only after apply. This plan shows the object as it \
                 was when last seen; plan again after the apply to see what has changed at Konnect since."
            ),
        ))
    }

    /// The region of a webhook or status: the block's own, or the provider's, or the one region that
    /// the server URL names.
    ///
    /// # Errors
    /// On `region`: that none is given, or that the server URL does not serve it.
    pub fn region(&self, own: &Attr<Region>) -> Result<Attr<Region>, Diagnostic> {
        let region = match (own, &self.regions.region) {
            (Attr::Null, Attr::Null) => self.regions.only(),
            (Attr::Null, inherited) => inherited.clone(),
            (own, _) => own.clone(),
        };
        match &region {
            Attr::Null => Err(Diagnostic::error(
                "No region",
                "Webhooks are set up for one region each. Set region here, or in the provider block for all \
                 that name none, or the environment variable KONNECT_REGION.",
            )
            .at("region")),
            Attr::Unknown => Ok(region),
            Attr::Known(known) => self.regions.check(known).map(|()| region),
        }
    }

    /// The region that keeps a destination: the block's own, or the one that the server URL serves,
    /// or `global`, where Kong's how-to keeps them.
    ///
    /// # Errors
    /// On `region`: that the server URL does not serve it.
    pub fn destination_region(&self, own: &Attr<Region>) -> Result<Attr<Region>, Diagnostic> {
        let region = match own {
            Attr::Null => match self.regions.only() {
                Attr::Null => Attr::Known(Region::global()),
                only => only,
            },
            own => own.clone(),
        };
        if let Attr::Known(known) = &region {
            self.regions.check(known)?;
        }
        Ok(region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(url: &str, region: Option<&str>) -> Result<Connection, Diagnostic> {
        let url = Attr::Known(ServerUrl::parse(url).unwrap());
        let region = region.map(|r| Region::parse(r).unwrap()).into();
        Regions::new(url, region).map(|regions| Connection::new(regions, State::Waiting("token".to_owned())))
    }

    fn region(text: &str) -> Attr<Region> {
        Attr::Known(Region::parse(text).unwrap())
    }

    const TEMPLATE: &str = "https://{region}.api.konghq.com";

    #[test]
    fn a_webhook_has_its_own_region_or_the_providers() {
        let eu = connection(TEMPLATE, Some("eu")).unwrap();
        assert_eq!(eu.region(&region("us")).unwrap(), region("us"));
        assert_eq!(eu.region(&Attr::Null).unwrap(), region("eu"));
        assert_eq!(eu.region(&Attr::Unknown).unwrap(), Attr::Unknown);
        let none = connection(TEMPLATE, None).unwrap();
        assert_eq!(none.region(&Attr::Null).unwrap_err().path, Some("region".into()));
    }

    #[test]
    fn a_destination_is_kept_on_global_or_on_the_only_region() {
        assert_eq!(
            connection(TEMPLATE, Some("eu"))
                .unwrap()
                .destination_region(&Attr::Null)
                .unwrap(),
            region("global")
        );
        let fixed = connection("https://eu.api.konghq.com", None).unwrap();
        assert_eq!(fixed.destination_region(&Attr::Null).unwrap(), region("eu"));
        let other = connection("http://127.0.0.1:1", Some("sg")).unwrap();
        assert_eq!(other.destination_region(&Attr::Null).unwrap(), region("sg"));
    }

    #[test]
    fn a_url_without_a_place_for_the_region_serves_one() {
        let host = connection("https://eu.api.konghq.com", None).unwrap();
        assert_eq!(host.region(&Attr::Null).unwrap(), region("eu"));
        for wrong in [host.region(&region("us")), host.destination_region(&region("us"))] {
            let error = wrong.unwrap_err();
            assert_eq!(error.path, Some("region".into()));
            assert!(error.detail.contains("{region}"), "{}", error.detail);
        }
        let other = connection("http://127.0.0.1:1", None).unwrap();
        assert_eq!(other.region(&Attr::Null).unwrap(), region("global"));
        assert!(
            other
                .region(&region("eu"))
                .unwrap_err()
                .detail
                .contains("{region}")
        );
        assert!(connection("https://eu.api.konghq.com", Some("us")).is_err());
    }

    #[test]
    fn what_is_not_known_yet_is_planned_as_unknown() {
        let regions = Regions::new(Attr::Unknown, Attr::Null).unwrap();
        let unknown = Connection::new(regions, State::Waiting("server_url".to_owned()));
        assert_eq!(unknown.region(&Attr::Null).unwrap(), Attr::Unknown);
        assert_eq!(unknown.destination_region(&Attr::Null).unwrap(), Attr::Unknown);
        assert_eq!(unknown.region(&region("eu")).unwrap(), region("eu"));
        assert!(unknown.client().unwrap_err().detail.contains("server_url"));
        assert!(unknown.refresh_has_to_wait().is_some());
    }
}
