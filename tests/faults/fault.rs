//! The rows: the faults of a request, and the response that the client receives.

use std::time::{Duration, SystemTime};

use konnect_emulator::{Certificate, Fault, Headers};

/// A row of the matrix.
#[derive(Debug, Clone)]
pub struct Row {
    /// The name in failures.
    pub label: String,
    pub injection: Injection,
    pub response: ResponseKind,
    /// Whether the server handles the request.
    pub handled: bool,
}

/// How a fault is injected.
#[derive(Debug, Clone)]
pub enum Injection {
    /// The emulator changes the response.
    Rule(Fault),
    /// The provider has other settings.
    Setting(Setting),
}

/// Settings of a whole provider, which require a separate provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// The address refuses connections.
    Closed,
    /// HTTPS with this certificate.
    Https(Certificate),
    /// The server's clock is this many seconds ahead.
    Clock(i64),
    /// Every `Date` is this many seconds ahead of the server's clock, as with a proxy.
    Date(i64),
    /// A short time limit, for an endless response.
    ShortTimeout,
}

/// The response that a client receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseKind {
    /// A complete and correct response.
    Fine,
    NoConnection,
    Untrusted,
    Lost(Lost),
    /// A success status with an invalid body.
    Unparsable,
    Status {
        code: u16,
        /// Whether the body is a problem document of Konnect.
        problem: bool,
        /// Whether `Retry-After` is too long to wait.
        too_long: bool,
    },
    Redirect(u16),
}

/// How a response is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The connection ends within the head.
    Head,
    /// The connection ends within the body.
    Body,
    /// The time limit is reached.
    Slow,
}

/// The time limit of [`Setting::ShortTimeout`], in seconds. Long enough for normal responses on a busy machine.
pub const SHORT_TIMEOUT: i64 = 3;

const DAY: i64 = 86_400;

/// The statuses that HTTP clients distinguish, and two others.
const STATUSES: [u16; 21] = [
    400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 425, 429, 451, 500, 501, 502, 503, 504, 520, 599,
];

/// The error page of a gateway.
pub const PAGE: &str = "<html><head><title>Not today</title></head><body>says the gateway</body></html>";

/// The expected excerpt of [`PAGE`].
pub const PAGE_SAYS: &str = "an HTML page (title: Not today";

pub fn all() -> Vec<Row> {
    let parts = [connection(), successes(), statuses(), waits(), redirects(), odd()];
    parts.into_iter().flatten().collect()
}

fn rule(label: impl Into<String>, fault: Fault, response: ResponseKind, handled: bool) -> Row {
    Row {
        label: label.into(),
        injection: Injection::Rule(fault),
        response,
        handled,
    }
}

fn setting(label: &str, setting: Setting, response: ResponseKind) -> Row {
    Row {
        label: label.to_owned(),
        injection: Injection::Setting(setting),
        response,
        handled: response == ResponseKind::Fine,
    }
}

fn connection() -> Vec<Row> {
    let head = ResponseKind::Lost(Lost::Head);
    let untrusted = |label: &str, kind| setting(label, Setting::Https(kind), ResponseKind::Untrusted);
    let slow = Fault::Drip { interval_ms: 50 };
    let mut drip = rule(
        "response body that never ends",
        slow,
        ResponseKind::Lost(Lost::Slow),
        false,
    );
    drip.injection = Injection::Setting(Setting::ShortTimeout);
    vec![
        setting("connection refused", Setting::Closed, ResponseKind::NoConnection),
        untrusted("TLS: unknown authority", Certificate::UnknownAuthority),
        untrusted("TLS: expired certificate", Certificate::Expired),
        untrusted("TLS: certificate for another name", Certificate::OtherName),
        rule(
            "connection closed before processing",
            Fault::DropBefore,
            head,
            false,
        ),
        rule("connection closed after processing", Fault::DropAfter, head, true),
        rule(
            "response truncated in the header",
            Fault::TruncateHeader,
            head,
            true,
        ),
        rule(
            "response truncated in the body",
            Fault::Truncate,
            ResponseKind::Lost(Lost::Body),
            true,
        ),
        drip,
    ]
}

fn body(handle: bool, status: u16, content_type: &str, body: &str) -> Fault {
    let headers = Headers::from([("content-type".to_owned(), content_type.to_owned())]);
    Fault::Body {
        handle,
        status,
        headers,
        body: body.to_owned(),
    }
}

