//! The expected result of each cell as rules, derived from the documented behavior of the provider.

use super::call::{Call, Object, Operation};
use super::fault::{Injection, Lost, NAMES_A_FIELD, PAGE_SAYS, ResponseKind, Row, SHORT_TIMEOUT, Setting};

/// How often a fault occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Times {
    /// For the first matching request.
    Once,
    /// For all matching requests.
    Always,
}

/// How Terraform's call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Done,
    /// Konnect reports that the object does not exist, and it is removed from the state.
    Gone,
    /// With an error. The state does not change.
    Failed,
    /// With an error after a creation whose response was lost, which describes how to import the object.
    Uncertain,
}

/// The expected result of a cell.
#[derive(Debug)]
pub struct Expected {
    /// How Terraform's call ends.
    pub end: End,
    /// The number of requests of the column that reach the server.
    pub affected: usize,
    /// The number of other requests.
    pub others: usize,
    /// The number of attempts in the error.
    pub attempts: usize,
    pub says: Vec<String>,
    /// The attribute that the error is on.
    pub attribute: Option<&'static str>,
    /// The warning in addition to the error.
    pub warns: Option<&'static str>,
}

impl Expected {
    /// With this number of affected requests.
    fn affecting(self, affected: usize) -> Self {
        Self { affected, ..self }
    }

    /// With this number of other requests.
    fn besides(self, others: usize) -> Self {
        Self { others, ..self }
    }

    fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    fn warning(self, summary: &'static str) -> Self {
        let warns = Some(summary);
        Self { warns, ..self }
    }

    fn saying(self, parts: &[&str]) -> Self {
        let says = parts.iter().map(|&part| part.to_owned()).collect();
        Self { says, ..self }
    }
}

/// The provider block of the tests has `max_retries = 1`.
const ATTEMPTS: usize = 2;
/// The maximum number of creation attempts.
const CREATIONS: usize = 3;
/// The warning about a destination that a search found.
const ADOPTED: &str = "Existing destination was adopted";
/// The number of searches after a lost creation, the second one after a pause.
const SEARCHES: usize = 2;

/// Whether the fault can occur in the request.
pub fn applies(row: &Row, call: Call) -> bool {
    let primary = call.is_main();
    match row.injection {
        // The clock determines whether a found destination is the created one.
        Injection::Setting(Setting::Clock(_) | Setting::Date(_)) => primary || call == Call::LostLook,
        Injection::Setting(Setting::Closed | Setting::Https(_)) => primary,
        Injection::Setting(Setting::ShortTimeout) => true,
        Injection::Rule(_) => {
            let removal = call.request().0 == "DELETE";
            // A delete waits while the object is in use, and a replay while another job runs: too long for this test.
            let waits_on_conflict = matches!(
                call,
                Call::DestinationDelete | Call::PortalDelete | Call::ReplayStart | Call::ReplayRestart
            );
            let in_use = waits_on_conflict && matches!(row.response, ResponseKind::Status { code: 409, .. });
            // For a delete, 204 is the correct response: without the delete, it is a false report.
            let lie = removal && row.label == "204 with a body";
            // Whether a request that reads is handled makes no difference.
            let same = !call.writes() && row.label.ends_with("after processing");
            let like_another = !primary && !represents_others(row.response);
            !lie && !same && !like_another && !in_use
        }
    }
}

/// Whether a response represents others with the same treatment. The others are tested only with the main calls.
fn represents_others(response: ResponseKind) -> bool {
    match response {
        ResponseKind::Status {
            code, problem: true, ..
        } => {
            matches!(code, 400 | 401 | 403 | 404 | 408 | 409 | 429 | 500 | 503)
        }
        ResponseKind::Status { code, .. } => matches!(code, 400 | 403 | 404 | 502),
        _ => true,
    }
}

