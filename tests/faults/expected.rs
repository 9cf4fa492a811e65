//! What has to come of each cell, as rules. They are written from what the provider promises, not from what it
//! was seen to do.

use super::call::{Call, Deed, Object, Table};
use super::fault::{Answer, IMPATIENCE, Lost, PAGE_SAYS, Row, Setting, Strike};

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Times {
    /// The first of the requests that it matches.
    Once,
    /// All of them.
    Lasting,
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
    /// An error after a creation whose answer was lost: it says how what may exist is imported.
    Unsure,
}

/// What has to come of a cell.
#[derive(Debug)]
pub struct Expected {
    /// How Terraform's call ends.
    pub end: End,
    /// How many requests of the column's kind reach the server.
    pub struck: usize,
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
/// A creation is begun no more than so often, whatever becomes of the answers.
const CREATIONS: usize = 3;
/// A lost creation is looked for twice, the second time after a pause.
const LOOKS: usize = 2;

/// Whether a request like this can meet such a fault at all.
pub fn applies(row: &Row, call: Call) -> bool {
    let primary = !matches!(call.column().0, Table::Looks | Table::MoreLooks);
    match row.strike {
        // The clock decides about what a lost creation has made.
        Strike::Setting(Setting::Clock(_) | Setting::Date(_)) => primary || call == Call::LostLook,
        Strike::Setting(Setting::Closed | Setting::Https(_)) => primary,
        Strike::Setting(Setting::Impatient) => true,
        Strike::Rule(_) => {
            let removal = call.request().0 == "DELETE";
            // A delete waits while the object is in use, and a replay while another job runs: too long for this test.
            let waits_on_conflict = matches!(
                call,
                Call::DestinationDelete | Call::PortalDelete | Call::ReplayStart | Call::ReplayRestart
            );
            let in_use = waits_on_conflict && matches!(row.answer, Answer::Status { code: 409, .. });
            // For a delete, 204 is the correct response: without the delete, it is a false report.
            let lie = removal && row.label == "204 with a body";
            // Whether a request that reads is handled makes no difference.
            let same = !call.writes() && row.label.ends_with("after processing");
            let like_another = !primary && !is_telling(row.answer);
            !lie && !same && !like_another && !in_use
        }
    }
}

/// Whether an answer stands for those that are treated alike. The rest is for the main calls, which are a part of
/// every run, and not for all the looks besides.
fn is_telling(answer: Answer) -> bool {
    match answer {
        Answer::Status {
            code, problem: true, ..
        } => {
            matches!(code, 400 | 401 | 403 | 404 | 408 | 409 | 429 | 500 | 503)
        }
        Answer::Status { code, .. } => matches!(code, 400 | 403 | 404 | 502),
        _ => true,
    }
}

/// How often the fault is to strike: once as well where that makes a difference.
pub fn modes(row: &Row, call: Call) -> Vec<Times> {
    let creates = call.deed() == Deed::Create && call.writes();
    let differs = transient(row.answer) && !too_long(row.answer) || creates && unknown(row.answer);
    match row.strike {
        Strike::Rule(_) | Strike::Setting(Setting::Impatient) if differs => vec![Times::Once, Times::Lasting],
        _ => vec![Times::Lasting],
    }
}

/// Whether a retry of the same request may succeed.
fn transient(answer: Answer) -> bool {
    match answer {
        Answer::NoConnection | Answer::Lost(_) => true,
        Answer::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..),
        Answer::Fine | Answer::Untrusted | Answer::Nonsense | Answer::Redirect(_) => false,
    }
}

/// Whether the server may have done what it was asked to.
fn unknown(answer: Answer) -> bool {
    match answer {
        Answer::Lost(_) | Answer::Nonsense => true,
        Answer::Status { code, .. } => matches!(code, 408 | 500..),
        Answer::Redirect(code) => matches!(code, 302 | 303),
        Answer::Fine | Answer::NoConnection | Answer::Untrusted => false,
    }
}

fn too_long(answer: Answer) -> bool {
    matches!(answer, Answer::Status { too_long: true, .. })
}

/// How many attempts one request is worth.
fn worth(answer: Answer) -> usize {
    if transient(answer) && !too_long(answer) {
        ATTEMPTS
    } else {
        1
    }
}

