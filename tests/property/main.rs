//! Simulates Terraform with generated steps: two changing configurations with a state each, for the same organization,
//! changes by other users, imports, `ignore_changes`, failing calls, lost responses and killed runs. Each step checks the
//! provider's responses against the rules for a change, against the data of Konnect, and for secrets.
//!
//! In each case, a stream that another party set up is never switched off or redirected without `replace_existing` or a
//! planned change of the target. A destroy removes exactly the streams whose target this resource last applied or
//! imported.
//!
//! A case is a list of [`steps::Step`]s. [`world::World`] runs them, [`session::Session`] makes the calls, [`rules`]
//! contains the rules for a change, and [`truth`] the data of Konnect.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

mod apply;
mod block;
mod other_user;
mod rules;
#[path = "../terraform/workspace/search.rs"]
#[allow(dead_code, reason = "tests/terraform uses the rest of it")]
mod search;
mod secrets;
mod session;
mod steps;
mod truth;
mod world;

use konnect_emulator::{Emulator, EmulatorOptions};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};

use self::truth::Truth;
use self::world::World;

/// As many cases as run in about half a minute. `PROPTEST_CASES` runs more.
const CASES: u32 = 30;
/// The seed of the cases. `PROPTEST_RNG_SEED` sets another one.
const SEED: u64 = 9;

fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        asked.cases
    } else {
        CASES
    };
    // The same cases in every run: a failure is caused by a change, not by chance.
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
            let theirs = other_user::destination(&emulator);
            let mut worlds = [World::new(&emulator, &theirs), World::new(&emulator, &theirs)];
            for (who, step) in &steps {
                let before = Truth::of(&emulator);
                worlds[*who].play(step).await;
                worlds[1 - who].others_wrote(&before);
            }
            for who in [0, 1] {
                let before = Truth::of(&emulator);
                worlds[who].end().await;
                worlds[1 - who].others_wrote(&before);
            }
            other_user::only_theirs(&Truth::of(&emulator));
            emulator.stop().await;
        });
    }
}
