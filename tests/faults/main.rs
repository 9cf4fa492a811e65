//! Combines every request of the provider with every fault of the emulator. The built plugin is called as Terraform
//! calls it. [`expected`] contains the expected results as rules.
//!
//! [`fault`] contains the faults, [`call`] the requests. [`cell`] runs one combination on a [`bench`] with an [`actor`].

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

mod actor;
mod bench;
mod call;
mod cell;
mod expected;
mod fault;

/// The plugin under test.
const PLUGIN: &str = env!("CARGO_BIN_EXE_terraform-provider-konnect");

use std::collections::BTreeMap;
use std::sync::Arc;

use konnect_emulator::{Emulator, EmulatorOptions};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::bench::{AUTHORIZATION, Bench, TOKEN};
use self::call::{Call, Object};
use self::cell::Cell;
use self::expected::{applies, times};
use self::fault::{Injection, Setting};

/// The number of concurrent cells in all benches. Most of them wait for a retry.
const AT_A_TIME: usize = 300;
/// A cell with a plugin of its own counts as so many.
const PLUGIN_WEIGHT: u32 = 8;

/// Runs only the requests whose name contains this text, such as `PointUpdate`.
const ONLY: &str = "FAULTS";

/// The cells by bench: one bench for each object, and for each setting.
fn cells() -> BTreeMap<(Option<Setting>, Option<Object>), Vec<Cell>> {
    let only = std::env::var(ONLY).unwrap_or_default();
    let is_run = |call: &Call| format!("{call:?}").contains(&only);
    let mut cells = BTreeMap::<_, Vec<Cell>>::new();
    let mut number = 0;
    for row in fault::all() {
        for call in Call::ALL
            .iter()
            .copied()
            .filter(is_run)
            .filter(|call| applies(&row, *call))
        {
            let bench = match row.injection {
                Injection::Rule(_) => (None, Some(call.object())),
                // Slow cells are distributed over several benches.
                Injection::Setting(Setting::ShortTimeout) => {
                    (Some(Setting::ShortTimeout), Some(call.object()))
                }
                Injection::Setting(setting) => (Some(setting), None),
            };
            for times in times(&row, call) {
                number += 1;
                cells.entry(bench).or_default().push(Cell {
                    row: row.clone(),
                    call,
                    times,
                    region: format!("cell-{number}"),
                });
            }
        }
    }
    cells
}

/// A cell, or the reason why it is not as expected.
type Outcome = (Cell, Result<(), String>);

async fn on_a_bench(
    setting: Option<Setting>,
    cells: Vec<Cell>,
    elsewhere: Arc<str>,
    permits: Arc<Semaphore>,
) -> (Vec<Outcome>, String) {
    let bench = Arc::new(Bench::start(setting).await);
    let mut running = JoinSet::new();
    let mut by_task = BTreeMap::new();
    for cell in cells {
        let (bench, elsewhere, permits) = (bench.clone(), elsewhere.clone(), permits.clone());
        let named = cell.clone();
        let task = running.spawn(async move {
            let has_own = matches!(cell.call.object(), Object::Destination | Object::Destinations);
            let weight = if has_own { PLUGIN_WEIGHT } else { 1 };
            let _permit = permits.acquire_many_owned(weight).await.unwrap();
            cell.run(&bench, &elsewhere).await;
        });
        by_task.insert(task.id(), named);
    }
    let mut outcomes = Vec::new();
    while let Some(ended) = running.join_next_with_id().await {
        let (id, seen) = match ended {
            Ok((id, ())) => (id, Ok(())),
            Err(error) => (error.id(), Err(why(error))),
        };
        outcomes.push((by_task.remove(&id).unwrap(), seen));
    }
    let bench = Arc::into_inner(bench).unwrap();
    (outcomes, Box::pin(bench.end()).await)
}

fn why(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without a word".to_owned())
}

#[tokio::test]
async fn request_with_each_fault_ends_as_expected() {
    // Failures are reported below with the name of the cell.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let other_host = Emulator::start(EmulatorOptions::default()).await.unwrap();
    // Another name, which counts as another host even if only names are compared.
    let elsewhere: Arc<str> = other_host.url().replace("127.0.0.1", "localhost").into();
    let permits = Arc::new(Semaphore::new(AT_A_TIME));
    let mut benches = JoinSet::new();
    // Settings are slowest and sort last, so they start first.
    for ((setting, _), cells) in cells().into_iter().rev() {
        benches.spawn(on_a_bench(setting, cells, elsewhere.clone(), permits.clone()));
    }
    let (mut failures, mut logged) = (Vec::new(), String::new());
    while let Some(ended) = benches.join_next().await {
        let outcomes = ended.map_err(why);
        let (outcomes, log) = match outcomes {
            Ok(ended) => ended,
            Err(why) => {
                failures.push(format!("a bench: {why}"));
                continue;
            }
        };
        logged += &log;
        for (cell, seen) in outcomes {
            if let Err(why) = seen {
                failures.push(format!("{}: {why}", cell.name()));
            }
        }
    }
    std::panic::set_hook(usual);
    failures.sort();
    let report = failures.iter().take(20).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(
        failures.is_empty(),
        "{} cells are wrong:\n\n{report}",
        failures.len()
    );
    assert!(logged.contains("retrying after a wait"), "the plugins log");
    for secret in [TOKEN, AUTHORIZATION] {
        assert!(!logged.contains(secret), "a log shows a secret");
    }
    assert_eq!(other_host.requests(), [], "a redirect was followed");
}
