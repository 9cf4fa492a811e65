//! Commands: changes that bypass the API, as if another process or user made them.
//!
//! A method of [`Emulator`](crate::Emulator) builds a command, and so does the body of `POST /_emulator/commands`. They
//! check types but not values: a test can set values that no client can send, such as an unknown log format or a
//! webhook with a deleted destination.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::problem::Problem;
use crate::delivery::worker;
use crate::event::model::{Details, Event};
use crate::event::sample::{EventKind, sample};
use crate::fault::conditions::{ActiveConditions, Conditions};
use crate::fault::rule::FaultRule;
use crate::http::response::ApiResponse;
use crate::lock::lock;
use crate::organization::clock;
use crate::organization::state::{Attempt, Delivery, Destination, State, Target, Webhook};
use crate::organization::stream::{StreamId, parse_uuid};
use crate::shared::Shared;

const MAX_EVENTS: usize = 100_000;

type SharedState = Extract<Arc<Shared>>;

/// A change that bypasses the API: what the method of [`Emulator`](crate::Emulator) with its name does. In JSON, `command`
/// is the variant's name in snake case, next to its fields.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Command {
    AddDestinations {
        region: String,
        count: usize,
    },
    EditDestination {
        region: String,
        id: String,
        set: Value,
    },
    RemoveDestination {
        region: String,
        id: String,
    },
    AddPortal {
        region: String,
        name: String,
    },
    RemovePortal {
        region: String,
        id: String,
    },
    EditWebhook {
        stream: StreamId,
        set: Value,
    },
    RemoveWebhook {
        stream: StreamId,
    },
    RecordDelivery {
        stream: StreamId,
        code: u16,
        #[serde(default)]
        message: String,
        at: Option<String>,
    },
    EditReplayJob {
        stream: StreamId,
        set: Value,
    },
    EditOrganization {
        set: Value,
    },
    Trigger {
        stream: StreamId,
        kind: EventKind,
        #[serde(default = "one")]
        count: usize,
    },
    AdvanceClock {
        seconds: u64,
    },
    Inject {
        rule: FaultRule,
    },
    ClearFaults {
        region: Option<String>,
    },
    SetConditions {
        conditions: Conditions,
    },
    ClearRequests,
    ClearDeliveries,
    Reset {
        region: Option<String>,
    },
}

// A default for serde, which requires a function.
fn one() -> usize {
    1
}

/// The error of a command.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The destination, the Dev Portal or the webhook does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The edit, the fault rule or the setting is invalid, for the reason in the text.
    #[error("{0}")]
    Invalid(String),
}

impl Shared {
    /// Removes records, requests and faults of a region. Without a region, removes those of all, and events and
    /// deliveries.
    pub(crate) fn reset(&self, region: Option<&str>) {
        self.store.change_in_place(|state| state.forget(region));
        if region.is_none() {
            self.events.clear();
            self.queues.clear();
            lock(&self.deliveries).clear();
        }
        lock(&self.journal).clear(region);
        self.clear_faults(region);
    }

    /// Executes a command, and returns its result, null if it has none. After an error, nothing is changed.
    pub(crate) fn execute(self: &Arc<Self>, command: Command) -> Result<Value, ControlError> {
        match command {
            Command::Trigger { stream, kind, count } => {
                let events = self.store.read(|state| events(state, &stream, kind, count))?;
                worker::record(self, stream, &events);
                return Ok(json!(events.len()));
            }
            Command::AdvanceClock { seconds } => self.clock.advance(Duration::from_secs(seconds)),
            Command::Inject { rule } => {
                rule.check().map_err(ControlError::Invalid)?;
                lock(&self.faults).push(rule);
            }
            Command::ClearFaults { region } => self.clear_faults(region.as_deref()),
            Command::SetConditions { conditions } => {
                conditions.check().map_err(ControlError::Invalid)?;
                *lock(&self.conditions) = ActiveConditions::new(conditions);
            }
            Command::ClearRequests => lock(&self.journal).clear(None),
            Command::ClearDeliveries => lock(&self.deliveries).clear(),
            Command::Reset { region } => self.reset(region.as_deref()),
            edit => return self.store.change(|state| execute_edit(state, edit)),
        }
        Ok(Value::Null)
    }
}

