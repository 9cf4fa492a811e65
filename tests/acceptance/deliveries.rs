//! The questions about deliveries. They require an endpoint that Konnect can reach.

use std::thread::sleep;
use std::time::{Duration, Instant};

use konnect_event::{Format, KeySet, parse, verify};
use reqwest::Method;
use serde_json::json;

use crate::api::{DESTINATIONS, JWKS, STATUS, WEBHOOK, poll};
use crate::question::Question;
use crate::receiver::{Delivery, Receiver};
use crate::run::{Book, Steps, Stop};
use crate::session::Session;

/// The statuses of a collector that cannot accept events. Kong documents retries for 500 and 429.
const FAILURES: [u16; 4] = [500, 503, 429, 400];

/// A webhook of the claimed region that delivers to the receiver.
struct Stream<'a> {
    session: &'a Session<'a>,
    receiver: &'a Receiver,
    destination: Option<String>,
}

pub fn ask(receiver: Option<&Receiver>, session: &Session<'_>, book: &mut Book<'_>) {
    let mut stream = receiver.map(|receiver| Stream {
        session,
        receiver,
        destination: None,
    });
    let untried = || {
        let variables = "no endpoint is given by KONNECT_ACC_ENDPOINT and KONNECT_ACC_LISTEN";
        Stop::NotTried(variables.to_owned())
    };
    book.ask(Question::ContentEncoding, |steps| {
        stream.as_mut().ok_or_else(untried)?.content_encoding(steps)
    });
    book.ask(Question::CollectorRetries, |steps| {
        stream.as_ref().ok_or_else(untried)?.retries(steps)
    });
    book.ask(Question::CpsSignature, |steps| {
        stream.as_ref().ok_or_else(untried)?.cps_signature(steps)
    });
    // The end of the session reports it if this fails.
    let _ = session.release_claimed();
}

