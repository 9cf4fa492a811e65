//! `data.konnect_organization`: the organization of the access token (API description of identity,
//! `GET /v3/organizations/me`).

use async_trait::async_trait;
use konnect::{Error, Organization, Region, v3};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Attribute, DataCall, DataSource, Diagnostic, Diagnostics, Schema};

use crate::run::RunState;

/// The data source `konnect_organization`.
pub(crate) struct KonnectOrganization;

/// Results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    id: Attr<String>,
    name: Attr<String>,
    state: Attr<String>,
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

#[async_trait]
impl DataSource for KonnectOrganization {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_organization"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "The organization of the access token. Use it to check that a configuration runs against the intended \
             organization. Konnect serves it only on the `global` host, so the `server_url` must contain `{region}`, or \
             serve that host.",
            [
                Attribute::string("id")
                    .computed()
                    .description("Id of the organization, a UUID."),
                Attribute::string("name")
                    .computed()
                    .description("Name of the organization."),
                Attribute::string("state")
                    .computed()
                    .description("State of the organization: `active`, `inactive`, `deleting` or `deleted`."),
                Attribute::string("login_path")
                    .computed()
                    .description("Last part of the URL of the organization's login page."),
            ],
        )
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let region = call.provider.regions.organization();
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
