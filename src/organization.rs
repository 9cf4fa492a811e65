//! `data.konnect_organization`: the organization of the access token (API description of identity,
//! `GET /v3/organizations/me`).

use konnect::{Error, Organization, Region, v3};
use terraform_plugin::{Attr, DataCall, DataSource, Diagnostic, Diagnostics};

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

impl From<Organization> for Model {
    fn from(found: Organization) -> Self {
        Self {
            id: found.id.into(),
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
        Ok(found.map_err(|error| failed(&error, &region))?.into())
    }
}

fn failed(error: &Error, region: &Region) -> Diagnostic {
    if *region == Region::global() {
        return Diagnostic::error(error.summary(), error.to_string());
    }
    Diagnostic::error(
        "Organization can't be read from this server URL",
        format!(
            "Konnect serves the organization on the global host only, and the server URL serves one region: {region}. Put \
             {{region}} into the host or path of the server URL, as in https://{{region}}.api.konghq.com.\n\n{facts}",
            facts = error.facts()
        ),
    )
}
