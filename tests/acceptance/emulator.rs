//! The same run against the emulator, in the normal test suite.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use konnect::{Region, ServerUrl};
use konnect_emulator::{Behavior, DeliveryOptions, EmulatorOptions};
use serde_json::{Value, json};

use crate::api::{Api, WEBHOOK};
use crate::receiver::Receiver;
use crate::run::{Conclusion, Pace, Report, Target, run};
use crate::session::Session;
use crate::workspace::assert_no_secret;
use crate::workspace::konnect::LocalKonnect;

const TOKEN: &str = "kpat_aCc3pT4nCe-xY7";
const AUTHORIZATION: &str = "Bearer aCc3pT-oQ5";
const ENDPOINT_OF_ANOTHER: &str = "https://siem.example.com/of-another-user";

/// The emulator's waits are a fiftieth of the real ones.
const SCALE: f64 = 0.02;
const PACE: Pace = Pace {
    poll: Duration::from_millis(50),
    limit: Duration::from_secs(20),
    delivery_limit: Duration::from_secs(20),
    quiet: Duration::from_secs(1),
};

fn server_url(konnect: &LocalKonnect) -> ServerUrl {
    ServerUrl::parse(&format!("{}/{{region}}", konnect.url())).unwrap()
}

fn api(konnect: &LocalKonnect) -> Api {
    Api::new(server_url(konnect), TOKEN, &[AUTHORIZATION]).unwrap()
}

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

/// A webhook that another user has configured.
fn configure(konnect: &LocalKonnect, region: &str) {
    let webhook = json!({
        "endpoint": ENDPOINT_OF_ANOTHER,
        "authorization": "Bearer of another user",
        "enabled": true,
    });
    konnect.edit_webhook(region, webhook).unwrap();
}

/// The names of all destinations.
fn names(konnect: &LocalKonnect) -> Vec<String> {
    let all = konnect.destinations().into_iter();
    all.map(|destination| destination["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Asserts that no request has changed the webhook or the replay job of a region.
fn is_untouched(konnect: &LocalKonnect, region: &str) {
    let changed = konnect.requests_of(region).into_iter().find(|request| {
        request.method != "GET" && (request.path.contains("webhook") || request.path.contains("replay"))
    });
    assert_eq!(changed, None);
}

/// Runs against an emulator.
fn report(konnect: &LocalKonnect, name: &'static str, receiver: Option<Receiver>) -> Report {
    let report = run(&Target {
        name,
        about: "The emulator of this project. It shows that the test works, and nothing about Konnect.",
        server_url: server_url(konnect),
        token: TOKEN.to_owned(),
        role: Some("none: the emulator has no permissions".to_owned()),
        pace: PACE,
        receiver,
    });
    let report = report.unwrap();
    println!("report: {}", report.write().unwrap().display());
    assert!(report.is_success, "{}", report.page);
    assert!(!report.page.contains(ENDPOINT_OF_ANOTHER), "{}", report.page);
    report
}

#[test]
fn acceptance_against_emulator_answers_every_question() {
    let (receiver, certificate) = Receiver::local();
    let trusted = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&trusted, certificate).unwrap();
    let konnect = LocalKonnect::with(EmulatorOptions {
        deliveries: Some(DeliveryOptions {
            trusted_authorities: Some(trusted.path().to_owned()),
            ..DeliveryOptions::default()
        }),
        time_scale: SCALE,
        behavior: Behavior {
            in_use_lag_ms: 300,
            new_destination_lag_ms: 300,
            ..Behavior::default()
        },
        ..EmulatorOptions::default()
    });
    configure(&konnect, "us");
    let others = konnect.add_destinations("global", 3).unwrap().len();
    konnect.add_portal("eu", "developers").unwrap();
    // Failing deliveries continue.
    let webhook = || {
        let mut webhook = konnect.region("us")["webhook"].clone();
        webhook.as_object_mut().unwrap().remove("last_attempt");
        webhook
    };
    let before = webhook();
    let report = report(&konnect, "emulator", Some(receiver));
    answers_every_question(&report);
    let text = &report.page;

    // No object of this run remains, and objects of other users are unchanged.
    assert_eq!(names(&konnect).len(), others, "{text}");
    is_untouched(&konnect, "us");
    assert_eq!(webhook(), before);
    let untouched = "`us`: not touched, since its webhook is configured";
    assert!(text.contains(untouched) && text.contains("`eu`: used"), "{text}");
    assert_eq!(konnect.region("eu")["webhook"]["enabled"], false);
    let authorization = konnect.requests().into_iter().find_map(|request| {
        let body: Value = serde_json::from_str(&request.body).ok()?;
        Some(body["authorization"].as_str()?.to_owned())
    });
    let secrets = [TOKEN, &authorization.unwrap()];
    assert_no_secret(text, "the report", &secrets);
}

/// How the answers begin, in the order of the questions, where they do not depend on time.
const ANSWERS: [&str; 21] = [
    "Yes: a destination on global and the webhook of eu",
    "No: the same keys in us, eu",
    "It is accepted with 202, and is failed after ",
    "It begins as `0001-01-01T00:00:00Z`, does not move between two reads, moves",
    "Yes: eu shows what global created",
    "Yes, after ",
    "Asked for nothing gives pages of 10; 1 gives pages of 1; 100 gives all 15",
    "Yes: 201, with two ids",
    "Yes, in each form",
    "Yes, after each of 11 writes",
    "0.",
    "v2: ",
    "It answers 200 in v2, 404 in v3, and 200 for the status",
    "409 for 0.",
    "200 with the destination id \"\"; its status is `unconfigured`",
    "404 for a destination, after 204; 204 for a webhook",
    "`gzip`",
    "500 is retried 4 times; 503 is retried 4 times; 429 is retried 4 times; 400",
    "The inner object",
    "Yes: ",
    "Yes: none of ",
];

fn answers_every_question(report: &Report) {
    let text = &report.page;
    assert_eq!(report.entries.len(), ANSWERS.len());
    for (entry, beginning) in report.entries.iter().zip(ANSWERS) {
        assert!(text.contains(entry.question), "{entry:?} is not in the report");
        let answered = |answer: &String| answer.starts_with(beginning);
        assert!(
            matches!(&entry.conclusion, Conclusion::Answered(answer) if answered(answer)),
            "{beginning}: {entry:#?}\n{text}"
        );
    }
}

#[test]
fn acceptance_no_free_region_touches_no_webhook() {
    let konnect = LocalKonnect::with(EmulatorOptions::default());
    for region in Region::KNOWN {
        configure(&konnect, region);
    }
    let report = report(&konnect, "emulator-full", None);
    let conclusion = |part: &str| {
        let mut entries = report.entries.iter();
        let entry = entries.find(|entry| entry.question.contains(part));
        &entry.unwrap_or_else(|| panic!("{part}")).conclusion
    };
    for question in [
        "replay without an enabled webhook",
        "until a region knows a destination",
        "a destination in use",
        "a deleted webhook",
        "a repeated `DELETE`",
        "`Content-Encoding`",
    ] {
        let conclusion = conclusion(question);
        let untried = matches!(conclusion, Conclusion::NotTried(_));
        assert!(untried, "{question}: {conclusion:?}");
    }
    assert_eq!(names(&konnect), [""; 0]);
    for region in Region::KNOWN {
        is_untouched(&konnect, region);
    }
}

/// A session with a webhook and its destination.
fn set_up(session: &Session<'_>) {
    let (id, _) = session.create_dead(&Region::global(), "panic").unwrap();
    session.create_dead(&region("eu"), "panic").unwrap();
    let body = json!({ "audit_log_destination_id": id, "enabled": false });
    let claimed = session.claimed.as_ref().unwrap();
    session.patch(claimed, WEBHOOK, &body).unwrap();
}

#[test]
fn session_panic_removes_its_objects() {
    let konnect = LocalKonnect::with(EmulatorOptions::default());
    let api = api(&konnect);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let session = Session::open(&api, PACE, AUTHORIZATION);
        set_up(&session);
        assert_eq!(names(&konnect).len(), 2);
        panic!("on purpose: what was made is to be removed");
    }));
    assert!(panicked.is_err());
    assert_eq!(names(&konnect), [""; 0]);
    let webhook = api.get(&region("us"), WEBHOOK).unwrap();
    assert_eq!(webhook.text("audit_log_destination_id"), "");
}

