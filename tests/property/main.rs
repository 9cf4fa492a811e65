//! Terraform played with generated worlds: configurations of both resources that change from step to step, strangers
//! who write in between, and calls that fail. In each step the provider's responses are held against what Terraform
//! checks of a provider (plugin protocol), against what Konnect really has, and against what nothing may ever show: the
//! secrets.
//!
//! A case is a list of [`steps::Step`]s. [`world::World`] plays them, [`session::Session`] makes the calls, [`rules`]
//! has what holds of every response, [`truth`] what Konnect has.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

mod apply;
mod block;
mod other_user;
mod rules;
mod secrets;
mod session;
mod steps;
mod truth;
mod world;

use konnect_emulator::{Emulator, EmulatorOptions};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};

use self::world::World;

/// As many as run in about half a minute: a guard that fails waits before it does. `PROPTEST_CASES` runs more.
const CASES: u32 = 30;
/// Where the cases begin. `PROPTEST_RNG_SEED` asks for others.
const SEED: u64 = 6;

fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        asked.cases
    } else {
        CASES
    };
    // The same cases in every run, so that a failure is a change's doing and not chance's.
    let rng_seed = match asked.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        asked @ RngSeed::Fixed(_) => asked,
    };
    ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/property/regressions.txt",
        ))),
        ..asked
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn state_after_random_steps_matches_konnect(steps in proptest::collection::vec(steps::any(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
            let mut world = World::new(&emulator);
            for step in &steps {
                world.play(step).await;
            }
            world.end().await;
            emulator.stop().await;
        });
    }
}
