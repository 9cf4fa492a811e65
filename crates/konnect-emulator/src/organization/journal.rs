//! The logs of requests and deliveries, for tests that check the requests of a client.

use std::collections::{BTreeMap, VecDeque};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use serde::Serialize;

/// The maximum number of requests or deliveries in a log. The oldest are removed first.
pub(crate) const CAPACITY: usize = 10_000;

/// A request to the Konnect API as received. Control calls are not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// The number in order of arrival, from 1.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The path with its query, as sent.
    pub path: String,
    /// The region of the host or in the path, or `us`.
    pub region: String,
    /// Headers by name in lower case, with several values of one name joined by `", "`. `authorization` is hashed, because
    /// a token may be genuine; see [`RecordedRequest::has_authorization`].
    pub headers: BTreeMap<String, String>,
    /// The body as text; bytes that are not UTF-8 are replaced. Empty if it was too large.
    pub body: String,
    /// The returned status. `None` before the response, or if a fault suppressed it.
    pub status: Option<u16>,
    /// Whether a `hold` fault kept the request or its response back.
    pub held: bool,
}

impl RecordedRequest {
    /// A header by its name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// Whether the request had exactly this `Authorization`, such as `Bearer kpat_x`.
    #[must_use]
    pub fn has_authorization(&self, credential: &str) -> bool {
        self.header(AUTHORIZATION.as_str()) == Some(&hash(credential.as_bytes()))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    last_number: u64,
    entries: VecDeque<RecordedRequest>,
}

impl Journal {
    /// Records a request and returns its number.
    pub(crate) fn open(
        &mut self,
        method: &Method,
        path: &str,
        region: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> u64 {
        self.last_number += 1;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(RecordedRequest {
            number: self.last_number,
            method: method.to_string(),
            path: path.to_owned(),
            region: region.to_owned(),
            headers: texts(headers),
            body: String::from_utf8_lossy(body).into_owned(),
            status: None,
            held: false,
        });
        self.last_number
    }

    /// The entry of a request, unless the log was cleared since.
    pub(crate) fn entry(&mut self, number: u64) -> Option<&mut RecordedRequest> {
        self.entries.iter_mut().rev().find(|entry| entry.number == number)
    }

    pub(crate) fn entries(&self) -> Vec<RecordedRequest> {
        self.entries.iter().cloned().collect()
    }

    /// Removes the requests of one region, or all. The count continues.
    pub(crate) fn clear(&mut self, region: Option<&str>) {
        self.entries
            .retain(|entry| region.is_some_and(|region| entry.region != region));
    }
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = if name == AUTHORIZATION {
            hash(value.as_bytes()).into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        texts
            .entry(name.as_str().to_owned())
            .and_modify(|text| {
                text.push_str(", ");
                text.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    texts
}

fn hash(credential: &[u8]) -> String {
    format!("sha256:{}", STANDARD.encode(digest(&SHA256, credential)))
}

/// One attempt to send a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedDelivery {
    /// The region of the webhook.
    pub region: String,
    /// The ID of the portal, if it is the portal's webhook.
    pub portal: Option<String>,
    /// The receiver's URL.
    pub endpoint: String,
    /// 1 for the first attempt of a batch, 2 for its first retry, and so on.
    pub attempt: u32,
    /// The number of events in the batch.
    pub events: usize,
    /// Whether a replay job sent it.
    pub replay: bool,
    /// The receiver's status code. `None` without a response.
    pub code: Option<u16>,
    /// The receiver's reason phrase, or the reason for the absence of a response.
    pub message: String,
    /// The time of its end, RFC 3339.
    pub at: String,
}
