//! A provider for one phase of a run, and the calls to it. Checks that responses contain no secrets, and keep the
//! private state.

use serde_json::{Map, Value as Json, json};
use terraform_plugin::protocol::{
    ApplyRequest, ClientCapabilities, PlanRequest, PlanResponse, ReadRequest, ServeMode, Server,
    StateResponse,
};
use terraform_plugin::{Diagnostics, ImportTarget, Schema, Severity, Value};
use terraform_provider_konnect::KonnectProvider;

use super::block::Kind;
use super::{rules, secrets};

/// The region of the provider block.
pub const REGION: &str = "eu";
/// The key of the test in the private state.
const MARK: &str = "carried_along";

/// A state as Terraform stores it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub value: Value,
    pub private: Vec<u8>,
}

/// The response to a change or refresh.
pub struct Response {
    /// The state, if there is an object.
    pub state: Option<Stored>,
    /// The errors, as `summary: detail`.
    pub errors: Vec<String>,
    /// The summaries of the warnings.
    pub warnings: Vec<String>,
}

/// A configured provider.
pub struct Session {
    server: Server<KonnectProvider>,
}

impl Session {
    /// Starts a provider that calls this URL.
    pub async fn start(url: &str) -> Self {
        let server = Server::new(KonnectProvider, ServeMode::Managed);
        let block = Value::object([
            ("personal_access_token", Value::from("kpat_property-tests")),
            ("server_url", format!("{url}/{{region}}").as_str().into()),
            ("region", REGION.into()),
            // Faults request an immediate retry with a header.
            ("max_retries", 1.into()),
        ]);
        let block = block.shaped(server.schema().object_type()).unwrap();
        assert!(server.validate_provider(&block).is_empty());
        assert!(server.configure(block, "1.11.4".to_owned()).await.is_empty());
        Self { server }
    }

    pub fn schema(&self, kind: Kind) -> &Schema {
        self.server.resource(kind.type_name()).unwrap().schema()
    }

    pub fn upgrade(&self, kind: Kind, stored: &Stored) {
        let resource = self.server.resource(kind.type_name()).unwrap();
        let version = resource.schema().state_version();
        let upgraded = resource.upgrade(version, to_json(&stored.value));
        assert!(upgraded.diagnostics.is_empty(), "{:?}", upgraded.diagnostics);
        assert!(upgraded.state == stored.value, "a stored state is what it was");
    }

    /// Validates a valid configuration.
    pub fn validate(&self, kind: Kind, config: &Value) {
        let host = ClientCapabilities {
            write_only_attributes: true,
        };
        let resource = self.server.resource(kind.type_name()).unwrap();
        let found = resource.validate(config, host);
        assert_eq!(errors(&found), [""; 0], "a sound configuration is refused");
    }

    pub async fn read(&self, kind: Kind, stored: &Stored) -> Response {
        let resource = self.server.resource(kind.type_name()).unwrap();
        let request = ReadRequest {
            state: stored.value.clone(),
            private: stored.private.clone(),
            ..ReadRequest::default()
        };
        let response = resource.read(request).await;
        carried(&stored.private, &response.private);
        let response = answered(response.state, response.private, &response.diagnostics);
        if let Some(state) = &response.state {
            let (before, after) = (&stored.value, &state.value);
            let schema = resource.schema();
            assert_eq!(schema.identity_of(before), schema.identity_of(after));
        }
        response
    }

    /// Plans a creation or an update, and checks the plan.
    pub async fn plan(&self, kind: Kind, prior: &Value, config: &Value, private: &[u8]) -> PlanResponse {
        let resource = self.server.resource(kind.type_name()).unwrap();
        let schema = resource.schema();
        let request = PlanRequest {
            prior: prior.clone(),
            config: config.clone(),
            private: private.to_vec(),
            ..PlanRequest::default()
        };
        let plan = resource.plan(request).await;
        unseen(&plan.planned, &plan.private, &plan.diagnostics);
        carried(private, &plan.private);
        if plan.diagnostics.has_errors() {
            return plan;
        }
        rules::replacement(prior, &plan.planned, &plan.requires_replace);
        if !prior.is_null() && plan.requires_replace.is_empty() {
            rules::update(schema, prior, &plan.planned);
        }
        plan
    }

