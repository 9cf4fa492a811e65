//! Changes that bypass the API, as if another process or user made them.
//!
//! They check types but not values: a test can set values that no client can send, such as an unknown log format or a
//! webhook with a deleted destination.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock;
use crate::control_error::ControlError;
use crate::event::model::{Event, Principal};
use crate::event::sample::{EventKind, Subject, sample};
use crate::ids::parse_uuid;
use crate::state::{Attempt, Delivery, Destination, ReplayJob, State, Target, Webhook};
use crate::stream::StreamId;

/// Adds destinations `destination 1`, `destination 2` and so on. The count is never reset.
pub(crate) fn add_destinations(state: &mut State, region: &str, count: usize) -> Vec<String> {
    let add = |_| {
        let (id, sequence, created_at) = (Uuid::new_v4().to_string(), state.next_sequence(), state.tick());
        let destination = Destination {
            id: id.clone(),
            sequence,
            name: format!("destination {sequence}"),
            delivery: Delivery {
                endpoint: format!("https://siem-{sequence}.example.com/audit"),
                authorization: "Bearer of another user".to_owned(),
                log_format: "cef".to_owned(),
                skip_ssl_verification: false,
            },
            created_at,
            updated_at: clock::NEVER.to_owned(),
        };
        state
            .region_mut(region)
            .destinations
            .insert(id.clone(), destination);
        id
    };
    (0..count).map(add).collect()
}

/// Sets fields of a destination. `updated_at` becomes now unless the edit names it.
///
/// # Errors
///
/// No such destination, an unknown field, or a value of the wrong type.
pub(crate) fn edit_destination(
    state: &mut State,
    region: &str,
    id: &str,
    edit: &Value,
) -> Result<Value, ControlError> {
    let now = state.tick();
    let destination = parse_uuid(id)
        .and_then(|id| state.region_mut(region).destinations.get_mut(&id))
        .ok_or_else(|| no_destination(region, id))?;
    let mut before = destination.clone();
    before.updated_at = now;
    let (edited, record) = merged(&before, edit, &["id", "sequence"])?;
    *destination = edited;
    Ok(record)
}

/// Removes a destination, even if a webhook refers to it.
///
/// # Errors
///
/// No such destination.
pub(crate) fn remove_destination(state: &mut State, region: &str, id: &str) -> Result<(), ControlError> {
    let removed = parse_uuid(id).and_then(|id| state.region_mut(region).destinations.remove(&id));
    removed.map(drop).ok_or_else(|| no_destination(region, id))
}

/// Sets fields of a webhook. `audit_log_destination_id` switches to the v3 form, `endpoint` to the v2 form. Absent
/// fields of a new v2 form have defaults. `updated_at` becomes now unless the edit names it.
///
/// # Errors
///
/// No such portal, an unknown field, both forms, or a value of the wrong type.
pub(crate) fn edit_webhook(
    state: &mut State,
    stream: &StreamId,
    edit: &Value,
) -> Result<Value, ControlError> {
    let updated_at = state.tick();
    let webhook = state.webhook(stream).ok_or_else(|| no_portal(stream))?;
    let switched = match (
        edit.get("audit_log_destination_id"),
        edit.get("endpoint"),
        &webhook.target,
    ) {
        (Some(_), Some(_), _) => {
            return Err(ControlError::Invalid(
                "a webhook has an endpoint or a destination, not both".to_owned(),
            ));
        }
        (Some(_), None, _) => Some(Target::Destination {
            audit_log_destination_id: String::new(),
        }),
        (None, Some(_), Target::Endpoint(_)) | (None, None, _) => None,
        (None, Some(_), _) => Some(Target::Endpoint(Delivery {
            endpoint: String::new(),
            authorization: String::new(),
            log_format: "cef".to_owned(),
            skip_ssl_verification: false,
        })),
    };
    let target = switched.unwrap_or_else(|| webhook.target.clone());
    let before = Webhook {
        target,
        updated_at,
        ..webhook
    };
    let (webhook, record) = merged(&before, edit, &["form", "last_attempt"])?;
    state.set_webhook(stream, webhook);
    Ok(record)
}

/// Resets a webhook to one that was never configured.
///
/// # Errors
///
/// No such portal.
pub(crate) fn remove_webhook(state: &mut State, stream: &StreamId) -> Result<(), ControlError> {
    if state.webhook(stream).is_none() {
        return Err(no_portal(stream));
    }
    state.set_webhook(stream, Webhook::default());
    Ok(())
}

