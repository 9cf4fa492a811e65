//! The acceptance test of the provider and the API of an organization, with the real CLI and plain requests. Its report
//! answers questions that Konnect's documentation leaves open.
//!
//! ```shell
//! TF_ACC=1 KONNECT_TOKEN=kpat_... cargo test --test acceptance -- --ignored
//! ```
//!
//! runs it against the real Konnect. Other runs ignore that test. The same code runs against the emulator in each run of
//! the tests. `tests/README.md` lists the variables.
//!
//! | Concept | Where |
//! |---|---|
//! | what is asked, one function for each question | [`probes`], [`forms`], [`lifecycle`], [`deliveries`] |
//! | what may be touched, and clean-up | [`session`] |
//! | plain requests, with a record of what was answered | [`api`] |
//! | the receiver that Konnect delivers to | [`receiver`] |
//! | the order of the questions, and the report | [`run`] |

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this crate is tests, the functions that they share included"
)]

mod api;
mod deliveries;
mod emulator;
mod forms;
mod lifecycle;
mod probes;
mod receiver;
mod run;
mod session;
#[path = "../terraform/workspace/mod.rs"]
#[allow(dead_code, unused_imports, reason = "tests/terraform uses the rest of it")]
mod workspace;

use std::env;
use std::io::Write as _;

use konnect::ServerUrl;

use crate::receiver::Receiver;
use crate::run::{Pace, Target};

/// The value of a variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[test]
#[ignore = "changes an organization, so it runs by: TF_ACC=1 KONNECT_TOKEN=... cargo test --test acceptance -- --ignored"]
fn real_organization() -> Result<(), String> {
    // The convention of providers.
    variable("TF_ACC").ok_or("TF_ACC is not set: this test changes an organization")?;
    let token = variable("KONNECT_TOKEN").or_else(|| variable("KONNECT_SPAT"));
    let token = token.ok_or("KONNECT_TOKEN is not set")?;
    let server_url = match variable("KONNECT_SERVER_URL") {
        Some(text) => ServerUrl::parse(&text).map_err(|error| format!("KONNECT_SERVER_URL: {error}"))?,
        None => ServerUrl::default(),
    };
    let receiver = match (variable("KONNECT_ACC_ENDPOINT"), variable("KONNECT_ACC_LISTEN")) {
        (Some(endpoint), Some(listen)) => Some(Receiver::behind_tunnel(&listen, endpoint)?),
        (None, None) => None,
        _ => return Err("set both KONNECT_ACC_ENDPOINT and KONNECT_ACC_LISTEN, or neither".into()),
    };
    let report = run::run(&Target {
        name: "real",
        about: "An organization of Konnect.",
        server_url,
        token,
        role: variable("KONNECT_ACC_ROLE"),
        pace: Pace::REAL,
        receiver,
    })?;
    // Also shown if the test succeeds: Cargo captures what `println` prints.
    let path = report.write()?;
    let _ = writeln!(std::io::stderr(), "{}\nreport: {}", report.page, path.display());
    if !report.is_success {
        return Err("a question has no answer because of an error, or an object was left behind".to_owned());
    }
    Ok(())
}
