//! The location of an object of the audit log API: its region and, for a stream, its Dev Portal.

use std::fmt;

use konnect::{PortalId, Region, ServerUrl, sentence};
use terraform_plugin::{Attr, Diagnostic};

use crate::run::values::argument;
use crate::run::{RunState, not_configured};

/// The argument that identifies a Dev Portal.
const PORTAL_ID: &str = "portal_id";

/// The scope of a stream, of its status and of its replay job. Each scope has one webhook, so it is the key of locks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    /// The region that serves the webhook.
    pub(crate) region: Region,
    /// The Dev Portal, or `None` for the stream of the region itself.
    pub(crate) portal: Option<PortalId>,
}

impl Scope {
    /// The scope of two arguments of a block.
    ///
    /// # Errors
    /// On the argument: it is null, invalid, or the combination does not exist.
    pub(crate) fn of(region: &Attr<Region>, portal_id: &Attr<String>) -> Result<Self, Diagnostic> {
        let region = region.require("region")?.clone();
        let portal = match portal_id {
            Attr::Null => None,
            id => Some(argument(id.require(PORTAL_ID)?, PORTAL_ID, PortalId::parse)?),
        };
        if portal.is_some() && region == Region::global() {
            return Err(global_portal());
        }
        Ok(Self { region, portal })
    }

    /// Like [`Scope::of`], or `None` while an argument is unknown.
    ///
    /// # Errors
    /// As [`Scope::of`].
    pub(crate) fn if_known(
        region: &Attr<Region>,
        portal_id: &Attr<String>,
    ) -> Result<Option<Self>, Diagnostic> {
        if region.known().is_none() || portal_id.is_unknown() {
            return Ok(None);
        }
        Self::of(region, portal_id).map(Some)
    }

    /// Parses an id of a stream: `REGION` or `REGION/PORTAL_ID`. `object` describes it in the error.
    ///
    /// # Errors
    /// The text has another form.
    pub(crate) fn parse(text: &str, object: &str) -> Result<Self, Diagnostic> {
        let invalid = |reason: String| {
            let detail = format!(
                "The import id of {object} is REGION or REGION/PORTAL_ID, such as eu or \
                 eu/6945c4c4-3e06-4c5c-87e0-726d0cda4e05. {reason}"
            );
            Diagnostic::error("Invalid import id", detail)
        };
        if PortalId::parse(text).is_ok() {
            return Err(invalid(
                "Put the region of the Dev Portal before its id.".to_owned(),
            ));
        }
        let (region, portal) = match text.split_once('/') {
            Some((region, portal)) => (region, Some(portal)),
            None => (text, None),
        };
        let region = Region::parse(region).map_err(|error| invalid(sentence(&error)))?;
        let portal = portal.map(PortalId::parse).transpose();
        let portal = portal.map_err(|error| invalid(sentence(&error)))?;
        if portal.is_some() && region == Region::global() {
            return Err(global_portal());
        }
        Ok(Self { region, portal })
    }

    /// The owner of the stream, in a sentence.
    pub(crate) const fn owner_in_text(&self) -> &'static str {
        match self.portal {
            Some(_) => "Dev Portal",
            None => "region",
        }
    }

    /// The owner of the stream, as the first word of a summary.
    pub(crate) const fn owner(&self) -> &'static str {
        match self.portal {
            Some(_) => "Dev Portal",
            None => "Region",
        }
    }

    /// The attribute that identifies the stream in its region.
    pub(crate) const fn attribute(&self) -> &'static str {
        match self.portal {
            Some(_) => PORTAL_ID,
            None => "region",
        }
    }

    /// The id of the stream, which is also its import id: `REGION` or `REGION/PORTAL_ID`.
    pub(crate) fn id(&self) -> String {
        match &self.portal {
            Some(portal) => format!("{}/{portal}", self.region),
            None => self.region.to_string(),
        }
    }

    /// The arguments of a block for this scope, one on each line.
    pub(crate) fn arguments(&self) -> String {
        match &self.portal {
            Some(portal) => format!("region = \"{}\"\n    portal_id = \"{portal}\"", self.region),
            None => format!("region = \"{}\"", self.region),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.portal {
            Some(portal) => write!(f, "Dev Portal {portal} in region {}", self.region),
            None => write!(f, "region {}", self.region),
        }
    }
}

