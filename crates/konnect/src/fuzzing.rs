//! Entry points for a fuzzer of server responses.

use std::time::Duration;

use futures_util::FutureExt;
use redact::Redactor;
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::error::{Call, Error};
use crate::http::connection_error::Limits;
use crate::http::exchange::classify;
use crate::http::response::Response;
use crate::types::audit_log::AuditLogEntry;
use crate::types::destination::Destination;
use crate::types::organization::{Organization, SentRegions};
use crate::types::paging::SentPage;
use crate::types::portal::{Portal, SentPortalPage};
use crate::types::replay_job::ReplayJob;
use crate::types::webhook::{DestinationWebhook, EndpointWebhook, WebhookStatus};

/// A secret that no generator produces by chance, for responses that echo the request.
const SECRET: &str = "Splunk 4fuzz-s3cret";

/// Parses bytes as a response of the API: status line and headers as in HTTP/1.1, an empty line, the body. Any response
/// becomes a value or an error, and no text of an error contains the secret.
///
/// # Panics
/// If an error contains the secret.
pub fn api(data: &[u8]) {
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (data, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.trim().parse().ok())
        .unwrap_or(200_u16);
    let mut response = http::Response::builder().status(status);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        response = response.header(name.trim(), value.trim());
    }
    // Skips responses that are not valid HTTP.
    let Ok(response) = response.body(body.to_vec()) else {
        return;
    };
    let limits = Limits {
        connect: Duration::from_secs(1),
        request: Duration::from_secs(1),
    };
    let redactor = || Redactor::new([SECRET]);
    let call = || Call {
        method: Method::POST,
        origin: "https://eu.api.konghq.com".to_owned(),
        path: "/v3/audit-log-destinations".to_owned(),
    };
    // The body is complete, so the future is ready.
    let classified = classify(response.into(), limits, &redactor()).now_or_never();
    assert!(classified.is_some(), "a complete response needs no wait");
    match classified {
        None => {}
        Some(Err(failure)) => check(&Error::new(call(), 1, failure)),
        Some(Ok(received)) => {
            let response = Response {
                call: call(),
                attempts: 1,
                received,
                redactor: redactor(),
            };
            read::<Destination>(&response);
            read::<EndpointWebhook>(&response);
            read::<DestinationWebhook>(&response);
            read::<WebhookStatus>(&response);
            read::<ReplayJob>(&response);
            read::<Organization>(&response);
            read::<SentRegions>(&response);
            read::<Portal>(&response);
            read::<SentPortalPage>(&response);
            read::<SentPage<AuditLogEntry>>(&response);
            match response.parse::<SentPage<Destination>>() {
                Ok(page) => drop(
                    page.meta
                        .cursor()
                        .map_err(|next| check(&response.unreadable(next))),
                ),
                Err(error) => check(&error),
            }
        }
    }
}

fn read<T: DeserializeOwned>(response: &Response) {
    if let Err(error) = response.parse::<T>() {
        check(&error);
    }
}

fn check(error: &Error) {
    let text = format!("{error} {error:?} {}", error.summary());
    assert!(
        !text.contains("4fuzz-s3cret"),
        "an error contains the secret: {text}"
    );
}
