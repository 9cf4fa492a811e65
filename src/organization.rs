//! `data.konnect_organization` and `data.konnect_regions`: the organization of the access token (API description of
//! identity, `GET /v3/organizations/me`), and the regions of Konnect (`GET /v3/available-regions`).

use konnect::{AvailableRegions, Error, Organization, Region, v3};
use terraform_plugin::{Attr, DataCall, DataSource, Diagnostic, Diagnostics, foreign_text};

use crate::run::RunState;

/// The data source `konnect_organization`.
pub(crate) struct KonnectOrganization;

/// The organization of the access token. Use it to check that a configuration runs against the intended organization.
/// Konnect serves it only on the `global` host, so the `server_url` must contain `{region}`, or serve that host.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct Model {
    /// Id of the organization, a UUID.
    #[tf(computed)]
    id: Attr<String>,
    /// Name of the organization.
    #[tf(computed)]
    name: Attr<String>,
    /// State of the organization: `active`, `inactive`, `deleting` or `deleted`.
    #[tf(computed)]
    state: Attr<String>,
    /// Last part of the URL of the organization's login page.
    #[tf(computed)]
    login_path: Attr<String>,
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

impl From<Organization> for Model {
    fn from(found: Organization) -> Self {
        Self {
            // Konnect can repeat the credential in place of an id. A UUID remains: it can be a part of an endpoint.
            id: if is_uuid(&found.id) {
                found.id
            } else {
                foreign_text(&found.id)
            }
            .into(),
            name: found.name.into(),
            state: found.state.into(),
            login_path: found.login_path.into(),
        }
    }
}

impl DataSource for KonnectOrganization {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_organization"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.data.client()?;
        let region = call.data.regions.organization();
        let found = v3::get_organization(client, &region).await;
        Ok(found
            .map_err(|error| failed("Organization", &error, &region))?
            .into())
    }
}

/// The data source `konnect_regions`.
pub(crate) struct KonnectRegions;

/// The regions that Konnect offers. Use it to find regions without a stream. An organization uses the regions in
/// `stable` as they are, and has to opt in to those in `stable_opt_in`, such as Singapore (`sg`). `global`, the scope
/// of the organization's own events, is not a region here. Konnect serves the list only on the `global` host, so the
/// `server_url` must contain `{region}`, or serve that host.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct RegionsModel {
    /// Regions that every organization can use.
    #[tf(computed, set)]
    stable: Attr<Vec<String>>,
    /// Regions that an administrator of the organization has to opt in to.
    #[tf(computed, set)]
    stable_opt_in: Attr<Vec<String>>,
    /// Regions in beta.
    #[tf(computed, set)]
    beta: Attr<Vec<String>>,
}

impl From<AvailableRegions> for RegionsModel {
    fn from(found: AvailableRegions) -> Self {
        let names = |mut regions: Vec<Region>| {
            regions.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            regions.dedup();
            let names: Vec<_> = regions.iter().map(ToString::to_string).collect();
            Attr::Known(names)
        };
        Self {
            stable: names(found.stable),
            stable_opt_in: names(found.stable_opt_in),
            beta: names(found.beta),
        }
    }
}

impl DataSource for KonnectRegions {
    type Data = RunState;
    type Model = RegionsModel;

    fn type_name(&self) -> &'static str {
        "konnect_regions"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<RegionsModel, Diagnostics> {
        let client = call.data.client()?;
        let region = call.data.regions.organization();
        let found = v3::get_available_regions(client, &region).await;
        Ok(found
            .map_err(|error| failed("List of regions", &error, &region))?
            .into())
    }
}

/// The error for an object that only the global host serves.
fn failed(object: &str, error: &Error, region: &Region) -> Diagnostic {
    if *region == Region::global() {
        return Diagnostic::error(error.summary(), error.to_string());
    }
    Diagnostic::error(
        format!("{object} can't be read from this server URL"),
        format!(
            "Konnect serves it on the global host only, and the server URL serves one region: {region}. Put {{region}} \
             into the host or path of the server URL, as in https://{{region}}.api.konghq.com.\n\n{facts}",
            facts = error.facts()
        ),
    )
}
