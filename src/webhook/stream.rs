//! The ownership of webhooks: the removal of a resource must not disable a stream that another process or user has
//! configured.
//!
//! A resource owns what it wrote last, which is usually in the state. If a refresh returns another target, or another
//! time of the same target, the private state keeps the last write.

use std::time::Duration;

use konnect::Error;
use serde::{Deserialize, Serialize};
use terraform_plugin::{Diagnostic, Diagnostics, Private};

use crate::run::RunState;
use crate::run::scope::Scope;
use crate::run::time;
use crate::webhook::webhook_target::Webhook;

/// The time limit for the removal of a webhook whose creation no state records. The process ends after it.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// The private state: the last write of this resource, if the state shows another one.
const LAST_WRITE: &str = "wrote";

/// The last write of a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LastWrite {
    target: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    at: Option<String>,
}

/// Records the last write of a resource if a refresh shows a later write. `trusts_time` is whether `updated_at` is
/// reliable.
pub(crate) fn observe(private: &mut Private, state: Option<&Webhook>, found: &Webhook, trusts_time: bool) {
    let Some(state) = state else { return };
    match private.get::<LastWrite>(LAST_WRITE) {
        None if state.was_rewritten(found, trusts_time) => {
            let last = LastWrite {
                target: state.target.key(),
                at: state.updated_at.clone(),
            };
            private.set(LAST_WRITE, &last);
        }
        // The webhook is again as this resource wrote it.
        Some(last) if last.target == found.target.key() && state.was_rewritten(found, false) => {
            private.remove(LAST_WRITE);
        }
        _ => {}
    }
}

/// Whether the last refresh returned another target than the last write of this resource.
pub(crate) fn lost_target(private: &Private, state: Option<&Webhook>) -> bool {
    let last = private.get::<LastWrite>(LAST_WRITE);
    last.is_some_and(|last| state.is_none_or(|state| state.target.key() != last.target))
}

/// Records that this resource wrote the content of its state.
pub(crate) fn written(private: &mut Private) {
    private.remove(LAST_WRITE);
}

/// Whether the webhook is still as the resource wrote it last. Whether it is enabled does not matter.
pub(crate) fn is_ours(private: &Private, state: Option<&Webhook>, now: &Webhook, trusts_time: bool) -> bool {
    match (private.get::<LastWrite>(LAST_WRITE), state) {
        (Some(last), _) => {
            let same_time = match (&last.at, &now.updated_at) {
                (Some(at), Some(now)) if trusts_time => time::same(at, now),
                _ => true,
            };
            last.target == now.target.key() && same_time
        }
        (None, Some(state)) => !state.was_rewritten(now, trusts_time),
        (None, None) => false,
    }
}

/// Removes the webhook of a scope with `removal`, if `is_ours` accepts the result of `fetch`. Otherwise, or if this run
/// has configured it again, the webhook remains, with a warning. A webhook that no longer exists is not an error.
///
/// # Errors
/// The webhook was not removed.
pub(crate) async fn remove(
    run: &RunState,
    scope: &Scope,
    fetch: impl Future<Output = Result<Option<Webhook>, Error>>,
    is_ours: impl FnOnce(&Webhook) -> bool,
    removal: impl Future<Output = Result<(), Error>>,
    diagnostics: &mut Diagnostics,
) -> Result<(), Error> {
    let slot = run.slot(scope);
    let mut progress = slot.lock().await;
    if progress.created {
        diagnostics.push(overwritten(scope));
        return Ok(());
    }
    let removed = async {
        match fetch.await? {
            Some(now) if is_ours(&now) => removal.await,
            Some(now) => {
                diagnostics.push(left_in_place(scope, &now));
                Ok(())
            }
            None => Ok(()),
        }
    };
    let removed = match removed.await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    };
    if removed.is_ok() {
        run.webhook_gone(scope);
    }
    slot.release(&mut progress);
    removed
}

