//! The provider with the real CLI.

use std::env;

use crate::api::DESTINATIONS;
use crate::run::{Stop, Target};
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

pub fn ask(target: &Target, session: &Session<'_>) {
    let question = "Does the provider create, update and destroy a destination and a webhook?";
    session.ask(question, || {
        let workspace = workspace(target, session);
        let result = apply_and_destroy(&workspace, session);
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
    let variable = "variable \"authorization\" {\n  type      = string\n  sensitive = true\n}\n";
    let destination = Block::destination("acceptance")
        .with("name", format!("{}{name}", session.prefix))
        .with("endpoint", session.dead_endpoint())
        .with("log_format", "json")
        .expression("authorization", "var.authorization");
    let webhook = session.claimed.as_ref().map(|region| {
        Block::webhook_to("acceptance", "acceptance")
            .with("region", region.as_str())
            .with("enabled", false)
            .to_string()
    });
    format!("{variable}{destination}{}", webhook.unwrap_or_default())
}

fn apply_and_destroy(workspace: &Workspace, session: &Session<'_>) -> Result<String, Stop> {
    let home = session.home();
    workspace.configure_provider("", configuration(session, "cli"));
    step(session, "init", &workspace.run(&["init", "-no-color"]))?;
    let empty_plan = "plan of what was applied, which is to be empty";
    step(session, "apply", &workspace.try_apply())?;
    step(session, empty_plan, &workspace.try_plan())?;
    let id = workspace.state().text(DESTINATION, "id");
    workspace.configure_provider("", configuration(session, "cli-renamed"));
    step(session, "apply with another name", &workspace.try_apply())?;
    step(session, empty_plan, &workspace.try_plan())?;
    step(session, "destroy", &workspace.try_destroy())?;

    if session.get(&home, &format!("{DESTINATIONS}/{id}"))?.status != 404 {
        return Err(Stop::Failed("the destination exists after destroy".to_owned()));
    }
    let webhook = match &session.claimed {
        Some(region) => format!(" and the webhook of {region}"),
        None => "; no region was free for a webhook".to_owned(),
    };
    Ok(format!("Yes: a destination on {home}{webhook}"))
}

/// Records how a command ended, with its diagnostics.
fn step(session: &Session<'_>, what: &str, run: &Run) -> Result<(), Stop> {
    let said = run.diagnostics.iter();
    let said = said.map(|found| format!("; {:?}: {}", found.severity, found.text()));
    session.note(format!(
        "{what}: ended with {:?}{}",
        run.code,
        said.collect::<String>()
    ));
    if run.code == Some(0) {
        return Ok(());
    }
    let lines = run.stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.take(3).collect();
    Err(Stop::Failed(format!("{what} failed: {}", lines.join(" "))))
}
