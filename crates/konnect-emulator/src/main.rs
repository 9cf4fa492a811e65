//! A local Konnect from the command line.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use konnect_emulator::{Emulator, EmulatorOptions};
use lexopt::prelude::*;
use url::Url;

const HELP: &str = "\
A local Konnect: the audit log API (v2 and v3) of an organisation, for tests and for trying things out.

Usage: konnect-emulator [--port N] [--state FILE] [--latency MS] [--clock SECONDS] [--https KIND --ca FILE]
       konnect-emulator --request METHOD URL [BODY]

  --port N       listen on 127.0.0.1:N; 0 for any free port (default: 8080)
  --state FILE   keep the state in FILE, secrets included, so that it survives a restart
  --latency MS   hold every answer of the API back for MS milliseconds
  --clock SECONDS
                 run SECONDS ahead of this machine's clock, or behind if negative
  --https KIND   serve HTTPS with a certificate that is made at the start: valid, unknown-authority, expired or
                 other-name (the last three are what a client has to refuse)
  --ca FILE      write the certificate of the authority that signs to FILE, for a client to trust: SSL_CERT_FILE=FILE
  --request METHOD URL [BODY]
                 serve nothing; send one request to a running emulator, print the status and the body of its
                 answer, and fail unless the status is 2xx. For machines without curl. The URL's host must be
                 127.0.0.1; the token and the content type that the API asks for are sent along
  --help         print this text
  --version      print the version

It prints one line, `listening on http://127.0.0.1:PORT` (or https), when it is ready, and serves until SIGINT or SIGTERM.

Point the provider at it (any token that begins with kpat_ or spat_ will do):

  export KONNECT_SERVER_URL='http://127.0.0.1:8080/{region}'
  export KONNECT_TOKEN=kpat_anything

Ask it yourself:

  curl -H 'Authorization: Bearer kpat_x' http://127.0.0.1:8080/global/v3/audit-log-destinations

See and change what no client can, without a token:

  curl http://127.0.0.1:8080/_emulator/state                 # everything stored, secrets included
  curl http://127.0.0.1:8080/_emulator/requests              # what clients sent; DELETE empties the log
  curl -X PATCH http://127.0.0.1:8080/_emulator/global/destinations/ID -d '{\"name\": \"drifted\"}'
  curl -X DELETE http://127.0.0.1:8080/_emulator/global/destinations/ID
  curl -X PATCH http://127.0.0.1:8080/_emulator/eu/webhook -d '{\"enabled\": false}'
  curl -X DELETE http://127.0.0.1:8080/_emulator/eu/webhook
  curl http://127.0.0.1:8080/_emulator/eu/deliveries -d '{\"code\": 401, \"message\": \"Unauthenticated\"}'
  curl http://127.0.0.1:8080/_emulator/global/destinations -d '{\"count\": 1000}'       # add some
  curl http://127.0.0.1:8080/_emulator/connections           # how many were accepted, are open, were at most
  curl -X POST http://127.0.0.1:8080/_emulator/reset         # forget everything

Make things go wrong: `times` requests (default 1, null for all) that match `method`, `path` (a part),
`path_end` and `region`, after the first `skip` of them. GET lists the rules, DELETE removes them.

  curl http://127.0.0.1:8080/_emulator/faults -d '{\"method\": \"POST\", \"times\": 2,
       \"fault\": {\"kind\": \"status\", \"code\": 503, \"headers\": {\"retry-after\": \"0\"}}}'

  kinds: status {code, headers, body, content_type}   drop_before          drop_after
         body {status, headers, body, handle}         truncate             truncate_header
         delay {ms}   drip {interval_ms}              huge {bytes}         malformed
         clock_skew {seconds}         headers {headers}       echo {status}
         hold {handle}: until the rules are removed

Make it slow, limited and unreliable as a whole; null or a missing field switches a condition off again:

  curl -X PUT http://127.0.0.1:8080/_emulator/conditions -d '{\"latency_ms\": 50,
       \"rate_limit\": {\"per_second\": 100, \"burst\": 50},
       \"random_faults\": {\"seed\": 1, \"percent\": 5, \"faults\": [{\"kind\": \"drop_after\"}]}}'

To see that nobody follows a redirect, let it lead to a second emulator (status 301 to 308 with the header `location`):
its log of requests has to stay empty. For a refused connection, stop the emulator, or use a port without one.
";

const DEFAULT_PORT: u16 = 8080;

/// One request to an emulator.
struct Question {
    method: reqwest::Method,
    url: Url,
    body: Option<String>,
}