impl Stream<'_> {
    /// Configures the webhook, and inspects the first delivery.
    fn content_encoding(&mut self, steps: &mut Steps<'_>) -> Result<String, Stop> {
        let (session, region) = (self.session, self.session.region()?);
        let (id, _) = session.create(&session.home(), "deliveries", self.receiver.endpoint(), "json")?;
        let body = json!({ "audit_log_destination_id": id, "enabled": true });
        let set_up = poll(session.pace.poll, session.pace.known_limit, || {
            let answer = session.api.send(&Method::PATCH, region, WEBHOOK, Some(&body))?;
            Ok((answer.status != 404).then_some(answer))
        })?;
        match set_up {
            Some((answer, _)) if answer.is_success() => self.destination = Some(id),
            Some((answer, _)) => {
                let brief = session.api.brief(&answer);
                return Err(Stop::Failed(format!("setting up the webhook answers {brief}")));
            }
            None => {
                return Err(Stop::Failed(
                    "the webhook does not know the destination".to_owned(),
                ));
            }
        }
        steps.push(format!("set up the webhook of {region}, with events as JSON"));
        let began = Instant::now();
        let first = self.next(|_| true)?.ok_or_else(|| {
            let limit = session.pace.delivery_limit.as_secs();
            Stop::Failed(format!("nothing is delivered within {limit} s"))
        })?;
        let authorization = if first.authorization == session.authorization {
            "as configured"
        } else {
            "different from what is configured"
        };
        let lines = first.lines.as_ref().map(Vec::len);
        steps.push(format!(
            "first delivery after {:.1} s: {}, Content-Type `{}`, Content-Encoding `{}`, Authorization {authorization}",
            began.elapsed().as_secs_f64(),
            first.method,
            first.content_type,
            first.content_encoding,
        ));
        steps.push(match lines {
            Some(lines) => format!("its body is gzip, with {lines} line(s)"),
            None => "its body is not gzip".to_owned(),
        });
        Ok(format!("`{}`", first.content_encoding))
    }

    /// Responds to deliveries with each failure until the attempts end.
    fn retries(&self, steps: &mut Steps<'_>) -> Result<String, Stop> {
        self.is_set_up()?;
        let (session, region) = (self.session, self.session.region()?);
        let mut results = Vec::new();
        for status in FAILURES {
            let before = self.receiver.count();
            self.receiver.set_status(status);
            let Some(first) = self.next(|delivery| delivery.status == status)? else {
                results.push(format!("{status}: nothing was delivered"));
                continue;
            };
            self.wait_for_quiet();
            let attempts: Vec<_> = self
                .receiver
                .since(before)
                .into_iter()
                .filter(|d| d.body == first.body)
                .collect();
            let waits = attempts.windows(2).map(|pair| pair[1].at - pair[0].at);
            let waits: Vec<_> = waits.map(|wait| format!("{:.2} s", wait.as_secs_f64())).collect();
            let shown = session.api.get(region, STATUS)?;
            steps.push(format!(
                "answered with {status}: {} attempt(s), waits {}; webhook_status `{}`, last_response_code {}",
                attempts.len(),
                if waits.is_empty() {
                    "none".to_owned()
                } else {
                    waits.join(", ")
                },
                shown.text("webhook_status"),
                shown.body["last_response_code"]
            ));
            results.push(match attempts.len() {
                0 | 1 => format!("{status} is not retried"),
                many => format!("{status} is retried {} times", many - 1),
            });
            self.receiver.set_status(200);
            let before = Instant::now();
            let resumed = self.next(|delivery| delivery.status == 200)?.is_some();
            steps.push(if resumed {
                format!(
                    "answered with 200 again: it delivers after {:.1} s",
                    before.elapsed().as_secs_f64()
                )
            } else {
                results.push("it does not resume".to_owned());
                "answered with 200 again: nothing is delivered".to_owned()
            });
            if !resumed {
                break;
            }
        }
        self.receiver.set_status(200);
        Ok(results.join("; "))
    }

    /// Changes the format to `cps`, and determines which bytes the signature covers.
    fn cps_signature(&self, steps: &mut Steps<'_>) -> Result<String, Stop> {
        self.is_set_up()?;
        let (session, region) = (self.session, self.session.region()?);
        let id = self.destination.as_deref().unwrap_or_default();
        let path = format!("{DESTINATIONS}/{id}");
        let body = json!({ "log_format": "cps" });
        steps.send(
            &Method::PATCH,
            &session.home(),
            &path,
            Some(&body),
            &["log_format"],
        )?;
        let cps = |line: &&String| parse(line).is_ok_and(|event| event.format == Format::Cps);
        let found = self.next(|delivery| delivery.lines.iter().flatten().any(|line| cps(&line)))?;
        let found = found.ok_or_else(|| "no line in the format is delivered".to_owned())?;
        let lines: Vec<_> = found.lines.unwrap_or_default();
        let lines: Vec<_> = lines.iter().filter(cps).collect();
        let keys = session.api.get(region, JWKS)?.body.to_string();
        let keys = KeySet::from_json(&keys).map_err(|error| error.to_string())?;
        // By itself, the inner object is a line in the format `json`.
        let inner = |line: &str| {
            let object = line.trim().split_once(':')?.1.trim().strip_suffix('}')?;
            Some(object.to_owned())
        };
        let is_signed = |line: &str| verify(line, &keys) == Ok(true);
        let by_object = lines
            .iter()
            .filter(|line| inner(line).is_some_and(|object| is_signed(&object)))
            .count();
        let by_either = lines.iter().filter(|line| is_signed(line)).count();
        let signed = lines.iter().filter(|line| verify(line, &keys).is_ok()).count();
        steps.push(format!(
            "{} line(s), {signed} with a signature: {by_object} verify over the inner object, {} over the whole line",
            lines.len(),
            by_either - by_object.min(by_either)
        ));
        Ok(match (signed, by_object, by_either) {
            (0, _, _) => "The lines are not signed",
            (_, 1.., _) => "The inner object",
            (_, 0, 1..) => "The whole line",
            (_, 0, 0) => "Neither the inner object nor the whole line",
        }
        .to_owned())
    }

    fn is_set_up(&self) -> Result<(), Stop> {
        match self.destination {
            Some(_) => Ok(()),
            None => Err(Stop::NotTried("no webhook could be set up for it".to_owned())),
        }
    }

    /// Causes events until a new delivery matches, and returns it.
    fn next(&self, matches: impl Fn(&Delivery) -> bool) -> Result<Option<Delivery>, String> {
        let (session, before) = (self.session, self.receiver.count());
        let region = session.claimed.as_ref().ok_or("no region is used")?;
        // Often enough for a queue that is sent every minute, without many requests.
        let every = session.pace.poll * 10;
        let mut caused: Option<Instant> = None;
        let found = poll(session.pace.poll, session.pace.delivery_limit, || {
            if caused.is_none_or(|caused| caused.elapsed() >= every) {
                session.api.get(region, &format!("{DESTINATIONS}?page[size]=1"))?;
                caused = Some(Instant::now());
            }
            Ok(self.receiver.since(before).into_iter().find(&matches))
        })?;
        Ok(found.map(|(delivery, _)| delivery))
    }

    /// Waits until no further attempts arrive.
    fn wait_for_quiet(&self) {
        let began = Instant::now();
        let longest = self.session.pace.quiet * 6;
        loop {
            let last = self
                .receiver
                .since(0)
                .last()
                .map_or(Duration::MAX, |delivery| delivery.at.elapsed());
            if last > self.session.pace.quiet || began.elapsed() > longest {
                return;
            }
            sleep(self.session.pace.poll);
        }
    }
}