/// The planned id of a stream.
pub(crate) fn planned_id(region: &Attr<Region>, portal_id: &Attr<String>) -> Attr<String> {
    match (region, portal_id) {
        (Attr::Known(region), Attr::Null) => region.to_string().into(),
        (Attr::Known(region), Attr::Known(portal)) => format!("{region}/{portal}").into(),
        _ => Attr::Unknown,
    }
}

/// The allowed regions and the default region of the provider block.
#[derive(Debug)]
pub(crate) struct Regions {
    server_url: Attr<ServerUrl>,
    region: Attr<Region>,
}

impl Regions {
    /// Checks that the server URL serves the provider's own region.
    ///
    /// # Errors
    /// On `region`: the server URL does not serve it.
    pub(crate) fn new(server_url: Attr<ServerUrl>, region: Attr<Region>) -> Result<Self, Diagnostic> {
        let regions = Self { server_url, region };
        if let Attr::Known(region) = &regions.region {
            regions.check(region)?;
        }
        Ok(regions)
    }

    /// The region of a stream, its status, its replay job or its events. The order is: the block, the object that
    /// exists, the provider, the only region of the server URL. An object that exists never moves because the provider
    /// has another default: the provider's region can be unknown at plan and another one at apply.
    ///
    /// # Errors
    /// On `region`: it is absent, or the server URL does not serve it.
    pub(crate) fn of(
        &self,
        own: &Attr<Region>,
        prior: Option<&Attr<Region>>,
    ) -> Result<Attr<Region>, Diagnostic> {
        let region = match (own, prior, &self.region) {
            (Attr::Null, Some(prior), _) if !prior.is_null() => prior.clone(),
            (Attr::Null, _, Attr::Null) => self.only(),
            (Attr::Null, _, region) => region.clone(),
            (own, _, _) => own.clone(),
        };
        match &region {
            Attr::Known(known) => self.check(known)?,
            Attr::Unknown => {}
            Attr::Null => {
                return Err(Diagnostic::error(
                    "No region",
                    "Each region has its own audit log. Set region here, in the provider block, or in the environment \
                     variable KONNECT_REGION.",
                )
                .at("region"));
            }
        }
        Ok(region)
    }

    /// The region at apply. The plan leaves it unknown if it is absent.
    ///
    /// # Errors
    /// As [`Regions::of`].
    pub(crate) fn at_apply(
        &self,
        planned: &Attr<Region>,
        config: &Attr<Region>,
    ) -> Result<Attr<Region>, Diagnostic> {
        self.of(if planned.is_unknown() { config } else { planned }, None)
    }

    /// The regions to search for streams: the known regions that the server URL serves.
    pub(crate) fn known(&self) -> Vec<Region> {
        match self.only() {
            Attr::Known(only) => vec![only],
            _ => Region::KNOWN
                .iter()
                .filter_map(|name| Region::parse(name).ok())
                .collect(),
        }
    }

    /// The region whose host serves the objects of the organization, such as destinations: `global`, or the only region
    /// of the server URL.
    pub(crate) fn organization(&self) -> Region {
        self.only().into_known().unwrap_or_else(Region::global)
    }

    /// The only region of a URL without `{region}`. Null if the URL serves any region.
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

    /// Checks that the server URL serves a region, if the URL is known.
    fn check(&self, region: &Region) -> Result<(), Diagnostic> {
        let mismatch = match (&self.server_url, self.only()) {
            // For a host of Kong, the client explains the mismatch.
            (Attr::Known(url), _) if url.fixed_region().is_some() => {
                url.base(region).err().map(|e| e.to_string())
            }
            (_, Attr::Known(only)) if only != *region => Some(format!(
                "the server URL does not contain {{region}} and serves one region: \"{only}\" (the provider's region, \
                 else global), not \"{region}\". Put {{region}} into the host or path of the server URL, as in \
                 https://{{region}}.api.konghq.com, or use the same region"
            )),
            _ => None,
        };
        match mismatch {
            None => Ok(()),
            Some(reason) => {
                Err(Diagnostic::error("Region not served by this server URL", sentence(&reason)).at("region"))
            }
        }
    }
}

