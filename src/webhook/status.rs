//! `data.konnect_audit_log_webhook_status`: the delivery status of the webhook of a region or a Dev Portal (API
//! descriptions v3, `audit-log-webhook/status`), and its summary.

use konnect::{WebhookState, WebhookStatus, sentence, v3};
use terraform_plugin::{Attr, DataCall, DataSource, Diagnostics, Validator, foreign_text};

use crate::run::errors::api_error;
use crate::run::scope::{Scope, scope_argument};
use crate::run::{RunState, portal};

/// The data source `konnect_audit_log_webhook_status`.
pub(crate) struct AuditLogWebhookStatus;

/// The status of the audit log webhook of a region or of a Dev Portal: whether it is switched on, and the result of the
/// last delivery. `healthy`, `delivery_state` and `explanation` summarize it for `check` blocks and pipelines.
#[derive(Debug, Clone, Default, terraform_plugin::Model)]
pub(crate) struct Model {
    /// Region of the webhook, or of the Dev Portal. Default: the provider's `region`.
    #[tf(optional, computed)]
    region: Attr<String>,
    /// Id of the Dev Portal, a UUID. If omitted, the status is that of the region's webhook.
    #[tf(optional, validate = Validator::not_blank(), semantic_equality = str::eq_ignore_ascii_case)]
    portal_id: Attr<String>,
    /// Whether the webhook is switched on.
    #[tf(computed)]
    webhook_enabled: Attr<bool>,
    /// Status as Konnect reports it: `active` (nothing was sent yet, or the last delivery succeeded), `inactive` (the
    /// last delivery failed) or `unconfigured` (there is no webhook).
    #[tf(computed)]
    webhook_status: Attr<String>,
    /// Time of the last delivery attempt, RFC 3339. Null before the first attempt.
    #[tf(computed)]
    last_attempt_at: Attr<String>,
    /// HTTP status of the endpoint's response to the last attempt. Null before the first attempt.
    #[tf(computed)]
    last_response_code: Attr<i64>,
    /// Message of the endpoint's response to the last attempt, without control characters, shortened. Null before the
    /// first attempt.
    #[tf(computed)]
    last_response_message: Attr<String>,
    /// `ready` (switched on; no delivery was attempted yet), `delivering` (switched on; the last delivery succeeded),
    /// `failing` (switched on; the last delivery failed), `switched_off`, `switched_off_failing` (switched off after a
    /// failed delivery), `unconfigured` (there is no webhook), or `unknown` (Konnect reports a status that this version
    /// of the provider does not know).
    #[tf(computed)]
    delivery_state: Attr<String>,
    /// Whether `delivery_state` is `ready` or `delivering`.
    #[tf(computed)]
    healthy: Attr<bool>,
    /// The state in one sentence, with what to check, for the error message of a `check` block.
    #[tf(computed)]
    explanation: Attr<String>,
}

impl Model {
    /// The results for the webhook of a scope.
    fn of(config: &Self, scope: &Scope, mut status: WebhookStatus) -> Self {
        // A collector and Konnect can repeat the credential.
        let clean = |text: &mut Option<String>| *text = text.take().map(|text| foreign_text(&text));
        clean(&mut status.last_response_message);
        clean(&mut status.last_attempt_at);
        if let WebhookState::Other(text) = &mut status.webhook_status {
            *text = foreign_text(text);
        }
        let state = DeliveryState::of(&status);
        let explanation = state.explain(scope, &status);
        Self {
            region: scope.region.to_string().into(),
            portal_id: config.portal_id.clone(),
            webhook_enabled: status.webhook_enabled.into(),
            webhook_status: status.webhook_status.as_str().to_owned().into(),
            last_attempt_at: status.last_attempt_at.into(),
            last_response_code: status.last_response_code.into(),
            last_response_message: status.last_response_message.into(),
            delivery_state: state.name().to_owned().into(),
            healthy: matches!(state, DeliveryState::Ready | DeliveryState::Delivering).into(),
            explanation: explanation.into(),
        }
    }
}

impl DataSource for AuditLogWebhookStatus {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_webhook_status"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let config = &call.config;
        let client = call.data.client()?;
        let scope = scope_argument(call.data, &config.region, &config.portal_id)?;
        let status = match &scope.portal {
            Some(portal) => v3::get_portal_webhook_status(client, &scope.region, portal).await,
            None => v3::get_webhook_status(client, &scope.region).await,
        };
        match status {
            Ok(status) => Ok(Model::of(config, &scope, status)),
            Err(error) if error.is_not_found() && scope.portal.is_some() => {
                Err(portal::not_found(&scope, &error).into())
            }
            Err(error) => Err(api_error(&error)),
        }
    }
}

/// The combined meaning of `webhook_enabled` and `webhook_status` (Kong's page "Set up an audit log webhook", table of
/// states). `Ready` also means that no delivery was attempted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DeliveryState {
    Ready,
    Delivering,
    Failing,
    SwitchedOff,
    SwitchedOffFailing,
    Unconfigured,
    Unknown,
}

impl DeliveryState {
    fn of(status: &WebhookStatus) -> Self {
        match (status.webhook_enabled, &status.webhook_status) {
            (true, WebhookState::Active) if status.last_attempt_at.is_none() => Self::Ready,
            (true, WebhookState::Active) => Self::Delivering,
            (true, WebhookState::Inactive) => Self::Failing,
            (false, WebhookState::Active) => Self::SwitchedOff,
            (false, WebhookState::Inactive) => Self::SwitchedOffFailing,
            (_, WebhookState::Unconfigured) => Self::Unconfigured,
            (_, WebhookState::Other(_)) => Self::Unknown,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Delivering => "delivering",
            Self::Failing => "failing",
            Self::SwitchedOff => "switched_off",
            Self::SwitchedOffFailing => "switched_off_failing",
            Self::Unconfigured => "unconfigured",
            Self::Unknown => "unknown",
        }
    }

