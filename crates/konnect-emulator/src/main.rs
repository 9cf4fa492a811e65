//! A local Konnect from the command line.

mod cli;

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command, RequestArgs, Serve, Trigger};
use konnect_emulator::{Conditions, Emulator};
use reqwest::{Method, StatusCode};
use url::Url;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(arguments) => serve(arguments),
        Command::Request(arguments) => request(&arguments),
        Command::Trigger(arguments) => trigger(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("konnect-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Serve) -> io::Result<()> {
    let ca = arguments.ca.clone();
    let conditions = Conditions {
        latency_ms: arguments.latency,
        ..Conditions::default()
    };
    let options = arguments.into_options();
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
        emulator.set_conditions(conditions).map_err(io::Error::other)?;
        if let (Some(file), Some(pem)) = (ca, emulator.authority()) {
            fs::write(&file, pem)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
        }
        // Installs the handlers before it reports readiness: a waiting process may then send a signal immediately.
        let signalled = signals()?;
        print(&format!("listening on {}\n", emulator.url()))?;
        signalled.await;
        emulator.stop().await;
        Ok(())
    })
}

fn request(arguments: &RequestArgs) -> io::Result<()> {
    let (status, body) = send(&arguments.method, &arguments.url, arguments.body.clone())?;
    print(format!("{status}\n{body}").trim_end())?;
    print("\n")?;
    succeeded(status)
}

fn trigger(arguments: &Trigger) -> io::Result<()> {
    let (url, command) = arguments.control_call();
    let (status, text) = send(&Method::POST, &url, Some(command.to_string()))?;
    if !status.is_success() {
        print(text.trim_end())?;
        print("\n")?;
    }
    succeeded(status)
}

fn succeeded(status: StatusCode) -> io::Result<()> {
    if status.is_success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("the emulator returned {status}")))
    }
}

fn send(method: &Method, url: &Url, body: Option<String>) -> io::Result<(StatusCode, String)> {
    let response = runtime()?.block_on(async {
        // No proxy and no certificates: the request stays on this machine.
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
        let mut request = client
            .request(method.clone(), url.clone())
            .bearer_auth("kpat_emulator");
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let response = request.send().await?;
        Ok::<_, reqwest::Error>((response.status(), response.text().await?))
    });
    response.map_err(io::Error::other)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
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
