//! Whole commands of the CLI, with this provider and without one: time, and resources of the provider.
//!
//! `cargo bench --features bench --bench cli` runs each command with this provider, with as many `terraform_data` as
//! there are destinations otherwise (the floor: they are built into the CLI), and with another build of this provider and
//! Kong's provider if `--before` and `--kong` name them, in turn, against an emulator of Konnect. `TERRAFORM_BIN` names
//! the CLI, by default `terraform`.
//!
//! Kong's provider has the same destinations with API v2, and the authorization in the state, because it has no
//! alternative. This provider receives it write-only, as documented.

#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod contender;
#[path = "../figures/mod.rs"]
mod figures;
#[cfg(unix)]
#[path = "../../tests/terraform/workspace/konnect.rs"]
#[allow(
    dead_code,
    clippy::expect_used,
    reason = "the tests use the rest of it, and fail by it"
)]
mod konnect;
#[cfg(unix)]
mod workspace;

#[cfg(unix)]
fn main() -> figures::Result<()> {
    use clap::Parser as _;
    use contender::Contender;

    let options = figures::Options::parse();
    let mut contenders = vec![Contender::Floor, Contender::Ours(options.ours)];
    contenders.extend(options.before.map(Contender::Before));
    contenders.extend(options.kong.map(Contender::Kong));
    commands::run(&contenders, options.rounds)
}

#[cfg(not(unix))]
fn main() {
    println!("Processor time and memory are measured only where `getrusage` exists.");
}
