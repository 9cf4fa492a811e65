//! The command line of the receiver.
#![forbid(unsafe_code)]

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use konnect_audit_receiver::{
    DEFAULT_MAX_BODY_BYTES, Filter, Options, Receiver, StatusCode, Style, Tls, load_keys,
};

/// The variable of the expected credential. It is not a command line argument, because other users can read these.
const AUTHORIZATION: &str = "KONNECT_RECEIVER_AUTHORIZATION";

/// Receives the audit events that Kong Konnect delivers, verifies and shows them.
///
/// The first line printed is `listening on URL`. Any path is accepted. The response to a delivery is 202, or 401, 405,
/// 413 or 415 if something is wrong with it.
///
/// `KONNECT_RECEIVER_AUTHORIZATION` holds the Authorization header that every delivery must have, with its scheme. If it is
/// not set, any header is accepted.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen. Port 0 lets the system choose one
    #[arg(long, value_name = "HOST:PORT")]
    listen: String,

    /// Listen with HTTPS, with a certificate made now, and write the certificate of its authority to this file.
    /// Without --ca and --cert, listen with plain HTTP, for a tunnel that ends HTTPS
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Listen with HTTPS, with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "ca")]
    cert: Option<PathBuf>,

    /// The private key of --cert (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Verify every signature with the keys of this JWKS document, which is read at the start. HTTP is for loopback
    /// addresses only
    #[arg(long, value_name = "URL|FILE")]
    jwks: Option<String>,

    /// Show each event as a JSON object on a line
    #[arg(long)]
    json: bool,

    /// Append the raw lines to this file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Show, store and count only events that meet all of these conditions, separated by commas, such as
    /// kind=authorization,granted!=true. Each is a name (kind, format, timestamp, vendor, product, version,
    /// `event_class_id`, name, severity, or any field of the event), = or !=, and a value. A * at the end of a value
    /// stands for any text
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: Filter,

    /// Exit with 0 once this many events have arrived (verified ones, with --jwks), or with 1 at the timeout
    #[arg(long, value_name = "N", requires = "timeout", value_parser = clap::value_parser!(u64).range(1..))]
    expect: Option<u64>,

    /// How many seconds to wait for the events of --expect
    #[arg(long, value_name = "S", requires = "expect", value_parser = seconds)]
    timeout: Option<Duration>,

    /// Return this status code (200 to 599), as a broken SIEM does. Events are dropped unless it is 2xx
    #[arg(long, value_name = "CODE", default_value_t = 202, value_parser = clap::value_parser!(u16).range(200..=599))]
    respond: u16,

    /// The largest body, as it is sent, and again once it is decompressed
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_BODY_BYTES)]
    max_body_bytes: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(run(arguments))) {
        Ok(code) => code,
        Err(error) => {
            report(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<ExitCode> {
    let expected = arguments.expect.zip(arguments.timeout);
    let options = options(arguments).await?;
    if options.authorization.is_none() {
        report(&format!(
            "{AUTHORIZATION} is not set: any Authorization header is accepted"
        ));
    }
    let is_plain = options.tls == Tls::Off;
    let receiver = Receiver::start(options).await?;
    if is_plain && !receiver.address().ip().is_loopback() {
        report(
            "plain HTTP on an address of the network: others on the network can read the credential and the events",
        );
    }
    // Installs the handlers before it reports readiness: a waiting process may then send a signal immediately.
    let signalled = signals()?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", receiver.url())?;
    stdout.flush()?;

    let arrived = async {
        match expected {
            Some((count, within)) => receiver.wait_for(count, within).await,
            None => std::future::pending().await,
        }
    };
    let code = tokio::select! {
        arrived = arrived => match arrived {
            Ok(_) => ExitCode::SUCCESS,
            Err(missed) => {
                report(&format!("error: {missed}"));
                ExitCode::FAILURE
            }
        },
        () = signalled => match expected {
            None => ExitCode::SUCCESS,
            Some((count, _)) => {
                report(&format!("error: interrupted before {count} events arrived"));
                ExitCode::FAILURE
            }
        },
        kind = receiver.display_failed() => match (kind, expected) {
            // The reader has ended, for instance `head`.
            (io::ErrorKind::BrokenPipe, None) => ExitCode::SUCCESS,
            (kind, _) => {
                report(&format!("error: events cannot be shown: {kind}"));
                ExitCode::FAILURE
            }
        },
    };
    let counts = receiver.stop().await;
    report(&format!(
        "{} events: {} verified, {} unsigned, {} with a bad signature, {} unchecked; {} unreadable lines; {} deliveries \
         accepted, {} refused",
        counts.events,
        counts.verified,
        counts.unsigned,
        counts.bad,
        counts.unchecked,
        counts.unreadable,
        counts.deliveries,
        counts.refused,
    ));
    Ok(code)
}

async fn options(arguments: Arguments) -> io::Result<Options> {
    let mut options = Options::new(arguments.listen);
    options.tls = match (arguments.ca, arguments.cert, arguments.key) {
        (None, Some(cert), Some(key)) => Tls::Files { cert, key },
        (Some(ca), ..) => Tls::SelfMade { ca: Some(ca) },
        _ => Tls::Off,
    };
    options.authorization = match env::var(AUTHORIZATION) {
        Ok(authorization) => Some(authorization),
        Err(env::VarError::NotPresent) => None,
        // Omits the error, which quotes the value.
        Err(env::VarError::NotUnicode(_)) => {
            return Err(io::Error::other(format!("{AUTHORIZATION} is not UTF-8")));
        }
    };
    options.status = StatusCode::from_u16(arguments.respond).map_err(io::Error::other)?;
    if let Some(source) = &arguments.jwks {
        let keys = load_keys(source).await?;
        if keys.has_private_key() {
            report(
                "the key set has a private key (a member \"d\"): whoever reads it can sign events. Use a document with \
                 public keys only",
            );
        }
        options.keys = Some(keys);
    }
    options.filter = arguments.filter;
    options.output = arguments.output;
    options.max_body_bytes = arguments.max_body_bytes;
    options.style = if arguments.json {
        Style::Json
    } else {
        Style::Text { color: has_color() }
    };
    options.display = Box::new(io::stdout());
    options.log = Box::new(io::stderr());
    Ok(options)
}

/// Whether output goes to a terminal and the user has not disabled color (no-color.org).
fn has_color() -> bool {
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !no_color && !dumb
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "not a number of seconds above 0".to_owned())
}

fn report(text: &str) {
    // A failed write of a report cannot be reported.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Waits for an interrupt, or for the end of the session.
fn signals() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let (mut interrupt, mut terminate) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    #[cfg(windows)]
    let (mut interrupt, mut terminate) = {
        use tokio::signal::windows::{ctrl_break, ctrl_c};
        (ctrl_c()?, ctrl_break()?)
    };
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
