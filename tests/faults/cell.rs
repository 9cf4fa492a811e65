//! One cell: a request with a fault, the check of its result, and the recovery.

use konnect_emulator::{Fault, FaultRule, RecordedRequest};
use terraform_plugin::protocol::proto::tfplugin6 as tf;

use super::actor::{Acted, Actor};
use super::bench::{AUTHORIZATION, Bench, Phase, Plugins, TOKEN};
use super::call::{Call, Operation};
use super::expected::{End, Expected, Times, expected, says_gone};
use super::fault::{ELSEWHERE, Injection, ResponseKind, Row, Setting};
use terraform_plugin::testing::value::errors;

/// A cell of the matrix.
#[derive(Clone)]
pub struct Cell {
    pub row: Row,
    pub call: Call,
    pub times: Times,
    /// A separate region.
    pub region: String,
}

impl Cell {
    /// The name in failures.
    pub fn name(&self) -> String {
        format!("{:?} × {} ({:?})", self.call, self.row.label, self.times)
    }

    pub async fn run(&self, bench: &Bench, elsewhere: &str) {
        let plugins = bench.plugins(self.call.object(), &self.region).await;
        let mut actor = Actor::prepare(bench, &plugins, self.call, &self.region).await;
        let emulator = &bench.emulator;
        let shared = matches!(plugins, Plugins::Shared);
        let limited = shared && matches!(self.row.response, ResponseKind::Status { code: 429, .. });
        let alone = if limited { Some(bench.alone().await) } else { None };
        let before = emulator.region(&self.region);
        let mark = emulator.requests_of(&self.region).last().map_or(0, |r| r.number);
        for rule in self.rules(elsewhere) {
            emulator.inject(rule).unwrap();
        }
        let affected = bench.run(&plugins, Phase::Affected).await;
        let acted = actor.act(alone.as_ref().unwrap_or(affected)).await;
        if let Some(run) = alone {
            bench.end_alone(run).await;
        }
        emulator.clear_faults_of(&self.region);
        let after = emulator.region(&self.region);
        let mut requests = emulator.requests_of(&self.region);
        requests.retain(|request| request.number > mark);

        let expected = expected(&self.row, self.call, self.times);
        let end = ended(&acted, &actor);
        assert_eq!(end, expected.end, "{:#?}", acted.diagnostics);
        let (affected, others) = self.count(&requests);
        assert_eq!(
            (affected, others),
            (expected.affected, expected.others),
            "{:#?}",
            seen(&requests)
        );
        no_secret(&acted);
        if matches!(end, End::Failed | End::Uncertain) {
            reported(&expected, &acted.diagnostics);
            let kept = match self.call.operation() {
                Operation::Import => acted.state.value.is_null(),
                _ => acted.state.value == actor.state.value,
            };
            assert!(kept, "an error changed the state");
            let made = self.row.handled && self.call.writes() || self.call == Call::LostLook && affected > 0;
            assert_eq!(before != after, made, "Konnect has {after}");
        } else {
            let said: Vec<_> = warnings(&acted.diagnostics);
            // A rejected token is reported once per run, and the run has several cells.
            if said.is_empty() && expected.warns == Some("Access token is not accepted") {
                // Already reported.
            } else {
                assert_eq!(said, Vec::from_iter(expected.warns));
            }
        }
        let believed = self.call.operation() == Operation::Delete && says_gone(self.row.response);
        if end == End::Gone || believed {
            actor.remove_behind_the_scenes();
        }
        if !matches!(end, End::Failed | End::Uncertain) || self.call.operation() != Operation::Import {
            actor.state = acted.state;
        }
        actor
            .check_consistency(
                &plugins,
                end == End::Uncertain || end != End::Done && expected.warns.is_some(),
            )
            .await;
        emulator.reset_region(&self.region);
        bench.release(plugins);
    }

