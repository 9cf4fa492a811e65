//! The provider with the real CLI.

use std::env;

use crate::api::DESTINATIONS;
use crate::question::Question;
use crate::run::{Book, Steps, Stop, Target};
use crate::session::Session;
use crate::workspace::{Block, Run, Workspace};

/// The environment variables that the CLI and the provider need to reach the server.
const CONNECTION: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
const DESTINATION: &str = "konnect_audit_log_destination.acceptance";

pub fn ask(target: &Target, session: &Session<'_>, book: &mut Book<'_>) {
    book.ask(Question::Lifecycle, |steps| {
        let workspace = workspace(target, session);
        let result = apply_and_destroy(&workspace, session, steps);
        if result.is_err() {
            // Remaining objects are also removed at the end of the run.
            let _ = workspace.try_destroy();
        }
        result
    });
}

fn workspace(target: &Target, session: &Session<'_>) -> Workspace {
    let mut workspace = Workspace::new();
    workspace.unset("KONNECT_TOKEN");
    let name = if target.token.starts_with("spat_") {
        "KONNECT_SPAT"
    } else {
        "KONNECT_TOKEN"
    };
    workspace.set(name, &target.token);
    workspace.set("KONNECT_SERVER_URL", target.server_url.to_string());
    workspace.set("TF_VAR_authorization", session.authorization);
    for name in CONNECTION {
        if let Ok(value) = env::var(name) {
            workspace.set(name, value);
        }
    }
    workspace
}

/// A destination, and a disabled webhook: no event leaves the organization.
fn configuration(session: &Session<'_>, name: &str) -> String {
    let destination = Block::new("resource \"konnect_audit_log_destination\" \"acceptance\"")
        .with("name", format!("{}{name}", session.prefix))
        .with("endpoint", session.dead_endpoint())
        .with("log_format", "json")
        .expression("authorization", "var.authorization");
    let webhook = session.claimed.as_ref().map_or_else(String::new, |region| {
        Block::new("resource \"konnect_audit_log_webhook\" \"acceptance\"")
            .with("region", region.as_str())
            .with("enabled", false)
            .expression("audit_log_destination_id", format!("{DESTINATION}.id"))
            .to_string()
    });
    format!(
        "variable \"authorization\" {{\n  type      = string\n  sensitive = true\n}}\n\n{destination}\n{webhook}"
    )
}

fn apply_and_destroy(
    workspace: &Workspace,
    session: &Session<'_>,
    steps: &mut Steps<'_>,
) -> Result<String, Stop> {
    let home = session.home();
    workspace.configure_provider("", configuration(session, "cli"));
    step(steps, "init", &workspace.run(&["init", "-no-color"]))?;
    step(steps, "apply", &workspace.try_apply())?;
    step(
        steps,
        "plan of what was applied, which is to be empty",
        &workspace.try_plan(),
    )?;
    let id = workspace.state().text(DESTINATION, "id");

    workspace.configure_provider("", configuration(session, "cli-renamed"));
    step(steps, "apply with another name", &workspace.try_apply())?;
    step(
        steps,
        "plan of what was applied, which is to be empty",
        &workspace.try_plan(),
    )?;
    step(steps, "destroy", &workspace.try_destroy())?;

    let gone = session.api.get(&home, &format!("{DESTINATIONS}/{id}"))?;
    steps.push(format!(
        "GET of the destroyed destination: {}",
        session.api.brief(&gone)
    ));
    if gone.status != 404 {
        return Err(Stop::Failed("the destination exists after destroy".to_owned()));
    }
    let objects = match &session.claimed {
        Some(region) => format!("a destination on {home} and the webhook of {region}"),
        None => format!("a destination on {home}; no region was free for a webhook"),
    };
    Ok(format!("Yes: {objects}"))
}

/// Records how a command ended, with its errors.
fn step(steps: &mut Steps<'_>, what: &str, run: &Run) -> Result<(), Stop> {
    let warnings = run
        .warnings()
        .into_iter()
        .map(|warning| format!("warning: {}", warning.summary));
    let errors = run.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let errors = errors.map(|error| format!("error: {}: {}", error.summary, error.detail));
    let reported: Vec<_> = warnings
        .chain(errors)
        .map(|text| text.replace('\n', " "))
        .collect();
    let code = run
        .code
        .map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
    steps.push(
        format!("{what}: ended with {code} {}", reported.join("; "))
            .trim_end()
            .to_owned(),
    );
    if run.code == Some(0) {
        Ok(())
    } else if run.diagnostics.is_empty() {
        let last = run.stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let last: Vec<_> = last.take(3).collect();
        Err(Stop::Failed(format!("{what} failed: {}", last.join(" "))))
    } else {
        Err(Stop::Failed(format!("{what} failed")))
    }
}
