//! What has to come of each cell, as rules. They are written from what the provider promises, not from what it
//! was seen to do.

use super::call::{Call, Object, Operation, Table};
use super::fault::{Injection, Lost, PAGE_SAYS, ResponseKind, Row, SHORT_TIMEOUT, Setting};

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Times {
    /// The first of the requests that it matches.
    Once,
    /// All of them.
    Always,
}

/// How Terraform's call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// As if nothing had been wrong.
    Done,
    /// The object is gone, says Konnect, and so it leaves the state.
    Gone,
    /// An error. The state is what it was.
    Failed,
    /// An error after a creation whose response was lost: it says how what may exist is imported.
    Uncertain,
}

/// What has to come of a cell.
#[derive(Debug)]
pub struct Expected {
    /// How Terraform's call ends.
    pub end: End,
    /// How many requests of the column's kind reach the server.
    pub affected: usize,
    /// How many others do.
    pub others: usize,
    /// How many attempts an error reports.
    pub attempts: usize,
    /// Parts of the error's text.
    pub says: Vec<String>,
    /// The attribute that the error is on.
    pub attribute: Option<&'static str>,
    /// The warning that comes with the error.
    pub warns: Option<&'static str>,
}

/// The provider block of the tests has `max_retries = 1`.
const ATTEMPTS: usize = 2;
/// A creation is begun no more than so often, whatever becomes of the responses.
const CREATIONS: usize = 3;
/// A lost creation is plan_search for twice, the second time after a pause.
const SEARCHES: usize = 2;

/// Whether a request like this can meet such a fault at all.
pub fn applies(row: &Row, call: Call) -> bool {
    let primary = !matches!(call.column().0, Table::Looks | Table::MoreLooks);
    match row.injection {
        // The clock decides about what a lost creation has made.
        Injection::Setting(Setting::Clock(_) | Setting::Date(_)) => primary || call == Call::LostLook,
        Injection::Setting(Setting::Closed | Setting::Https(_)) => primary,
        Injection::Setting(Setting::ShortTimeout) => true,
        Injection::Rule(_) => {
            let removal = call.request().0 == "DELETE";
            // A removal waits while the destination is in use, for longer than is attempts_of it here.
            let in_use = call == Call::DestinationDelete
                && matches!(row.response, ResponseKind::Status { code: 409, .. });
            // To a removal a 204 is the right answer, and only a liar gives it before the operation.
            let lie = removal && row.label == "204 with a body";
            // Whether a request that reads is handled makes no difference.
            let same = !call.writes() && row.label.ends_with("after handling");
            let like_another = !primary && !is_telling(row.response);
            !lie && !same && !like_another && !in_use
        }
    }
}

/// Whether a response stands for those that are treated alike. The rest is for the main calls, which are a part of
/// every run, and not for all the looks besides.
fn is_telling(response: ResponseKind) -> bool {
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

/// How often the fault is to injection: once as well where that makes a difference.
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

/// Whether the same request may fare better in a moment.
fn transient(response: ResponseKind) -> bool {
    match response {
        ResponseKind::NoConnection | ResponseKind::Lost(_) => true,
        ResponseKind::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..),
        ResponseKind::Fine
        | ResponseKind::Untrusted
        | ResponseKind::Unparseable
        | ResponseKind::Redirect(_) => false,
    }
}

/// Whether the server may have done what it was asked to.
fn unknown(response: ResponseKind) -> bool {
    match response {
        ResponseKind::Lost(_) | ResponseKind::Unparseable => true,
        ResponseKind::Status { code, .. } => matches!(code, 408 | 500..),
        ResponseKind::Redirect(code) => matches!(code, 302 | 303),
        ResponseKind::Fine | ResponseKind::NoConnection | ResponseKind::Untrusted => false,
    }
}

fn too_long(response: ResponseKind) -> bool {
    matches!(response, ResponseKind::Status { too_long: true, .. })
}

