//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use konnect_emulator::{DeliveryOptions, EmulatorOptions, EventKind};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

const EXAMPLES: &str = include_str!("cli/examples.txt");

/// A local Konnect: the audit log API (v2 and v3) of an organization, with deliveries, for tests and for trying things
/// out
///
/// Prints `listening on http://127.0.0.1:PORT` (or https) when it is ready, and serves until SIGINT or SIGTERM.
#[derive(Debug, Parser)]
#[command(
    name = "konnect-emulator",
    version,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// What to do. Default: serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of `serve`, which needs no name.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API (the default)
    Serve(Serve),
    /// Send one request to a running emulator, print status and body, and fail unless the status is 2xx
    ///
    /// For machines without curl. The token and the content type that the API needs are sent along.
    Request(RequestArgs),
    /// Make audit events, which are delivered where a webhook is enabled
    Trigger(Trigger),
}

/// How to serve.
#[derive(Args, Debug)]
pub struct Serve {
    /// Delay every response of the API by MS milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,
    /// Write the certificate of the authority that signs to FILE, for a client to trust: `SSL_CERT_FILE=FILE`
    #[arg(long, value_name = "FILE", requires = "https")]
    pub ca: Option<PathBuf>,
    #[command(flatten)]
    deliveries: DeliveryOptions,
    /// Deliver nothing: events are made and kept, and the status of a webhook stays as it is
    #[arg(long, conflicts_with_all = ["trust", "allow_delivery_to"])]
    no_deliveries: bool,
    // The last field, because its last options have a heading of their own.
    #[command(flatten)]
    options: EmulatorOptions,
}

/// One request.
#[derive(Args, Debug)]
pub struct RequestArgs {
    /// GET, POST and so on
    pub method: Method,
    /// The URL, at http://127.0.0.1:PORT
    #[arg(value_parser = emulator_url)]
    pub url: Url,
    /// A JSON document; quote it
    pub body: Option<String>,
}

/// Which events to make.
#[derive(Args, Debug)]
pub struct Trigger {
    /// The base URL of the emulator, http://127.0.0.1:PORT
    #[arg(long, value_name = "URL", value_parser = emulator_url)]
    url: Url,
    /// The region that has the events
    #[arg(long, value_name = "R")]
    region: String,
    /// The Dev Portal of the region that has the events; portals have authentication events only
    #[arg(long, value_name = "ID")]
    portal: Option<String>,
    /// What happens
    #[arg(long, value_enum, default_value_t)]
    kind: EventKind,
    /// How many, at most 100000
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
}

impl Serve {
    /// The options of the emulator.
    pub fn into_options(self) -> EmulatorOptions {
        EmulatorOptions {
            deliveries: (!self.no_deliveries).then_some(self.deliveries),
            ..self.options
        }
    }
}

impl Trigger {
    /// The URL and the body of the control call that makes the events.
    pub fn control_call(&self) -> (Url, Value) {
        let mut url = self.url.clone();
        url.set_path("/_emulator/commands");
        let stream = json!({ "region": self.region, "portal": self.portal });
        let command =
            json!({ "command": "trigger", "stream": stream, "kind": self.kind, "count": self.count });
        (url, command)
    }
}

/// A URL of an emulator. Another server would not have its control calls.
fn emulator_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
    if url.scheme() == "http" && url.host_str() == Some("127.0.0.1") {
        Ok(url)
    } else {
        Err("it is not the URL of an emulator, http://127.0.0.1:PORT".to_owned())
    }
}
