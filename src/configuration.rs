//! The provider block: what it may hold, where missing parts come from, and what becomes of it.

use std::time::Duration;

use konnect::{AccessToken, Client, ClientOptions, InvalidSecret, Region, ServerUrl};
use serde::Deserialize;
use terraform_plugin::{Attr, Attribute, ConfigureCall, Diagnostic, Diagnostics, Schema, Secret, Validator};

use crate::connection::{Connection, Regions, State};
use crate::validators;

const TOKENS: &str = "https://cloud.konghq.com/global/account/tokens";

/// The provider block. Every attribute is optional, and may be unknown while planning.
#[derive(Debug, Deserialize)]
pub struct Config {
    personal_access_token: Attr<Secret>,
    system_account_access_token: Attr<Secret>,
    server_url: Attr<String>,
    region: Attr<Region>,
    request_timeout_seconds: Attr<i64>,
    max_retries: Attr<i64>,
}

pub(crate) fn schema() -> Schema {
    Schema::new(
        "Manages the audit logging of a Kong Konnect organization: where audit events are sent, for which \
         regions, and whether they arrive.",
        [
            Attribute::string("personal_access_token")
                .optional()
                .sensitive()
                .validator(validators::access_token())
                .description(
                    "Personal access token (`kpat_...`) of a user with the Org Admin permission. Can be set as \
                     `KONNECT_TOKEN` instead. It goes before a system account access token from the same place; the \
                     block goes before the environment.",
                ),
            Attribute::string("system_account_access_token")
                .optional()
                .sensitive()
                .validator(validators::access_token())
                .description(
                    "Access token of a system account (`spat_...`) with the Org Admin permission: the right choice \
                     for pipelines. Can be set as `KONNECT_SPAT` instead. Conflicts with `personal_access_token`.",
                ),
            Attribute::string("server_url").optional().validator(validators::server_url()).description(
                "URL of the Konnect API, by default `https://{region}.api.konghq.com`. Can be set as \
                 `KONNECT_SERVER_URL` instead. `{region}` may stand in the host or in the path and is replaced by the \
                 region of each resource. Without it the URL serves one region: the one that its host names \
                 (`https://eu.api.konghq.com`), or for any other host the provider's `region`, else `global`. HTTPS \
                 only, except to a loopback address; no user name, query or fragment.",
            ),
            Attribute::string("region").optional().validator(validators::region()).description(
                "Region of the webhooks and statuses that name none: `us`, `eu`, `au`, `me`, `in`, `sg`, `global`, or \
                 one that Kong has added since. Can be set as `KONNECT_REGION` instead.",
            ),
            Attribute::number("request_timeout_seconds")
                .optional()
                .validator(Validator::whole_number(1, 600))
                .description(
                    "How long one attempt of a request may take from beginning to end, in seconds, from 1 to 600. \
                     By default 30. Making a connection may take 10 seconds of it.",
                ),
            Attribute::number("max_retries").optional().validator(Validator::whole_number(0, 10)).description(
                "How often a failed request is made again, from 0 to 10. By default 4. Only requests that can be \
                 repeated safely are, after connection errors, rate limits (429), statuses that pass by themselves \
                 (408, 425) and server errors (500 and above). The first wait is 1 second, each further one twice as long, at most 30 seconds, unless Konnect asks \
                 for another.",
            ),
        ],
    )
}

pub(crate) fn validate(config: &Config, diagnostics: &mut Diagnostics) {
    // What is not known yet may turn out to be null: a configuration of known values is validated again.
    if config.personal_access_token.known().is_some() && config.system_account_access_token.known().is_some()
    {
        diagnostics.push(
            Diagnostic::error(
                "Two access tokens",
                "A request can carry one token only. Remove either personal_access_token or \
                 system_account_access_token.",
            )
            .at("system_account_access_token"),
        );
    }
}

/// Makes the connection that a provider block, completed from the environment, describes.
pub(crate) fn connect(
    call: &mut ConfigureCall<Config>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Connection, Diagnostics> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut found = Diagnostics::new();
    let config = &call.config;

    let token = token(config, &variable).unwrap_or_else(|error| {
        found.push(error);
        Attr::Null
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
    if found.has_errors() {
        return Err(found);
    }
    let regions = Regions::new(server_url.clone(), region)?;

    let missing = [
        ("access token", token.is_unknown()),
        ("server_url", server_url.is_unknown()),
        (
            "request_timeout_seconds",
            config.request_timeout_seconds.is_unknown(),
        ),
        ("max_retries", config.max_retries.is_unknown()),
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
        return Ok(Connection::new(regions, State::Waiting(missing.join(" and "))));
    };
    let mut options = ClientOptions::new(token);
    options.server_url = server_url;
    options.user_agent = format!(
        "terraform-provider-konnect/{} (terraform/{})",
        env!("CARGO_PKG_VERSION"),
        // What the host sends, as far as a header can carry it.
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
    Ok(Connection::new(regions, State::Ready(Client::new(options))))
}

/// The block before the environment, and in either the personal token before the system account's.
fn token(
    config: &Config,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Attr<AccessToken>, Diagnostic> {
    let named = |parsed: Result<AccessToken, InvalidSecret>, attribute: &'static str, name: &str| {
        let detail = |error| format!("{name} can't be used. {}", validators::sentence(&error));
        parsed
            .map(Attr::Known)
            .map_err(|e| Diagnostic::error("Invalid access token", detail(e)).at(attribute))
    };
    let (personal, system) = ("personal_access_token", "system_account_access_token");
    for (attribute, value) in [
        (personal, &config.personal_access_token),
        (system, &config.system_account_access_token),
    ] {
        match value {
            Attr::Null => {}
            Attr::Unknown => return Ok(Attr::Unknown),
            Attr::Known(secret) => return named(AccessToken::parse(secret.expose()), attribute, attribute),
        }
    }
    for (attribute, name) in [(personal, "KONNECT_TOKEN"), (system, "KONNECT_SPAT")] {
        if let Some(text) = variable(name) {
            return named(AccessToken::parse(&text), attribute, name);
        }
    }
    Err(Diagnostic::error(
        "No Konnect access token",
        format!(
            "Set the environment variable KONNECT_TOKEN (a personal access token, kpat_...) or KONNECT_SPAT (a \
             system account's, spat_...), or in the provider block personal_access_token or \
             system_account_access_token. Its owner needs the Org Admin permission. Personal tokens are made at \
             {TOKENS}, those of system accounts under Organization > System Accounts."
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
            let detail = format!("{source} can't be used. {}", validators::sentence(&error));
            found.push(Diagnostic::error("Invalid provider configuration", detail).at(attribute));
            Attr::Null
        }
    }
}

#[cfg(test)]
mod tests;
