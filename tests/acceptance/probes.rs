//! The questions about the API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use konnect::Region;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{AUDIT_LOGS, DESTINATIONS, JWKS, REPLAY_JOB, STATUS, WEBHOOK, WEBHOOK_V2};
use crate::forms;
use crate::run::Stop;
use crate::session::Session;

/// More than the default page size of 10 in the API description.
const MANY: usize = 12;

/// The questions before the webhook of the claimed region is configured.
pub fn before_webhook(session: &Session<'_>) {
    session.ask("Do the signing keys differ by region?", || jwks(session));
    let question = "What does the API return for a replay without an enabled webhook?";
    session.ask(question, || replay(session));
    let question = "How does `updated_at` of a destination behave?";
    session.ask(question, || updated_at(session));
    let question = "Do `global` and a regional host store the same destinations?";
    session.ask(question, || global_store(session));
    let mut made = Vec::new();
    let question = "Does a list contain every destination exactly once?";
    session.ask(question, || completeness(session, &mut made));
    let question = "Which page sizes does the list of destinations honor?";
    session.ask(question, || page_sizes(session, made.len()));
    // The end of the session removes the remaining ones.
    for id in &made {
        let _ = session.delete_destination(&session.home(), id);
    }
}

/// The questions about the webhook of the claimed region, from its configuration to its removal.
pub fn webhook(session: &Session<'_>) {
    let mut destination = None;
    let question = "How long until a region knows a destination on `global`?";
    session.ask(question, || new_destination(session, &mut destination));
    forms::with_webhook(session);
    let id = || {
        let none = || Stop::NotTried("the webhook of no region could be set up".to_owned());
        destination.as_deref().ok_or_else(none)
    };
    let question = "Does `global` have a webhook?";
    session.ask(question, || global_webhook(session, id().is_ok()));
    let question = "How long is a destination in use after its webhook has changed?";
    session.ask(question, || in_use(session, id()?));
    let question = "What does the API return for a deleted webhook: 404 or an empty destination?";
    session.ask(question, || id().and_then(|_| deleted_webhook(session)));
    let question = "What does the API return for a repeated `DELETE`?";
    session.ask(question, || id().and_then(|_| forms::repeated_delete(session)));
}

/// The questions after there are events and all calls have been made.
pub fn after_webhook(session: &Session<'_>, role: Option<&str>) {
    session.ask("Is `GET /v3/audit-logs` available?", || pull(session));
    session.ask("Is the role of the token sufficient?", || {
        permissions(session, role)
    });
}