fn successes() -> Vec<Row> {
    let json = "application/json";
    let mut rows = vec![
        rule(
            "truncated JSON, request processed",
            Fault::Malformed,
            ResponseKind::Unparsable,
            true,
        ),
        rule(
            "body of 100 MiB",
            Fault::Huge { bytes: 100 << 20 },
            ResponseKind::Unparsable,
            false,
        ),
        rule(
            "200 with the request as the body",
            Fault::Echo { status: 200 },
            ResponseKind::Unparsable,
            false,
        ),
    ];
    for (label, status, content_type, text) in [
        ("200 with an empty body", 200, json, ""),
        (
            "200 with an unexpected JSON object",
            200,
            json,
            r#"{"message": "ok"}"#,
        ),
        ("200 with a JSON array", 200, json, "[1, 2]"),
        ("200 with HTML", 200, "text/html", PAGE),
        ("204 with a body", 204, json, r#"{"enabled": true}"#),
    ] {
        for handled in [false, true] {
            let label = format!("{label}{}", if handled { ", after processing" } else { "" });
            let fault = body(handled, status, content_type, text);
            rows.push(rule(label, fault, ResponseKind::Unparsable, handled));
        }
    }
    rows
}

/// An error with these headers and this body, or Konnect's own body.
fn refusal(code: u16, headers: Headers, body: Option<&str>, content_type: Option<&str>) -> Fault {
    Fault::Status {
        code,
        headers,
        body: body.map(str::to_owned),
        content_type: content_type.map(str::to_owned),
    }
}

fn status(code: u16, problem: bool) -> ResponseKind {
    ResponseKind::Status {
        code,
        problem,
        too_long: false,
    }
}

fn statuses() -> Vec<Row> {
    let named = refusal(400, Headers::new(), Some(NAMING_ENDPOINT), None);
    let mut rows = vec![rule(NAMES_A_FIELD, named, status(400, true), false)];
    for code in STATUSES {
        rows.push(rule(
            format!("{code}"),
            Fault::status(code),
            status(code, true),
            false,
        ));
    }
    for code in STATUSES {
        let page = refusal(code, Headers::new(), Some(PAGE), Some("text/html"));
        let label = format!("{code} from a gateway");
        rows.push(rule(label, page, status(code, false), false));
    }
    for code in [500, 504] {
        let label = format!("{code} after processing");
        let late = body(true, code, "text/html", PAGE);
        rows.push(rule(label, late, status(code, false), true));
    }
    for code in [400, 502] {
        let label = format!("{code} with the request as the body");
        let echo = Fault::Echo { status: code };
        rows.push(rule(label, echo, status(code, false), false));
    }
    rows
}

/// The label of [`NAMING_ENDPOINT`].
pub const NAMES_A_FIELD: &str = "400 that names a field";

/// A problem document about a field that both resources have.
const NAMING_ENDPOINT: &str = r#"{"status": 400, "title": "Bad Request", "detail": "Not so", "instance": "konnect:trace:400",
    "invalid_parameters": [{"field": "endpoint", "reason": "is on the list of forbidden hosts", "source": "body"}]}"#;

fn waits() -> Vec<Row> {
    let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let waits = [
        (429, "1".to_owned(), "1", false),
        (429, soon, "a date in 2 seconds", false),
        (429, "soon".to_owned(), "not a number", false),
        (429, "9".repeat(30), "a 30-digit number", true),
        (503, "1".to_owned(), "1", false),
        (503, "3600".to_owned(), "3600", true),
    ];
    let row = |(code, value, label, too_long): (u16, String, &str, bool)| {
        let headers = Headers::from([("retry-after".to_owned(), value)]);
        let fault = refusal(code, headers, None, None);
        let response = ResponseKind::Status {
            code,
            problem: true,
            too_long,
        };
        rule(format!("{code}, Retry-After: {label}"), fault, response, false)
    };
    waits.map(row).into()
}

/// The placeholder for the address of the other host, which is known at run time only.
pub const ELSEWHERE: &str = "http://other-host.invalid";

fn redirects() -> Vec<Row> {
    let row = |code: u16| {
        let location = format!("{ELSEWHERE}/global/v3/audit-log-destinations");
        let headers = Headers::from([("location".to_owned(), location)]);
        let fault = refusal(code, headers, Some(""), None);
        let label = format!("{code} to another host");
        rule(label, fault, ResponseKind::Redirect(code), false)
    };
    [301, 302, 303, 307, 308].map(row).into()
}

fn odd() -> Vec<Row> {
    let typed = |content_type: &str| {
        let headers = Headers::from([("content-type".to_owned(), content_type.to_owned())]);
        let label = format!("valid response as {content_type}");
        rule(label, Fault::Headers { headers }, ResponseKind::Fine, true)
    };
    let clock = |label: &str, of_what| setting(label, of_what, ResponseKind::Fine);
    vec![
        typed("text/plain"),
        typed("text/html"),
        clock("server's clock a day ahead", Setting::Clock(DAY)),
        clock("server's clock a day behind", Setting::Clock(-DAY)),
        clock("`Date` a day ahead of the server's clock", Setting::Date(DAY)),
        clock("`Date` a day behind the server's clock", Setting::Date(-DAY)),
        clock("TLS: valid certificate", Setting::Https(Certificate::Valid)),
    ]
}
