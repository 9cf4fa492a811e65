//! A successful response before it is parsed.

use redact::Redactor;
use serde::de::DeserializeOwned;

use crate::error::kind::ErrorKind;
use crate::error::problem::sanitize;
use crate::error::{Call, Error, Failure, Outcome};
use crate::http::exchange::{Received, unreadable};

/// A successful response, with the context for errors.
pub(crate) struct Response {
    pub call: Call,
    pub attempts: u32,
    pub received: Received,
    pub redactor: Redactor,
}

impl Response {
    /// Parses the body as JSON.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.received.body.is_empty() {
            return Err(self.unreadable("it is empty"));
        }
        serde_json::from_slice(&self.received.body).map_err(|error| self.unreadable(&error.to_string()))
    }

    /// The error for a response that the client cannot parse.
    pub(crate) fn unreadable(&self, reason: &str) -> Error {
        let Received {
            meta,
            content_type,
            body,
        } = &self.received;
        let reason = sanitize(reason, &self.redactor).unwrap_or_default();
        let failure = unreadable(
            meta.clone(),
            content_type.clone(),
            reason,
            body,
            true,
            false,
            &self.redactor,
        );
        Error::new(self.call.clone(), self.attempts, failure)
    }

    /// The error for a list that does not end.
    pub(crate) fn endless(&self, reason: &str) -> Error {
        let failure = Failure {
            kind: ErrorKind::EndlessPages {
                reason: reason.to_owned(),
            },
            outcome: Outcome::Unknown,
            response: Some(self.received.meta.clone()),
            transient: false,
            asked_wait: None,
        };
        Error::new(self.call.clone(), self.attempts, failure)
    }
}
