//! Konnect's error answers: `application/problem+json`.

use std::io;

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::answer::Answer;

/// The media type of every error answer.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    /// The status answered.
    pub(super) status: StatusCode,
    /// What went wrong this time.
    pub(super) detail: String,
    /// Each parameter at fault; for 400 only.
    pub(super) invalid_parameters: Vec<InvalidParameter>,
    /// The methods that a 405 names in its `Allow` header.
    allow: Option<&'static str>,
}

/// One entry of `invalid_parameters`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct InvalidParameter {
    /// The parameter's name, or `body` for the body as a whole.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) reason: String,
    /// The rule that it broke, by the names of the API description.
    pub(super) rule: &'static str,
    /// Where it stood: `body`, `query` or `header`.
    pub(super) source: &'static str,
    /// The values that were allowed; for the rule `enum` only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) choices: Vec<&'static str>,
}

impl InvalidParameter {
    /// A field of the body that broke `rule`.
    pub(super) fn body(field: &str, rule: &'static str, reason: &str) -> Self {
        Self {
            field: field.to_owned(),
            reason: reason.to_owned(),
            rule,
            source: "body",
            choices: Vec::new(),
        }
    }

    /// A query parameter that broke `rule`.
    pub(super) fn query(field: &str, rule: &'static str, reason: &str) -> Self {
        Self {
            source: "query",
            ..Self::body(field, rule, reason)
        }
    }
}

impl Problem {
    /// A problem that needs no more than its status and a sentence.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            invalid_parameters: Vec::new(),
            allow: None,
        }
    }

    /// 400, naming each parameter at fault.
    pub(super) fn bad_request(detail: &str, invalid_parameters: Vec<InvalidParameter>) -> Self {
        Self {
            invalid_parameters,
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// 401: no token, or none that Konnect would know.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    /// 404, for a route as well as for a record.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// 405, naming the methods that the route does have.
    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        }
    }

    /// The problem as an answer, with a trace id of its own.
    pub(super) fn answer(&self) -> Answer {
        let mut document = json!({
            "status": self.status.as_u16(),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "instance": trace(),
            "detail": self.detail,
        });
        if self.status == StatusCode::BAD_REQUEST {
            document["invalid_parameters"] = json!(self.invalid_parameters);
        }
        let answer = Answer::with_type(self.status, MEDIA_TYPE, document.to_string());
        match self.allow {
            Some(methods) => answer.header("allow", methods),
            None => answer,
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("The state file could not be written: {error}"),
        )
    }
}

/// A fresh trace id, which Konnect writes in decimal digits.
fn trace() -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("konnect:trace:{}", high ^ low)
}
