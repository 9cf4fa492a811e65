//! Fault rules: which requests fail, and how.
//!
//! A rule in JSON specifies the matching requests, the number of times, and one fault:
//!
//! ```json
//! {"method": "POST", "path_end": "/audit-log-destinations", "skip": 1, "times": 2,
//!  "fault": {"kind": "status", "code": 503, "headers": {"retry-after": "0"}}}
//! ```

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// The headers of a fault rule, by name.
pub type Headers = BTreeMap<String, String>;

/// A fault. In JSON, `kind` is the variant's name in snake case, next to its fields.
///
/// A fault that is described as "handled" changes the state as requested before it affects the response. The others do
/// not change the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Returns a status. Not handled.
    Status {
        /// 200 to 599.
        code: u16,
        /// Further headers, such as `retry-after`.
        #[serde(default)]
        headers: Headers,
        /// The body. Default: a problem document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// The body's media type. Default: `application/problem+json`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_type: Option<String>,
    },
    /// Closes the connection. Not handled.
    DropBefore,
    /// Handled, then closes the connection without a response.
    DropAfter,
    /// Handled normally, after a wait.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Holds the request until the faults are cleared, then responds normally. If the client disconnects before, the
    /// request is not handled, unless it already was.
    Hold {
        /// Whether the request is handled immediately, and only its response waits.
        #[serde(default)]
        handle: bool,
    },
    /// Responds to a GET with the newest earlier state in which its response differs, as a replica that lags behind does.
    /// Other requests are handled normally.
    Stale,
    /// Handled, then sends the full `content-length` but half of the body, and closes. A response without a body is
    /// complete.
    Truncate,
    /// Handled, then closes in the middle of the response's head.
    TruncateHeader,
    /// Handled, then responds with 2xx and the first half of the JSON document as a complete body.
    Malformed,
    /// Responds exactly as specified: HTML with 200, an empty body, other JSON, a redirect, or a 204 with a body.
    Body {
        /// Whether the request is handled first.
        #[serde(default)]
        handle: bool,
        /// 200 to 599. Default: 200.
        #[serde(default = "ok")]
        status: u16,
        /// Headers. Default of `content-type`: `application/json`.
        #[serde(default)]
        headers: Headers,
        /// The body. Default: empty.
        #[serde(default)]
        body: String,
    },
    /// Handled, then replaces headers of the response.
    Headers {
        /// The headers, such as `content-type`.
        headers: Headers,
    },
    /// Responds with the headers and body of the request as text, as debugging proxies do. Not handled.
    Echo {
        /// 200 to 599.
        status: u16,
    },
    /// Responds with 200 and a chunked body of this length, without a `content-length`. Not handled.
    Huge {
        /// Bytes.
        bytes: u64,
    },
    /// Responds with 200 and an endless body of one byte per interval. Not handled.
    Drip {
        /// Milliseconds between two bytes.
        interval_ms: u64,
    },
    /// Handled normally, with a wrong `date` header.
    ClockSkew {
        /// Seconds ahead; negative for behind.
        seconds: i64,
    },
}

/// The requests that a fault affects, and how often. If several rules match, the oldest applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The method, in any case. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of the path with its query, as sent. Default: any path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The end of the path without its query, which distinguishes a webhook from its status. Default: any path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_end: Option<String>,
    /// The region. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The number of matching requests to skip first.
    #[serde(default)]
    pub skip: u64,
    /// The number of matching requests to affect then. `None` (`null`): all. Default: 1.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// The fault.
    pub fault: Fault,
}

// Defaults for serde, which requires functions.
fn ok() -> u16 {
    200
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the type of the field that it is the default of"
)]
fn once() -> Option<u64> {
    Some(1)
}

impl Fault {
    /// A status with a problem document.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Headers::new(),
            body: None,
            content_type: None,
        }
    }

    /// A status with a `retry-after` of some seconds.
    #[must_use]
    pub fn retry_after(code: u16, seconds: u64) -> Self {
        let headers = Headers::from([("retry-after".to_owned(), seconds.to_string())]);
        Self::Status {
            code,
            headers,
            body: None,
            content_type: None,
        }
    }

    /// A 200 with this body instead of the real response. Not handled.
    #[must_use]
    pub fn body(content_type: &str, body: &str) -> Self {
        let headers = Headers::from([("content-type".to_owned(), content_type.to_owned())]);
        Self::Body {
            handle: false,
            status: 200,
            headers,
            body: body.to_owned(),
        }
    }
}

impl FaultRule {
    /// A rule that affects the next request.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        Self {
            method: None,
            path: None,
            path_end: None,
            region: None,
            skip: 0,
            times: Some(1),
            fault,
        }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only requests whose path, with its query, contains this.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// Only requests whose path, without its query, ends in this.
    #[must_use]
    pub fn path_end(mut self, end: &str) -> Self {
        self.path_end = Some(end.to_owned());
        self
    }

    /// Only requests to this region.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Skips this many matching requests first.
    #[must_use]
    pub fn skip(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    /// Affects this many matching requests.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Affects every matching request until the faults are cleared.
    #[must_use]
    pub fn always(self) -> Self {
        Self { times: None, ..self }
    }

    fn matches(&self, method: &str, path: &str, region: &str) -> bool {
        let bare = path.split('?').next().unwrap_or_default();
        self.method
            .as_ref()
            .is_none_or(|expected| expected.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|part| path.contains(part))
            && self.path_end.as_ref().is_none_or(|end| bare.ends_with(end))
            && self.region.as_ref().is_none_or(|expected| expected == region)
    }

    /// Rejects a status or a header that cannot be sent.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (code, headers) = match &self.fault {
            Fault::Status {
                code,
                headers,
                content_type,
                ..
            } => {
                let content_type = content_type.clone();
                let content_type = content_type.map(|value| ("content-type".to_owned(), value));
                (*code, headers.clone().into_iter().chain(content_type).collect())
            }
            Fault::Body { status, headers, .. } => (*status, headers.clone()),
            Fault::Headers { headers } => (200, headers.clone()),
            Fault::Echo { status } => (*status, Headers::new()),
            _ => return Ok(()),
        };
        if !(200..600).contains(&code) {
            return Err(format!("status [{code}] is not within 200 to 599"));
        }
        header_map(&headers).map(drop)
    }
}

pub(crate) fn header_map(headers: &Headers) -> Result<HeaderMap, String> {
    let pair = |(name, value): (&String, &String)| {
        let forbidden = || format!("header [{name}: {value}] is not valid in HTTP");
        Ok((
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| forbidden())?,
            HeaderValue::from_str(value).map_err(|_| forbidden())?,
        ))
    };
    headers.iter().map(pair).collect()
}

/// Takes the fault for this request, if any, and counts it for its rule.
pub(crate) fn take_matching(
    rules: &mut Vec<FaultRule>,
    method: &str,
    path: &str,
    region: &str,
) -> Option<Fault> {
    let applies = |rule: &mut FaultRule| {
        let matches = rule.matches(method, path, region);
        let skips = matches && rule.skip > 0;
        rule.skip -= u64::from(skips);
        matches && !skips
    };
    let index = rules.iter_mut().position(applies)?;
    let rule = &mut rules[index];
    let fault = rule.fault.clone();
    rule.times = rule.times.map(|times| times.saturating_sub(1));
    if rule.times == Some(0) {
        rules.remove(index);
    }
    Some(fault)
}