/// The rules.
pub fn expected(row: &Row, call: Call, times: Times) -> Expected {
    let mut expected = match row.strike {
        Strike::Setting(Setting::Closed | Setting::Https(_)) if row.answer != Answer::Fine => {
            // The first request of whatever is done does not get through.
            failed(row, call, 0, 0, worth(row.answer))
        }
        Strike::Setting(Setting::Date(1..)) if call == Call::LostLook => {
            // By one clock it was made before, by another since.
            let mut uncertain = failed(row, call, 1, before(call), 1);
            uncertain.end = End::Unsure;
            uncertain.says = vec!["which one is not certain".to_owned(), "import id".to_owned()];
            uncertain
        }
        _ if row.answer == Answer::Fine => fine(call),
        _ if arrives_whole(row, call) => fine(call),
        _ => match call {
            Call::DestinationCreate | Call::LostAgain => created_once(row, call, times),
            Call::PointCreate | Call::DeliverCreate | Call::PortalCreate => set_up(row, call, times),
            Call::ReplayStart | Call::ReplayRestart => started(row, call, times),
            // After a change, it is made and its answer is sufficient. Before a creation, nothing depends on it.
            Call::DestinationAfter | Call::DeliverAfter => Expected {
                struck: worth(row.answer),
                ..fine(call)
            },
            // A plan does not depend on what it looks for, and reports why it does not know it.
            Call::PlanAlike => looked(row, call),
            _ if says_gone(row.answer) || is_without_v2(row, call) => gone(row, call),
            Call::PlanGuardV3 | Call::PlanGuardV2 | Call::PortalPlanGuard if times == Times::Lasting => {
                looked(row, call)
            }
            _ if times == Times::Once => Expected {
                struck: ATTEMPTS,
                ..fine(call)
            },
            _ => failed(row, call, worth(row.answer), before(call), worth(row.answer)),
        },
    };
    if expected.end == End::Failed && call.writes() && unknown(row.answer) {
        expected
            .says
            .push("The change may have been applied despite the error.".to_owned());
    }
    expected
}

/// A body that is cut does not hurt an answer without one.
fn arrives_whole(row: &Row, call: Call) -> bool {
    let cut = row.answer == Answer::Lost(Lost::Body) || row.label == "204 with a body, after processing";
    cut && call.request().0 == "DELETE"
}

/// Whether Konnect itself says that there is nothing.
pub fn says_gone(answer: Answer) -> bool {
    matches!(
        answer,
        Answer::Status {
            code: 404,
            problem: true,
            ..
        }
    )
}

/// Whether v2 is not available, for a call that uses v3 as well. A token without the permission for v2 is no reason to
/// report at an import that there is no webhook.
fn is_without_v2(row: &Row, call: Call) -> bool {
    let Answer::Status { code, .. } = row.answer else {
        return false;
    };
    match call {
        Call::PlanGuardV2 | Call::GuardV2 | Call::PointGone => matches!(code, 403 | 404 | 405 | 410),
        Call::DeliverImport => matches!(code, 404 | 405 | 410),
        _ => false,
    }
}

/// A look of a plan that fails: a warning, of a rejected token or of what is not known.
fn looked(row: &Row, call: Call) -> Expected {
    let rejected = matches!(row.answer, Answer::Status { code: 401 | 403, .. });
    let others = usize::from(call == Call::PlanGuardV2);
    Expected {
        struck: worth(row.answer),
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
        | Call::DeliverAfter
        | Call::PortalCreate
        | Call::PortalDelete
        | Call::ReplayStart
        | Call::ReplayRestart => 1,
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
        | Call::DeliverImportFirst
        | Call::PortalGuard
        | Call::PortalDeleteLook
        | Call::ReplayLook => 1,
        _ => 0,
    }
}

fn fine(call: Call) -> Expected {
    let (struck, others) = match call {
        // The first creation is lost without a trace, so that the second one is looked after.
        Call::LostAgain => (2, before(call) + LOOKS + 1),
        _ => (1, before(call) + after(call)),
    };
    Expected {
        end: if call == Call::PointGone {
            End::Gone
        } else {
            End::Done
        },
        struck,
        others,
        attempts: 0,
        says: Vec::new(),
        attribute: None,
        warns: None,
    }
}

fn failed(row: &Row, call: Call, struck: usize, others: usize, attempts: usize) -> Expected {
    let mut expected = Expected {
        end: End::Failed,
        struck,
        others,
        attempts,
        says: words(row, call),
        attribute: None,
        warns: None,
    };
    let names_a_field = row.label == "400 that names a field";
    let unknown_destination = matches!(row.answer, Answer::Status { code: 404, .. })
        && matches!(call, Call::PointCreate | Call::PointUpdate);
    if unknown_destination {
        expected.attribute = Some("audit_log_destination_id");
    }
    match call {
        // The list of Dev Portals shows that it is the destination that is missing.
        Call::PortalCreate | Call::PortalUpdate if says_gone(row.answer) => {
            expected.others += 1;
            expected.attribute = Some("audit_log_destination_id");
        }
        Call::PortalStatusRead if says_gone(row.answer) => expected.attribute = Some("portal_id"),
        _ => {}
    }
    if call == Call::LostLook {
        expected.end = End::Unsure;
        expected.says.extend(unsure());
        expected.says.push("may or may not exist".to_owned());
    } else if names_a_field && !matches!(call.object(), Object::Status | Object::PortalStatus) {
        expected.attribute = match call.object() {
            Object::Destination | Object::Point | Object::Deliver => Some("endpoint"),
            _ => None,
        };
        expected.says.push("is on the list of forbidden hosts".to_owned());
    }
    expected
}

fn unsure() -> [String; 2] {
    ["Destination may have been created", "import id "].map(str::to_owned)
}

