//! The questions about the API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use konnect::Region;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{AUDIT_LOGS, DESTINATIONS, JWKS, REPLAY_JOB, Response, STATUS, WEBHOOK, WEBHOOK_V2, poll};
use crate::forms;
use crate::question::Question;
use crate::run::{Book, Steps, Stop};
use crate::session::Session;

/// More than the default page size of 10 in the API description.
const MANY: usize = 12;

/// The questions before the webhook of the claimed region is configured.
pub fn before_webhook(session: &Session<'_>, book: &mut Book<'_>) {
    book.ask(Question::Jwks, |steps| jwks(session, steps));
    book.ask(Question::ReplayWithoutWebhook, |steps| replay(session, steps));
    book.ask(Question::UpdatedAt, |steps| updated_at(session, steps));
    book.ask(Question::GlobalStore, |steps| global_store(session, steps));
    lists(session, book);
    forms::before_webhook(session, book);
}

/// The questions about the webhook of the claimed region, from its configuration to its removal.
pub fn webhook(session: &Session<'_>, book: &mut Book<'_>) {
    let mut destination = None;
    book.ask(Question::NewDestination, |steps| {
        new_destination(session, steps, &mut destination)
    });
    forms::with_webhook(session, book);
    book.ask(Question::GlobalWebhook, |steps| {
        global_webhook(session, destination.is_some(), steps)
    });
    book.ask(Question::DestinationInUse, |steps| {
        let id = destination.as_deref().ok_or_else(no_webhook)?;
        in_use(session, id, steps)
    });
    book.ask(Question::WebhookAfterDelete, |steps| {
        destination.as_deref().ok_or_else(no_webhook)?;
        deleted_webhook(session, steps)
    });
    forms::after_delete(session, destination.is_some(), book);
}

/// The questions after there are events and all calls have been made.
pub fn after_webhook(session: &Session<'_>, role: Option<&str>, book: &mut Book<'_>) {
    book.ask(Question::PullApi, |steps| pull(session, steps));
    book.ask(Question::Role, |steps| permissions(session, role, steps));
}

pub fn no_webhook() -> Stop {
    Stop::NotTried("the webhook of no region could be set up".to_owned())
}

