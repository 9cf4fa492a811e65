//! The provider block: its schema, the environment variables that complete it, and the [`RunState`] that it creates.

use std::path::Path;
use std::time::Duration;

use konnect::{
    ACCESS_TOKENS_URL, AccessToken, CaCertificates, Cache, Client, ClientOptions, InvalidValue, Region,
    ServerUrl, sentence, v3,
};
use terraform_plugin::{
    Attr, ConfigureCall, Diagnostic, Diagnostics, Secret, Validator, foreign_text, remember_secret,
};

use crate::run::scope::Regions;
use crate::run::validators;
use crate::run::{Access, RunState};

/// Manages the audit logging of a Kong Konnect organization: where audit events are sent, for which regions, and
/// whether they arrive.
#[derive(Debug, terraform_plugin::Model)]
#[tf(conflicts(personal_access_token, system_account_access_token))]
pub struct Config {
    /// Personal access token (`kpat_...`) of a user with the role Audit Logs: Admin. Can also be set with the
    /// environment variable `KONNECT_TOKEN`. It takes precedence over a system account access token from the same
    /// place; the provider block takes precedence over the environment.
    #[tf(optional, sensitive, validate = validators::access_token())]
    personal_access_token: Attr<Secret>,
    /// Access token of a system account (`spat_...`) with the role Audit Logs: Admin, recommended for pipelines. Can
    /// also be set with the environment variable `KONNECT_SPAT`. Conflicts with `personal_access_token`.
    #[tf(optional, sensitive, validate = validators::access_token())]
    system_account_access_token: Attr<Secret>,
    /// URL of the Konnect API. Can also be set with the environment variable `KONNECT_SERVER_URL`. The provider
    /// replaces `{region}` in the host or path with the region of each resource. A URL without it serves one region:
    /// the region in its host (`https://eu.api.konghq.com`), or else the provider's `region`, or else `global`. HTTPS
    /// only, except for a loopback address; no user name, query or fragment. Default:
    /// `https://{region}.api.konghq.com`.
    #[tf(optional, validate = validators::server_url())]
    server_url: Attr<String>,
    /// Default region of webhooks and statuses: `us`, `eu`, `au`, `me`, `in`, `sg`, `global`, or a region that Kong
    /// adds later. Can also be set with the environment variable `KONNECT_REGION`.
    #[tf(optional, validate = validators::region(), text)]
    region: Attr<Region>,
    /// Time limit for one attempt of a request, in seconds, from 1 to 600. Up to 10 seconds of it are available for the
    /// connection. Default: 30.
    #[tf(optional, validate = Validator::whole_number(1, 600))]
    request_timeout_seconds: Attr<i64>,
    /// Maximum number of retries of a request, from 0 to 10. The provider retries only requests that are safe to
    /// repeat, after connection errors, rate limits (429), temporary statuses (408, 425) and server errors (500 and
    /// above). The first wait is 1 second. Each further wait is twice as long, at most 30 seconds, unless Konnect asks
    /// for another. Default: 4.
    #[tf(optional, validate = Validator::whole_number(0, 10))]
    max_retries: Attr<i64>,
    /// Whether to re-send a credential after an outside change. The API never returns a credential, but it returns the
    /// time of the last change of an object. If this configuration did not make that change, the next plan warns, and
    /// its apply sends the configured credential again, in place. To exclude one resource, add its credential argument
    /// to `ignore_changes`. Default: true.
    #[tf(optional)]
    detect_authorization_drift: Attr<bool>,
    /// Ids of the Konnect organizations that this configuration may be applied to. If set, the provider reads the
    /// organization of the access token and fails before any other request if it is not in the set.
    #[tf(optional, set)]
    allowed_organization_ids: Attr<Vec<Attr<String>>>,
    /// Path of a file in PEM format with certificates of authorities that the provider trusts in addition to those of
    /// the system, for a gateway or proxy whose certificate the system does not know. A relative path begins at the
    /// working directory.
    #[tf(optional, validate = Validator::not_blank())]
    ca_certificate_file: Attr<String>,
}

