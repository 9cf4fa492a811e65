//! Changes behind the client's back: what somebody else does in the meantime.
//!
//! They check types but not values, so that a test can plant what no client could send: a log format of the
//! future, a webhook whose destination is gone.

use std::io;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock;
use crate::destinations::parse_id;
use crate::state::{Attempt, Delivery, Destination, State, Target, Webhook};

/// Why the control API refused.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such destination.
    #[error("region [{region}] has no destination [{id}]")]
    NoDestination {
        /// The region that was searched.
        region: String,
        /// The id that was asked for.
        id: String,
    },
    /// The region's webhook is not set up.
    #[error("region [{0}] has no webhook")]
    NoWebhook(String),
    /// The edit or the fault rule makes no sense; the text says why.
    #[error("{0}")]
    Invalid(String),
    /// The change was not made, since the state file could not be written.
    #[error("the state file could not be written: {0}")]
    Save(#[from] io::Error),
}

/// Adds destinations `destination 1`, `destination 2` and so on, counted over the emulator's life.
pub(super) fn add_destinations(state: &mut State, region: &str, count: usize) -> Vec<String> {
    let add = |_| {
        let (id, sequence, created_at) = (Uuid::new_v4().to_string(), state.next_sequence(), state.tick());
        let destination = Destination {
            id: id.clone(),
            sequence,
            name: format!("destination {sequence}"),
            delivery: Delivery {
                endpoint: format!("https://siem-{sequence}.example.com/audit"),
                authorization: "Bearer somebody's".to_owned(),
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
pub(super) fn edit_destination(
    state: &mut State,
    region: &str,
    id: &str,
    edit: &Value,
) -> Result<Value, ControlError> {
    let now = state.tick();
    let destination = parse_id(id)
        .and_then(|id| state.region_mut(region).destinations.get_mut(&id))
        .ok_or_else(|| no_destination(region, id))?;
    let mut record = json!(destination);
    record["updated_at"] = json!(now);
    merge(&mut record, edit, &["id", "sequence"])?;
    *destination = serde_json::from_value(record.clone()).map_err(|error| invalid(&error))?;
    Ok(record)
}

/// Removes a destination, whether a webhook refers to it or not.
///
/// # Errors
///
/// No such destination.
pub(super) fn remove_destination(state: &mut State, region: &str, id: &str) -> Result<(), ControlError> {
    let removed = parse_id(id).and_then(|id| state.region_mut(region).destinations.remove(&id));
    removed.map(drop).ok_or_else(|| no_destination(region, id))
}

/// Sets fields of a webhook. `audit_log_destination_id` switches to the v3 form, `endpoint` to the v2 form; what
/// a new v2 form lacks has defaults. `updated_at` becomes now unless the edit names it.
///
/// # Errors
///
/// An unknown field, both forms at once, or a value of the wrong type.
pub(super) fn edit_webhook(state: &mut State, region: &str, edit: &Value) -> Result<Value, ControlError> {
    let updated_at = state.tick();
    let webhook = &mut state.region_mut(region).webhook;
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
    let mut record = json!(Webhook {
        target,
        updated_at,
        ..webhook.clone()
    });
    merge(&mut record, edit, &["form", "last_attempt"])?;
    *webhook = serde_json::from_value(record.clone()).map_err(|error| invalid(&error))?;
    Ok(record)
}

/// Makes a webhook one that nobody ever set up.
pub(super) fn remove_webhook(state: &mut State, region: &str) {
    state.region_mut(region).webhook = Webhook::default();
}

/// Records a delivery; a `code` outside 200 to 299 is a failed one. `at` is now by default.
///
/// # Errors
///
/// The region's webhook is not set up.
pub(super) fn record_delivery(
    state: &mut State,
    region: &str,
    code: u16,
    message: &str,
    at: Option<&str>,
) -> Result<(), ControlError> {
    let now = state.tick();
    let webhook = &mut state.region_mut(region).webhook;
    if !webhook.target.is_set_up() {
        return Err(ControlError::NoWebhook(region.to_owned()));
    }
    let at = at.map_or(now, str::to_owned);
    webhook.last_attempt = Some(Attempt {
        at,
        code,
        message: message.to_owned(),
    });
    Ok(())
}

/// Overwrites fields that a record has already.
fn merge(record: &mut Value, edit: &Value, fixed: &[&str]) -> Result<(), ControlError> {
    let (Value::Object(record), Value::Object(edit)) = (record, edit) else {
        return Err(ControlError::Invalid("an edit is a JSON object".to_owned()));
    };
    for (field, value) in edit {
        let slot = slot(record, field, fixed)
            .ok_or_else(|| ControlError::Invalid(format!("field [{field}] can't be edited here")))?;
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