    fn explain(self, scope: &Scope, status: &WebhookStatus) -> String {
        let attempt = last_attempt(status);
        match self {
            Self::Ready => {
                format!("The webhook of {scope} is ready; Konnect has not attempted a delivery yet.")
            }
            Self::Delivering => {
                let at = status.last_attempt_at.as_deref().unwrap_or_default();
                format!("Audit events of {scope} are delivered; the last attempt was at {at}.")
            }
            Self::Failing => format!("Deliveries from {scope} fail{attempt}. {}", advice(status)),
            Self::SwitchedOff => {
                format!("The webhook of {scope} is switched off: its audit events are not delivered.")
            }
            Self::SwitchedOffFailing => format!(
                "The webhook of {scope} is switched off, and the last delivery before that failed{attempt}: its audit \
                 events are not delivered. {}",
                advice(status)
            ),
            Self::Unconfigured => sentence(&format!(
                "{scope} has no webhook: its audit events are not delivered"
            )),
            Self::Unknown => format!(
                "Konnect reports the status \"{}\" for {scope}, which this version of the provider does not know. Check \
                 the webhook in the Konnect console, and whether a newer version of the provider exists.",
                status.webhook_status
            ),
        }
    }
}

/// What to check after a failed delivery. Kong does not document what Konnect reports without a response, so the message
/// decides then.
fn advice(status: &WebhookStatus) -> &'static str {
    const TLS: &str = "Check the certificate of the endpoint: signed by a public authority, valid for its host, not \
                       expired, and sent with the intermediate certificates.";
    match status.last_response_code {
        Some(401 | 403) => {
            "The collector rejects the credential or the sender: check authorization, its scheme, and the collector's allow \
             list."
        }
        Some(400) => "The collector cannot read the events: check its input format and log_format.",
        Some(404 | 405) => "Check the path of the endpoint: it must accept POST requests with events.",
        Some(415) => {
            "The collector does not accept text/plain with Content-Encoding gzip: use another endpoint, or a relay."
        }
        Some(413) => "The batch is too large for the collector: raise its limit.",
        Some(429) => "The collector limits the rate: raise its limit.",
        Some(300..=399) => "The endpoint redirects: set it to the address that accepts events.",
        Some(500..) => "The collector, or the proxy in front of it, has a problem: read its log.",
        Some(200..=299) => "The collector accepted the last attempt: read the status again later.",
        _ => {
            let message = status
                .last_response_message
                .as_deref()
                .unwrap_or_default()
                .to_lowercase();
            if ["tls", "x509", "certificate", "handshake"]
                .iter()
                .any(|word| message.contains(word))
            {
                TLS
            } else {
                "The endpoint did not respond: check its address and port, and whether its firewall allows Kong's addresses."
            }
        }
    }
}

fn last_attempt(status: &WebhookStatus) -> String {
    let Some(at) = &status.last_attempt_at else {
        return String::new();
    };
    let code = status.last_response_code.map(|code| format!("{code}"));
    let message = status.last_response_message.as_ref().filter(|m| !m.is_empty());
    let response = [code, message.cloned()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    if response.is_empty() {
        format!(" (last attempt at {at})")
    } else {
        format!(" (last attempt at {at}: {response})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Konnect returns what a collector has answered, which can be the credential that Konnect sent.
    #[test]
    fn texts_of_konnect_contain_no_secret_and_one_line() {
        terraform_plugin::remember_secret("Splunk c0llector-s3cret");
        let status = WebhookStatus {
            webhook_enabled: true,
            webhook_status: WebhookState::Inactive,
            last_attempt_at: Some("c0llector-s3cret".to_owned()),
            last_response_code: None,
            last_response_message: Some("got c0llector-s3cret\n\u{1b}[2JApply complete!".to_owned()),
        };
        let scope = Scope::parse("eu", "a webhook").unwrap();
        let model = Model::of(&Model::default(), &scope, status);
        let expected = "got [redacted] [2JApply complete!";
        assert_eq!(
            model.last_response_message.known().map(String::as_str),
            Some(expected)
        );
        assert_eq!(
            model.last_attempt_at.known().map(String::as_str),
            Some("[redacted]")
        );
        assert!(model.explanation.known().unwrap().contains(expected));
    }

    #[test]
    fn failure_explanation_depends_on_cause() {
        for (code, message, expected) in [
            (Some(401), "Unauthorized", "authorization"),
            (Some(404), "Not Found", "path"),
            (Some(405), "Method Not Allowed", "path"),
            (Some(413), "Too Large", "raise its limit"),
            (Some(429), "Slow Down", "rate"),
            (Some(503), "Unavailable", "read its log"),
            (None, "x509: certificate has expired", "certificate"),
            (None, "connect: connection refused", "firewall"),
            (Some(0), "timeout", "address"),
        ] {
            let status = WebhookStatus {
                webhook_enabled: true,
                webhook_status: WebhookState::Inactive,
                last_attempt_at: Some("2026-01-02T03:04:05Z".to_owned()),
                last_response_code: code,
                last_response_message: Some(message.to_owned()),
            };
            assert!(
                advice(&status).contains(expected),
                "{code:?} {message}: {}",
                advice(&status)
            );
        }
    }
}