/// Creates the state of a run from a provider block and the environment.
///
/// # Errors
/// A value cannot be used, or the organization of the token is not allowed.
pub(crate) async fn configure(
    call: &mut ConfigureCall<Config>,
    variable: impl Fn(&str) -> Option<String> + Send,
) -> Result<RunState, Diagnostics> {
    let allowed = call.config.allowed_organization_ids.clone();
    let run = run_state(call, variable)?;
    if let (Attr::Known(allowed), Ok(client)) = (&allowed, run.client()) {
        check_organization(client, &run.regions.organization(), allowed).await?;
    }
    Ok(run)
}

fn run_state(
    call: &ConfigureCall<Config>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<RunState, Diagnostics> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut found = Diagnostics::new();
    let config = &call.config;

    let (token, origin) = token(config, &variable).unwrap_or_else(|error| {
        found.push(error);
        (Attr::Null, "")
    });
    let server_url = match &config.server_url {
        Attr::Unknown => Attr::Unknown,
        Attr::Known(text) => parsed(ServerUrl::parse(text), "server_url", "server_url", &mut found),
        Attr::Null => match variable("KONNECT_SERVER_URL") {
            Some(text) => parsed(
                ServerUrl::parse(&text),
                "server_url",
                "KONNECT_SERVER_URL",
                &mut found,
            ),
            None => Attr::Known(ServerUrl::default()),
        },
    };
    let region = match (&config.region, variable("KONNECT_REGION")) {
        (Attr::Null, Some(text)) => parsed(Region::parse(&text), "region", "KONNECT_REGION", &mut found),
        (region, _) => region.clone(),
    };
    let ca_certificates = match &config.ca_certificate_file {
        Attr::Known(file) => {
            let read = CaCertificates::from_pem_file(Path::new(file));
            parsed(read, "ca_certificate_file", "ca_certificate_file", &mut found)
        }
        Attr::Unknown => Attr::Unknown,
        Attr::Null => Attr::Null,
    };
    if found.has_errors() {
        return Err(found);
    }
    let regions = Regions::new(server_url.clone(), region)?;
    let detects_drift = config.detect_authorization_drift != Attr::Known(false);

    let missing = [
        ("access token", token.is_unknown()),
        ("server_url", server_url.is_unknown()),
        (
            "request_timeout_seconds",
            config.request_timeout_seconds.is_unknown(),
        ),
        ("max_retries", config.max_retries.is_unknown()),
        ("ca_certificate_file", ca_certificates.is_unknown()),
    ];
    let missing: Vec<_> = missing
        .iter()
        .filter(|(_, unknown)| *unknown)
        .map(|(name, _)| *name)
        .collect();
    let (Attr::Known(token), Attr::Known(server_url), []) = (token, server_url, missing.as_slice()) else {
        tracing::info!(
            missing = missing.join(", "),
            "parts of the provider block are known only after apply"
        );
        return Ok(RunState::new(
            regions,
            detects_drift,
            Access::Waiting(missing.join(" and ")),
        ));
    };
    let mut options = ClientOptions::new(token);
    options.server_url = server_url;
    options.ca_certificates = ca_certificates.into_known();
    options.user_agent = format!(
        "terraform-provider-konnect/{} (terraform/{})",
        env!("CARGO_PKG_VERSION"),
        // The version of the host, without characters that a header cannot contain.
        call.terraform_version
            .replace(|c: char| !c.is_ascii_graphic(), "")
    );
    options.stop = call.stop.clone();
    if let Some(seconds) = config.request_timeout_seconds.known() {
        options.request_timeout = Duration::from_secs(seconds.unsigned_abs());
        options.connect_timeout = options.connect_timeout.min(options.request_timeout);
    }
    if let Some(retries) = config.max_retries.known() {
        options.max_retries = u32::try_from(*retries).unwrap_or_default();
    }
    let client = Client::new(options)
        .map_err(|error| Diagnostic::error("Invalid environment for HTTPS requests", sentence(&error)))?;
    let access = Access::Ready {
        cache: Cache::new(client.clone(), regions.organization()),
        client,
        stop: call.stop.clone(),
        origin,
    };
    Ok(RunState::new(regions, detects_drift, access))
}

