//! The questions about deliveries. They require an endpoint that Konnect can reach.

use std::cell::OnceCell;
use std::thread::sleep;
use std::time::{Duration, Instant};

use konnect_event::{Format, KeySet, parse, verify};
use serde_json::json;

use crate::api::{DESTINATIONS, JWKS, STATUS};
use crate::receiver::{Delivery, Receiver};
use crate::run::Stop;
use crate::session::Session;

/// The statuses of a collector that cannot accept events. Kong documents retries for 500 and 429.
const FAILURES: [u16; 4] = [500, 503, 429, 400];

/// A webhook of the claimed region that delivers to the receiver.
struct Stream<'a> {
    session: &'a Session<'a>,
    receiver: &'a Receiver,
    /// The destination, when the webhook is set up.
    destination: OnceCell<String>,
}

pub fn ask(receiver: Option<&Receiver>, session: &Session<'_>) {
    let stream = receiver.map(|receiver| Stream {
        session,
        receiver,
        destination: OnceCell::new(),
    });
    let untried = || {
        let variables = "no endpoint is given by KONNECT_ACC_ENDPOINT and KONNECT_ACC_LISTEN";
        Stop::NotTried(variables.to_owned())
    };
    let stream = || stream.as_ref().ok_or_else(untried);
    session.ask("Which `Content-Encoding` does a delivery have?", || {
        stream()?.content_encoding()
    });
    let question = "After which responses of a collector does Konnect retry, and when does it resume?";
    session.ask(question, || stream()?.retries());
    let question = "Which bytes does the signature of a `cps` line cover?";
    session.ask(question, || stream()?.cps_signature());
    // The end of the session reports it if this fails.
    let _ = session.release_claimed();
}

impl Stream<'_> {
    /// Configures the webhook, and inspects the first delivery.
    fn content_encoding(&self) -> Result<String, Stop> {
        let session = self.session;
        session.region()?;
        let (id, _) = session.create(&session.home(), "deliveries", self.receiver.endpoint())?;
        let known = session.connect(&id, true)?;
        known.ok_or_else(|| "the webhook does not know the destination".to_owned())?;
        let _ = self.destination.set(id);
        let began = Instant::now();
        let first = self.next(|_| true)?.ok_or_else(|| {
            let limit = session.pace.delivery_limit.as_secs();
            format!("nothing is delivered within {limit} s")
        })?;
        let is_ours = first.authorization == session.authorization;
        session.note(format!(
            "first delivery after {:.1} s: {}, Content-Type `{}`, Content-Encoding `{}`, Authorization {}",
            began.elapsed().as_secs_f64(),
            first.method,
            first.content_type,
            first.content_encoding,
            if is_ours {
                "as configured"
            } else {
                "different from what is configured"
            }
        ));
        let lines = first.lines.map(|lines| lines.len());
        session.note(match lines {
            Some(lines) => format!("its body is gzip, with {lines} line(s)"),
            None => "its body is not gzip".to_owned(),
        });
        Ok(format!("`{}`", first.content_encoding))
    }

    /// Responds to deliveries with each failure until the attempts end.
    fn retries(&self) -> Result<String, Stop> {
        self.destination()?;
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
            let mut attempts = self.receiver.since(before);
            attempts.retain(|delivery| delivery.body == first.body);
            let waits = attempts.windows(2).map(|pair| pair[1].at - pair[0].at);
            let waits: Vec<_> = waits.map(|wait| format!("{:.2} s", wait.as_secs_f64())).collect();
            session.note(format!(
                "answered with {status}: {} attempt(s), waits: {}",
                attempts.len(),
                waits.join(", ")
            ));
            session.get(region, STATUS)?;
            results.push(match attempts.len() {
                0 | 1 => format!("{status} is not retried"),
                many => format!("{status} is retried {} times", many - 1),
            });
            self.receiver.set_status(200);
            let before = Instant::now();
            if self.next(|delivery| delivery.status == 200)?.is_none() {
                results.push("it does not resume".to_owned());
                break;
            }
            session.note(format!(
                "answered with 200 again: it delivers after {:.1} s",
                before.elapsed().as_secs_f64()
            ));
        }
        self.receiver.set_status(200);
        Ok(results.join("; "))
    }

    /// Changes the format to `cps`, and determines which bytes the signature covers.
    fn cps_signature(&self) -> Result<String, Stop> {
        let path = format!("{DESTINATIONS}/{}", self.destination()?);
        let (session, region) = (self.session, self.session.region()?);
        session.patch(&session.home(), &path, &json!({ "log_format": "cps" }))?;
        let cps = |line: &&String| parse(line).is_ok_and(|event| event.format == Format::Cps);
        let found = self.next(|delivery| delivery.lines.iter().flatten().any(|line| cps(&line)))?;
        let found = found.ok_or_else(|| "no line in the format is delivered".to_owned())?;
        let lines = found.lines.iter().flatten().filter(cps);
        let lines: Vec<_> = lines.map(String::as_str).collect();
        let keys = session.get(region, JWKS)?.body.to_string();
        let keys = KeySet::from_json(&keys).map_err(|error| error.to_string())?;
        // By itself, the inner object is a line in the format `json`.
        let inner = |line: &str| {
            let object = line.trim().split_once(':')?.1.trim().strip_suffix('}')?;
            Some(object.to_owned())
        };
        let is_signed = |line: &str| verify(line, &keys) == Ok(true);
        let count = |is_it: &dyn Fn(&str) -> bool| lines.iter().filter(|line| is_it(line)).count();
        let by_object = count(&|line| inner(line).is_some_and(|object| is_signed(&object)));
        let by_either = count(&is_signed);
        let signed = count(&|line| verify(line, &keys).is_ok());
        session.note(format!(
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

    /// The destination of the webhook, if it is set up.
    fn destination(&self) -> Result<&str, Stop> {
        let none = || Stop::NotTried("no webhook could be set up for it".to_owned());
        self.destination.get().map(String::as_str).ok_or_else(none)
    }

    /// Causes events until a new delivery matches, and returns it.
    fn next(&self, matches: impl Fn(&Delivery) -> bool) -> Result<Option<Delivery>, String> {
        let (session, before) = (self.session, self.receiver.count());
        let region = session.claimed.as_ref().ok_or("no region is used")?;
        // Often enough for a queue that is sent every minute, without many requests.
        let every = session.pace.poll * 10;
        let mut caused: Option<Instant> = None;
        let found = session.poll(session.pace.delivery_limit, || {
            if caused.is_none_or(|caused| caused.elapsed() >= every) {
                session.get(region, &format!("{DESTINATIONS}?page[size]=1"))?;
                caused = Some(Instant::now());
            }
            Ok(self.receiver.since(before).into_iter().find(&matches))
        })?;
        Ok(found.map(|(delivery, _)| delivery))
    }

    /// Waits until no further attempts arrive.
    fn wait_for_quiet(&self) {
        let (began, pace) = (Instant::now(), self.session.pace);
        let quiet_for = || {
            let deliveries = self.receiver.since(0);
            let last = deliveries.last();
            last.map_or(Duration::MAX, |delivery| delivery.at.elapsed())
        };
        while quiet_for() <= pace.quiet && began.elapsed() <= pace.quiet * 6 {
            sleep(pace.poll);
        }
    }
}
