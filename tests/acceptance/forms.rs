//! The questions about the forms of names, URLs and responses, and about repeated requests.

use reqwest::Method;
use serde_json::json;

use crate::api::{DESTINATIONS, WEBHOOK, WEBHOOK_V2};
use crate::run::Stop;
use crate::session::Session;

/// The number of writes that are each followed by a read.
const WRITES: usize = 10;

/// The questions that need no webhook.
pub fn before_webhook(session: &Session<'_>) {
    session.ask("Can two destinations have the same name?", || same_name(session));
    let question = "Does the API return the URL of an endpoint as it was sent?";
    session.ask(question, || endpoint_forms(session));
    let question = "Does a read right after a write return what was written?";
    session.ask(question, || read_after_write(session));
}

/// The question while the webhook of the claimed region is set up.
pub fn with_webhook(session: &Session<'_>) {
    let question = "Which fields do the three `GET`s of a webhook return?";
    session.ask(question, || webhook_fields(session));
}

fn same_name(session: &Session<'_>) -> Result<String, Stop> {
    let home = session.home();
    let (first, _) = session.create_dead(&home, "same")?;
    let body = json!({
        "name": format!("{}same", session.prefix),
        "endpoint": session.dead_endpoint(),
        "authorization": session.authorization,
        "log_format": "json",
    });
    let second = session.send(&Method::POST, &home, DESTINATIONS, Some(&body))?;
    session.delete_destination(&home, &first)?;
    if !second.is_success() {
        return Ok(format!("No: {}", second.brief()));
    }
    let other = second.text("id");
    session.delete_destination(&home, other)?;
    let ids = if other == first { "one id" } else { "two ids" };
    Ok(format!("Yes: {}, with {ids}", second.status))
}

/// The forms of a URL that mean the same, and what each of them tests.
fn forms(prefix: &str) -> [(&'static str, String); 5] {
    let host = format!("{prefix}audit.invalid");
    let upper_case = host.to_ascii_uppercase();
    [
        ("no path", format!("https://{host}")),
        ("a host in upper case", format!("https://{upper_case}/events")),
        ("the port 443", format!("https://{host}:443/events")),
        ("a dot segment", format!("https://{host}/a/../events")),
        ("an escaped letter", format!("https://{host}/%65vents?a=%7E")),
    ]
}

fn endpoint_forms(session: &Session<'_>) -> Result<String, Stop> {
    let home = session.home();
    let mut changed = Vec::new();
    for (what, sent) in forms(&session.prefix) {
        session.note(what);
        let (id, created) = match session.create(&home, "form", &sent) {
            Ok(created) => created,
            Err(error) => {
                session.note(error);
                changed.push(format!("{what} is refused"));
                continue;
            }
        };
        let read = session.get(&home, &format!("{DESTINATIONS}/{id}"))?;
        if [&created, &read].map(|answer| answer.text("endpoint")) != [&sent, &sent] {
            changed.push(format!("{what} is returned as `{}`", read.text("endpoint")));
        }
        session.delete_destination(&home, &id)?;
    }
    Ok(if changed.is_empty() {
        "Yes, in each form".to_owned()
    } else {
        format!("No: {}", changed.join("; "))
    })
}

fn read_after_write(session: &Session<'_>) -> Result<String, Stop> {
    let home = session.home();
    let (id, _) = session.create_dead(&home, "written-0")?;
    let path = format!("{DESTINATIONS}/{id}");
    let mut stale = usize::from(!session.get(&home, &path)?.is_success());
    for number in 1..=WRITES {
        let name = format!("{}written-{number}", session.prefix);
        session.patch(&home, &path, &json!({ "name": name }))?;
        let read = || session.get(&home, &path);
        let is_current = read()?.text("name") == name;
        let listed = session.get(&home, &format!("{DESTINATIONS}?filter[name][eq]={name}"))?;
        if !is_current || listed.body["data"].as_array().map(Vec::len) != Some(1) {
            stale += 1;
            let current = session.poll(session.pace.limit, || {
                Ok((read()?.text("name") == name).then_some(()))
            })?;
            let after = current.map(|((), took)| took);
            session.note(format!(
                "write {number}: the read or the list is older; current after {after:?}"
            ));
        }
    }
    session.delete(&home, &path)?;
    let reads = WRITES + 1;
    Ok(match stale {
        0 => format!("Yes, after each of {reads} writes"),
        stale => format!("No: {stale} of {reads} reads were older"),
    })
}

/// The names of the fields, without their values. Nothing is changed.
fn webhook_fields(session: &Session<'_>) -> Result<String, Stop> {
    let region = session.readable_region()?;
    let mut paths = vec![("v2", WEBHOOK_V2.to_owned()), ("v3", WEBHOOK.to_owned())];
    let portals = session.get(&region, "/v3/portals?page[size]=1")?;
    let portal = portals.body["data"][0]["id"].as_str();
    paths.extend(portal.map(|id| ("Dev Portal", format!("/v3/portals/{id}/audit-log-webhook"))));
    let mut answers = Vec::new();
    for (what, path) in paths {
        let answer = session.get(&region, &path)?;
        let names = answer.body.as_object().into_iter().flatten();
        let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let said = Some(names).filter(|_| answer.is_success());
        answers.push(format!("{what}: {}", said.unwrap_or_else(|| answer.brief())));
    }
    if portal.is_none() {
        answers.push("Dev Portal: there is none".to_owned());
    }
    Ok(answers.join("; "))
}

/// After the webhook of the claimed region was deleted.
pub fn repeated_delete(session: &Session<'_>) -> Result<String, Stop> {
    let (region, home) = (session.region()?, session.home());
    let (id, _) = session.create_dead(&home, "twice")?;
    let first = session.delete_destination(&home, &id)?.status;
    let second = session.delete_destination(&home, &id)?.status;
    // Only a webhook that was deleted: another user may have set it up since.
    let found = session.get(region, WEBHOOK)?;
    if !found.text("audit_log_destination_id").is_empty() {
        return Err(Stop::NotTried("another user has set up the webhook".to_owned()));
    }
    let webhook = session.delete(region, WEBHOOK)?.status;
    Ok(format!(
        "{second} for a destination, after {first}; {webhook} for a webhook"
    ))
}