fn in_words(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn jwks(session: &Session<'_>) -> Result<String, Stop> {
    let mut sets: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
    for region in session.all_regions() {
        match session.get(&region, JWKS) {
            Ok(answer) => {
                let keys = answer.body["keys"].as_array().into_iter().flatten();
                let keys = keys.filter_map(|key| key["x"].as_str().map(str::to_owned));
                let keys: BTreeSet<_> = keys.collect();
                session.note(format!("{} keys without a token", keys.len()));
                if answer.is_success() {
                    sets.entry(keys).or_default().push(region.to_string());
                }
            }
            Err(error) => session.note(error),
        }
    }
    let groups: Vec<_> = sets.values().map(|regions| regions.join(", ")).collect();
    match groups.as_slice() {
        [] => Err(Stop::Failed("no region answers with a key set".to_owned())),
        [all] => Ok(format!("No: the same keys in {all}")),
        groups => Ok(format!("Yes: equal only within each of: {}", groups.join("; "))),
    }
}

fn replay(session: &Session<'_>) -> Result<String, Stop> {
    let region = session.region()?;
    let before = session.get(region, REPLAY_JOB)?;
    if matches!(before.text("status"), "accepted" | "pending" | "running") {
        let reason = "a replay job of another user is under way";
        return Err(Stop::NotTried(reason.to_owned()));
    }
    let time = |ago| {
        let at = before.at.checked_sub(Duration::from_secs(ago));
        humantime::format_rfc3339_seconds(at.unwrap_or(SystemTime::UNIX_EPOCH)).to_string()
    };
    let body = json!({ "start_at": time(120), "end_at": time(60) });
    let put = session.send(&Method::PUT, region, REPLAY_JOB, Some(&body))?;
    if !put.is_success() {
        return Ok(format!("It is refused at once with {}", put.brief()));
    }
    let mut status = put.text("status").to_owned();
    let end = session.poll(session.pace.limit, || {
        session
            .get(region, REPLAY_JOB)?
            .text("status")
            .clone_into(&mut status);
        Ok(matches!(status.as_str(), "completed" | "failed").then_some(()))
    })?;
    let (still, time) = end.map_or(("still ", session.pace.limit), |((), took)| ("", took));
    Ok(format!(
        "It is accepted with {}, and is {still}{status} after {}",
        put.status,
        in_words(time)
    ))
}

fn updated_at(session: &Session<'_>) -> Result<String, Stop> {
    let home = session.home();
    let (id, created) = session.create_dead(&home, "updated-at")?;
    let path = format!("{DESTINATIONS}/{id}");
    let read = || -> Result<String, String> {
        let answer = session.get(&home, &path)?;
        Ok(answer.text("updated_at").to_owned())
    };
    let initial = read()?;
    let verb = |before: &str, after: &str| if after == before { "does not move" } else { "moves" };
    let mut before = read()?;
    let mut moves = vec![format!("{} between two reads", verb(&initial, &before))];
    let mut equal = created.text("updated_at") == initial;
    let renamed = json!({ "name": format!("{}updated-at-2", session.prefix) });
    let authorization = json!({ "authorization": session.authorization });
    for (what, body) in [
        ("PATCH of the name", &renamed),
        ("PATCH of the authorization alone", &authorization),
        ("PATCH with the values that it has", &renamed),
    ] {
        // Waits for the next second, because times may have no fractions.
        std::thread::sleep(Duration::from_millis(1100).min(session.pace.poll * 3));
        session.note(what);
        let written = session.patch(&home, &path, body)?;
        let after = read()?;
        equal &= written.text("updated_at") == after;
        moves.push(format!("{} with a {what}", verb(&before, &after)));
        before = after;
    }
    session.delete(&home, &path)?;
    Ok(format!(
        "It begins as `{initial}`, {}; answers to writes and reads are {}",
        moves.join(", "),
        if equal { "equal" } else { "not equal" }
    ))
}

/// Whether hosts and versions show a destination that was created on another host.
fn global_store(session: &Session<'_>) -> Result<String, Stop> {
    let (global, regional) = (Region::global(), session.readable_region());
    let Some(regional) = regional.ok().filter(|_| session.serves(&global)) else {
        let reason = "the URL does not serve `global` and a region";
        return Err(Stop::NotTried(reason.to_owned()));
    };
    let mut seen = Vec::new();
    for (from, to) in [(&global, &regional), (&regional, &global)] {
        let id = match session.create_dead(from, "store") {
            Ok((id, _)) => id,
            Err(error) => {
                session.note(error);
                seen.push(format!("{from} does not create one"));
                continue;
            }
        };
        let mut found = Vec::new();
        for (host, version) in [(to, "v3"), (to, "v2"), (from, "v2")] {
            let path = format!("/{version}/audit-log-destinations/{id}");
            // Copying may take some time.
            let known = session.poll(session.pace.poll * 10, || {
                Ok(session.get(host, &path)?.is_success().then_some(()))
            })?;
            found.push(known.is_some());
        }
        let shown = if found[0] { "shows" } else { "does not show" };
        seen.push(format!("{to} {shown} what {from} created"));
        session.delete_destination(from, &id)?;
    }
    let is_one = seen.iter().all(|what| what.contains(" shows "));
    let verdict = if is_one { "Yes" } else { "No" };
    Ok(format!("{verdict}: {}", seen.join("; ")))
}

fn completeness(session: &Session<'_>, made: &mut Vec<String>) -> Result<String, Stop> {
    let home = session.home();
    for number in 0..MANY {
        made.push(session.create_dead(&home, &format!("list-{number}"))?.0);
    }
    // The number of listed destinations, and whether each of ours is there once.
    let list = |query: &str| -> Result<(usize, bool), String> {
        let all = session.destinations(&home, query)?;
        let times = |id: &String| all.iter().filter(|item| item["id"] == id.as_str()).count();
        Ok((all.len(), made.iter().all(|id| times(id) == 1)))
    };
    let complete = session.poll(session.pace.limit, || {
        let (listed, is_complete) = list("page[size]=5")?;
        session.note(format!("all pages of 5: {listed} destinations"));
        Ok(is_complete.then_some(()))
    })?;
    let (filtered, has_ours) = list(&format!("filter[name][contains]={}list-", session.prefix))?;
    session.note(format!("with filter[name][contains]: {filtered} destinations"));
    let (exactly, _) = list(&format!("filter[name][eq]={}list-7", session.prefix))?;
    session.note(format!("with filter[name][eq]: {exactly} destination(s)"));
    let filters = if filtered == made.len() && has_ours && exactly == 1 {
        "both filters return exactly what matches"
    } else {
        "the filters do not return exactly what matches"
    };
    let (verdict, time) = complete.map_or(("No, not", session.pace.limit), |((), took)| ("Yes,", took));
    Ok(format!("{verdict} after {}; {filters}", in_words(time)))
}

fn page_sizes(session: &Session<'_>, made: usize) -> Result<String, Stop> {
    if made < MANY {
        let reason = "the destinations for it could not be created";
        return Err(Stop::NotTried(reason.to_owned()));
    }
    let home = session.home();
    let mut sizes = Vec::new();
    for asked in ["nothing", "1", "100", "1000"] {
        let query = asked
            .parse::<u32>()
            .map_or_else(|_| String::new(), |size| format!("?page[size]={size}"));
        let answer = session.get(&home, &format!("{DESTINATIONS}{query}"))?;
        let got = answer.body["data"].as_array().map_or(0, Vec::len);
        let meta = &answer.body["meta"];
        session.note(format!(
            "page[size] {asked}: {got} items, meta.size {}",
            meta["size"]
        ));
        let result = match (answer.is_success(), meta["next"].is_string()) {
            (false, _) => format!("is refused with {}", answer.status),
            (true, true) => format!("gives pages of {got}"),
            (true, false) => format!("gives all {got} at once"),
        };
        sizes.push(format!("{asked} {result}"));
    }
    Ok(format!("Asked for {}", sizes.join("; ")))
}

/// Sets the webhook of the claimed region to a new destination. Disabled: no event leaves the organization.
fn new_destination(session: &Session<'_>, destination: &mut Option<String>) -> Result<String, Stop> {
    session.get(session.region()?, WEBHOOK)?;
    let (id, _) = session.create_dead(&session.home(), "webhook")?;
    let Some(took) = session.connect(&id, false)? else {
        return Ok(format!("It is not known after {}", in_words(session.pace.limit)));
    };
    *destination = Some(id);
    Ok(if took < session.pace.poll {
        "It is known at once".to_owned()
    } else {
        format!("{}, with 404 until then", in_words(took))
    })
}

fn global_webhook(session: &Session<'_>, is_set_up: bool) -> Result<String, Stop> {
    let global = Region::global();
    if !session.serves(&global) {
        return Err(Stop::NotTried("the URL does not serve `global`".to_owned()));
    }
    let paths = [WEBHOOK_V2, WEBHOOK, STATUS];
    let [v2, v3, status] = paths.map(|path| session.get(&global, path));
    let (v2, v3, status) = (v2?, v3?, status?);
    let mut mirrors = String::new();
    if let Some(region) = session.claimed.as_ref().filter(|_| is_set_up) {
        let of_region = session.get(region, WEBHOOK)?;
        let id = v3.text("audit_log_destination_id");
        let shows = !id.is_empty() && id == of_region.text("audit_log_destination_id");
        let verb = if shows { "shows" } else { "does not show" };
        mirrors = format!("; `global` {verb} the webhook of {region}");
    }
    Ok(format!(
        "It answers {} in v2, {} in v3, and {} for the status{mirrors}. It was read only",
        v2.status, v3.status, status.status
    ))
}

fn in_use(session: &Session<'_>, id: &str) -> Result<String, Stop> {
    let (region, home) = (session.region()?, session.home());
    // While the webhook uses it.
    let refused = session.delete_destination(&home, id)?;
    if refused.is_success() {
        session.delete(region, WEBHOOK)?;
        return Ok("Konnect deletes a destination that a webhook uses".to_owned());
    }
    if !session.delete(region, WEBHOOK)?.is_success() {
        return Err(Stop::Failed("the webhook cannot be deleted".to_owned()));
    }
    let mut refusals = 0;
    let removed = session.poll(session.pace.limit, || {
        let answer = session.delete_destination(&home, id)?;
        refusals += usize::from(answer.status == 409);
        Ok((answer.status != 409).then_some(answer))
    })?;
    session.get(&home, &format!("{DESTINATIONS}/{id}"))?;
    match removed {
        Some((answer, _)) if !answer.is_success() => {
            Err(Stop::Failed(format!("deleting it answers {}", answer.brief())))
        }
        Some(_) if refusals == 0 => Ok(format!("It is deleted at once; {} before", refused.status)),
        Some((_, took)) => Ok(format!("409 for {}", in_words(took))),
        None => Ok(format!("Longer than {}", in_words(session.pace.limit))),
    }
}

fn deleted_webhook(session: &Session<'_>) -> Result<String, Stop> {
    let region = session.region()?;
    let v3 = session.get(region, WEBHOOK)?;
    session.get(region, WEBHOOK_V2)?;
    let status = session.get(region, STATUS)?;
    let what = match (v3.status, v3.body.get("audit_log_destination_id")) {
        (200, None | Some(Value::Null)) => "200 without a destination id".to_owned(),
        (200, Some(id)) => format!("200 with the destination id {id}"),
        (other, _) => other.to_string(),
    };
    let status = status.text("webhook_status");
    Ok(format!("{what}; its status is `{status}`"))
}

fn pull(session: &Session<'_>) -> Result<String, Stop> {
    let region = session.readable_region()?;
    let answer = session.get(&region, &format!("{AUDIT_LOGS}?page[size]=50"))?;
    if !answer.is_success() {
        return Ok(format!("No: {}", answer.brief()));
    }
    let entries = answer.body["data"].as_array().cloned().unwrap_or_default();
    // Names only: the values can be personal data.
    let names = entries.iter().filter_map(Value::as_object);
    let names: BTreeSet<_> = names.flat_map(|entry| entry.keys()).cloned().collect();
    let names: Vec<_> = names.into_iter().collect();
    session.note(format!("their fields: {}", names.join(", ")));
    let times: Vec<_> = entries.iter().filter_map(|entry| entry["ts"].as_str()).collect();
    let order = match times.as_slice() {
        [] | [_] => "of unknown order",
        times if times.is_sorted_by(|a, b| a >= b) => "newest first",
        times if times.is_sorted() => "oldest first",
        _ => "in no order of time",
    };
    let link = answer.body["meta"]["page"]["next"].as_str();
    let link = link.and_then(|link| link.split('?').next());
    session.note(format!("path of the next page: {}", link.unwrap_or("none")));
    Ok(format!("Yes: {} entries, {order}", entries.len()))
}

/// Which calls were allowed. Runs last, because it inspects all calls.
fn permissions(session: &Session<'_>, role: Option<&str>) -> Result<String, Stop> {
    let global = Region::global();
    if session.serves(&global) {
        session.get(&global, "/v3/organizations/me")?;
    }
    let calls = session.calls();
    let refused = calls
        .iter()
        .filter(|(_, statuses)| statuses.contains(&401) || statuses.contains(&403));
    let refused: Vec<_> = refused.map(|(call, _)| format!("`{call}`")).collect();
    let role = role.unwrap_or("not stated (set KONNECT_ACC_ROLE)");
    Ok(if refused.is_empty() {
        let kinds = calls.len();
        format!("Yes: none of {kinds} kinds of calls was answered with 401 or 403. Role: {role}")
    } else {
        format!("No: 401 or 403 for {}. Role: {role}", refused.join(", "))
    })
}
