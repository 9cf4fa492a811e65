//! The warnings of a plan about the stream of a webhook. A plan decides nothing, and never fails because of Konnect.

use konnect::Error;
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private};

use crate::run::RunState;
use crate::run::portal;
use crate::run::scope::Scope;
use crate::run::values::{fails_at_apply, will_fail};
use crate::webhook::rules::{self, Origin, Record, is_unconfirmed, not_confirmed, occupied, was_redirected};
use crate::webhook::stream::Stream;
use crate::webhook::{Current, Model, Target};

/// Warns at plan of a creation about what its apply will do to the webhook that exists, and if another resource of this
/// plan has the same webhook.
pub(super) async fn creation(
    stream: &Stream<'_>,
    private: &mut Private,
    config: &Model,
    diagnostics: &mut Diagnostics,
) {
    let scope = &stream.scope;
    rules::forget_displaced(private);
    if stream.run.count_plan(scope, true) > 1 {
        diagnostics.push(planned_twice(scope));
    }
    match stream.current().await {
        Err(error) => diagnostics.append(not_checked(stream.run, scope, &error)),
        Ok(Some(found))
            if found.is_enabled()
                && config.replaces()
                && config.target().as_ref() != Some(&found.target()) =>
        {
            rules::displace(private, &found.target());
            diagnostics.push(redirects(scope, &found.target(), config));
        }
        Ok(Some(found)) if found.is_enabled() => {
            let mut warning = fails_at_apply(occupied(scope, &found));
            // Terraform can remove the webhook first: in a replacement, or with the resource of another block.
            warning.detail = warning.detail.replacen(
                "The apply will fail.",
                "The apply will fail unless it removes this webhook first.",
                1,
            );
            diagnostics.push(warning);
        }
        // In a replacement, the private data has the record of the old object, which Terraform removes first.
        Ok(Some(found @ Current::Endpoint(_)))
            if !Record::of(private).is_some_and(|record| record.owns(&found.target())) =>
        {
            diagnostics.push(overwrites_switched_off(scope, &found.target()));
        }
        Ok(_) => {}
    }
}

/// Warns at plan of a replacement in another scope whose webhook is switched on: Terraform removes the old stream
/// before the creation of the new one fails.
pub(super) async fn replacement(
    stream: &Stream<'_>,
    old: &Scope,
    prior: &Model,
    config: &Model,
    private: &mut Private,
    diagnostics: &mut Diagnostics,
) {
    let scope = &stream.scope;
    if is_unconfirmed(private)
        && !config.replaces()
        && let Some(target) = prior.target()
    {
        // The removal leaves it.
        Record::set(private, Origin::Foreign, &target);
        diagnostics.push(imported_is_left(old, scope));
    }
    let found = match stream.current().await {
        Err(error) => return diagnostics.append(not_checked(stream.run, scope, &error)),
        Ok(found) => found,
    };
    if found.is_none()
        && let Some(error) = portal::missing(stream.client, scope).await
    {
        return diagnostics.push(fails_at_apply(portal::not_found(scope, &error)));
    }
    let Some(found) = found.filter(Current::is_enabled) else {
        return;
    };
    if config.replaces() && config.target().as_ref() != Some(&found.target()) {
        diagnostics.push(redirects(scope, &found.target(), config));
    } else {
        diagnostics.push(
            Diagnostic::warning(
                "The old stream is removed first",
                format!(
                    "The webhook of {scope} delivers to {}, so its creation fails unless the same apply removes it. \
                     {CREATE_FIRST}",
                    found.target()
                ),
            )
            .at(scope.attribute()),
        );
    }
}

/// What keeps the old stream if the creation of the new one fails.
const CREATE_FIRST: &str = "Unless create_before_destroy = true is set in the lifecycle block, Terraform has then removed the \
                            old webhook, and nothing is delivered. With it, Terraform creates first, and the old webhook \
                            stays if that fails.";

/// Warns if a replacement removes a stream before a creation that will fail.
pub(super) fn failing_replacement(
    old: &Scope,
    prior: &Model,
    planned: &Model,
    diagnostics: &mut Diagnostics,
) {
    let attribute = if prior.region != planned.region {
        "region"
    } else if prior.portal_id != planned.portal_id {
        "portal_id"
    } else {
        return;
    };
    if will_fail(diagnostics) {
        diagnostics.push(
            Diagnostic::warning(
                "The old stream is removed first",
                format!(
                    "This plan replaces the webhook of {old}, and the creation of the new one will fail. {CREATE_FIRST}"
                ),
            )
            .at(attribute),
        );
    }
}