    /// Imports the webhook of a region, and refreshes it.
    pub async fn import(&self, region: &str) -> Option<Stored> {
        let resource = self.server.resource(Kind::Webhook.type_name()).unwrap();
        let response = resource.import(ImportTarget::Id(region.to_owned())).await;
        let imported = answered(response.state, response.private, &response.diagnostics);
        let stored = imported.state?;
        assert_eq!(imported.errors, [""; 0]);
        self.read(Kind::Webhook, &stored).await.state
    }

    pub fn stop(&self) {
        self.server.stop();
    }

    /// Removes an object whose creation no state records.
    pub async fn rollback(&self, kind: Kind, created: &Stored) {
        let resource = self.server.resource(kind.type_name()).unwrap();
        let data = self.server.configured_data().unwrap();
        let created = StateResponse {
            state: created.value.clone(),
            private: created.private.clone(),
            ..StateResponse::default()
        };
        resource.rollback_create(&data, &created).await;
    }

    /// Applies a change, and checks the result. A failure must not lose the state.
    pub async fn apply(&self, kind: Kind, change: Change<'_>) -> Response {
        let resource = self.server.resource(kind.type_name()).unwrap();
        let request = ApplyRequest {
            prior: change.prior.clone(),
            planned: change.planned.clone(),
            config: change.config.clone(),
            private: change.private.to_vec(),
            ..ApplyRequest::default()
        };
        let response = resource.apply(request).await;
        let schema = resource.schema();
        if !response.state.is_null() {
            carried(change.private, &response.private);
        }
        let mut response = answered(response.state, response.private, &response.diagnostics);
        let state = response.state.as_ref().map_or(&Value::Null, |state| &state.value);
        if response.errors.is_empty() {
            let expected = state.is_null();
            assert_eq!(change.planned.is_null(), expected, "an object came or went");
            assert_eq!(state.is_null(), schema.identity_of(state).is_none());
        } else if !change.prior.is_null() {
            assert!(!state.is_null(), "a failed change lost the object");
        }
        if let Some(state) = &mut response.state {
            mark(&mut state.private);
        }
        response
    }
}

#[derive(Clone, Copy)]
pub struct Change<'a> {
    pub prior: &'a Value,
    pub planned: &'a Value,
    pub config: &'a Value,
    pub private: &'a [u8],
}

fn answered(state: Value, private: Vec<u8>, found: &Diagnostics) -> Response {
    unseen(&state, &private, found);
    assert!(state.is_wholly_known(), "{state:?}");
    let warnings = found.iter().filter(|d| d.severity == Severity::Warning);
    Response {
        warnings: warnings.map(|d| d.summary.clone()).collect(),
        errors: errors(found),
        state: (!state.is_null()).then_some(Stored {
            value: state,
            private,
        }),
    }
}

/// The errors, as `summary: detail`.
pub fn errors(found: &Diagnostics) -> Vec<String> {
    let errors = found.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| format!("{}: {}", d.summary, d.detail)).collect()
}

fn unseen(value: &Value, private: &[u8], found: &Diagnostics) {
    secrets::only_in_authorization(value);
    secrets::absent(format!("{value:?}").as_bytes(), "Debug of a value");
    secrets::absent(private, "the private state");
    secrets::absent(format!("{found:?}").as_bytes(), "a diagnostic");
}

fn mark(private: &mut Vec<u8>) {
    let mut all: Map<String, Json> = serde_json::from_slice(private).unwrap_or_default();
    all.insert(MARK.to_owned(), json!([1, "two"]));
    *private = serde_json::to_vec(&all).unwrap();
}

/// Asserts that a response contains the private state of the request.
fn carried(before: &[u8], after: &[u8]) {
    let marked = |private: &[u8]| {
        let all: Map<String, Json> = serde_json::from_slice(private).unwrap_or_default();
        all.get(MARK).cloned()
    };
    assert!(
        marked(before).is_none() || marked(before) == marked(after),
        "private bytes are lost"
    );
}

/// A state as Terraform writes it to its file.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(flag) => json!(flag),
        Value::Number(number) => json!(number.as_i64()),
        Value::String(text) => json!(text),
        Value::Object(of) => of.iter().map(|(name, v)| (name.clone(), to_json(v))).collect(),
        Value::Null => Json::Null,
        other => panic!("no state of these resources has {other:?}"),
    }
}