fn in_words(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn jwks(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let mut sets: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
    for region in session.all_regions() {
        match steps.get(&region, JWKS, &[]) {
            Ok(answer) => {
                let keys = answer.body["keys"].as_array().into_iter().flatten();
                let keys: BTreeSet<_> = keys
                    .filter_map(|key| key["x"].as_str().map(str::to_owned))
                    .collect();
                steps.push(format!("{} keys without a token", keys.len()));
                if answer.is_success() {
                    sets.entry(keys).or_default().push(region.to_string());
                }
            }
            Err(error) => steps.push(error),
        }
    }
    let groups: Vec<_> = sets.values().map(|regions| regions.join(", ")).collect();
    match groups.as_slice() {
        [] => Err(Stop::Failed("no region answers with a key set".to_owned())),
        [all] => Ok(format!("No: the same keys in {all}")),
        groups => Ok(format!("Yes: equal only within each of: {}", groups.join("; "))),
    }
}

fn replay(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let region = session.region()?;
    let before = steps.get(region, REPLAY_JOB, &["status"])?;
    if matches!(before.text("status"), "accepted" | "pending" | "running") {
        return Err(Stop::NotTried(
            "a replay job of another user is under way".to_owned(),
        ));
    }
    let time = |ago| {
        let at = before
            .at
            .checked_sub(Duration::from_secs(ago))
            .unwrap_or(SystemTime::UNIX_EPOCH);
        humantime::format_rfc3339_seconds(at).to_string()
    };
    let body = json!({ "start_at": time(120), "end_at": time(60) });
    let put = steps.send(&Method::PUT, region, REPLAY_JOB, Some(&body), &["status"])?;
    if !put.is_success() {
        return Ok(format!("It is refused at once with {}", session.api.brief(&put)));
    }
    let mut seen = vec![put.text("status").to_owned()];
    let end = poll(session.pace.poll, session.pace.replay_limit, || {
        let job = session.api.get(region, REPLAY_JOB)?;
        let status = job.text("status").to_owned();
        if seen.last() != Some(&status) {
            seen.push(status.clone());
        }
        Ok(matches!(status.as_str(), "completed" | "failed").then_some(status))
    })?;
    steps.push(format!("its statuses: {}", seen.join(", ")));
    match end {
        Some((status, took)) => Ok(format!(
            "It is accepted with {}, and is {status} after {}",
            put.status,
            in_words(took)
        )),
        None => Ok(format!(
            "It is accepted with {}, and is still {} after {}",
            put.status,
            seen.last().map_or("", String::as_str),
            in_words(session.pace.replay_limit)
        )),
    }
}

fn updated_at(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    const FIELDS: [&str; 2] = ["created_at", "updated_at"];
    let home = session.home();
    let (id, created) = session.create_dead(&home, "updated-at")?;
    let path = format!("{DESTINATIONS}/{id}");
    steps.note("POST", &created, &FIELDS);
    let read = |steps: &mut Steps<'_>| -> Result<String, String> {
        let answer = steps.get(&home, &path, &["updated_at"])?;
        Ok(answer.text("updated_at").to_owned())
    };
    let initial = read(steps)?;
    let again = read(steps)?;
    let mut moves = Vec::new();
    let mut equal = created.text("updated_at") == initial;
    let mut before = again.clone();
    let changes = [
        (
            "PATCH of the name",
            json!({ "name": format!("{}updated-at-2", session.prefix) }),
        ),
        (
            "PATCH of the authorization alone",
            json!({ "authorization": session.authorization }),
        ),
        (
            "PATCH with the values that it has",
            json!({ "name": format!("{}updated-at-2", session.prefix) }),
        ),
    ];
    for (what, body) in changes {
        // Waits for the next second, because times may have no fractions.
        std::thread::sleep(Duration::from_millis(1100).min(session.pace.poll * 3));
        let written = session.api.send(&Method::PATCH, &home, &path, Some(&body))?;
        steps.note(what, &written, &["updated_at"]);
        if !written.is_success() {
            return Err(Stop::Failed(format!(
                "{what} answers {}",
                session.api.brief(&written)
            )));
        }
        let after = read(steps)?;
        equal &= written.text("updated_at") == after;
        let verb = if after == before { "does not move" } else { "moves" };
        moves.push(format!("{verb} with a {what}"));
        before = after;
    }
    steps.delete(&home, &path)?;
    let reads = if initial == again {
        "does not move"
    } else {
        "moves"
    };
    let same = if equal { "equal" } else { "not equal" };
    Ok(format!(
        "It begins as `{initial}`, {reads} between two reads, {}; answers to writes and reads are {same}",
        moves.join(", ")
    ))
}

/// Whether hosts and versions show a destination that was created on another host.
fn global_store(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let global = Region::global();
    let regional = session
        .claimed
        .clone()
        .or_else(|| session.all_regions().into_iter().next());
    let Some(regional) = regional.filter(|_| session.api.serves(&global)) else {
        return Err(Stop::NotTried(
            "the URL does not serve `global` and a region".to_owned(),
        ));
    };
    let mut seen = Vec::new();
    for (from, to) in [(&global, &regional), (&regional, &global)] {
        let (id, created) = match session.create_dead(from, "store") {
            Ok(created) => created,
            Err(error) => {
                steps.push(error);
                seen.push(format!("{from} does not create one"));
                continue;
            }
        };
        steps.note(&format!("POST {from}"), &created, &[]);
        let mut found = Vec::new();
        for (host, version) in [(to, "v3"), (to, "v2"), (from, "v2")] {
            let path = format!("/{version}/audit-log-destinations/{id}");
            // Copying may take some time.
            let known = poll(session.pace.poll, session.pace.poll * 10, || {
                let answer = session.api.get(host, &path)?;
                Ok(answer.is_success().then_some(answer))
            })?;
            let what = match &known {
                Some((_, took)) => format!("200 after {}", in_words(*took)),
                None => session.api.brief(&session.api.get(host, &path)?),
            };
            steps.push(format!("GET {host} {version} -> {what}"));
            found.push(known.is_some());
        }
        let shown = |is_shown| if is_shown { "shows" } else { "does not show" };
        seen.push(format!("{to} {} what {from} created", shown(found[0])));
        steps.delete(from, &format!("{DESTINATIONS}/{id}"))?;
    }
    let is_one = seen.iter().all(|what| what.contains(" shows "));
    Ok(format!(
        "{}: {}",
        if is_one { "Yes" } else { "No" },
        seen.join("; ")
    ))
}

