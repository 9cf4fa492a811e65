//! The location of an object of the audit log API: its region and, for a webhook, its stream.

use std::fmt;

use konnect::{PortalId, Region, ServerUrl, sentence};
use terraform_plugin::{Attr, Diagnostic};

use crate::run::RunState;
use crate::run::values::require;

/// The audit log stream of a webhook. Each scope has one webhook, so it is the key of locks and guards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    /// The region that serves the webhook.
    pub(crate) region: Region,
    /// The Dev Portal, or `None` for the stream of the region itself.
    pub(crate) portal: Option<PortalId>,
}

impl Scope {
    /// The stream of a region.
    pub(crate) const fn region(region: Region) -> Self {
        Self { region, portal: None }
    }

    /// The stream of a Dev Portal.
    pub(crate) const fn portal(region: Region, portal: PortalId) -> Self {
        Self {
            region,
            portal: Some(portal),
        }
    }

    /// The owner of the stream, as the first word of a summary and after "one".
    pub(crate) const fn owner(&self) -> &'static str {
        match self.portal {
            Some(_) => "Dev Portal",
            None => "Region",
        }
    }

    /// The resource type of the webhook.
    pub(crate) const fn resource_type(&self) -> &'static str {
        match self.portal {
            Some(_) => "konnect_portal_audit_log_webhook",
            None => "konnect_audit_log_webhook",
        }
    }

    /// The attribute of that resource that identifies the stream.
    pub(crate) const fn attribute(&self) -> &'static str {
        match self.portal {
            Some(_) => "portal_id",
            None => "region",
        }
    }

    /// The ID of the webhook in that resource, which is also an import id: `REGION`, or `REGION/PORTAL_ID`.
    pub(crate) fn id(&self) -> String {
        match &self.portal {
            Some(portal) => format!("{}/{portal}", self.region),
            None => self.region.to_string(),
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

    /// Plans the region of a webhook, its status or its replay job. The order is: the block, the provider, the only
    /// region of the server URL, the state.
    ///
    /// # Errors
    /// On `region`: it is absent, or the server URL does not serve it.
    pub(crate) fn webhook(
        &self,
        own: &Attr<Region>,
        prior: Option<&Attr<Region>>,
    ) -> Result<Attr<Region>, Diagnostic> {
        let inherited = match &self.region {
            Attr::Null => self.only(),
            region => region.clone(),
        };
        match self.plan(own, inherited, prior)? {
            Attr::Null => Err(Diagnostic::error(
                "No region",
                "Each region has its own audit log. Set region here, in the provider block, or in the environment \
                 variable KONNECT_REGION.",
            )
            .at("region")),
            region => Ok(region),
        }
    }

    /// Like [`Regions::webhook`], for a Dev Portal's webhook and its status. Dev Portals belong to a geographical
    /// region, so `global` is an error.
    ///
    /// # Errors
    /// On `region`: it is absent or `global`, or the server URL does not serve it.
    pub(crate) fn portal(
        &self,
        own: &Attr<Region>,
        prior: Option<&Attr<Region>>,
    ) -> Result<Attr<Region>, Diagnostic> {
        match self.webhook(own, prior)? {
            Attr::Known(region) if region == Region::global() => Err(global_portal()),
            region => Ok(region),
        }
    }

    /// Plans the region of a destination. The order is: the block, the only region of the server URL, the state,
    /// `global`, which Kong's guide uses for destinations.
    ///
    /// # Errors
    /// On `region`: the server URL does not serve it.
    pub(crate) fn destination(
        &self,
        own: &Attr<Region>,
        prior: Option<&Attr<Region>>,
    ) -> Result<Attr<Region>, Diagnostic> {
        Ok(match self.plan(own, self.only(), prior)? {
            Attr::Null => Attr::Known(Region::global()),
            region => region,
        })
    }

    /// The regions to search for the users of a destination: the known regions that the server URL serves.
    pub(crate) fn known(&self) -> Vec<Region> {
        match self.only() {
            Attr::Known(only) => vec![only],
            _ => Region::KNOWN
                .iter()
                .filter_map(|name| Region::parse(name).ok())
                .collect(),
        }
    }

    /// The region of an organization's data: `global`, or the only region of the server URL.
    pub(crate) fn organization(&self) -> Region {
        self.only().into_known().unwrap_or_else(Region::global)
    }

    /// An existing object keeps its region if the configuration has none, or an unknown one.
    fn plan(
        &self,
        own: &Attr<Region>,
        inherited: Attr<Region>,
        prior: Option<&Attr<Region>>,
    ) -> Result<Attr<Region>, Diagnostic> {
        let region = match (own, inherited, prior) {
            (Attr::Null, Attr::Null | Attr::Unknown, Some(prior)) if !prior.is_null() => prior.clone(),
            (Attr::Null, inherited, _) => inherited,
            (own, _, _) => own.clone(),
        };
        if let Attr::Known(known) = &region {
            self.check(known)?;
        }
        Ok(region)
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
        Attr::Known(text) => Attr::Known(
            Region::parse(text)
                .map_err(|e| Diagnostic::error("Invalid region", sentence(&e)).at("region"))?,
        ),
        Attr::Null => Attr::Null,
        Attr::Unknown => Attr::Unknown,
    })
}

/// The region of a webhook, or of the events of a region.
///
/// # Errors
/// On `region`: it is invalid or absent, or the server URL does not serve it.
pub(crate) fn webhook_region(run: &RunState, own: &Attr<String>) -> Result<Region, Diagnostic> {
    require(run.regions.webhook(&region_argument(own)?, None)?, "region")
}