/// How often the fault occurs: also once if that makes a difference.
pub fn times(row: &Row, call: Call) -> Vec<Times> {
    let creates = call.operation() == Operation::Create && call.writes();
    let differs = transient(row.response) && !too_long(row.response) || creates && unknown(row.response);
    match row.injection {
        Injection::Rule(_) | Injection::Setting(Setting::ShortTimeout) if differs => {
            vec![Times::Once, Times::Always]
        }
        _ => vec![Times::Always],
    }
}

/// Whether a retry of the same request may succeed.
fn transient(response: ResponseKind) -> bool {
    match response {
        ResponseKind::NoConnection | ResponseKind::Lost(_) => true,
        ResponseKind::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..),
        ResponseKind::Fine
        | ResponseKind::Untrusted
        | ResponseKind::Unparsable
        | ResponseKind::Redirect(_) => false,
    }
}

/// Whether the server may have handled the request.
fn unknown(response: ResponseKind) -> bool {
    match response {
        ResponseKind::Lost(_) | ResponseKind::Unparsable => true,
        ResponseKind::Status { code, .. } => matches!(code, 408 | 500..),
        ResponseKind::Redirect(code) => matches!(code, 302 | 303),
        ResponseKind::Fine | ResponseKind::NoConnection | ResponseKind::Untrusted => false,
    }
}

fn too_long(response: ResponseKind) -> bool {
    matches!(response, ResponseKind::Status { too_long: true, .. })
}

/// The number of attempts of one request.
fn attempts_of(response: ResponseKind) -> usize {
    if transient(response) && !too_long(response) {
        ATTEMPTS
    } else {
        1
    }
}

pub fn expected(row: &Row, call: Call, times: Times) -> Expected {
    let mut expected = match row.injection {
        Injection::Setting(Setting::Closed | Setting::Https(_)) if row.response != ResponseKind::Fine => {
            // The first request of the operation does not reach the server.
            failed(row, call, 0, 0, attempts_of(row.response))
        }
        Injection::Setting(Setting::Date(1..)) if call == Call::LostLook => {
            // The destination is older by one clock only.
            let says = ["which one is not certain", "import it by its id"];
            let uncertain = failed(row, call, 1, call.before(), 1).saying(&says);
            uncertain.ending(End::Uncertain)
        }
        _ if row.response == ResponseKind::Fine => fine(call),
        _ if arrives_whole(row, call) => fine(call),
        _ => match call {
            Call::DestinationCreate | Call::LostAgain => created_once(row, call, times),
            Call::PointCreate | Call::DeliverCreate | Call::PortalCreate => set_up(row, call, times),
            Call::ReplayStart | Call::ReplayRestart => started(row, call, times),
            // A plan does not depend on what it looks for, and reports why it does not know it.
            Call::PlanAlike => plan_search(row, call),
            _ if says_gone(row.response) || is_without_v2(row, call) => gone(row, call),
            Call::PlanGuardV3 | Call::PlanGuardV2 | Call::PortalPlanGuard if times == Times::Always => {
                plan_search(row, call)
            }
            _ if times == Times::Once => fine(call).affecting(ATTEMPTS),
            _ => {
                let attempts = attempts_of(row.response);
                failed(row, call, attempts, call.before(), attempts)
            }
        },
    };
    if expected.end == End::Failed && call.writes() && unknown(row.response) {
        expected
            .says
            .push("The change may have been applied despite the error.".to_owned());
    }
    expected
}

/// A truncated body has no effect on a response without one.
fn arrives_whole(row: &Row, call: Call) -> bool {
    let cut =
        row.response == ResponseKind::Lost(Lost::Body) || row.label == "204 with a body, after processing";
    cut && call.request().0 == "DELETE"
}

/// Whether Konnect itself reports that the object does not exist.
pub fn says_gone(response: ResponseKind) -> bool {
    matches!(
        response,
        ResponseKind::Status {
            code: 404,
            problem: true,
            ..
        }
    )
}