    fn rules(&self, elsewhere: &str) -> Vec<FaultRule> {
        let times = match self.times {
            Times::Once => Some(1),
            Times::Always => None,
        };
        match &self.row.injection {
            Injection::Rule(fault) => {
                self.call
                    .rules(&self.region, redirected(fault.clone(), elsewhere), times)
            }
            Injection::Setting(Setting::ShortTimeout) => {
                let drip = Fault::Drip { interval_ms: 50 };
                self.call.rules(&self.region, drip, times)
            }
            Injection::Setting(Setting::Date(seconds)) => {
                let skew = Fault::ClockSkew { seconds: *seconds };
                let mut rules = self.call.rules(&self.region, skew.clone(), None);
                rules.pop();
                rules.push(FaultRule::new(skew).region(&self.region).always());
                rules
            }
            Injection::Setting(Setting::Clock(_)) => {
                let mut rules = self.call.rules(&self.region, Fault::DropBefore, None);
                rules.pop();
                rules
            }
            Injection::Setting(Setting::Closed | Setting::Https(_)) => Vec::new(),
        }
    }

    /// The numbers of requests that the fault affects, and of others.
    fn count(&self, requests: &[RecordedRequest]) -> (usize, usize) {
        let (method, target) = self.call.request();
        let affected = requests
            .iter()
            .filter(|request| request.method == method && target.is(&request.path))
            .count();
        (affected, requests.len() - affected)
    }
}

/// Sets the target of a redirect to the other host.
fn redirected(mut fault: Fault, elsewhere: &str) -> Fault {
    if let Fault::Status { headers, .. } = &mut fault {
        for value in headers.values_mut() {
            *value = value.replace(ELSEWHERE, elsewhere);
        }
    }
    fault
}

fn seen(requests: &[RecordedRequest]) -> Vec<String> {
    let seen = requests.iter();
    seen.map(|r| format!("{} {} -> {:?}", r.method, r.path, r.status))
        .collect()
}

fn ended(acted: &Acted, actor: &Actor<'_>) -> End {
    let errors = errors(&acted.diagnostics);
    let asks_for_import = |error: &String| {
        ["Destination may have been created", "which one is not certain"]
            .iter()
            .any(|title| error.contains(title))
    };
    if errors.iter().any(asks_for_import) {
        End::Uncertain
    } else if !errors.is_empty() {
        End::Failed
    } else if actor.reads() && acted.state.value.is_null() {
        End::Gone
    } else {
        End::Done
    }
}

/// The summaries of the warnings. The cells of a bench share a process, so the plan of one can be the second of a region
/// in that process. The regions of cells are made up.
pub fn warnings(diagnostics: &[tf::Diagnostic]) -> Vec<&str> {
    diagnostics
        .iter()
        .filter(|d| d.severity() == tf::diagnostic::Severity::Warning)
        .map(|d| d.summary.as_str())
        .filter(|summary| !summary.starts_with("Two webhooks for one ") && *summary != "Unknown region")
        .collect()
}

fn reported(expected: &Expected, diagnostics: &[tf::Diagnostic]) {
    let errors = errors(diagnostics);
    let [error] = errors.as_slice() else {
        panic!("not one error: {errors:#?}");
    };
    let attempts = match expected.attempts {
        0 => None,
        1 => Some("(1 attempt)".to_owned()),
        many => Some(format!("({many} attempts)")),
    };
    for part in expected.says.iter().chain(&attempts) {
        assert!(error.contains(part), "the error does not say {part:?}: {error}");
    }
    assert_eq!(
        error.contains("may have been applied despite the error"),
        expected
            .says
            .iter()
            .any(|part| part.contains("applied despite the error"))
            || expected.end == End::Uncertain,
        "{error}"
    );
    assert_eq!(warnings(diagnostics), Vec::from_iter(expected.warns));
    let on: Vec<_> = diagnostics.iter().filter_map(attribute).collect();
    assert_eq!(on, Vec::from_iter(expected.attribute));
}

fn attribute(diagnostic: &tf::Diagnostic) -> Option<&str> {
    use tf::attribute_path::step::Selector;

    let step = diagnostic.attribute.as_ref()?.steps.first()?;
    match step.selector.as_ref()? {
        Selector::AttributeName(name) => Some(name),
        _ => None,
    }
}

fn no_secret(acted: &Acted) {
    let said = format!("{:?}", acted.diagnostics);
    let private = String::from_utf8_lossy(&acted.state.private);
    for secret in [TOKEN, AUTHORIZATION] {
        assert!(!said.contains(secret), "a diagnostic shows a secret: {said}");
        assert!(!private.contains(secret), "the private state shows a secret");
    }
}
