//! When the credential is sent, and what is recorded.

use std::cell::Cell;
use std::future::ready;

use terraform_plugin::Severity;

use super::*;

#[derive(Clone, Default)]
struct Block {
    stored: Attr<Secret>,
    write_only: Attr<Secret>,
    version: Attr<i64>,
}

impl Block {
    fn arguments(&self) -> CredentialArguments<'_> {
        CredentialArguments {
            stored: &self.stored,
            write_only: &self.write_only,
            version: &self.version,
        }
    }

    /// The block in a state.
    fn state(&self) -> Self {
        Self {
            write_only: Attr::Null,
            ..self.clone()
        }
    }
}

/// What makes a credential too long to guess.
const LONG: &str = "Bearer 0123456789-";

fn secret(text: &str) -> Attr<Secret> {
    Attr::Known(Secret::from(format!("{LONG}{text}")))
}

fn guessable_value(text: &str) -> Block {
    Block {
        write_only: Attr::Known(Secret::from(text.to_owned())),
        ..Block::default()
    }
}

fn stored(text: &str) -> Block {
    Block {
        stored: secret(text),
        ..Block::default()
    }
}

fn write_only(text: &str) -> Block {
    Block {
        write_only: secret(text),
        ..Block::default()
    }
}

fn versioned(text: &str, version: i64) -> Block {
    Block {
        version: version.into(),
        ..write_only(text)
    }
}