/// What the command line asks for.
enum Task {
    Help,
    Version,
    Ask(Question),
    Serve(EmulatorOptions, Option<PathBuf>),
}

fn main() -> ExitCode {
    let task = match task() {
        Ok(task) => task,
        Err(error) => {
            eprintln!("konnect-emulator: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    let outcome = match task {
        Task::Help => say(HELP),
        Task::Version => say(concat!("konnect-emulator ", env!("CARGO_PKG_VERSION"), "\n")),
        Task::Ask(question) => ask(&question),
        Task::Serve(options, ca) => serve(options, ca.as_deref()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("konnect-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn task() -> Result<Task, lexopt::Error> {
    let mut options = EmulatorOptions {
        port: DEFAULT_PORT,
        ..EmulatorOptions::default()
    };
    let mut ca = None;
    let mut flags = lexopt::Parser::from_env();
    while let Some(flag) = flags.next()? {
        match flag {
            Long("port") => options.port = flags.value()?.parse()?,
            Long("state") => options.state_file = Some(PathBuf::from(flags.value()?)),
            Long("latency") => options.latency = Duration::from_millis(flags.value()?.parse()?),
            Long("clock") => options.clock_offset_seconds = flags.value()?.parse()?,
            Long("https") => options.certificate = Some(flags.value()?.parse()?),
            Long("ca") => ca = Some(PathBuf::from(flags.value()?)),
            Long("request") => return Ok(Task::Ask(question(flags.values()?)?)),
            Long("help") | Short('h') => return Ok(Task::Help),
            Long("version") | Short('V') => return Ok(Task::Version),
            _ => return Err(flag.unexpected()),
        }
    }
    if ca.is_some() && options.certificate.is_none() {
        return Err("--ca is of use with --https only".into());
    }
    Ok(Task::Serve(options, ca))
}

/// What follows `--request`. A further argument is an error, so that a body that the shell has split does not go
/// out in part.
fn question(mut values: impl Iterator<Item = OsString>) -> Result<Question, lexopt::Error> {
    let mut next = || values.next().map(ValueExt::string).transpose();
    let (Some(method), Some(url)) = (next()?, next()?) else {
        return Err("--request needs a METHOD and a URL".into());
    };
    let body = next()?;
    if values.next().is_some() {
        return Err("--request takes a METHOD, a URL and one BODY: quote the body".into());
    }
    let url = Url::parse(&url).map_err(|error| format!("{url:?} is no URL: {error}"))?;
    // The answer of anything else would be none of an emulator's.
    if url.scheme() != "http" || url.host_str() != Some("127.0.0.1") {
        return Err("--request speaks to an emulator only, at http://127.0.0.1:PORT".into());
    }
    let method = method
        .parse()
        .map_err(|_| format!("{method:?} is no HTTP method"))?;
    Ok(Question { method, url, body })
}

fn ask(question: &Question) -> io::Result<()> {
    let answered = runtime()?.block_on(async {
        // No proxy and no certificates: the request stays on this machine.
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
        let mut request = client
            .request(question.method.clone(), question.url.clone())
            .bearer_auth("kpat_emulator");
        if let Some(body) = &question.body {
            request = request
                .header("Content-Type", "application/json")
                .body(body.clone());
        }
        let answer = request.send().await?;
        Ok::<_, reqwest::Error>((answer.status(), answer.text().await?))
    });
    let (status, body) = answered.map_err(io::Error::other)?;
    say(format!("{status}\n{body}").trim_end())?;
    say("\n")?;
    if status.is_success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("the emulator answered {status}")))
    }
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn serve(options: EmulatorOptions, ca: Option<&Path>) -> io::Result<()> {
    runtime()?.block_on(async {
        let port = options.port;
        let emulator = Emulator::start(options)
            .await
            .map_err(|error| match error.kind() {
                io::ErrorKind::AddrInUse => io::Error::new(
                    error.kind(),
                    format!("port {port} is in use; choose another with --port"),
                ),
                _ => error,
            })?;
        if let (Some(file), Some(pem)) = (ca, emulator.authority()) {
            std::fs::write(file, pem)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
        }
        // Before the line that says we are ready: whoever waits for it may signal at once.
        let signalled = signals()?;
        say(&format!("listening on {}\n", emulator.url()))?;
        signalled.await;
        emulator.stop().await;
        Ok(())
    })
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the signature that unix has")]
fn signals() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // An error means that no signal can arrive: then only the end of the process stops us.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
