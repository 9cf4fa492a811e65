//! Konnect's error answers: `application/problem+json`.

use std::io;

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::answer::Answer;

/// The media type of every error answer.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// The status.
    pub(crate) status: StatusCode,
    /// The kind of problem; the status's reason phrase by default.
    title: Option<&'static str>,
    /// What went wrong this time.
    pub(crate) detail: String,
    /// Each invalid parameter; for 400 only.
    pub(crate) invalid_parameters: Vec<InvalidParameter>,
    /// The methods that a 405 names in its `Allow` header.
    allow: Option<&'static str>,
}

/// One entry of `invalid_parameters`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct InvalidParameter {
    /// The parameter's name, or `body` for the body as a whole.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) reason: String,
    /// The rule that it breaks, as the API description names it.
    pub(crate) rule: &'static str,
    /// Where it is: `body`, `query` or `header`.
    pub(crate) source: &'static str,
    /// The allowed values; for the rule `enum` only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) choices: Vec<&'static str>,
}

impl InvalidParameter {
    /// A field of the body that breaks `rule`.
    pub(crate) fn body(field: &str, rule: &'static str, reason: &str) -> Self {
        Self {
            field: field.to_owned(),
            reason: reason.to_owned(),
            rule,
            source: "body",
            choices: Vec::new(),
        }
    }

    /// A query parameter that breaks `rule`.
    pub(crate) fn query(field: &str, rule: &'static str, reason: &str) -> Self {
        Self {
            source: "query",
            ..Self::body(field, rule, reason)
        }
    }
}

impl Problem {
    /// A problem with a status and a sentence.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            title: None,
            detail: detail.into(),
            invalid_parameters: Vec::new(),
            allow: None,
        }
    }

    /// A problem with a title of its own.
    pub(crate) fn titled(status: StatusCode, title: &'static str, detail: &str) -> Self {
        Self {
            title: Some(title),
            ..Self::new(status, detail)
        }
    }

    /// 403, in the words of the API description.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action",
        )
    }

    /// 400, with each invalid parameter.
    pub(crate) fn bad_request(detail: &str, invalid_parameters: Vec<InvalidParameter>) -> Self {
        Self {
            invalid_parameters,
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// 401: no token, or an unknown one.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    /// 404, for a route as well as for a record.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// 405, with the methods that the route has.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        }
    }

    /// The problem as an answer, with a trace id of its own.
    pub(crate) fn answer(&self) -> Answer {
        let mut document = json!({
            "status": self.status.as_u16(),
            "title": self.title.or(self.status.canonical_reason()).unwrap_or("Error"),
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