/// How many attempts one request is attempts_of.
fn attempts_of(response: ResponseKind) -> usize {
    if transient(response) && !too_long(response) {
        ATTEMPTS
    } else {
        1
    }
}

/// The rules.
pub fn expected(row: &Row, call: Call, times: Times) -> Expected {
    let mut expected = match row.injection {
        Injection::Setting(Setting::Closed | Setting::Https(_)) if row.response != ResponseKind::Fine => {
            // The first request of whatever is done does not get through.
            failed(row, call, 0, 0, attempts_of(row.response))
        }
        Injection::Setting(Setting::Date(1..)) if call == Call::LostLook => {
            // By one clock it was made before, by another since.
            let mut uncertain = failed(row, call, 1, before(call), 1);
            uncertain.end = End::Uncertain;
            uncertain.says = vec!["which one is not certain".to_owned(), "import id".to_owned()];
            uncertain
        }
        _ if row.response == ResponseKind::Fine => fine(call),
        _ if arrives_whole(row, call) => fine(call),
        _ => match call {
            Call::DestinationCreate | Call::LostAgain => created_once(row, call, times),
            Call::PointCreate | Call::DeliverCreate => set_up(row, call, times),
            // After a change, it is made and its response is sufficient. Before a creation, nothing depends on it.
            Call::DestinationAfter | Call::DeliverAfter => Expected {
                affected: attempts_of(row.response),
                ..fine(call)
            },
            // A plan does not depend on what it looks for, and reports why it does not know it.
            Call::PlanAlike => plan_search(row, call),
            _ if says_gone(row.response) || is_without_v2(row, call) => gone(row, call),
            Call::PlanGuardV3 | Call::PlanGuardV2 if times == Times::Always => plan_search(row, call),
            _ if times == Times::Once => Expected {
                affected: ATTEMPTS,
                ..fine(call)
            },
            _ => failed(
                row,
                call,
                attempts_of(row.response),
                before(call),
                attempts_of(row.response),
            ),
        },
    };
    if expected.end == End::Failed && call.writes() && unknown(row.response) {
        expected
            .says
            .push("The change may have been applied despite the error.".to_owned());
    }
    expected
}

/// A body that is cut does not hurt a response without one.
fn arrives_whole(row: &Row, call: Call) -> bool {
    let cut =
        row.response == ResponseKind::Lost(Lost::Body) || row.label == "204 with a body, after handling";
    cut && call.request().0 == "DELETE"
}

/// Whether Konnect itself says that there is nothing.
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

/// Whether v2 is not available, for a call that uses v3 as well. A token without the permission for v2 is no reason to
/// report at an import that there is no webhook.
fn is_without_v2(row: &Row, call: Call) -> bool {
    let ResponseKind::Status { code, .. } = row.response else {
        return false;
    };
    match call {
        Call::PlanGuardV2 | Call::GuardV2 | Call::PointGone => matches!(code, 403 | 404 | 405 | 410),
        Call::DeliverImport => matches!(code, 404 | 405 | 410),
        _ => false,
    }
}

/// A look of a plan that fails: a warning, of a rejected token or of what is not known.
fn plan_search(row: &Row, call: Call) -> Expected {
    let rejected = matches!(row.response, ResponseKind::Status { code: 401 | 403, .. });
    let others = usize::from(call == Call::PlanGuardV2);
    Expected {
        affected: attempts_of(row.response),
        others,
        warns: match call {
            _ if rejected => Some("Access token is not accepted"),
            Call::PlanAlike => None,
            _ => Some("Existing webhook could not be checked"),
        },
        ..fine(call)
    }
}

/// The requests that are made before the column's own.
fn before(call: Call) -> usize {
    match call {
        Call::PointCreate | Call::DeliverCreate | Call::DeliverDelete => 2,
        Call::LostLook
        | Call::PointDelete
        | Call::DeliverDeleteLookV2
        | Call::DestinationUpdate
        | Call::DeliverUpdate
        | Call::DeliverImport
        | Call::PlanGuardV2
        | Call::GuardV2
        | Call::PointGone
        | Call::DestinationAfter
        | Call::DeliverAfter => 1,
        _ => 0,
    }
}