/// A record with only a time.
#[derive(Debug, Clone, PartialEq)]
struct Record(&'static str);

impl Timed for Record {
    fn updated_at(&self) -> Option<&str> {
        Some(self.0)
    }
}

const T1: &str = "2026-01-01T00:00:00Z";
const T2: &str = "2026-01-02T00:00:00Z";
const T3: &str = "2026-01-03T00:00:00Z";

/// The private state after `block` was created.
fn after(block: &Block) -> Private {
    let mut private = Private::default();
    CredentialTracker::new(block.arguments(), &mut private, true).created(&mut Diagnostics::new());
    private
}

/// Whether a change from one block to the other sends, and the summaries of the warnings.
fn plan(from: &Block, to: &Block, private: &mut Private) -> (SendDecision, Vec<String>) {
    let mut found = Diagnostics::new();
    let mut tracker = CredentialTracker::new(to.arguments(), private, true);
    let send = tracker.plan("destination", from.state().arguments(), Required::No, &mut found);
    assert!(found.iter().all(|d| d.severity == Severity::Warning));
    (send, found.into_iter().map(|d| d.summary).collect())
}

/// Refreshes a state of `block` with the time `before`, when the API returns `seen`. Returns the state and the
/// warnings.
async fn refresh(
    block: &Block,
    private: &mut Private,
    before: &str,
    seen: &'static str,
    only_time: bool,
) -> (Block, usize) {
    let mut found = Diagnostics::new();
    let mut state = block.state();
    CredentialTracker::new(state.arguments(), private, true)
        .observe(
            "destination",
            Some(before),
            Record(seen),
            || ready(Ok(Record(seen))),
            |_| only_time,
            &mut found,
        )
        .await
        .unwrap();
    clear_after_outside_change(private, &mut state.stored);
    (state, found.iter().count())
}

/// Applies a planned change of another attribute, when the API returns `now`. Returns the sent credential.
async fn apply(config: &Block, private: &mut Private, before: &str, now: &'static str) -> Option<String> {
    let sent = Cell::new(None);
    let mut found = Diagnostics::new();
    let written = CredentialTracker::new(config.arguments(), private, true)
        .write(
            Some(before),
            true,
            || ready(Ok(Record(now))),
            |authorization| {
                sent.set(authorization.map(|authorization| authorization.expose().replace(LONG, "")));
                ready(Ok(Record(T3)))
            },
            |_| false,
            &mut found,
        )
        .await;
    assert!(written.is_ok());
    sent.into_inner()
}

const NEEDS_VERSION: &str = "A later change of the credential needs a version";

#[tokio::test]
async fn guessable_value_is_sent_again_after_outside_change() {
    let block = guessable_value("Basic dTpw");
    let mut private = after(&block);
    let (state, _) = refresh(&block, &mut private, T1, T2, true).await;
    let (send, warnings) = plan(&state, &block, &mut private);
    assert_eq!(
        (send, warnings.as_slice()),
        (
            SendDecision::Again,
            &["Changed by another process or user".to_owned()][..]
        )
    );
}

/// The plan warns, or, if it does not know the value, the apply.
#[tokio::test]
async fn guessable_value_warns_once_also_if_unknown_at_plan() {
    let basic = guessable_value("Basic dTpw");
    let unknown = Block {
        write_only: Attr::Unknown,
        ..Block::default()
    };
    for planned in [&basic, &unknown] {
        let (mut private, mut at_plan, mut at_apply) =
            (Private::default(), Diagnostics::new(), Diagnostics::new());
        for _ in ["first", "second, of a replacement"] {
            CredentialTracker::new(planned.arguments(), &mut private, true).plan_creation(&mut at_plan);
        }
        CredentialTracker::new(basic.arguments(), &mut private, true).created(&mut at_apply);
        let warnings: Vec<_> = at_plan.into_iter().chain(at_apply).map(|d| d.summary).collect();
        assert_eq!(warnings, [NEEDS_VERSION]);
        assert_eq!(private, after(&basic));
    }
    // Terraform 1.16 plans again during apply, with the value, and does not show the warnings of that plan.
    let (mut first, mut second, mut at_apply) = (Private::default(), Private::default(), Diagnostics::new());
    CredentialTracker::new(unknown.arguments(), &mut first, true).plan_creation(&mut Diagnostics::new());
    CredentialTracker::new(basic.arguments(), &mut second, true)
        .after(Some(&first))
        .plan_creation(&mut Diagnostics::new());
    CredentialTracker::new(basic.arguments(), &mut second, true).created(&mut at_apply);
    assert_eq!(at_apply.iter().count(), 1);
    for (from, sent) in [
        (write_only("a"), Some("Basic dTpw".to_owned())),
        (basic.clone(), None),
    ] {
        let mut private = after(&from);
        assert_eq!(plan(&from, &unknown, &mut private).0, SendDecision::IfDifferent);
        assert_eq!(apply(&basic, &mut private, T1, T1).await, sent);
    }
}

/// A hash with another number of rounds, such as that of another version of the provider, is replaced by the next write.
#[tokio::test]
async fn hash_with_other_rounds_is_rewritten_by_next_write() {
    let block = write_only("a");
    let mut private = after(&block);
    let old = Fingerprint::with_rounds(block.write_only.known().unwrap(), 2);
    private.set(FINGERPRINT, &old);
    assert_eq!(plan(&block, &block, &mut private), (SendDecision::No, vec![]));
    assert_eq!(apply(&block, &mut private, T1, T1).await, None);
    assert_eq!(private, after(&block));
}

#[tokio::test]
async fn outside_change_sends_credential_again_once() {
    for block in [stored("a"), write_only("a"), versioned("a", 1)] {
        let mut private = after(&block);
        let (state, _) = refresh(&block, &mut private, T1, "2026-01-01T00:00:00.000+00:00", true).await;
        assert_eq!(plan(&state, &block, &mut private).0, SendDecision::No);

        let (state, _) = refresh(&block, &mut private, T1, T2, true).await;
        let (send, warnings) = plan(&state, &block, &mut private);
        assert_eq!(send, SendDecision::Again);
        assert_eq!(warnings, ["Changed by another process or user"]);
        assert_eq!(apply(&block, &mut private, T2, T2).await.as_deref(), Some("a"));
        let (state, _) = refresh(&block, &mut private, T3, T3, true).await;
        assert_eq!(plan(&state, &block, &mut private), (SendDecision::No, vec![]));
    }
}

#[tokio::test]
async fn outside_change_during_run_is_sent_now_or_by_next_plan() {
    let block = write_only("a");
    let mut private = after(&block);
    assert_eq!(plan(&block, &block, &mut private).0, SendDecision::No);
    assert_eq!(apply(&block, &mut private, T1, T2).await.as_deref(), Some("a"));

    let block = stored("a");
    let mut private = after(&block);
    assert_eq!(plan(&block, &block, &mut private).0, SendDecision::No);
    assert_eq!(apply(&block, &mut private, T1, T2).await, None);
    let (state, _) = refresh(&block, &mut private, T3, T3, false).await;
    assert_eq!(plan(&state, &block, &mut private).0, SendDecision::Again);
}

#[tokio::test]
async fn time_changed_after_two_resends_stops_detection() {
    let block = stored("a");
    let mut private = after(&block);
    for _ in 0..MAX_RESENT {
        let (state, warnings) = refresh(&block, &mut private, T1, T2, true).await;
        assert_eq!(warnings, 0);
        assert_eq!(plan(&state, &block, &mut private).0, SendDecision::Again);
        apply(&block, &mut private, T2, T2).await;
    }
    for _ in 0..2 {
        let (state, warnings) = refresh(&block, &mut private, T1, T2, true).await;
        assert_eq!(warnings, 1);
        assert_eq!(plan(&state, &block, &mut private), (SendDecision::No, vec![]));
    }
    let new = stored("b");
    assert_eq!(plan(&block, &new, &mut private).0, SendDecision::Yes);
    apply(&new, &mut private, T2, T2).await;
    assert_eq!(refresh(&new, &mut private, T1, T2, true).await.1, 0);
}

#[tokio::test]
async fn time_unchanged_after_resend_keeps_detection() {
    let block = stored("a");
    let mut private = after(&block);
    for _ in 0..=MAX_RESENT {
        let (state, _) = refresh(&block, &mut private, T1, T2, true).await;
        assert_eq!(plan(&state, &block, &mut private).0, SendDecision::Again);
        apply(&block, &mut private, T2, T2).await;
        refresh(&block, &mut private, T3, T3, true).await;
    }
}

#[tokio::test]
async fn outside_change_not_confirmed_by_second_read_is_ignored() {
    let block = stored("a");
    let mut private = after(&block);
    let mut found = Diagnostics::new();
    let fetch = || ready(Ok(Record(T1)));
    let confirmed = CredentialTracker::new(block.arguments(), &mut private, true)
        .observe("destination", Some(T1), Record(T2), fetch, |_| true, &mut found)
        .await;
    assert_eq!(confirmed.unwrap(), Record(T1));
    assert_eq!(private, after(&block));
}

#[test]
fn uncertain_write_sends_credential_again_without_detection() {
    for block in [stored("a"), write_only("a"), versioned("a", 1)] {
        let mut private = after(&block);
        let mut found = Diagnostics::new();
        let mut tracker = CredentialTracker::new(block.arguments(), &mut private, false);
        tracker.mark_write_uncertain();
        let send = tracker.plan("destination", block.state().arguments(), Required::No, &mut found);
        assert_eq!((send, found.iter().count()), (SendDecision::Again, 1));
    }
}

#[test]
fn private_state_contains_fingerprint_only() {
    let hashed = String::from_utf8(after(&write_only("s3cret")).to_bytes()).unwrap();
    assert!(
        hashed.starts_with("{\"fp\":\"") && !hashed.contains("s3cret"),
        "{hashed}"
    );
    assert!(hashed.len() < 60, "{hashed}");
    for block in [stored("s3cret"), versioned("s3cret", 1)] {
        assert_eq!(after(&block).to_bytes(), b"");
    }
}