/// The region of a destination.
///
/// # Errors
/// On `region`: it is invalid, or the server URL does not serve it.
pub(crate) fn destination_region(run: &RunState, own: &Attr<String>) -> Result<Region, Diagnostic> {
    require(run.regions.destination(&region_argument(own)?, None)?, "region")
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

/// The region of an object to remove. A state that was moved from another provider does not contain it before the first
/// apply, and a guess could remove another object.
///
/// # Errors
/// The state does not contain the region.
pub(crate) fn region_from_state(region: &Attr<Region>) -> Result<Region, Diagnostic> {
    region.known().cloned().ok_or_else(|| {
        Diagnostic::error(
            "Region is not known yet",
            "The state of this resource was moved from another provider and does not contain the region, so it is not \
             certain which object to remove. Apply the configuration with this resource once, which stores the region \
             in the state. Then remove the resource.",
        )
    })
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
    fn scopes_of_a_region_and_of_its_portals_differ() {
        let eu = Region::parse("eu").unwrap();
        let id = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";
        let portal = |text: &str| Scope::portal(eu.clone(), PortalId::parse(text).unwrap());
        assert_ne!(portal(id), Scope::region(eu.clone()));
        assert_eq!(portal(id), portal(&id.to_uppercase()));
        assert_eq!(portal(id).id(), format!("eu/{id}"));
        assert_eq!(Scope::region(eu.clone()).id(), "eu");
    }

    #[test]
    fn portal_on_global_is_refused() {
        let global = regions(TEMPLATE, Some("global")).unwrap();
        assert_eq!(global.portal(&region("eu"), None).unwrap(), region("eu"));
        for own in [Attr::Null, region("global")] {
            let error = global.portal(&own, None).unwrap_err();
            assert_eq!(error.path, Some("region".into()));
            assert!(error.detail.contains("global"), "{}", error.detail);
        }
    }

    #[test]
    fn webhook_uses_own_region_then_that_of_provider() {
        let eu = regions(TEMPLATE, Some("eu")).unwrap();
        assert_eq!(eu.webhook(&region("us"), None).unwrap(), region("us"));
        assert_eq!(eu.webhook(&Attr::Null, None).unwrap(), region("eu"));
        assert_eq!(eu.webhook(&Attr::Unknown, None).unwrap(), Attr::Unknown);
        assert_eq!(
            eu.webhook(&Attr::Null, Some(&region("us"))).unwrap(),
            region("eu")
        );
        let none = regions(TEMPLATE, None).unwrap();
        assert_eq!(
            none.webhook(&Attr::Null, None).unwrap_err().path,
            Some("region".into())
        );
    }

    #[test]
    fn destination_uses_global_or_the_only_region() {
        let template = regions(TEMPLATE, Some("eu")).unwrap();
        assert_eq!(template.destination(&Attr::Null, None).unwrap(), region("global"));
        let fixed = regions("https://eu.api.konghq.com", None).unwrap();
        assert_eq!(fixed.destination(&Attr::Null, None).unwrap(), region("eu"));
        let other = regions("http://127.0.0.1:1", Some("sg")).unwrap();
        assert_eq!(other.destination(&Attr::Null, None).unwrap(), region("sg"));
    }

    #[test]
    fn existing_object_without_configured_region_keeps_region() {
        let template = regions(TEMPLATE, None).unwrap();
        let eu = region("eu");
        assert_eq!(template.destination(&Attr::Null, Some(&eu)).unwrap(), eu);
        assert_eq!(template.webhook(&Attr::Null, Some(&eu)).unwrap(), eu);
        assert_eq!(
            template.destination(&region("us"), Some(&eu)).unwrap(),
            region("us")
        );
        // A state that was moved from another provider does not contain a region.
        assert_eq!(
            template.destination(&Attr::Null, Some(&Attr::Null)).unwrap(),
            region("global")
        );
        let unknown = Regions::new(Attr::Unknown, Attr::Null).unwrap();
        assert_eq!(unknown.destination(&Attr::Null, Some(&eu)).unwrap(), eu);
    }

    #[test]
    fn url_without_a_template_serves_one_region() {
        let host = regions("https://eu.api.konghq.com", None).unwrap();
        assert_eq!(host.webhook(&Attr::Null, None).unwrap(), region("eu"));
        for wrong in [
            host.webhook(&region("us"), None),
            host.destination(&region("us"), None),
        ] {
            let error = wrong.unwrap_err();
            assert_eq!(error.path, Some("region".into()));
            assert!(error.detail.contains("{region}"), "{}", error.detail);
        }
        let other = regions("http://127.0.0.1:1", None).unwrap();
        assert_eq!(other.webhook(&Attr::Null, None).unwrap(), region("global"));
        let error = other.webhook(&region("eu"), None).unwrap_err();
        assert!(error.detail.contains("{region}"), "{}", error.detail);
        assert!(regions("https://eu.api.konghq.com", Some("us")).is_err());
    }

    #[test]
    fn unknown_server_url_plans_unknown_regions() {
        let unknown = Regions::new(Attr::Unknown, Attr::Null).unwrap();
        assert_eq!(unknown.webhook(&Attr::Null, None).unwrap(), Attr::Unknown);
        assert_eq!(unknown.destination(&Attr::Null, None).unwrap(), Attr::Unknown);
        assert_eq!(unknown.webhook(&region("eu"), None).unwrap(), region("eu"));
    }
}