/// Those that are made after it.
fn after(call: Call) -> usize {
    match call {
        Call::GuardV3 | Call::DeliverDeleteLookV3 => 2,
        Call::DestinationLook
        | Call::DeliverLook
        | Call::PlanGuardV3
        | Call::GuardV2
        | Call::PointDeleteLook
        | Call::DeliverDeleteLookV2
        | Call::LostLook
        | Call::DeliverImportFirst => 1,
        _ => 0,
    }
}

fn fine(call: Call) -> Expected {
    let (affected, others) = match call {
        // The first creation is lost without a trace, so that the second one is plan_search after.
        Call::LostAgain => (2, before(call) + SEARCHES + 1),
        _ => (1, before(call) + after(call)),
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
        warns: None,
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
    let names_a_field = row.label == "400 that names a field";
    let unknown_destination = matches!(row.response, ResponseKind::Status { code: 404, .. })
        && matches!(call, Call::PointCreate | Call::PointUpdate);
    if unknown_destination {
        expected.attribute = Some("audit_log_destination_id");
    }
    if call == Call::LostLook {
        expected.end = End::Uncertain;
        expected.says.extend(unsure());
        expected.says.push("may or may not exist".to_owned());
    } else if names_a_field && call.object() != Object::Status {
        expected.attribute = Some("endpoint");
        expected.says.push("is on the list of forbidden hosts".to_owned());
    }
    expected
}

fn unsure() -> [String; 2] {
    ["Destination may have been created", "import id "].map(str::to_owned)
}

/// `POST` of a destination: never repeated blindly, and yet exactly one.
fn created_once(row: &Row, call: Call, times: Times) -> Expected {
    // The creation that is affected is the second one, if the first was lost without a trace.
    let earlier = usize::from(call == Call::LostAgain);
    let plan_search = before(call) + earlier * SEARCHES;
    if !unknown(row.response) {
        // Nothing was done, and the server said so.
        let again = match row.response {
            ResponseKind::Status { code: 425 | 429, .. } => attempts_of(row.response),
            _ => 1,
        };
        if times == Times::Once && again > 1 {
            return Expected {
                affected: earlier + again,
                others: plan_search + earlier,
                ..fine(call)
            };
        }
        return failed(row, call, earlier + again, plan_search, again);
    }
    if row.handled {
        // The first look finds it, and its authorization is sent once more.
        return Expected {
            affected: earlier + 1,
            others: plan_search + 2,
            ..fine(call)
        };
    }
    if times == Times::Once {
        // Looked for and not found, made again, and plan_search whether the first has left anything.
        return Expected {
            affected: earlier + 2,
            others: plan_search + SEARCHES + 1,
            ..fine(call)
        };
    }
    let mut given_up = failed(row, call, CREATIONS, before(call) + CREATIONS * SEARCHES, 1);
    given_up.end = End::Uncertain;
    given_up.says.extend(unsure());
    given_up.says.push("tried 3 times".to_owned());
    given_up
}

/// `PATCH` of a webhook that is not in the state yet: repeatable, and so made twice before it is given up.
fn set_up(row: &Row, call: Call, times: Times) -> Expected {
    let each = attempts_of(row.response);
    if times == Times::Once {
        return Expected {
            affected: 2,
            ..fine(call)
        };
    }
    if !unknown(row.response) {
        return failed(row, call, each, before(call), each);
    }
    let mut expected = failed(row, call, 2 * each, before(call), each);
    expected.warns = Some("Webhook may have been set up");
    expected
}

/// What a 404 of Konnect's own means to each.
fn gone(row: &Row, call: Call) -> Expected {
    match (call, call.operation()) {
        // The other version is asked as well, and shows what there is in its own form: no stream is lost of sight.
        (Call::PointRead | Call::PointImport, _) => Expected {
            others: 1,
            ..fine(call)
        },
        (Call::DeliverRead, _) => Expected {
            end: End::Gone,
            others: 1,
            ..fine(call)
        },
        (Call::DeliverDeleteLookV2, _) => Expected {
            others: before(call),
            ..fine(call)
        },
        // The other version shows what there is, which this webhook does not own.
        (Call::PointDeleteLook, _) => Expected {
            warns: Some("Webhook was left in place"),
            ..fine(call)
        },
        (_, Operation::Read) => Expected {
            end: End::Gone,
            ..fine(call)
        },
        (_, Operation::Delete | Operation::Plan)
        | (Call::GuardV3 | Call::GuardV2 | Call::DeliverImportFirst, _) => fine(call),
        (Call::DestinationImport, _) => {
            let mut none = failed(row, call, 1, 0, 1);
            none.says.push("Destination not found".to_owned());
            none
        }
        (Call::DeliverImport, _) => {
            let mut none = failed(row, call, 1, 1, 0);
            none.says = vec!["Region has no webhook".to_owned(), "Remove the import".to_owned()];
            none
        }
        (Call::PointSame, _) => {
            let mut none = failed(row, call, 1, before(call), 0);
            none.says = vec!["Webhook is gone".to_owned(), "Plan again".to_owned()];
            none
        }
        _ => failed(row, call, 1, before(call), 1),
    }
}

/// What an error has to say of what was seen, and of what to do.
fn words(row: &Row, call: Call) -> Vec<String> {
    let (method, _) = call.request();
    let mut words: Vec<String> = match row.response {
        ResponseKind::Fine => Vec::new(),
        ResponseKind::NoConnection => vec!["No program accepts connections".into(), "HTTPS_PROXY".into()],
        ResponseKind::Untrusted => vec!["certificate is not trusted".into(), "SSL_CERT_FILE".into()],
        ResponseKind::Lost(Lost::Head) => vec!["connection was lost".into(), "Try again".into()],
        // What is cut is a 404: the webhook was never set up.
        ResponseKind::Lost(Lost::Body) if matches!(call, Call::GuardV3 | Call::PlanGuardV3) => {
            vec!["404".into(), "check the id, the region and the server URL".into()]
        }
        ResponseKind::Lost(Lost::Body) => vec![
            "the connection ended before its end".into(),
            "Check the server URL".into(),
        ],
        ResponseKind::Lost(Lost::Slow) => {
            vec![
                format!("complete answer from the server within {SHORT_TIMEOUT} s"),
                "increase the time limit".into(),
            ]
        }
        ResponseKind::Unparseable => vec![
            "cannot be read".into(),
            "whether a proxy answers in place of the API".into(),
        ],
        ResponseKind::Redirect(code) => vec![
            code.to_string(),
            "was not followed: the access token was not sent there".into(),
            "address of the Konnect API itself".into(),
        ],
        ResponseKind::Status { code, problem, .. } => {
            let mut words = vec![code.to_string(), advice(code, call).to_owned()];
            if problem {
                words.push("Trace id: konnect:trace:".to_owned());
            } else if row.label.ends_with("of a gateway") {
                words.push(PAGE_SAYS.to_owned());
            }
            words
        }
    };
    // A failure of the first request may be that of another than the column's own.
    if !matches!(row.response, ResponseKind::NoConnection | ResponseKind::Untrusted) {
        words.push(format!("Request: {method} http://127.0.0.1:"));
    }
    words
}

fn advice(code: u16, call: Call) -> &'static str {
    match code {
        400 | 422 => "Correct the values that the API names",
        401 => "The access token is invalid or has expired",
        403 => "Org Admin includes it",
        404 => "check the id, the region and the server URL",
        408 | 425 => "usually temporary",
        409 if call == Call::DestinationDelete => "remove that webhook first",
        409 => "Another object uses this one",
        410 => "was removed, or the server URL",
        413 => "too large for the server",
        429 => "limits the rate of requests",
        451 => "for legal reasons",
        500.. => "https://kong.statuspage.io",
        _ => "The answer may not come from Konnect",
    }
}