/// Whether v2 is not available, for a call that also uses v3.
fn is_without_v2(row: &Row, call: Call) -> bool {
    let ResponseKind::Status { code, .. } = row.response else {
        return false;
    };
    matches!(call, Call::PlanGuardV2 | Call::GuardV2 | Call::PointGone)
        && matches!(code, 403 | 404 | 405 | 410)
}

/// A failed search at plan: a warning about a rejected token or the failed search.
fn plan_search(row: &Row, call: Call) -> Expected {
    let rejected = matches!(row.response, ResponseKind::Status { code: 401 | 403, .. });
    let others = usize::from(call == Call::PlanGuardV2);
    let expected = fine(call).affecting(attempts_of(row.response)).besides(others);
    match call {
        _ if rejected => expected.warning("Access token is not accepted"),
        Call::PlanAlike => expected,
        _ => expected.warning("Existing webhook could not be checked"),
    }
}

fn fine(call: Call) -> Expected {
    let (affected, others) = match call {
        // The first creation is lost without effect, so a second one follows.
        Call::LostAgain => (2, call.before() + SEARCHES + 1),
        _ => (1, call.before() + call.after()),
    };
    Expected {
        end: if call == Call::PointGone {
            End::Gone
        } else {
            End::Done
        },
        affected,
        others,
        attempts: 0,
        says: Vec::new(),
        attribute: None,
        // The search finds what the lost response created.
        warns: (call == Call::LostLook).then_some(ADOPTED),
    }
}

fn failed(row: &Row, call: Call, affected: usize, others: usize, attempts: usize) -> Expected {
    let mut expected = Expected {
        end: End::Failed,
        affected,
        others,
        attempts,
        says: words(row, call),
        attribute: None,
        warns: None,
    };
    let names_a_field = row.label == NAMES_A_FIELD && !takes_down(call);
    if names_the_name(row, call) {
        expected.attribute = Some("name");
    }
    let unknown_destination =
        says_gone(row.response) && matches!(call, Call::PointCreate | Call::PointUpdate);
    if unknown_destination {
        expected.attribute = Some("audit_log_destination_id");
    }
    match call {
        // The list of Dev Portals shows that it is the destination that is missing.
        Call::PortalCreate | Call::PortalUpdate if says_gone(row.response) => {
            expected.others += 1;
            expected.attribute = Some("audit_log_destination_id");
        }
        Call::PortalStatusRead if says_gone(row.response) => expected.attribute = Some("portal_id"),
        _ => {}
    }
    if call == Call::LostLook {
        expected.end = End::Uncertain;
        expected.says.extend(unsure());
        expected.says.push("may or may not exist".to_owned());
    } else if names_a_field && call.operation() != Operation::Data {
        expected.attribute = match call.object() {
            Object::Destination | Object::Point | Object::Deliver | Object::Portal => Some("endpoint"),
            _ => None,
        };
        expected.says.push("is on the list of forbidden hosts".to_owned());
    }
    expected
}

fn unsure() -> [String; 2] {
    ["Destination may have been created", "import it by its id"].map(str::to_owned)
}

/// `POST` of a destination: retried only after a search, with exactly one destination as the result.
fn created_once(row: &Row, call: Call, times: Times) -> Expected {
    // The affected creation is the second one, if the first was lost without effect.
    let earlier = usize::from(call == Call::LostAgain);
    let earlier_requests = call.before() + earlier * SEARCHES;
    if !unknown(row.response) {
        // The server reported that it did nothing.
        let again = match row.response {
            ResponseKind::Status { code: 425 | 429, .. } => attempts_of(row.response),
            _ => 1,
        };
        if times == Times::Once && again > 1 {
            let others = earlier_requests + earlier;
            return fine(call).affecting(earlier + again).besides(others);
        }
        return failed(row, call, earlier + again, earlier_requests, earlier + again);
    }
    if row.handled {
        // The first search finds the destination, and its authorization is sent once more.
        let others = earlier_requests + 2;
        return fine(call).affecting(earlier + 1).besides(others).warning(ADOPTED);
    }
    if times == Times::Once {
        // Searches without result, creates again, and searches for duplicates.
        let others = earlier_requests + SEARCHES + 1;
        return fine(call).affecting(earlier + 2).besides(others);
    }
    let others = call.before() + CREATIONS * SEARCHES;
    let mut given_up = failed(row, call, CREATIONS, others, CREATIONS);
    given_up.says.extend(unsure());
    given_up.ending(End::Uncertain)
}

