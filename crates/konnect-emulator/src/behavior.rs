//! Switches for undocumented behavior of the real service.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::control_error::ControlError;

/// The behavior of the emulator where Konnect's documentation is not specific, or where the service differs from it.
///
/// In JSON, and on the command line as `--behavior NAME=VALUE`, the names are the field names and the values are the
/// variants in snake case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each of which is on or off"
)]
pub struct Behavior {
    /// The v3 `GET` of a webhook that was never configured.
    pub new_webhook: AbsentWebhook,
    /// The v3 `GET` of a webhook that was deleted.
    pub deleted_webhook: AbsentWebhook,
    /// The reaction of the list of destinations to an invalid query.
    pub invalid_list_query: InvalidListQuery,
    /// How long the deletion of a destination returns 409 after the last webhook stopped using it, in milliseconds.
    /// Default: 0.
    pub in_use_lag_ms: u64,
    /// How long a change of a webhook to a new destination of `global` returns 404, in milliseconds. Default: 0.
    pub new_destination_lag_ms: u64,
    /// The value of a time that means "never".
    pub never: NeverTime,
    /// The result of a replay without an enabled webhook.
    pub replay_without_webhook: ReplayWithoutWebhook,
    /// Whether a replay's `end_at` may be before its `start_at`. Default: false.
    pub replay_reversed_range: bool,
    /// Whether the deletion of a portal's webhook returns 409 while a replay job is in progress. Default: false.
    pub portal_delete_conflict: bool,
    /// The response of `GET /v3/audit-logs`.
    pub pull_api: PullApi,
    /// The `Content-Encoding` of a delivery.
    pub content_encoding: ContentEncoding,
    /// Whether events have a signature. Default: true.
    pub signatures: bool,
    /// What the signature of a CPS line covers.
    pub cps_signature: CpsSignature,
    /// Whether events have `principal_name`. Default: false.
    pub principal_name: bool,
    /// The `last_response_code` of a delivery without a response.
    pub connection_failure_code: ConnectionFailureCode,
    /// What happens to events after the last retry of a delivery has failed.
    pub after_failure: AfterFailure,
    /// Which webhooks receive the events of requests to `global`.
    pub global_events: GlobalEvents,
}

/// The response for an absent webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentWebhook {
    /// 404.
    #[default]
    NotFound,
    /// 200 with an empty destination ID.
    Empty,
}

/// The reaction to an invalid query of the list of destinations. The API description declares no 400 for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvalidListQuery {
    /// Invalid parameters are ignored.
    #[default]
    Ignored,
    /// 400, with the invalid parameters.
    Refused,
}

/// How a time that was never set is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeverTime {
    /// `0001-01-01T00:00:0Z`, as the API description spells it.
    #[default]
    AsDescribed,
    /// `0001-01-01T00:00:00Z`, which is valid RFC 3339.
    Valid,
}

/// The result of a replay without an enabled webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayWithoutWebhook {
    /// The job is accepted, and fails when it runs.
    #[default]
    Fails,
    /// The request is rejected with 400.
    Refused,
}

/// The response of `GET /v3/audit-logs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullApi {
    /// The events.
    #[default]
    Available,
    /// 403: the organization does not have the feature.
    Forbidden,
    /// 404: the organization does not have the feature.
    NotFound,
}

/// The `Content-Encoding` of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentEncoding {
    /// `gzip`, the standard value.
    #[default]
    #[serde(rename = "gzip")]
    Gzip,
    /// `application/gzip`, as Kong documents it.
    #[serde(rename = "application/gzip")]
    ApplicationGzip,
}

/// What the signature of a CPS line covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpsSignature {
    /// The object under `event`.
    #[default]
    Event,
    /// The whole line.
    Line,
}

/// The `last_response_code` of a delivery without a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionFailureCode {
    /// The field is absent.
    #[default]
    Absent,
    /// The value is 0.
    Zero,
}

/// What happens to events after the last retry of a delivery has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterFailure {
    /// The next batch is sent as usual.
    #[default]
    Continue,
    /// Nothing is sent until the webhook is changed.
    Stop,
}

/// Which webhooks receive the events of requests to `global`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GlobalEvents {
    /// Only the webhook of `global`.
    #[default]
    GlobalWebhook,
    /// The webhook of every region.
    EveryWebhook,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            new_webhook: AbsentWebhook::NotFound,
            deleted_webhook: AbsentWebhook::Empty,
            invalid_list_query: InvalidListQuery::default(),
            in_use_lag_ms: 0,
            new_destination_lag_ms: 0,
            never: NeverTime::default(),
            replay_without_webhook: ReplayWithoutWebhook::default(),
            replay_reversed_range: false,
            portal_delete_conflict: false,
            pull_api: PullApi::default(),
            content_encoding: ContentEncoding::default(),
            signatures: true,
            cps_signature: CpsSignature::default(),
            principal_name: false,
            connection_failure_code: ConnectionFailureCode::default(),
            after_failure: AfterFailure::default(),
            global_events: GlobalEvents::default(),
        }
    }
}

