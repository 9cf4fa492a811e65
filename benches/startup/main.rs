//! The start of a provider: size, time to the handshake line, first response and memory.
//!
//! `cargo bench --features bench --bench startup` starts the built provider many times as Terraform does, with the
//! magic cookie and a fresh client certificate, and in turn with it an empty Rust program that prints a line, which
//! is as fast as a start can be here, and the providers that `--kong` and `--peer` name. Then it connects, asks for
//! the schema, and reads how much memory the process holds (Linux only).

#[cfg(unix)]
mod connection;
#[path = "../figures/mod.rs"]
mod figures;
#[cfg(unix)]
mod process;

#[cfg(unix)]
fn main() -> figures::Result<()> {
    use clap::Parser as _;
    use figures::{BEFORE, Options, Peer};

    let options = Options::parse();
    let named = [
        ("this provider", Some(options.ours)),
        (BEFORE, options.before),
        ("kong/konnect", options.kong),
    ];
    let named = named.into_iter().filter_map(|(name, program)| {
        let name = name.to_owned();
        program.map(|program| Peer { name, program })
    });
    run::run(&named.chain(options.peers).collect::<Vec<_>>())
}

#[cfg(not(unix))]
fn main() {
    println!("This benchmark connects to a Unix socket, which there is none of here.");
}

#[cfg(unix)]
mod run {
    use std::process::Command;
    use std::time::Instant;

    use terraform_plugin::testing::Identity;

    use super::connection::Connection;
    use super::figures::{Peer, Result, Sample, Table, mebibytes, milliseconds};
    use super::process::{ended_processes_used, resident, to_first_line};

    const LINE: &str = env!("CARGO_BIN_EXE_bench-line");
    const COOKIE: (&str, &str) = (
        "TF_PLUGIN_MAGIC_COOKIE",
        "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    );
    const STARTS: usize = 100;
    const CALLS: usize = 20;

    /// The measurements of one program.
    #[derive(Default)]
    struct Measured {
        size: f64,
        line: Sample,
        connecting: Sample,
        response: Sample,
        used: Sample,
        memory: Sample,
        schema: usize,
    }

    pub(super) fn run(providers: &[Peer]) -> Result<()> {
        let identity = Identity::new();
        // A killed process does not remove its socket.
        let sockets = tempfile::tempdir()?;
        let command = |provider: &Peer| {
            let mut command = Command::new(&provider.program);
            command
                .env(COOKIE.0, COOKIE.1)
                .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
                .env("PLUGIN_CLIENT_CERT", &identity.pem)
                .env("PLUGIN_UNIX_SOCKET_DIR", sockets.path());
            // Disables logs, which would affect the measurement.
            for variable in ["TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_KONNECT"] {
                command.env_remove(variable);
            }
            command
        };

        let mut floor = Measured {
            size: size(LINE.as_ref())?,
            ..Measured::default()
        };
        let mut measured = Vec::new();
        for provider in providers {
            measured.push(Measured {
                size: size(&provider.program)?,
                ..Measured::default()
            });
        }
        for _ in 0..STARTS {
            floor
                .line
                .push(milliseconds(to_first_line(&mut Command::new(LINE))?.1));
            for (provider, measured) in providers.iter().zip(&mut measured) {
                measured
                    .line
                    .push(milliseconds(to_first_line(&mut command(provider))?.1));
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        for _ in 0..CALLS {
            let before = ended_processes_used()?;
            drop(to_first_line(&mut Command::new(LINE))?);
            floor
                .used
                .push(milliseconds(ended_processes_used()?.saturating_sub(before)));
            for (provider, measured) in providers.iter().zip(&mut measured) {
                let before = ended_processes_used()?;
                let (running, _) = to_first_line(&mut command(provider))?;
                runtime.block_on(async {
                    let begun = Instant::now();
                    let mut connection = Connection::open(&running.line, &identity).await?;
                    measured.connecting.push(milliseconds(begun.elapsed()));
                    let begun = Instant::now();
                    measured.schema = connection.schema().await?;
                    measured.response.push(milliseconds(begun.elapsed()));
                    Result::Ok(())
                })?;
                if let Some(resident) = resident(running.id()) {
                    measured.memory.push(mebibytes(resident));
                }
                drop(running);
                measured
                    .used
                    .push(milliseconds(ended_processes_used()?.saturating_sub(before)));
            }
        }
        report(providers, &floor, &measured);
        Ok(())
    }

    fn report(providers: &[Peer], floor: &Measured, measured: &[Measured]) {
        println!(
            "\nMedians and quartiles of {STARTS} starts, and of {CALLS} with a connection and the schema, in turn.\n"
        );
        let names = providers.iter().map(|provider| provider.name.as_str());
        let mut table = Table::new(["What", "target", "empty Rust program"].into_iter().chain(names));
        let mut row = |what: &str, target: &str, cell: &dyn Fn(&Measured) -> Option<String>| {
            let cells = std::iter::once(floor).chain(measured);
            let cells = cells.map(|measured| cell(measured).unwrap_or_else(|| "-".to_owned()));
            table.row([what.to_owned(), target.to_owned()].into_iter().chain(cells));
        };
        row("Size of the binary", "6.5 MB", &|m| {
            Some(format!("{:.2} MB", m.size))
        });
        row("Spawn to the handshake line", "4 ms", &|m| {
            Some(m.line.format("ms", 2))
        });
        row("The same over the empty program, medians", "3 ms", &|m| {
            Some(format!("{:.2} ms", m.line.median() - floor.line.median()))
        });
        row("Connecting: TLS and HTTP/2", "", &|m| timed(&m.connecting));
        row("First `GetProviderSchema` response", "1 ms", &|m| {
            timed(&m.response)
        });
        row("Size of that response", "", &|m| {
            (m.schema > 0).then(|| format!("{} bytes", m.schema))
        });
        row("Processor time of one start with schema", "10 ms", &|m| {
            timed(&m.used)
        });
        row("Resident memory after the schema", "7 MB", &|m| {
            (m.memory.len() > 0).then(|| m.memory.format("MiB", 1))
        });
        table.print();
    }

    fn timed(sample: &Sample) -> Option<String> {
        (sample.len() > 0).then(|| sample.format("ms", 2))
    }

    /// The size in millions of bytes.
    fn size(program: &std::path::Path) -> Result<f64> {
        let kilobytes = u32::try_from(std::fs::metadata(program)?.len() / 1000)?;
        Ok(f64::from(kilobytes) / 1e3)
    }
}
