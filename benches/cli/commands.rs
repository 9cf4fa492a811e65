//! The commands, and the table of results.

use terraform_plugin::testing::cli::Cli;

use crate::contender::Contender;
use crate::figures::{Result, Sample, Table, mebibytes, seconds};
use crate::workspace::Workspace;

struct Scenario {
    what: &'static str,
    target: &'static str,
    arguments: &'static [&'static str],
    objects: usize,
    exist: bool,
    /// The latency of Konnect, in milliseconds.
    latency: u64,
    /// The exit code on success.
    code: i32,
}

const PLAN: &[&str] = &["plan", "-input=false", "-no-color", "-detailed-exitcode"];
const WIDE_PLAN: &[&str] = &[
    "plan",
    "-input=false",
    "-no-color",
    "-detailed-exitcode",
    "-parallelism=100",
];
const APPLY: &[&str] = &["apply", "-input=false", "-no-color", "-auto-approve"];

const SCENARIOS: &[Scenario] = &[
    Scenario {
        what: "plan of 10 unchanged",
        target: "0.12 s over the floor",
        arguments: PLAN,
        objects: 10,
        exist: true,
        latency: 0,
        code: 0,
    },
    Scenario {
        what: "plan that creates 1,000",
        target: "2.0 times the floor, 0.5 s of provider CPU",
        arguments: PLAN,
        objects: 1000,
        exist: false,
        latency: 0,
        code: 2,
    },
    Scenario {
        what: "plan of 1,000 unchanged, 20 ms per response",
        target: "1.8 times, 25 requests, 1 s, 30 MiB",
        arguments: PLAN,
        objects: 1000,
        exist: true,
        latency: 20,
        code: 0,
    },
    Scenario {
        what: "the same with `-parallelism=100`",
        target: "30 MiB",
        arguments: WIDE_PLAN,
        objects: 1000,
        exist: true,
        latency: 20,
        code: 0,
    },
    Scenario {
        what: "apply that creates 100",
        target: "1.8 times, 0.2 s",
        arguments: APPLY,
        objects: 100,
        exist: false,
        latency: 0,
        code: 0,
    },
];

/// The measurements of one command with one contender.
#[derive(Default)]
struct Measured {
    wall: Sample,
    used: Sample,
    memory: Sample,
    requests: Sample,
}

/// Runs all commands for this number of rounds, and prints the table.
pub(super) fn run(contenders: &[Contender], rounds: u16) -> Result<()> {
    let mut lanes = Vec::new();
    for scenario in SCENARIOS {
        for contender in contenders {
            let workspace = Workspace::new(contender, scenario.objects)?;
            if scenario.exist {
                workspace.create_all()?;
            }
            workspace.respond_after(scenario.latency)?;
            lanes.push((scenario, contender, workspace, Measured::default()));
        }
    }
    for round in 1..=rounds {
        for (scenario, contender, workspace, measured) in &mut lanes {
            eprintln!(
                "round {round} of {rounds}: {} with {}",
                scenario.what,
                contender.name()
            );
            if !scenario.exist {
                workspace.begin_anew()?;
            }
            let run = workspace.run(scenario.arguments, scenario.code)?;
            measured.wall.push(seconds(run.wall));
            measured.requests.push(f64::from(u32::try_from(run.requests)?));
            if let Some(used) = run.provider {
                measured.used.push(seconds(used.time));
                measured.memory.push(mebibytes(used.memory));
            }
        }
    }

    let cli = Cli::find();
    println!(
        "\nMedians and quartiles of {rounds} runs each, in turn, with {:?} {} ({}).\n",
        cli.product,
        cli.version,
        cli.program.display()
    );
    let headings = [
        "Command",
        "target",
        "with",
        "wall time",
        "over the floor",
        "times the floor",
        "provider's CPU",
        "provider's peak memory",
        "requests",
    ];
    let mut table = Table::new(headings);
    let mut floor = 0.0;
    for (scenario, contender, _, measured) in &lanes {
        let wall = measured.wall.median();
        let is_floor = matches!(contender, Contender::Floor);
        if is_floor {
            floor = wall;
        }
        let unless_floor = |cell: String| if is_floor { "-".to_owned() } else { cell };
        table.row([
            scenario.what.to_owned(),
            if is_floor {
                String::new()
            } else {
                scenario.target.to_owned()
            },
            contender.name().to_owned(),
            measured.wall.format("s", 2),
            unless_floor(format!("{:.2} s", wall - floor)),
            unless_floor(format!("{:.1}", wall / floor)),
            unless_floor(measured.used.format("s", 2)),
            unless_floor(format!("{:.1} MiB", measured.memory.largest())),
            unless_floor(format!("{:.0}", measured.requests.median())),
        ]);
    }
    table.print();
    Ok(())
}