/// The description of a switch: name, values with the default first, and purpose.
type Description = (&'static str, &'static str, &'static str);

const DESCRIPTIONS: [Description; 17] = [
    (
        "new_webhook",
        "not_found|empty",
        "v3 GET of a webhook that was never set up",
    ),
    (
        "deleted_webhook",
        "empty|not_found",
        "v3 GET of a webhook that was deleted",
    ),
    (
        "invalid_list_query",
        "ignored|refused",
        "parameters of the destinations' list that cannot be read",
    ),
    (
        "in_use_lag_ms",
        "0|N",
        "how long a released destination returns 409 on DELETE",
    ),
    (
        "new_destination_lag_ms",
        "0|N",
        "how long a webhook returns 404 for a new global destination",
    ),
    (
        "never",
        "as_described|valid",
        "0001-01-01T00:00:0Z, or the same in valid RFC 3339",
    ),
    (
        "replay_without_webhook",
        "fails|refused",
        "a replay job without an enabled webhook",
    ),
    (
        "replay_reversed_range",
        "false|true",
        "whether end_at may come before start_at",
    ),
    (
        "portal_delete_conflict",
        "false|true",
        "409 on DELETE of a portal's webhook during a replay",
    ),
    ("pull_api", "available|forbidden|not_found", "GET /v3/audit-logs"),
    (
        "content_encoding",
        "gzip|application/gzip",
        "Content-Encoding of a delivery",
    ),
    ("signatures", "true|false", "whether events have sig"),
    (
        "cps_signature",
        "event|line",
        "what the signature of a CPS line covers",
    ),
    (
        "principal_name",
        "false|true",
        "whether events have principal_name",
    ),
    (
        "connection_failure_code",
        "absent|zero",
        "last_response_code without a response",
    ),
    (
        "after_failure",
        "continue|stop",
        "whether later events are sent after a failed delivery",
    ),
    (
        "global_events",
        "global_webhook|every_webhook",
        "who gets the events of requests to global",
    ),
];

impl Behavior {
    /// The switches with their values, the default first, one per line, for a help text.
    #[must_use]
    pub fn help() -> String {
        let mut help = String::new();
        for (name, values, about) in DESCRIPTIONS {
            let switch = format!("{name}={values}");
            let _ = writeln!(help, "  {switch:<44} {about}");
        }
        help
    }

    /// Sets one switch, `NAME=VALUE`.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for an unknown name, or a value that the switch does not have.
    pub fn set(&mut self, switch: &str) -> Result<(), ControlError> {
        let (name, text) = switch
            .split_once('=')
            .ok_or_else(|| ControlError::Invalid(format!("[{switch}] is not NAME=VALUE")))?;
        let value = serde_json::from_str(text)
            .ok()
            .filter(|value: &Value| value.is_boolean() || value.is_number())
            .unwrap_or_else(|| json!(text));
        *self = self.merged(Map::from_iter([(name.to_owned(), value)]))?;
        Ok(())
    }

    /// Returns this behavior with some switches changed.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for an unknown name, or a value that the switch does not have.
    pub(crate) fn merged(&self, changes: Map<String, Value>) -> Result<Self, ControlError> {
        let mut document = json!(self);
        if let Value::Object(switches) = &mut document {
            switches.extend(changes);
        }
        serde_json::from_value(document)
            .map_err(|error| ControlError::Invalid(format!("the behavior is not valid: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_any_switch_lists_values_and_default() {
        let defaults = json!(Behavior::default());
        let switches = defaults.as_object().unwrap();
        assert_eq!(switches.len(), DESCRIPTIONS.len());
        for (name, values, _) in DESCRIPTIONS {
            let (first, others) = values.split_once('|').unwrap();
            let default = switches[name].to_string();
            assert_eq!(default.trim_matches('"'), first, "{name}");
            for value in others.split('|').map(|value| value.replace('N', "7")) {
                let mut behavior = Behavior::default();
                behavior.set(&format!("{name}={value}")).unwrap();
                assert_eq!(json!(behavior)[name].to_string().trim_matches('"'), value);
            }
        }
    }

    #[test]
    fn set_unknown_switch_or_value_is_refused() {
        for wrong in [
            "pull_api",
            "pull_api=sometimes",
            "weather=fine",
            "signatures=1",
            "in_use_lag_ms=-1",
        ] {
            let mut behavior = Behavior::default();
            assert!(behavior.set(wrong).is_err(), "{wrong}");
            assert_eq!(behavior, Behavior::default());
        }
    }
}