fn lists(session: &Session<'_>, book: &mut Book<'_>) {
    let home = session.home();
    let mut made = Vec::new();
    book.ask(Question::ListCompleteness, |steps| {
        for number in 0..MANY {
            made.push(session.create_dead(&home, &format!("list-{number}"))?.0);
        }
        steps.push(format!("POST of {MANY} destinations on {home}"));
        completeness(session, &home, &made, steps)
    });
    book.ask(Question::PageSize, |steps| {
        if made.len() < MANY {
            return Err(Stop::NotTried(
                "the destinations for it could not be created".to_owned(),
            ));
        }
        page_sizes(session, &home, steps)
    });
    // The end of the session removes the remaining ones.
    for id in &made {
        let _ = session.delete(&home, id);
    }
}

fn completeness(
    session: &Session<'_>,
    home: &Region,
    made: &[String],
    steps: &mut Steps<'_>,
) -> Result<String, Stop> {
    let times = |query: &str| -> Result<(usize, Vec<usize>), String> {
        let all = session.api.destinations(home, query)?;
        let times = made
            .iter()
            .map(|id| all.iter().filter(|item| item["id"] == id.as_str()).count());
        Ok((all.len(), times.collect()))
    };
    let mut listed = 0;
    let complete = poll(session.pace.poll, session.pace.known_limit, || {
        let (all, times) = times("page[size]=5")?;
        listed = all;
        Ok(times.iter().all(|count| *count == 1).then_some(()))
    })?;
    steps.push(format!("all pages of 5: {listed} destinations"));
    let filter = format!("filter[name][contains]={}list-", session.prefix);
    let (filtered, of_ours) = times(&filter)?;
    steps.push(format!("with filter[name][contains]: {filtered} destinations"));
    let exact = format!("filter[name][eq]={}list-7", session.prefix);
    let (exactly, _) = times(&exact)?;
    steps.push(format!("with filter[name][eq]: {exactly} destination(s)"));
    let filters = if filtered == made.len() && of_ours.iter().all(|count| *count == 1) && exactly == 1 {
        "both filters return exactly what matches"
    } else {
        "the filters do not return exactly what matches"
    };
    match complete {
        Some(((), took)) => Ok(format!("Yes, after {}; {filters}", in_words(took))),
        None => Ok(format!(
            "No, not after {}; {filters}",
            in_words(session.pace.known_limit)
        )),
    }
}

fn page_sizes(session: &Session<'_>, home: &Region, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let total = session.api.destinations(home, "page[size]=5")?.len();
    steps.push(format!("there are {total} destinations on {home}"));
    let mut sizes = Vec::new();
    for (asked, query) in [
        ("nothing", String::new()),
        ("1", "?page[size]=1".to_owned()),
        ("100", "?page[size]=100".to_owned()),
        ("1000", "?page[size]=1000".to_owned()),
    ] {
        let answer = session.api.get(home, &format!("{DESTINATIONS}{query}"))?;
        let got = answer.body["data"].as_array().map_or(0, Vec::len);
        let next = answer.body["meta"]["next"].is_string();
        let size = &answer.body["meta"]["size"];
        let size = if size.is_null() {
            "absent".to_owned()
        } else {
            size.to_string()
        };
        let more = if next {
            "more follow"
        } else {
            "it is the last page"
        };
        steps.push(format!(
            "page[size] {asked} -> {}: {got} items, meta.size {size}, {more}",
            session.api.brief(&answer)
        ));
        let result = match (answer.is_success(), next) {
            (false, _) => format!("is refused with {}", answer.status),
            (true, true) => format!("gives pages of {got}"),
            (true, false) => format!("gives all {got} at once"),
        };
        sizes.push(format!("{asked} {result}"));
    }
    Ok(format!("Asked for {}", sizes.join("; ")))
}