/// Makes all destinations older.
fn age(konnect: &LocalKonnect, by: Duration) {
    let created = humantime::format_rfc3339_seconds(SystemTime::now() - by).to_string();
    for host in ["global", "eu"] {
        let destinations = konnect.region(host)["destinations"].take();
        for id in destinations.as_object().unwrap().keys() {
            konnect
                .edit_destination(host, id, json!({ "created_at": created }))
                .unwrap();
        }
    }
}

#[test]
fn session_old_objects_of_a_killed_run_are_removed() {
    let konnect = LocalKonnect::with(EmulatorOptions::default());
    konnect.set_behavior(Behavior {
        separate_destinations: true,
        ..Behavior::default()
    });
    let api = api(&konnect);
    let killed = Session::open(&api, PACE, AUTHORIZATION);
    set_up(&killed);
    // Simulates a kill: nothing is cleaned up.
    std::mem::forget(killed);
    age(&konnect, Duration::from_secs(3700));

    let next = Session::open(&api, PACE, AUTHORIZATION);
    assert_eq!(names(&konnect), [""; 0]);
    let found = next.claimed.as_ref().map(Region::as_str);
    assert_eq!(found, Some("us"), "the webhook is free again");
    let removed = next
        .regions
        .iter()
        .filter(|(_, what)| what.contains("an earlier run left"));
    assert_eq!(removed.count(), 3, "{:?}", next.regions);
}

#[test]
fn session_objects_of_other_users_and_running_runs_are_kept() {
    let konnect = LocalKonnect::with(EmulatorOptions::default());
    let api = api(&konnect);
    let running = Session::open(&api, PACE, AUTHORIZATION);
    set_up(&running);
    let others = konnect.add_destinations("global", 3).unwrap();
    let similar = [
        "tfacc-audit-of-another-user",
        "tfacc-audit-01234567",
        "my-tfacc-audit-01234567-x",
    ];
    for (id, name) in others.iter().zip(similar) {
        let edit = json!({ "name": name, "created_at": "2020-01-01T00:00:00Z" });
        konnect.edit_destination("global", id, edit).unwrap();
    }

    let mut before = names(&konnect);
    let second = Session::open(&api, PACE, AUTHORIZATION);
    let found = second.claimed.as_ref().map(Region::as_str);
    assert_eq!(found, Some("eu"), "us is in use");
    assert_eq!(second.clean_up(), [""; 0]);
    let mut after = names(&konnect);
    before.sort();
    after.sort();
    assert_eq!(after, before);
    let webhook = api.get(&region("us"), WEBHOOK).unwrap();
    assert_ne!(webhook.text("audit_log_destination_id"), "");
}