/// Executes a command that changes only the state.
fn execute_edit(state: &mut State, command: Command) -> Result<Value, ControlError> {
    let now = state.tick();
    match command {
        Command::AddDestinations { region, count } => {
            let ids: Vec<String> = (0..count).map(|_| add_destination(state, &region)).collect();
            return Ok(json!(ids));
        }
        Command::EditDestination { region, id, set } => {
            let destination = parse_uuid(&id).and_then(|id| state.destinations_mut(&region).get_mut(&id));
            let destination = destination.ok_or_else(|| no_destination(&region, &id))?;
            destination.updated_at = now;
            return merge(destination, &set, &["id", "sequence"]);
        }
        Command::RemoveDestination { region, id } => {
            let removed = parse_uuid(&id).and_then(|id| state.destinations_mut(&region).remove(&id));
            removed.ok_or_else(|| no_destination(&region, &id))?;
        }
        Command::AddPortal { region, name } => return Ok(json!(state.add_portal(&region, &name))),
        Command::RemovePortal { region, id } => {
            let stream = StreamId::from((region.as_str(), &id));
            // Releases the destination.
            webhook(state, &stream)?;
            state.set_webhook(&stream, Webhook::default());
            state.region_mut(&region).portals.remove(&id);
        }
        Command::EditWebhook { stream, set } => {
            let mut webhook = webhook(state, &stream)?;
            webhook.updated_at = now;
            switch_form(&mut webhook, &set)?;
            let record = merge(&mut webhook, &set, &["form", "last_attempt"])?;
            state.set_webhook(&stream, webhook);
            return Ok(record);
        }
        Command::RemoveWebhook { stream } => {
            webhook(state, &stream)?;
            state.set_webhook(&stream, Webhook::default());
        }
        Command::RecordDelivery {
            stream,
            code,
            message,
            at,
        } => {
            let mut webhook = webhook(state, &stream)?;
            if !webhook.target.is_set_up() {
                return Err(ControlError::NotFound(format!("{stream} has no webhook")));
            }
            webhook.last_attempt = Some(Attempt {
                at: at.unwrap_or(now),
                code: Some(code),
                message,
                failed: !(200..300).contains(&code),
            });
            state.set_webhook(&stream, webhook);
        }
        Command::EditReplayJob { stream, set } => {
            let records = state.records_mut(&stream).ok_or_else(|| no_portal(&stream))?;
            let job = &mut records.replay_job;
            job.updated_at = now;
            return merge(job, &set, &[]);
        }
        Command::EditOrganization { set } => {
            state.organization.updated_at = now;
            return merge(&mut state.organization, &set, &[]);
        }
        // `Shared::execute` executes the others.
        _ => {}
    }
    Ok(Value::Null)
}

fn add_destination(state: &mut State, region: &str) -> String {
    let sequence = state.next_sequence();
    let destination = Destination {
        id: Uuid::new_v4().to_string(),
        sequence,
        name: format!("destination {sequence}"),
        delivery: Delivery {
            endpoint: format!("https://siem-{sequence}.example.com/audit"),
            authorization: "Bearer of another user".to_owned(),
            ..Delivery::default()
        },
        created_at: state.tick(),
        updated_at: clock::NEVER.to_owned(),
    };
    let id = destination.id.clone();
    state.destinations_mut(region).insert(id.clone(), destination);
    id
}

/// Gives a webhook the form that an edit implies.
fn switch_form(webhook: &mut Webhook, set: &Value) -> Result<(), ControlError> {
    match (set.get("audit_log_destination_id"), set.get("endpoint")) {
        (Some(_), Some(_)) => {
            return Err(ControlError::Invalid(
                "a webhook has an endpoint or a destination, not both".to_owned(),
            ));
        }
        (Some(_), None) => {
            webhook.target = Target::Destination {
                audit_log_destination_id: String::new(),
            };
        }
        (None, Some(_)) if !matches!(webhook.target, Target::Endpoint(_)) => {
            webhook.target = Target::Endpoint(Delivery::default());
        }
        (None, _) => {}
    }
    Ok(())
}

