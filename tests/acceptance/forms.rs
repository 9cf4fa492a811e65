//! The questions about the forms of names, URLs and responses, and about repeated requests.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::api::{DESTINATIONS, Response, WEBHOOK, WEBHOOK_V2, poll};
use crate::probes::no_webhook;
use crate::question::Question;
use crate::run::{Book, Steps, Stop};
use crate::session::Session;

/// The number of writes that are each followed by a read.
const WRITES: usize = 10;

/// The questions that need no webhook.
pub fn before_webhook(session: &Session<'_>, book: &mut Book<'_>) {
    book.ask(Question::SameName, |steps| same_name(session, steps));
    book.ask(Question::EndpointForm, |steps| endpoint_forms(session, steps));
    book.ask(Question::ReadAfterWrite, |steps| read_after_write(session, steps));
}

/// The question while the webhook of the claimed region is set up.
pub fn with_webhook(session: &Session<'_>, book: &mut Book<'_>) {
    book.ask(Question::WebhookFields, |steps| webhook_fields(session, steps));
}

/// The question after the webhook of the claimed region was deleted.
pub fn after_delete(session: &Session<'_>, had_webhook: bool, book: &mut Book<'_>) {
    book.ask(Question::RepeatedDelete, |steps| {
        repeated_delete(session, had_webhook, steps)
    });
}

fn same_name(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let home = session.home();
    let (first, _) = session.create_dead(&home, "same")?;
    let body = json!({
        "name": format!("{}same", session.prefix),
        "endpoint": session.dead_endpoint(),
        "authorization": session.authorization,
        "log_format": "json",
    });
    let second = steps.send(&Method::POST, &home, DESTINATIONS, Some(&body), &[])?;
    steps.delete(&home, &format!("{DESTINATIONS}/{first}"))?;
    if !second.is_success() {
        return Ok(format!("No: {}", session.api.brief(&second)));
    }
    let other = second.text("id");
    steps.delete(&home, &format!("{DESTINATIONS}/{other}"))?;
    let ids = if other == first { "one id" } else { "two ids" };
    Ok(format!("Yes: {}, with {ids}", second.status))
}