/// Removes a webhook whose creation no state records. The client of `fetch` and `removal` must work after the run was
/// stopped.
///
/// This run no longer holds the lock of the state, so another run may have configured the webhook: `fetch` reads it
/// first.
pub(crate) async fn rollback(
    run: &RunState,
    scope: &Scope,
    created: &Webhook,
    fetch: impl Future<Output = Result<Option<Webhook>, Error>>,
    removal: impl Future<Output = Result<(), Error>>,
) {
    let removal = async {
        let now = fetch.await?;
        let ours =
            now.is_some_and(|now| now.target == created.target && now.updated_at == created.updated_at);
        if ours {
            removal.await?;
        }
        Ok::<_, Error>(ours)
    };
    match tokio::time::timeout(ROLLBACK_TIMEOUT, removal).await {
        Ok(Ok(true)) => {
            run.slot(scope).lock().await.created = false;
            tracing::warn!(%scope, "removed a webhook: rolled back, not saved to state");
        }
        Ok(Ok(false)) => {
            tracing::warn!(%scope, "left a webhook in place that was changed after its creation");
        }
        _ => tracing::error!(%scope, "a webhook may exist that was not saved to state"),
    }
}

/// The warning that a removal did not change the webhook.
fn left_in_place(scope: &Scope, now: &Webhook) -> Diagnostic {
    let activity = if now.enabled {
        "delivers"
    } else {
        "is switched off and set"
    };
    Diagnostic::warning(
        "Webhook was left in place",
        format!(
            "The webhook of {scope} {activity} to {}. This resource did not write that target: another \
             resource, configuration or user wrote it after the last write of this resource. Nothing was removed at \
             Konnect. The resource is removed from the state.",
            now.target
        ),
    )
}

/// The warning that a removal sent nothing, because this run has configured the webhook again.
fn overwritten(scope: &Scope) -> Diagnostic {
    Diagnostic::warning(
        "Webhook was overwritten, not removed",
        format!(
            "This run set up the webhook of {scope} for another resource, or again for this one, before it removed this \
             one. The new webhook has replaced the old one, and nothing was removed at Konnect."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::webhook_target::Target;

    fn endpoint(url: &str, enabled: bool, at: &str) -> Webhook {
        Webhook {
            target: Target::Endpoint(url.to_owned()),
            enabled,
            updated_at: Some(at.to_owned()),
        }
    }

    fn destination(id: &str) -> Webhook {
        Webhook {
            target: Target::Destination(id.to_owned()),
            enabled: true,
            updated_at: None,
        }
    }

    const A: &str = "https://a.example.com/s3cret";
    const T1: &str = "2026-01-01T00:00:00Z";
    const T2: &str = "2026-01-02T00:00:00Z";

    #[test]
    fn webhook_as_last_written_is_ours() {
        let private = Private::default();
        for (state, now, ours) in [
            (destination("a"), destination("A"), true),
            (destination("a"), destination("b"), false),
            (endpoint(A, true, T1), endpoint(A, true, T1), true),
            (endpoint(A, true, T1), endpoint(A, false, T2), true),
            (endpoint(A, true, T1), endpoint(A, true, T2), false),
            (endpoint(A, true, T1), destination("a"), false),
        ] {
            assert_eq!(
                is_ours(&private, Some(&state), &now, true),
                ours,
                "{state:?} {now:?}"
            );
        }
        let (before, after) = (endpoint(A, true, T1), endpoint(A, true, T2));
        assert!(is_ours(&private, Some(&before), &after, false));
    }

    #[test]
    fn refresh_with_other_target_keeps_last_write() {
        let mut private = Private::default();
        let (ours, theirs) = (endpoint(A, true, T1), destination("b"));
        observe(&mut private, Some(&ours), &ours, true);
        assert_eq!(private, Private::default());
        observe(&mut private, Some(&ours), &theirs, true);
        // The state now shows the other webhook.
        observe(&mut private, Some(&theirs), &theirs, true);
        assert!(lost_target(&private, Some(&theirs)));
        assert!(!is_ours(&private, Some(&theirs), &theirs, true));
        assert!(!String::from_utf8(private.to_bytes()).unwrap().contains("s3cret"));
        observe(&mut private, Some(&theirs), &ours, true);
        assert!(is_ours(&private, Some(&ours), &ours, true));
    }

    #[test]
    fn refresh_with_rewritten_endpoint_keeps_time_of_last_write() {
        let mut private = Private::default();
        let (ours, theirs) = (endpoint(A, true, T1), endpoint(A, true, T2));
        observe(&mut private, Some(&ours), &theirs, true);
        assert!(!is_ours(&private, Some(&theirs), &theirs, true));
        assert!(!lost_target(&private, Some(&theirs)));
        written(&mut private);
        assert!(is_ours(&private, Some(&theirs), &theirs, true));
    }
}