/// Creates events of one kind on behalf of the organization's user.
fn events(
    state: &State,
    stream: &StreamId,
    kind: EventKind,
    count: usize,
) -> Result<Vec<Arc<Event>>, ControlError> {
    if count > MAX_EVENTS {
        let why = format!("one command creates at most {MAX_EVENTS} events");
        return Err(ControlError::Invalid(why));
    }
    webhook(state, stream)?;
    let portal = stream.portal.as_deref();
    let made = || sample(kind, &state.organization, portal, state.clock.now_ms());
    if portal.is_some() && !matches!(made().details, Details::Authentication { .. }) {
        let why = "portals do not have events of this kind: they have authentication events only";
        return Err(ControlError::Invalid(why.to_owned()));
    }
    Ok((0..count).map(|_| Arc::new(made())).collect())
}

/// Overwrites existing fields of a record, and returns all of them.
fn merge<T: Serialize + DeserializeOwned>(
    record: &mut T,
    set: &Value,
    fixed: &[&str],
) -> Result<Value, ControlError> {
    let mut document = json!(record);
    let Value::Object(set) = set else {
        return Err(ControlError::Invalid("an edit is a JSON object".to_owned()));
    };
    for (field, value) in set {
        let slot = document
            .get_mut(field)
            .filter(|_| !fixed.contains(&field.as_str()))
            .ok_or_else(|| ControlError::Invalid(format!("field [{field}] cannot be edited here")))?;
        *slot = value.clone();
    }
    *record = serde_json::from_value(document.clone())
        .map_err(|error| ControlError::Invalid(format!("the edit has a value of the wrong type: {error}")))?;
    Ok(document)
}

fn webhook(state: &State, stream: &StreamId) -> Result<Webhook, ControlError> {
    state.webhook(stream).ok_or_else(|| no_portal(stream))
}

fn no_portal(stream: &StreamId) -> ControlError {
    let id = stream.portal.as_deref().unwrap_or_default();
    ControlError::NotFound(format!("region [{}] has no portal [{id}]", stream.region))
}

fn no_destination(region: &str, id: &str) -> ControlError {
    ControlError::NotFound(format!("region [{region}] has no destination [{id}]"))
}

/// The routes below `/_emulator/`.
pub(crate) fn router() -> Router<Arc<Shared>> {
    let requests =
        async |Extract(shared): SharedState| ApiResponse::ok(&json!(lock(&shared.journal).entries()));
    let deliveries = async |Extract(shared): SharedState| ApiResponse::ok(&json!(*lock(&shared.deliveries)));
    let faults = async |Extract(shared): SharedState| ApiResponse::ok(&json!(*lock(&shared.faults)));
    let state =
        async |Extract(shared): SharedState| ApiResponse::ok(&shared.store.read(|state| json!(state)));
    Router::new()
        .route("/requests", get(requests))
        .route("/deliveries", get(deliveries))
        .route("/faults", get(faults))
        .route("/state", get(state))
        .route("/commands", post(command))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
}

/// Ignores the content type, because `curl -d` sends that of a form.
async fn command(
    Extract(shared): SharedState,
    body: Result<Bytes, BytesRejection>,
) -> Result<ApiResponse, ControlError> {
    let body = body.map_err(|error| ControlError::Invalid(error.body_text()))?;
    let command: Command = serde_json::from_slice(&body)
        .map_err(|error| ControlError::Invalid(format!("the command is not valid: {error}")))?;
    Ok(match shared.execute(command)? {
        Value::Null => ApiResponse::empty(StatusCode::NO_CONTENT),
        document => ApiResponse::ok(&document),
    })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.to_response().into_response()
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
        };
        Problem::new(status, self.to_string()).into_response()
    }
}
