//! A strict parser for request bodies.
//!
//! The emulator may be stricter than the service: it rejects unknown fields and wrong types, and reports all invalid
//! fields in one response.

use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use url::Url;

use crate::api::call::Call;
use crate::api::problem::{Faults, Problem};
use crate::organization::clock;
use crate::organization::state::Delivery;

pub(crate) const NO_TIME: &str = "must be a valid RFC3339 date-time";

const LOG_FORMATS: [&str; 3] = ["cef", "json", "cps"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// An absent field is unchanged, or has the default.
    Optional,
}

/// A JSON object, from which fields are taken one by one. Fields that remain at the end are unknown.
#[derive(Debug)]
pub(crate) struct Fields {
    object: Map<String, Value>,
    pub(crate) faults: Faults,
}

impl Fields {
    /// Parses a body. 400 if the content type is not `application/json` or the body is not a JSON object.
    pub(crate) fn parse(call: &Call<'_>) -> Result<Self, Problem> {
        let content_type = call.request.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next());
        if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json")) {
            return Err(unreadable(
                "header",
                "content-type",
                "invalid",
                "must be application/json",
            ));
        }
        let rule = match serde_json::from_slice(call.request.body) {
            Ok(Value::Object(mut object)) => {
                object.retain(|_, value| !(call.behavior.ignore_null && value.is_null()));
                let faults = Faults::of("body");
                return Ok(Self { object, faults });
            }
            Ok(_) => "is_object",
            Err(_) => "invalid",
        };
        Err(unreadable("body", "body", rule, "request format is invalid"))
    }

    /// Whether a field is present and not taken yet.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    /// Takes a text that is not blank.
    pub(crate) fn text(&mut self, field: &str, need: Need) -> Option<String> {
        if need == Need::Optional && !self.has(field) {
            return None;
        }
        let text = match self.object.remove(field) {
            Some(Value::String(text)) => text,
            Some(_) => {
                self.faults.reject(field, "is_string", "must be a string");
                return None;
            }
            None => String::new(),
        };
        if text.trim().is_empty() {
            self.missing(field);
            return None;
        }
        Some(text)
    }

    /// Takes an optional text that may be empty.
    pub(crate) fn any_text(&mut self, field: &str) -> Option<String> {
        let value = self.object.remove(field)?;
        let text = value.as_str().map(str::to_owned);
        self.faults.check(text, field, "is_string", "must be a string")
    }

    /// Takes `endpoint`, an https URL.
    fn endpoint(&mut self, need: Need) -> Option<String> {
        let text = self.text("endpoint", need)?;
        let valid = Url::parse(&text).is_ok_and(|url| url.scheme() == "https" && url.has_host());
        if !valid {
            self.faults.reject("endpoint", "invalid", "must be a valid URL");
        }
        Some(text)
    }

    fn log_format(&mut self, need: Need) -> Option<String> {
        let text = self.text("log_format", need)?;
        if !LOG_FORMATS.contains(&text.as_str()) {
            let reason = "must be one of [cef, json, cps]";
            self.faults.reject_choice("log_format", &LOG_FORMATS, reason);
        }
        Some(text)
    }

    pub(crate) fn new_delivery(&mut self, log_format: Need) -> Delivery {
        let mut delivery = Delivery::default();
        self.set_delivery(&mut delivery, Need::Required, log_format);
        delivery
    }

    /// Takes the present fields of a delivery, and sets them in an existing one.
    pub(crate) fn change_delivery(&mut self, delivery: &mut Delivery) {
        self.set_delivery(delivery, Need::Optional, Need::Optional);
    }

    fn set_delivery(&mut self, delivery: &mut Delivery, receiver: Need, log_format: Need) {
        if let Some(endpoint) = self.endpoint(receiver) {
            delivery.endpoint = endpoint;
        }
        if let Some(authorization) = self.text("authorization", receiver) {
            delivery.authorization = authorization;
        }
        if let Some(log_format) = self.log_format(log_format) {
            delivery.log_format = log_format;
        }
        if let Some(skip) = self.flag("skip_ssl_verification") {
            delivery.skip_ssl_verification = skip;
        }
    }

    /// Takes a required RFC 3339 time. Returns it as sent, and in milliseconds since 1970.
    pub(crate) fn time(&mut self, field: &str) -> Option<(String, i64)> {
        let text = self.text(field, Need::Required)?;
        let time = clock::parse_rfc3339(&text);
        let time = self.faults.check(time, field, "is_date_time", NO_TIME)?;
        Some((text, time))
    }

    pub(crate) fn flag(&mut self, field: &str) -> Option<bool> {
        let flag = self.object.remove(field)?.as_bool();
        self.faults.check(flag, field, "is_boolean", "must be a boolean")
    }

    /// Records a required field that is absent or blank.
    pub(crate) fn missing(&mut self, field: &str) {
        self.faults.reject(field, "required", "cannot be blank");
    }

    /// Completes the parsing of the body. 400 if any field was invalid or unknown.
    pub(crate) fn finish(&mut self) -> Result<(), Problem> {
        for field in std::mem::take(&mut self.object).keys() {
            self.faults.reject(field, "unknown_property", "unknown field");
        }
        let detail = match self.faults.found.as_slice() {
            [fault] if fault.field == "endpoint" && fault.rule == "invalid" => "Invalid endpoint",
            faults if faults.iter().all(|fault| fault.rule == "required") => "Required field missing",
            _ => "Invalid request body",
        };
        self.faults.finish(detail)
    }
}

fn unreadable(source: &'static str, field: &str, rule: &'static str, reason: &str) -> Problem {
    let mut faults = Faults::of(source);
    faults.reject(field, rule, reason);
    faults.problem("Could not parse request body")
}
