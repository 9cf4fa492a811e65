//! `data.konnect_portals`: the Dev Portals of a region (API description of portal management, `GET /v3/portals`).

use konnect::{Portal, Region};
use terraform_plugin::{Attr, DataCall, DataSource, Diagnostics, Validator};

use crate::run::errors::api_error;
use crate::run::scope::{global_portal, scope_argument};
use crate::run::{RunState, portal};

/// The data source `konnect_portals`.
pub(crate) struct KonnectPortals;

/// The Dev Portals of a region, all of them or those with a name: the ids that the webhooks of Dev Portals need.
#[derive(Debug, Clone, terraform_plugin::Model)]
#[tf(conflicts(name, name_contains))]
pub(crate) struct Model {
    /// Region of the Dev Portals. Default: the provider's `region`.
    #[tf(optional, computed)]
    region: Attr<String>,
    /// Only the Dev Portal with exactly this name. Conflicts with `name_contains`.
    #[tf(optional, validate = Validator::not_blank())]
    name: Attr<String>,
    /// Only Dev Portals whose name contains this text, in the same letter case. Conflicts with `name`.
    #[tf(optional, validate = Validator::not_blank())]
    name_contains: Attr<String>,
    /// The Dev Portals, sorted by name.
    #[tf(computed)]
    portals: Attr<Vec<Item>>,
}

/// A Dev Portal that was found.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct Item {
    /// Id of the Dev Portal, a UUID.
    #[tf(computed)]
    id: Attr<String>,
    /// Name of the Dev Portal.
    #[tf(computed)]
    name: Attr<String>,
    /// Region of the Dev Portal.
    #[tf(computed)]
    region: Attr<String>,
}

impl Model {
    fn selects(&self, portal: &Portal) -> bool {
        match (&self.name, &self.name_contains) {
            (Attr::Known(name), _) => portal.name == *name,
            (_, Attr::Known(part)) => portal.name.contains(part.as_str()),
            _ => true,
        }
    }
}

impl DataSource for KonnectPortals {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_portals"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let config = &call.config;
        let region = scope_argument(call.data, &config.region, &Attr::Null)?.region;
        if region == Region::global() {
            return Err(global_portal().into());
        }
        let found = portal::all(call.data.client()?, &region).await;
        let found = found.map_err(|error| api_error(&error))?;
        let portals = found.into_iter().filter(|portal| config.selects(portal));
        let portals: Vec<_> = portals
            .map(|portal| Item {
                id: portal.id.as_str().into(),
                name: portal.name.into(),
                region: region.to_string().into(),
            })
            .collect();
        Ok(Model {
            region: region.to_string().into(),
            portals: portals.into(),
            ..config.clone()
        })
    }
}
