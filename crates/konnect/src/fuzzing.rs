//! What a server can answer, as bytes of a fuzzer.

use std::time::Duration;

use futures_util::FutureExt;
use redact::Redactor;
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::error::{Call, Error};
use crate::http::connection_error::Limits;
use crate::http::exchange::classify;
use crate::http::response::Response;
use crate::types::destination::Destination;
use crate::types::paging::SentPage;
use crate::types::webhook::{DestinationWebhook, EndpointWebhook, WebhookStatus};

/// Something that no generator comes upon by chance, for bytes that echo what was sent.
const SECRET: &str = "Splunk 4fuzz-s3cret";

/// An answer of the API: its status line and headers as HTTP/1.1 writes them, an empty line, the body. Whatever it is,
/// it becomes a value or an error, and no text of an error has the secret in it.
///
/// # Panics
/// If an error tells the secret.
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
    // What HTTP can't carry does not get as far as here.
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
    // Nothing is waited for: the body is there.
    let sorted = classify(response.into(), limits, &redactor()).now_or_never();
    assert!(sorted.is_some(), "an answer that is there is waited for");
    match sorted {
        None => {}
        Some(Err(failure)) => clean(&Error::new(call(), 1, failure)),
        Some(Ok(received)) => {
            let answer = Response {
                call: call(),
                attempts: 1,
                received,
                redactor: redactor(),
            };
            read::<Destination>(&answer);
            read::<EndpointWebhook>(&answer);
            read::<DestinationWebhook>(&answer);
            read::<WebhookStatus>(&answer);
            match answer.parse::<SentPage<Destination>>() {
                Ok(page) => drop(page.meta.cursor().map_err(|next| clean(&answer.unreadable(next)))),
                Err(error) => clean(&error),
            }
        }
    }
}

fn read<T: DeserializeOwned>(answer: &Response) {
    if let Err(error) = answer.parse::<T>() {
        clean(&error);
    }
}

fn clean(error: &Error) {
    let text = format!("{error} {error:?} {}", error.summary());
    assert!(
        !text.contains("4fuzz-s3cret"),
        "an error tells the secret: {text}"
    );
}
