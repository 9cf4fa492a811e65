//! A success, on its way to becoming a value.

use redact::Redactor;
use serde::de::DeserializeOwned;

use crate::error::kind::ErrorKind;
use crate::error::problem::sanitize;
use crate::error::{Call, Error, Failure, Outcome};
use crate::http::exchange::{Received, unreadable};

/// A success, with what is needed to report that it can't be read.
pub(crate) struct Answer {
    pub call: Call,
    pub attempts: u32,
    pub received: Received,
    pub redactor: Redactor,
}

impl Answer {
    /// Reads the body; a body of another shape is an error that says so.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.received.body.is_empty() {
            return Err(self.unreadable("it is empty"));
        }
        serde_json::from_slice(&self.received.body).map_err(|error| self.unreadable(&error.to_string()))
    }

    /// The error for an answer that came and makes no sense.
    pub(crate) fn unreadable(&self, reason: &str) -> Error {
        let Received {
            mark,
            content_type,
            body,
        } = &self.received;
        let reason = sanitize(reason, &self.redactor).unwrap_or_default();
        let failure = unreadable(
            mark.clone(),
            content_type.clone(),
            reason,
            body,
            true,
            false,
            &self.redactor,
        );
        Error::new(self.call.clone(), self.attempts, failure)
    }

    /// The error for a list that this answer shows to be without end.
    pub(crate) fn endless(&self, reason: &str) -> Error {
        let failure = Failure {
            kind: ErrorKind::EndlessPages {
                reason: reason.to_owned(),
            },
            outcome: Outcome::Unknown,
            answer: Some(self.received.mark.clone()),
            transient: false,
            asked_wait: None,
        };
        Error::new(self.call.clone(), self.attempts, failure)
    }
}