/// Sets the webhook of the claimed region to a new destination.
fn new_destination(
    session: &Session<'_>,
    steps: &mut Steps<'_>,
    destination: &mut Option<String>,
) -> Result<String, Stop> {
    let (region, home) = (session.region()?, session.home());
    steps.get(region, WEBHOOK, &["audit_log_destination_id", "enabled"])?;
    let (id, _) = session.create_dead(&home, "webhook")?;
    // Disabled: no event leaves the organization.
    let body = json!({ "audit_log_destination_id": id, "enabled": false });
    let mut last = None;
    let known = poll(session.pace.poll, session.pace.known_limit, || {
        let answer = session.api.send(&Method::PATCH, region, WEBHOOK, Some(&body))?;
        let is_known = answer.status != 404;
        last = Some(answer);
        Ok(is_known.then_some(()))
    })?;
    let last = last.ok_or_else(|| "no request was sent".to_owned())?;
    let what = format!("last PATCH {region} {WEBHOOK}");
    steps.note(&what, &last, &["audit_log_destination_id", "enabled"]);
    match known {
        Some(((), took)) if last.is_success() => {
            *destination = Some(id);
            Ok(if took < session.pace.poll {
                "It is known at once".to_owned()
            } else {
                format!("{}, with 404 until then", in_words(took))
            })
        }
        Some(_) => Err(Stop::Failed(format!(
            "the webhook answers {}",
            session.api.brief(&last)
        ))),
        None => Ok(format!(
            "It is not known after {}",
            in_words(session.pace.known_limit)
        )),
    }
}

fn global_webhook(session: &Session<'_>, is_set_up: bool, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let global = Region::global();
    if !session.api.serves(&global) {
        return Err(Stop::NotTried("the URL does not serve `global`".to_owned()));
    }
    let region = session.claimed.as_ref().filter(|_| is_set_up);
    let mut answers = Vec::new();
    let calls = [
        (WEBHOOK_V2, ["endpoint", "enabled"].as_slice()),
        (WEBHOOK, &["audit_log_destination_id", "enabled"]),
        (STATUS, &["webhook_status", "webhook_enabled"]),
    ];
    for (path, fields) in calls {
        let answer = session.api.get(&global, path)?;
        // Shows only objects of this run and unset values.
        let is_ours = answer.body.to_string().contains(&session.prefix);
        let is_unset = answer.text("endpoint") == "unconfigured" || answer.body.get("endpoint").is_none();
        let fields = if is_ours || is_unset { fields } else { &["enabled"] };
        steps.note(&format!("GET global {path}"), &answer, fields);
        answers.push(answer);
        if let Some(region) = region {
            answers.push(steps.get(region, path, fields)?);
        }
    }
    let step = if region.is_some() { 2 } else { 1 };
    let exists = |at: usize| answers[at * step].status;
    let mirrors = region.map(|region| {
        let id = |answer: &Response| answer.text("audit_log_destination_id").to_owned();
        let mirrors = !id(&answers[2]).is_empty() && id(&answers[2]) == id(&answers[3]);
        let verb = if mirrors { "shows" } else { "does not show" };
        format!("; `global` {verb} the webhook of {region}")
    });
    Ok(format!(
        "It answers {} in v2, {} in v3, and {} for the status{}. It was read only",
        exists(0),
        exists(1),
        exists(2),
        mirrors.unwrap_or_default()
    ))
}