/// `PATCH` of a webhook that is not in the state yet: idempotent, and tried twice.
fn set_up(row: &Row, call: Call, times: Times) -> Expected {
    let each = attempts_of(row.response);
    if times == Times::Once {
        return fine(call).affecting(2);
    }
    if !unknown(row.response) {
        return failed(row, call, each, call.before(), each);
    }
    failed(row, call, 2 * each, call.before(), each).warning("Webhook may have been set up")
}

/// `PUT` of a replay job: the latest job shows whether a request whose response was lost has started it.
fn started(row: &Row, call: Call, times: Times) -> Expected {
    let each = attempts_of(row.response);
    if times == Times::Once && each > 1 {
        return fine(call).affecting(each);
    }
    if !unknown(row.response) {
        return failed(row, call, each, call.before(), each);
    }
    if row.handled {
        return fine(call).affecting(each).besides(call.before() + 1);
    }
    failed(row, call, each, call.before() + 1, each)
}

/// What a 404 of Konnect's own means to each.
fn gone(row: &Row, call: Call) -> Expected {
    match (call, call.operation()) {
        // The other version is called too, and returns a webhook of its form.
        (Call::PointRead | Call::PointImport, _) => fine(call).besides(1),
        (Call::DeliverRead, _) => fine(call).besides(1).ending(End::Gone),
        (Call::DeliverDeleteLookV2, _) => fine(call).besides(call.before()),
        // The other version returns a webhook that this resource does not own.
        (Call::PointDeleteLook, _) => fine(call).warning("Webhook was left in place"),
        // Nothing is removed, since there is nothing.
        (Call::PortalDeleteLook, _) => fine(call).besides(0),
        (Call::PortalImport, _) => {
            failed(row, call, 1, 0, 0).saying(&["Dev Portal has no webhook", "Remove the import"])
        }
        // A region always has a replay job to show, even if none was started.
        (Call::ReplayRead, _) => failed(row, call, 1, 0, 1),
        (_, Operation::Read) => fine(call).ending(End::Gone),
        (_, Operation::Delete | Operation::Plan)
        | (
            Call::GuardV3
            | Call::GuardV2
            | Call::DeliverImportFirst
            | Call::DeliverLookV3
            | Call::DeliverLook
            | Call::PortalGuard,
            _,
        ) => fine(call),
        (Call::DeliverImport, _) => {
            failed(row, call, 1, 1, 0).saying(&["Region has no webhook", "Remove the import"])
        }
        // The other version returns a webhook, which the plan does not know.
        (Call::PointSame | Call::PointLook, _) => {
            failed(row, call, 1, call.before() + 1, 0).saying(&["Plan again"])
        }
        (Call::PortalLook, _) => failed(row, call, 1, call.before(), 0).saying(&["Plan again"]),
        _ => failed(row, call, 1, call.before(), 1),
    }
}