/// `POST` of a destination: never repeated blindly, and yet exactly one.
fn created_once(row: &Row, call: Call, times: Times) -> Expected {
    // The creation that is struck is the second one, if the first was lost without a trace.
    let earlier = usize::from(call == Call::LostAgain);
    let looked = before(call) + earlier * LOOKS;
    if !unknown(row.answer) {
        // Nothing was done, and the server said so.
        let again = match row.answer {
            Answer::Status { code: 425 | 429, .. } => worth(row.answer),
            _ => 1,
        };
        if times == Times::Once && again > 1 {
            return Expected {
                struck: earlier + again,
                others: looked + earlier,
                ..fine(call)
            };
        }
        return failed(row, call, earlier + again, looked, again);
    }
    if row.handled {
        // The first look finds it, and its authorization is sent once more.
        return Expected {
            struck: earlier + 1,
            others: looked + 2,
            ..fine(call)
        };
    }
    if times == Times::Once {
        // Looked for and not found, made again, and looked whether the first has left anything.
        return Expected {
            struck: earlier + 2,
            others: looked + LOOKS + 1,
            ..fine(call)
        };
    }
    let mut given_up = failed(row, call, CREATIONS, before(call) + CREATIONS * LOOKS, 1);
    given_up.end = End::Unsure;
    given_up.says.extend(unsure());
    given_up.says.push("tried 3 times".to_owned());
    given_up
}

/// `PATCH` of a webhook that is not in the state yet: repeatable, and so made twice before it is given up.
fn set_up(row: &Row, call: Call, times: Times) -> Expected {
    let each = worth(row.answer);
    if times == Times::Once {
        return Expected {
            struck: 2,
            ..fine(call)
        };
    }
    if !unknown(row.answer) {
        return failed(row, call, each, before(call), each);
    }
    let mut expected = failed(row, call, 2 * each, before(call), each);
    expected.warns = Some("Webhook may have been set up");
    expected
}

/// `PUT` of a replay job: the latest job shows whether a request whose answer was lost has started it.
fn started(row: &Row, call: Call, times: Times) -> Expected {
    let each = worth(row.answer);
    if times == Times::Once && each > 1 {
        return Expected {
            struck: each,
            ..fine(call)
        };
    }
    if !unknown(row.answer) {
        return failed(row, call, each, before(call), each);
    }
    if row.handled {
        return Expected {
            struck: each,
            others: before(call) + 1,
            ..fine(call)
        };
    }
    failed(row, call, each, before(call) + 1, each)
}

/// What a 404 of Konnect's own means to each.
fn gone(row: &Row, call: Call) -> Expected {
    match (call, call.deed()) {
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
        // Nothing is removed, since there is nothing.
        (Call::PortalDeleteLook, _) => Expected {
            others: 0,
            ..fine(call)
        },
        (Call::PortalImport, _) => {
            let mut none = failed(row, call, 1, 0, 0);
            none.says = vec![
                "Dev Portal has no webhook".to_owned(),
                "Otherwise remove the import".to_owned(),
            ];
            none
        }
        // A region always has a replay job to show, even if none was started.
        (Call::ReplayRead, _) => failed(row, call, 1, 0, 1),
        (_, Deed::Read) => Expected {
            end: End::Gone,
            ..fine(call)
        },
        (_, Deed::Delete | Deed::Plan)
        | (Call::GuardV3 | Call::GuardV2 | Call::DeliverImportFirst | Call::PortalGuard, _) => fine(call),
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
    let mut words: Vec<String> = match row.answer {
        Answer::Fine => Vec::new(),
        Answer::NoConnection => vec!["No program accepts connections".into(), "HTTPS_PROXY".into()],
        Answer::Untrusted => vec!["certificate is not trusted".into(), "SSL_CERT_FILE".into()],
        Answer::Lost(Lost::Head) => vec!["connection was lost".into(), "Try again".into()],
        // What is cut is a 404: the webhook was never set up.
        Answer::Lost(Lost::Body)
            if matches!(
                call,
                Call::GuardV3 | Call::PlanGuardV3 | Call::PortalGuard | Call::PortalPlanGuard
            ) =>
        {
            vec!["404".into(), "check the id, the region and the server URL".into()]
        }
        Answer::Lost(Lost::Body) => vec![
            "the connection ended before its end".into(),
            "Check the server URL".into(),
        ],
        Answer::Lost(Lost::Slow) => {
            vec![
                format!("complete answer from the server within {IMPATIENCE} s"),
                "increase the time limit".into(),
            ]
        }
        Answer::Nonsense => vec![
            "cannot be read".into(),
            "whether a proxy answers in place of the API".into(),
        ],
        Answer::Redirect(code) => vec![
            code.to_string(),
            "was not followed: the access token was not sent there".into(),
            "address of the Konnect API itself".into(),
        ],
        Answer::Status { code, problem, .. } => {
            let mut words = vec![code.to_string(), advice(code, call).to_owned()];
            if problem {
                words.push("Trace id: konnect:trace:".to_owned());
            } else if row.label.ends_with("from a gateway") {
                words.push(PAGE_SAYS.to_owned());
            }
            words
        }
    };
    // A failure of the first request may be that of another than the column's own.
    if !matches!(row.answer, Answer::NoConnection | Answer::Untrusted) {
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