/// Warns at plan of an update if another resource of this plan has the same webhook, if another process or user has
/// redirected it and the update sets the target again, and if the update changes the target of a stream that was only
/// imported or moved.
pub(super) async fn update(
    stream: &Stream<'_>,
    private: &mut Private,
    prior: &Model,
    config: &Model,
    diagnostics: &mut Diagnostics,
) {
    let scope = &stream.scope;
    rules::forget_displaced(private);
    if let (Some(target), Some(_)) = (prior.target(), Record::of(private))
        && rules::adopts(private, prior, config)
    {
        diagnostics.push(adopts(scope, &target));
    }
    if stream.run.count_plan(scope, false) > 1 {
        diagnostics.push(planned_twice(scope));
    }
    let moved = prior.region.is_null();
    let target = config.target();
    if !is_unconfirmed(private)
        && was_redirected(private, prior)
        && let Some(now) = prior.target().filter(|now| Some(now) != target.as_ref())
    {
        diagnostics.push(redirected_outside(stream, &now, target.as_ref()).await);
    }
    if !is_unconfirmed(private) || (!moved && target.is_some() && target == prior.target()) {
        return;
    }
    // The state of another provider does not contain the region, so nothing has read its webhook yet.
    let found = match stream.current().await {
        Err(error) => return diagnostics.append(not_checked(stream.run, scope, &error)),
        Ok(found) => found.map(|found| found.target()),
    };
    if found.is_some() && found == target {
        return;
    }
    match &found {
        Some(found) if config.replaces() => {
            rules::displace(private, found);
            diagnostics.push(redirects(scope, found, config));
        }
        _ if config.replaces() => {}
        found => diagnostics.push(fails_at_apply(not_confirmed(
            scope,
            found.as_ref(),
            prior,
            config,
        ))),
    }
}

/// The warning that an apply only records a target that another process or user set.
fn adopts(scope: &Scope, target: &Target) -> Diagnostic {
    Diagnostic::warning(
        "Target of another process or user is accepted",
        format!(
            "The webhook of {scope} delivers to {target}, which this resource did not set. The apply keeps \
             that target, and records it."
        ),
    )
}

/// The warning that a replacement in another scope does not remove a webhook that was only imported.
fn imported_is_left(old: &Scope, scope: &Scope) -> Diagnostic {
    Diagnostic::warning(
        "Imported webhook is left in place",
        format!(
            "The webhook of {old} was imported, and no apply of this resource has succeeded. The replacement sets up the \
             webhook of {scope}, and does not remove that of {old}. If you meant {old}, correct {}.",
            scope.attribute()
        ),
    )
    .at(scope.attribute())
}

/// The warning that an apply redirects a stream.
fn redirects(scope: &Scope, found: &Target, config: &Model) -> Diagnostic {
    let off = if config.enabled == Attr::Known(false) {
        " and switches it off"
    } else {
        ""
    };
    let target = config.target().map_or_else(
        || "the target of this resource".to_owned(),
        |target| target.to_string(),
    );
    Diagnostic::warning(
        "A live stream is redirected",
        format!(
            "The webhook of {scope} delivers to {found}. Since replace_existing is true, the apply redirects it to \
             {target}{off}, and {found} receives no more of its events."
        ),
    )
    .at("replace_existing")
    .in_every_plan()
}

fn planned_twice(scope: &Scope) -> Diagnostic {
    Diagnostic::warning(
        format!("Two webhooks for one {}", scope.owner_in_text()),
        format!(
            "This plan has another resource for the webhook of {scope}. There is one webhook for it: the apply fails for \
             one of the two resources, or they overwrite each other on every apply. Set another {}, or keep one of them. If \
             the state has both, take the other out with `terraform state rm`: its destroy would switch the stream off.",
            scope.attribute()
        ),
    )
    .at(scope.attribute())
}

fn overwrites_switched_off(scope: &Scope, found: &Target) -> Diagnostic {
    Diagnostic::warning(
        "A webhook that is switched off is overwritten",
        format!(
            "The webhook of {scope} is switched off and set to {found}. The apply overwrites it. The API never returns its \
             credential, so this configuration cannot restore it."
        ),
    )
    .at(scope.attribute())
}

fn not_checked(run: &RunState, scope: &Scope, error: &Error) -> Diagnostics {
    let mut warnings = run.token_warning(error);
    if warnings.is_empty() && !matches!(error.status(), Some(401 | 403)) {
        warnings.push(Diagnostic::warning(
            "Existing webhook could not be checked",
            format!(
                "Whether {scope} already delivers audit events is not known. The apply checks again, and fails if it \
                 can't find out.\n\n{details}", details = error.facts()),
        ));
    }
    warnings
}

/// The warning that another process or user redirected a stream, which the apply directs to `target` again.
async fn redirected_outside(stream: &Stream<'_>, now: &Target, target: Option<&Target>) -> Diagnostic {
    let now = stream.describe(now).await;
    let target = match target {
        Some(target) => stream.describe(target).await,
        None => "the target of this resource".to_owned(),
    };
    Diagnostic::warning(
        "Webhook was redirected by another process or user",
        format!(
            "The webhook of {} now delivers to {now}, which this resource did not set. An apply redirects it to {target}; one \
             with -replace leaves it as it is, and fails. Find out who changed it, and whether the events since then are in the right place.",
            stream.scope
        ),
    )
}