/// The required parts of the error: the failure and the advice.
fn words(row: &Row, call: Call) -> Vec<String> {
    let (method, _) = call.request();
    let mut words: Vec<String> = match row.response {
        ResponseKind::Fine => Vec::new(),
        ResponseKind::NoConnection => vec!["No program accepts connections".into(), "HTTPS_PROXY".into()],
        ResponseKind::Untrusted => vec!["certificate is not trusted".into(), "SSL_CERT_FILE".into()],
        ResponseKind::Lost(Lost::Head) => vec!["connection was lost".into(), "Try again".into()],
        // What is cut is a 404: the webhook was never set up.
        ResponseKind::Lost(Lost::Body)
            if matches!(
                call,
                Call::GuardV3 | Call::PlanGuardV3 | Call::PortalGuard | Call::PortalPlanGuard
            ) =>
        {
            vec!["404".into(), "does not come from the audit log API".into()]
        }
        ResponseKind::Lost(Lost::Body) => vec![
            "the connection ended before its end".into(),
            "Check the server URL".into(),
        ],
        ResponseKind::Lost(Lost::Slow) => {
            vec![
                format!("complete response from the server within {SHORT_TIMEOUT} s"),
                "increase the time limit".into(),
            ]
        }
        ResponseKind::Unparsable => vec![
            "cannot be read".into(),
            "whether a proxy responds in place of the API".into(),
        ],
        ResponseKind::Redirect(code) => vec![
            code.to_string(),
            "was not followed: the access token was not sent there".into(),
            "address of the Konnect API itself".into(),
        ],
        ResponseKind::Status { code, problem, .. } => {
            let mut words = own_words(row, call);
            if words.is_empty() {
                words = vec![code.to_string(), advice(code, problem, call).to_owned()];
            }
            if problem {
                words.push("Trace id: konnect:trace:".to_owned());
            } else if row.label.ends_with("from a gateway") {
                words.push(PAGE_SAYS.to_owned());
            }
            words
        }
    };
    // The first request may be another one than that of the column.
    if !matches!(row.response, ResponseKind::NoConnection | ResponseKind::Untrusted) {
        words.push(format!("Request: {method} http://127.0.0.1:"));
    }
    words
}

/// What an error with a title and advice of its own says.
fn own_words(row: &Row, call: Call) -> Vec<String> {
    let ResponseKind::Status { code, .. } = row.response else {
        return Vec::new();
    };
    let words: &[&str] = match call {
        _ if row.label == NAMES_A_FIELD && call != Call::LostLook && !takes_down(call) => {
            &["Konnect rejected \"endpoint\""]
        }
        Call::EventsRead if matches!(code, 403 | 404) => &["The API for past events may not be enabled"],
        _ if !says_gone(row.response) => &[],
        Call::PointCreate | Call::PointUpdate | Call::PortalCreate | Call::PortalUpdate => {
            &["Create it, or correct the id"]
        }
        Call::DestinationImport => &["Destination not found", "Correct the id"],
        Call::PortalStatusRead => &["Correct the id, or set region"],
        _ => &[],
    };
    words.iter().map(|&part| part.to_owned()).collect()
}

/// Whether the request removes a webhook. Its error names the webhook in place of an argument.
fn takes_down(call: Call) -> bool {
    matches!(call, Call::PointDelete | Call::DeliverDelete | Call::PortalDelete)
}

/// Whether the error is about the name of a destination: Konnect's own 409.
fn names_the_name(row: &Row, call: Call) -> bool {
    let creates = matches!(call, Call::DestinationCreate | Call::LostAgain);
    let is_conflict = matches!(
        row.response,
        ResponseKind::Status {
            code: 409,
            problem: true,
            ..
        }
    );
    creates && is_conflict
}

fn advice(code: u16, problem: bool, call: Call) -> &'static str {
    match code {
        400 | 422 => "Correct the values that the API names",
        401 => "The access token is invalid or has expired",
        403 => "Org Admin includes it",
        404 if !problem => "does not come from the audit log API",
        404 => "check the id, the region and the server URL",
        408 | 425 => "usually temporary",
        409 if matches!(call, Call::DestinationCreate | Call::LostAgain) => {
            "import that object, or use another value"
        }
        409 if call == Call::DestinationDelete => "remove that webhook first",
        409 => "Another object uses this one",
        410 => "was removed, or the server URL",
        413 => "too large for the server",
        429 => "limits the rate of requests",
        451 => "for legal reasons",
        500.. => "https://kong.statuspage.io",
        _ => "The response may not come from Konnect",
    }
}