/// The forms of a URL that mean the same, and what each of them tests.
fn forms(prefix: &str) -> [(&'static str, String); 5] {
    let host = format!("{prefix}audit.invalid");
    [
        ("no path", format!("https://{host}")),
        (
            "a host in upper case",
            format!("https://{}/events", host.to_ascii_uppercase()),
        ),
        ("the port 443", format!("https://{host}:443/events")),
        ("a dot segment", format!("https://{host}/a/../events")),
        ("an escaped letter", format!("https://{host}/%65vents?a=%7E")),
    ]
}

fn endpoint_forms(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let home = session.home();
    let mut changed = Vec::new();
    for (what, sent) in forms(&session.prefix) {
        let (id, created) = match session.create(&home, "form", &sent, "json") {
            Ok(created) => created,
            Err(error) => {
                steps.push(format!("{what}: {error}"));
                changed.push(format!("{what} is refused"));
                continue;
            }
        };
        let read = session.api.get(&home, &format!("{DESTINATIONS}/{id}"))?;
        for (method, answer) in [("POST", &created), ("GET", &read)] {
            steps.note(&format!("{method} with {what}"), answer, &["endpoint"]);
        }
        if [&created, &read]
            .iter()
            .any(|answer| answer.text("endpoint") != sent)
        {
            changed.push(format!("{what} is returned as `{}`", read.text("endpoint")));
        }
        session.delete(&home, &id)?;
    }
    if changed.is_empty() {
        Ok("Yes, in each form".to_owned())
    } else {
        Ok(format!("No: {}", changed.join("; ")))
    }
}

fn read_after_write(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let home = session.home();
    let (id, _) = session.create_dead(&home, "written-0")?;
    let path = format!("{DESTINATIONS}/{id}");
    let created = steps.get(&home, &path, &["name"])?;
    let mut stale = usize::from(!created.is_success());
    for number in 1..=WRITES {
        let name = format!("{}written-{number}", session.prefix);
        let body = json!({ "name": name });
        let written = session.api.send(&Method::PATCH, &home, &path, Some(&body))?;
        if !written.is_success() {
            return Err(Stop::Failed(format!(
                "PATCH answers {}",
                session.api.brief(&written)
            )));
        }
        let (read, listed) = (
            session.api.get(&home, &path)?,
            session
                .api
                .get(&home, &format!("{DESTINATIONS}?filter[name][eq]={name}"))?,
        );
        let is_listed = |answer: &Response| answer.body["data"].as_array().is_some_and(|all| all.len() == 1);
        if read.text("name") != name || !is_listed(&listed) {
            stale += 1;
            let current = poll(session.pace.poll, session.pace.known_limit, || {
                let read = session.api.get(&home, &path)?;
                Ok((read.text("name") == name).then_some(()))
            })?;
            let after = current.map_or_else(
                || "never".to_owned(),
                |((), took)| format!("after {:.1} s", took.as_secs_f64()),
            );
            steps.push(format!(
                "write {number}: the read or the list is older; current {after}"
            ));
        }
    }
    session.delete(&home, &id)?;
    Ok(if stale == 0 {
        format!("Yes, after each of {} writes", WRITES + 1)
    } else {
        format!("No: {stale} of {} reads were older", WRITES + 1)
    })
}

/// The names of the fields, without their values. Nothing is changed.
fn webhook_fields(session: &Session<'_>, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let regions = session.all_regions();
    let region = session.claimed.as_ref().or_else(|| regions.first());
    let region = region.ok_or_else(|| Stop::NotTried("the URL serves no region".to_owned()))?;
    let mut paths = vec![("v2", WEBHOOK_V2.to_owned()), ("v3", WEBHOOK.to_owned())];
    let portals = steps.get(region, "/v3/portals?page[size]=1", &[])?;
    match portals.body["data"][0]["id"].as_str() {
        Some(id) => paths.push(("Dev Portal", format!("/v3/portals/{id}/audit-log-webhook"))),
        None => steps.push(format!("{region} has no Dev Portal")),
    }
    let mut answers = Vec::new();
    for (what, path) in paths {
        let answer = session.api.get(region, &path)?;
        let names: BTreeSet<_> = answer
            .body
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        let names: Vec<_> = names.into_iter().collect();
        let names = if answer.is_success() {
            names.join(", ")
        } else {
            session.api.brief(&answer)
        };
        steps.push(format!("GET {region}, {what} -> {}: {names}", answer.status));
        answers.push(format!("{what}: {names}"));
    }
    if answers.len() < 3 {
        answers.push("Dev Portal: there is none".to_owned());
    }
    Ok(answers.join("; "))
}

fn repeated_delete(session: &Session<'_>, had_webhook: bool, steps: &mut Steps<'_>) -> Result<String, Stop> {
    let home = session.home();
    let (id, _) = session.create_dead(&home, "twice")?;
    let path = format!("{DESTINATIONS}/{id}");
    let first = steps.delete(&home, &path)?.status;
    let second = steps.delete(&home, &path)?.status;
    if !had_webhook {
        return Err(no_webhook());
    }
    let region = session.region()?;
    // Only a webhook that was deleted: another user may have set it up since.
    let found = session.api.get(region, WEBHOOK)?;
    if matches!(found.body["audit_log_destination_id"].as_str(), Some(id) if !id.is_empty()) {
        return Err(Stop::NotTried("another user has set up the webhook".to_owned()));
    }
    let webhook = steps.delete(region, WEBHOOK)?;
    Ok(format!(
        "{second} for a destination, after {first}; {} for a webhook",
        webhook.status
    ))
}