/// Parses the region of an argument, which is text if it can come from another object.
///
/// # Errors
/// On `region`: it is not a region.
pub(crate) fn region_argument(text: &Attr<String>) -> Result<Attr<Region>, Diagnostic> {
    Ok(match text {
        Attr::Known(text) => Attr::Known(argument(text, "region", Region::parse)?),
        Attr::Null => Attr::Null,
        Attr::Unknown => Attr::Unknown,
    })
}

/// The scope of a data source or action, whose arguments are text or can come from other objects.
///
/// # Errors
/// On the argument: it is invalid or absent, or the server URL does not serve the region.
pub(crate) fn scope_argument(
    run: &RunState,
    region: &Attr<String>,
    portal_id: &Attr<String>,
) -> Result<Scope, Diagnostic> {
    // Parts of the provider block that are not known yet are the first error: the region can depend on them.
    run.client()?;
    let own = region_argument(region)?;
    let region = run.regions.of(&own, None)?;
    if own.is_null() && region.is_unknown() {
        return Err(not_configured("region"));
    }
    Scope::of(&region, portal_id)
}

/// The error for `global` as the region of a Dev Portal.
pub(crate) fn global_portal() -> Diagnostic {
    Diagnostic::error(
        "Dev Portals are regional",
        "A Dev Portal belongs to a geographical region such as eu, and not to \"global\". Set region here, or in the \
         provider block, to the region of the portal.",
    )
    .at("region")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(url: &str, region: Option<&str>) -> Result<Regions, Diagnostic> {
        let url = Attr::Known(ServerUrl::parse(url).unwrap());
        Regions::new(url, region.map(|r| Region::parse(r).unwrap()).into())
    }

    fn region(text: &str) -> Attr<Region> {
        Attr::Known(Region::parse(text).unwrap())
    }

    const TEMPLATE: &str = "https://{region}.api.konghq.com";
    #[test]
    fn objects_of_the_organization_use_global_or_the_only_region() {
        for (url, own, expected) in [
            (TEMPLATE, Some("eu"), "global"),
            ("https://eu.api.konghq.com", None, "eu"),
            ("http://127.0.0.1:1", Some("sg"), "sg"),
        ] {
            assert_eq!(regions(url, own).unwrap().organization().as_str(), expected);
        }
    }

    #[test]
    fn url_without_a_template_serves_one_region() {
        let host = regions("https://eu.api.konghq.com", None).unwrap();
        assert_eq!(host.of(&Attr::Null, None).unwrap(), region("eu"));
        let error = host.of(&region("us"), None).unwrap_err();
        assert_eq!(error.path, Some("region".into()));
        assert!(error.detail.contains("{region}"), "{}", error.detail);
        let other = regions("http://127.0.0.1:1", None).unwrap();
        assert_eq!(other.of(&Attr::Null, None).unwrap(), region("global"));
        let error = other.of(&region("eu"), None).unwrap_err();
        assert!(error.detail.contains("{region}"), "{}", error.detail);
        assert!(regions("https://eu.api.konghq.com", Some("us")).is_err());
    }

    #[test]
    fn unknown_server_url_plans_unknown_regions() {
        let unknown = Regions::new(Attr::Unknown, Attr::Null).unwrap();
        assert_eq!(unknown.of(&Attr::Null, None).unwrap(), Attr::Unknown);
        assert_eq!(unknown.of(&region("eu"), None).unwrap(), region("eu"));
        assert_eq!(
            unknown.of(&Attr::Null, Some(&region("eu"))).unwrap(),
            region("eu")
        );
    }
}