fn in_use(session: &Session<'_>, id: &str, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let (region, home) = (session.region()?, session.home());
    let path = format!("{DESTINATIONS}/{id}");
    // While the webhook uses it.
    let refused = steps.delete(&home, &path)?;
    if refused.is_success() {
        session.api.delete(region, WEBHOOK)?;
        return Ok("Konnect deletes a destination that a webhook uses".to_owned());
    }
    let released = steps.delete(region, WEBHOOK)?;
    if !released.is_success() {
        return Err(Stop::Failed("the webhook cannot be deleted".to_owned()));
    }
    let mut answers = Vec::new();
    let removed = poll(session.pace.poll, session.pace.in_use_limit, || {
        let answer = session.delete(&home, id)?;
        answers.push(answer.status);
        Ok((answer.status != 409).then_some(answer))
    })?;
    let refusals = answers.iter().filter(|status| **status == 409).count();
    steps.push(format!(
        "DELETE of the destination after that: {} requests, {refusals} of them 409",
        answers.len()
    ));
    steps.get(&home, &path, &[])?;
    match removed {
        Some((answer, _)) if answer.is_success() && refusals == 0 => {
            Ok(format!("It is deleted at once; {} before", refused.status))
        }
        Some((answer, took)) if answer.is_success() => Ok(format!("409 for {}", in_words(took))),
        Some((answer, _)) => Err(Stop::Failed(format!(
            "deleting it answers {}",
            session.api.brief(&answer)
        ))),
        None => Ok(format!("Longer than {}", in_words(session.pace.in_use_limit))),
    }
}

fn deleted_webhook(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let region = session.region()?;
    let v3 = steps.get(region, WEBHOOK, &["audit_log_destination_id", "enabled"])?;
    steps.get(region, WEBHOOK_V2, &["endpoint", "enabled", "updated_at"])?;
    let status = steps.get(region, STATUS, &["webhook_status", "webhook_enabled"])?;
    let what = match (v3.status, v3.body.get("audit_log_destination_id")) {
        (200, None | Some(Value::Null)) => "200 without a destination id".to_owned(),
        (200, Some(id)) => format!("200 with the destination id {id}"),
        (other, _) => other.to_string(),
    };
    Ok(format!(
        "{what}; its status is `{}`",
        status.text("webhook_status")
    ))
}

fn pull(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let regions = session.all_regions();
    let region = session.claimed.as_ref().or_else(|| regions.first());
    let region = region.ok_or_else(|| Stop::NotTried("the URL serves no region".to_owned()))?;
    let answer = steps.get(region, &format!("{AUDIT_LOGS}?page[size]=50"), &[])?;
    let entries = answer.body["data"].as_array().cloned().unwrap_or_default();
    steps.push(format!("{} entries", entries.len()));
    if !answer.is_success() {
        return Ok(format!("No: {}", session.api.brief(&answer)));
    }
    // Names only: the values can be personal data.
    let names: BTreeSet<_> = entries
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|entry| entry.keys())
        .collect();
    let names: Vec<_> = names.into_iter().map(String::as_str).collect();
    steps.push(format!("their fields: {}", names.join(", ")));
    let times: Vec<_> = entries.iter().filter_map(|entry| entry["ts"].as_str()).collect();
    let order = match times.as_slice() {
        [] | [_] => "of unknown order",
        times if times.is_sorted_by(|a, b| a >= b) => "newest first",
        times if times.is_sorted() => "oldest first",
        _ => "in no order of time",
    };
    let link = &answer.body["meta"]["page"]["next"];
    let link = link.as_str().and_then(|link| link.split('?').next());
    steps.push(format!("path of the next page: {}", link.unwrap_or("none")));
    Ok(format!("Yes: {} entries, {order}", entries.len()))
}

/// Which calls were allowed. Runs last, because it inspects all calls.
fn permissions(session: &Session<'_>, role: Option<&str>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let global = Region::global();
    if session.api.serves(&global) {
        steps.get(&global, "/v3/organizations/me", &["state"])?;
    }
    let calls = session.api.calls();
    let refused: Vec<_> = calls
        .iter()
        .filter(|(_, statuses)| statuses.contains(&401) || statuses.contains(&403))
        .map(|(call, _)| format!("`{call}`"))
        .collect();
    let role = role.unwrap_or("not stated (set KONNECT_ACC_ROLE)");
    steps.push(format!("the role of the token, by its owner: {role}"));
    if refused.is_empty() {
        Ok(format!(
            "Yes: none of {} kinds of calls was answered with 401 or 403. Role: {role}",
            calls.len()
        ))
    } else {
        Ok(format!("No: 401 or 403 for {}. Role: {role}", refused.join(", ")))
    }
}
