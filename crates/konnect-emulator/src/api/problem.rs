//! Konnect's error responses: `application/problem+json`.

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::http::response::ApiResponse;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// The kind of problem. Default: the reason phrase of the status.
    pub(crate) title: Option<&'static str>,
    pub(crate) detail: String,
    /// The invalid parameters; for 400 only.
    pub(crate) invalid_parameters: Vec<InvalidParameter>,
}

/// One entry of `invalid_parameters`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct InvalidParameter {
    /// The parameter's name, or `body` for the body as a whole.
    pub(crate) field: String,
    pub(crate) reason: String,
    /// The violated rule, with its name in the API description.
    pub(crate) rule: &'static str,
    /// The location: `body`, `query` or `header`.
    source: &'static str,
    /// The allowed values; for the rule `enum` only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<&'static str>,
}

/// The invalid parameters of a body, a query or the headers.
#[derive(Debug)]
pub(crate) struct Faults {
    source: &'static str,
    pub(crate) found: Vec<InvalidParameter>,
}

impl Faults {
    /// None. `source` is `body`, `query` or `header`.
    pub(crate) fn of(source: &'static str) -> Self {
        let found = Vec::new();
        Self { source, found }
    }

    /// Records a parameter that violates `rule`.
    pub(crate) fn reject(&mut self, field: &str, rule: &'static str, reason: &str) {
        self.add(field, rule, reason, &[]);
    }

    /// A value that was read from a parameter. Without it, the parameter violates `rule`.
    pub(crate) fn check<T>(
        &mut self,
        value: Option<T>,
        field: &str,
        rule: &'static str,
        reason: &str,
    ) -> Option<T> {
        if value.is_none() {
            self.reject(field, rule, reason);
        }
        value
    }

    /// Records a parameter that is none of some values.
    pub(crate) fn reject_choice(&mut self, field: &str, choices: &[&'static str], reason: &str) {
        self.add(field, "enum", reason, choices);
    }

    fn add(&mut self, field: &str, rule: &'static str, reason: &str, choices: &[&'static str]) {
        let fault = InvalidParameter {
            field: field.to_owned(),
            reason: reason.to_owned(),
            rule,
            source: self.source,
            choices: choices.to_vec(),
        };
        // A repeated parameter of a query is reported once.
        if !self.found.contains(&fault) {
            self.found.push(fault);
        }
    }

    /// 400 if a parameter was invalid.
    pub(crate) fn finish(&mut self, detail: &str) -> Result<(), Problem> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.problem(detail))
        }
    }

    pub(crate) fn problem(&mut self, detail: &str) -> Problem {
        Problem {
            invalid_parameters: std::mem::take(&mut self.found),
            ..Problem::new(StatusCode::BAD_REQUEST, detail)
        }
    }
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            title: None,
            detail: detail.into(),
            invalid_parameters: Vec::new(),
        }
    }

    /// 403, with the text of the API description.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action",
        )
    }

    /// 401: the token is absent or unknown.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
    }

    /// The problem as a response, with a new trace ID.
    pub(crate) fn to_response(&self) -> ApiResponse {
        let mut document = json!({
            "status": self.status.as_u16(),
            "title": self.title.or(self.status.canonical_reason()).unwrap_or("Error"),
            "instance": trace(),
            "detail": self.detail,
        });
        if self.status == StatusCode::BAD_REQUEST {
            document["invalid_parameters"] = json!(self.invalid_parameters);
        }
        ApiResponse::with_type(self.status, MEDIA_TYPE, document.to_string())
    }
}

/// A new trace ID, in decimal digits as in Konnect.
fn trace() -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("konnect:trace:{}", high ^ low)
}