/// Checks the organization of the token.
async fn check_organization(
    client: &Client,
    region: &Region,
    allowed: &[Attr<String>],
) -> Result<(), Diagnostic> {
    let allowed: Vec<_> = allowed
        .iter()
        .filter_map(Attr::known)
        .map(String::as_str)
        .collect();
    let list = if allowed.is_empty() {
        "none".to_owned()
    } else {
        foreign_text(&allowed.join(", "))
    };
    let (summary, detail) = match v3::get_organization(client, region).await {
        Ok(found) if allowed.iter().any(|id| id.eq_ignore_ascii_case(&found.id)) => return Ok(()),
        Ok(found) => (
            "Organization is not allowed",
            format!(
                "The access token belongs to the organization {}. allowed_organization_ids allows: {list}. Use a token of \
                 an allowed organization, or add this one to the set.",
                foreign_text(&found.id)
            ),
        ),
        Err(error) => (
            "Organization could not be checked",
            format!(
                "allowed_organization_ids is set (allowed: {list}), and reading the organization of the access token \
                 failed.\n\n{details}",
                details = error.detail()
            ),
        ),
    };
    Err(Diagnostic::error(summary, detail).at("allowed_organization_ids"))
}

/// The token, and the attribute or variable that it comes from. The block takes precedence over the environment, and
/// the personal token over the system account token.
fn token(
    config: &Config,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<(Attr<AccessToken>, &'static str), Diagnostic> {
    let named = |parsed: Result<AccessToken, InvalidValue>, attribute: &'static str, name: &'static str| {
        let detail = |error| format!("{name} can't be used. {}", sentence(&error));
        parsed
            .map(|token| (Attr::Known(token), name))
            .map_err(|e| Diagnostic::error("Invalid access token", detail(e)).at(attribute))
    };
    let (personal, system) = ("personal_access_token", "system_account_access_token");
    for (attribute, value) in [
        (personal, &config.personal_access_token),
        (system, &config.system_account_access_token),
    ] {
        match value {
            Attr::Null => {}
            Attr::Unknown => return Ok((Attr::Unknown, attribute)),
            Attr::Known(secret) => return named(AccessToken::parse(secret.expose()), attribute, attribute),
        }
    }
    for (attribute, name) in [(personal, "KONNECT_TOKEN"), (system, "KONNECT_SPAT")] {
        if let Some(text) = variable(name) {
            remember_secret(&text);
            return named(AccessToken::parse(&text), attribute, name);
        }
    }
    Err(Diagnostic::error(
        "No Konnect access token",
        format!(
            "Set the environment variable KONNECT_TOKEN (a personal access token, kpat_...) or KONNECT_SPAT (a system \
             account access token, spat_...), or personal_access_token or system_account_access_token in the provider \
             block. The owner of the token needs the role Audit Logs: Admin. Create personal access tokens at {ACCESS_TOKENS_URL}, \
             and system account access tokens under Organization > System Accounts."
        ),
    ))
}

fn parsed<T, E: std::fmt::Display>(
    parsed: Result<T, E>,
    attribute: &'static str,
    source: &str,
    found: &mut Diagnostics,
) -> Attr<T> {
    match parsed {
        Ok(value) => Attr::Known(value),
        Err(error) => {
            let detail = format!("{source} can't be used. {}", sentence(&error));
            found.push(Diagnostic::error("Invalid provider configuration", detail).at(attribute));
            Attr::Null
        }
    }
}
