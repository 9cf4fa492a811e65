//! Commands: changes that bypass the API, as if another process or user made them.
//!
//! A method of [`Emulator`](crate::Emulator) builds a command, and so does the body of `POST /_emulator/commands`. They
//! check types but not values: a test can set values that no client can send, such as an unknown log format or a
//! webhook with a deleted destination.

pub(crate) mod http;

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::event::model::{Event, Principal};
use crate::event::sample::{EventKind, Subject, sample};
use crate::fault::conditions::{ActiveConditions, Conditions};
use crate::fault::rule::FaultRule;
use crate::organization::clock;
use crate::organization::shared::Shared;
use crate::organization::state::{Attempt, Delivery, Destination, State, Target, Webhook};
use crate::organization::stream::{StreamId, parse_uuid};

/// The maximum number of events that one command creates.
const MAX_EVENTS: usize = 100_000;

/// A change that bypasses the API. In JSON, `command` is the variant's name in snake case, next to its fields.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Command {
    /// Adds destinations `destination 1`, `destination 2` and so on. The count is never reset. Returns their IDs.
    AddDestinations {
        region: String,
        count: usize,
    },
    /// Sets fields of a destination. Like every edit, it returns the whole record, and sets `updated_at` to now unless
    /// `set` names it.
    EditDestination {
        region: String,
        id: String,
        set: Value,
    },
    /// Removes a destination, even if a webhook refers to it.
    RemoveDestination {
        region: String,
        id: String,
    },
    /// Adds a Dev Portal, and returns its ID.
    AddPortal {
        region: String,
        name: String,
    },
    /// Removes a portal with its webhook and its replay job.
    RemovePortal {
        region: String,
        id: String,
    },
    /// Sets fields of a webhook. `audit_log_destination_id` switches to the v3 form, `endpoint` to the v2 form. Absent
    /// fields of a new v2 form have defaults.
    EditWebhook {
        stream: StreamId,
        set: Value,
    },
    /// Resets a webhook to one that was never configured.
    RemoveWebhook {
        stream: StreamId,
    },
    /// Records a delivery for the status, a failed one if `code` is not from 200 to 299. Default of `at`: now.
    RecordDelivery {
        stream: StreamId,
        code: u16,
        #[serde(default)]
        message: String,
        at: Option<String>,
    },
    /// Sets fields of a replay job: `status`, `start_at`, `end_at`, `updated_at`. The job then remains unchanged until
    /// the next edit or request.
    EditReplayJob {
        stream: StreamId,
        set: Value,
    },
    EditOrganization {
        set: Value,
    },
    /// Creates events on behalf of the organization's user, and returns their number.
    Trigger {
        stream: StreamId,
        kind: EventKind,
        #[serde(default = "one")]
        count: usize,
    },
    AdvanceClock {
        seconds: u64,
    },
    /// Adds a fault rule after the existing ones.
    Inject {
        rule: FaultRule,
    },
    /// Removes the fault rules of a region. Without a region, removes every rule, and releases held requests.
    ClearFaults {
        region: Option<String>,
    },
    /// Replaces the conditions of every request. Resets the rate limit and the random numbers.
    SetConditions {
        conditions: Conditions,
    },
    ClearRequests,
    ClearDeliveries,
    /// Removes records, requests and faults of a region. Without a region, removes those of all, and events and
    /// deliveries.
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
    /// The destination does not exist.
    #[error("region [{region}] has no destination [{id}]")]
    NoDestination {
        /// The region that was searched.
        region: String,
        /// The ID that was asked for.
        id: String,
    },
    /// The Dev Portal does not exist.
    #[error("region [{region}] has no portal [{id}]")]
    NoPortal {
        /// The region that was searched.
        region: String,
        /// The ID that was asked for.
        id: String,
    },
    /// The webhook of the region or portal is not configured.
    #[error("{0} has no webhook")]
    NoWebhook(String),
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
            self.deliveries.clear();
        }
        self.journal().clear(region);
        self.clear_faults(region);
    }

    /// Executes a command, and returns its result, null if it has none.
    ///
    /// # Errors
    ///
    /// The object does not exist, or a value is not valid. Nothing changes then.
    pub(crate) fn execute(&self, command: Command) -> Result<Value, ControlError> {
        match command {
            Command::Trigger { stream, kind, count } => {
                let events = self.store.read(|state| events(state, &stream, kind, count))?;
                self.record(stream, &events);
                return Ok(json!(events.len()));
            }
            Command::AdvanceClock { seconds } => self.clock.advance(Duration::from_secs(seconds)),
            Command::Inject { rule } => {
                rule.check().map_err(ControlError::Invalid)?;
                self.faults().push(rule);
            }
            Command::ClearFaults { region } => self.clear_faults(region.as_deref()),
            Command::SetConditions { conditions } => {
                *self.conditions() = ActiveConditions::checked(conditions).map_err(ControlError::Invalid)?;
            }
            Command::ClearRequests => self.journal().clear(None),
            Command::ClearDeliveries => self.deliveries.clear(),
            Command::Reset { region } => {
                self.reset(region.as_deref());
            }
            edit => {
                let run = self.replays.next_run();
                return self.store.change(|state| execute_edit(state, edit, run));
            }
        }
        Ok(Value::Null)
    }
}

/// Executes a command that changes only the state. `run` is the number of the run of an edited replay job.
fn execute_edit(state: &mut State, command: Command, run: u64) -> Result<Value, ControlError> {
    let now = state.tick();
    match command {
        Command::AddDestinations { region, count } => {
            let ids: Vec<String> = (0..count).map(|_| add_destination(state, &region)).collect();
            return Ok(json!(ids));
        }
        Command::EditDestination { region, id, set } => {
            let destination = parse_uuid(&id)
                .and_then(|id| state.destination_mut(&region, &id))
                .ok_or(ControlError::NoDestination { region, id })?;
            destination.updated_at = now;
            return merge(destination, &set, &["id", "sequence"]);
        }
        Command::RemoveDestination { region, id } => {
            parse_uuid(&id)
                .and_then(|id| state.remove_destination(&region, &id))
                .ok_or(ControlError::NoDestination { region, id })?;
        }
        Command::AddPortal { region, name } => return Ok(json!(state.add_portal(&region, &name))),
        Command::RemovePortal { region, id } => {
            let stream = StreamId::of_portal(&region, &id);
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
                return Err(ControlError::NoWebhook(stream.to_string()));
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
            let record = merge(job, &set, &[])?;
            job.run = run;
            return Ok(record);
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
    state.add_destination(region, destination);
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
    if stream.portal.is_some() && !kind.is_of_portals() {
        let why = "portals do not have events of this kind: they have authentication events only";
        return Err(ControlError::Invalid(why.to_owned()));
    }
    webhook(state, stream)?;
    let organization = &state.organization;
    let subject = Subject {
        org_id: organization.id.as_str().into(),
        principal: Principal {
            id: organization.user_id.as_str().into(),
            name: format!("{} ({})", organization.user_name, organization.user_email).into(),
        },
        portal_id: stream.portal.as_deref().map(Into::into),
    };
    let now = state.clock.now_ms();
    Ok((0..count)
        .map(|_| Arc::new(sample(kind, &subject, now)))
        .collect())
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
    ControlError::NoPortal {
        region: stream.region.clone(),
        id: stream.portal.clone().unwrap_or_default(),
    }
}