/// Records a delivery, a failed one if `code` is not from 200 to 299. Default of `at`: now.
///
/// # Errors
///
/// No such portal, or its webhook is not configured.
pub(crate) fn record_delivery(
    state: &mut State,
    stream: &StreamId,
    code: u16,
    message: &str,
    at: Option<&str>,
) -> Result<(), ControlError> {
    let now = state.tick();
    let webhook = state.webhook_mut(stream).ok_or_else(|| no_portal(stream))?;
    if !webhook.target.is_set_up() {
        return Err(ControlError::NoWebhook(stream.to_string()));
    }
    webhook.last_attempt = Some(Attempt {
        at: at.map_or(now, str::to_owned),
        code: Some(code),
        message: message.to_owned(),
        failed: !(200..300).contains(&code),
    });
    Ok(())
}

/// Sets fields of a replay job: `status`, `start_at`, `end_at`, `updated_at`. The job then remains unchanged until the
/// next edit or request. `updated_at` becomes now unless the edit names it.
///
/// # Errors
///
/// No such portal, an unknown field, or a value of the wrong type.
pub(crate) fn edit_replay_job(
    state: &mut State,
    stream: &StreamId,
    edit: &Value,
    run: u64,
) -> Result<Value, ControlError> {
    let updated_at = state.tick();
    let job = state.replay_job_mut(stream).ok_or_else(|| no_portal(stream))?;
    let before = ReplayJob {
        updated_at,
        ..job.clone()
    };
    let (edited, record): (ReplayJob, _) = merged(&before, edit, &[])?;
    *job = ReplayJob { run, ..edited };
    Ok(record)
}

/// Removes a portal with its webhook and its replay job.
///
/// # Errors
///
/// No such portal.
pub(crate) fn remove_portal(state: &mut State, region: &str, id: &str) -> Result<(), ControlError> {
    let stream = StreamId::of_portal(region, id);
    // Releases the destination.
    remove_webhook(state, &stream)?;
    let removed = state.region_mut(region).portals.remove(id);
    removed.map(drop).ok_or_else(|| no_portal(&stream))
}

/// Sets fields of the organization, and returns all of them. `updated_at` becomes now unless the edit names it.
///
/// # Errors
///
/// An unknown field, or a value of the wrong type.
pub(crate) fn edit_organization(state: &mut State, edit: &Value) -> Result<Value, ControlError> {
    let mut before = state.organization.clone();
    before.updated_at = state.tick();
    let (organization, record) = merged(&before, edit, &[])?;
    state.organization = organization;
    Ok(record)
}

/// Creates events of one kind on behalf of the organization's user.
///
/// # Errors
///
/// No such portal, or a kind that portals do not have.
pub(crate) fn events(
    state: &State,
    stream: &StreamId,
    kind: EventKind,
    count: usize,
) -> Result<Vec<Arc<Event>>, ControlError> {
    if stream.portal.is_some() && !kind.is_of_portals() {
        return Err(ControlError::Invalid(format!(
            "[{}] is not a kind of event that portals have: they have authentication events only",
            kind.name()
        )));
    }
    if state.webhook(stream).is_none() {
        return Err(no_portal(stream));
    }
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

/// A record with some fields overwritten, as a value and as JSON.
fn merged<T: Serialize + DeserializeOwned>(
    before: &T,
    edit: &Value,
    fixed: &[&str],
) -> Result<(T, Value), ControlError> {
    let mut record = json!(before);
    merge(&mut record, edit, fixed)?;
    let value = serde_json::from_value(record.clone()).map_err(|error| invalid(&error))?;
    Ok((value, record))
}

/// Overwrites existing fields of a record.
fn merge(record: &mut Value, edit: &Value, fixed: &[&str]) -> Result<(), ControlError> {
    let (Value::Object(record), Value::Object(edit)) = (record, edit) else {
        return Err(ControlError::Invalid("an edit is a JSON object".to_owned()));
    };
    for (field, value) in edit {
        let slot = slot(record, field, fixed)
            .ok_or_else(|| ControlError::Invalid(format!("field [{field}] cannot be edited here")))?;
        *slot = value.clone();
    }
    Ok(())
}

fn slot<'a>(record: &'a mut Map<String, Value>, field: &str, fixed: &[&str]) -> Option<&'a mut Value> {
    if fixed.contains(&field) {
        None
    } else {
        record.get_mut(field)
    }
}

fn invalid(error: &serde_json::Error) -> ControlError {
    ControlError::Invalid(format!("the edit has a value of the wrong type: {error}"))
}

fn no_destination(region: &str, id: &str) -> ControlError {
    ControlError::NoDestination {
        region: region.to_owned(),
        id: id.to_owned(),
    }
}

fn no_portal(stream: &StreamId) -> ControlError {
    ControlError::NoPortal {
        region: stream.region.clone(),
        id: stream.portal.clone().unwrap_or_default(),
    }
}
