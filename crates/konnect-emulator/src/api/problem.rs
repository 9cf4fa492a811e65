//! Konnect's error responses: `application/problem+json`.

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::http::response::ApiResponse;

/// The media type of every error response.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The reason why a request was rejected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// The kind of problem. Default: the reason phrase of the status.
    title: Option<&'static str>,
    pub(crate) detail: String,
    /// The invalid parameters; for 400 only.
    pub(crate) invalid_parameters: Vec<InvalidParameter>,
    /// The methods in the `Allow` header of a 405.
    allow: Option<&'static str>,
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
    pub(crate) source: &'static str,
    /// The allowed values; for the rule `enum` only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) choices: Vec<&'static str>,
}

impl InvalidParameter {
    /// A field of the body that violates `rule`.
    pub(crate) fn body(field: &str, rule: &'static str, reason: &str) -> Self {
        Self {
            field: field.to_owned(),
            reason: reason.to_owned(),
            rule,
            source: "body",
            choices: Vec::new(),
        }
    }

    /// A query parameter that violates `rule`.
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

    /// A problem with another title than the reason phrase.
    pub(crate) fn titled(status: StatusCode, title: &'static str, detail: &str) -> Self {
        Self {
            title: Some(title),
            ..Self::new(status, detail)
        }
    }

    /// 403, with the text of the API description.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action",
        )
    }

    /// 400, with the invalid parameters.
    pub(crate) fn bad_request(detail: &str, invalid_parameters: Vec<InvalidParameter>) -> Self {
        Self {
            invalid_parameters,
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// 401: the token is absent or unknown.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    /// 404, for a route or a record.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// 405, with the methods of the route.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        }
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
        let response = ApiResponse::with_type(self.status, MEDIA_TYPE, document.to_string());
        match self.allow {
            Some(methods) => response.header("allow", methods),
            None => response,
        }
    }
}

/// A new trace ID, in decimal digits as in Konnect.
fn trace() -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("konnect:trace:{}", high ^ low)
}
