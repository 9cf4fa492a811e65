//! Switches for undocumented behavior of the real service.

use clap::{ArgAction, Args, ValueEnum};

/// The behavior of the emulator where Konnect's documentation is not specific, or where the service may differ from it.
///
/// Each field is also an option of the command line, such as `--pull-api forbidden`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each of which is on or off"
)]
pub struct Behavior {
    /// Whether the v2 GET of a webhook shows the settings of its destination as its own
    #[arg(long, action = ArgAction::Set, default_value_t = true, value_name = "BOOL")]
    pub v2_shows_destination: bool,
    /// Give each host destinations of its own, which only its webhooks can use, or those of all if the host is `global`
    #[arg(long)]
    pub separate_destinations: bool,
    /// How long the deletion of a destination returns 409 after the last webhook stopped using it, in milliseconds
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub in_use_lag_ms: u64,
    /// How long a change of a webhook to a new destination of `global` returns 404, in milliseconds
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub new_destination_lag_ms: u64,
    /// The form of the endpoints that responses contain
    #[arg(long, value_enum, default_value_t)]
    pub endpoint_form: EndpointForm,
    /// Return UUIDs in upper case
    #[arg(long)]
    pub upper_case_ids: bool,
    /// Return names in the Unicode form NFD, which separates letters from their accents
    #[arg(long)]
    pub decomposed_names: bool,
    /// Treat a field of a body that is null as absent, instead of rejecting it
    #[arg(long)]
    pub ignore_null: bool,
    /// The response of GET /v3/audit-logs
    #[arg(long, value_enum, default_value_t)]
    pub pull_api: PullApi,
}

/// How responses write the URL of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EndpointForm {
    /// As it was sent.
    #[default]
    AsSent,
    /// With a slash at the end.
    TrailingSlash,
    /// With the scheme and the host in upper case.
    UpperCaseHost,
    /// Without the port 443.
    WithoutDefaultPort,
}

/// The response of `GET /v3/audit-logs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PullApi {
    /// The events.
    #[default]
    Available,
    /// 403: the organization does not have the feature.
    Forbidden,
    /// 404: the organization does not have the feature.
    NotFound,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            v2_shows_destination: true,
            separate_destinations: false,
            in_use_lag_ms: 0,
            new_destination_lag_ms: 0,
            endpoint_form: EndpointForm::default(),
            upper_case_ids: false,
            decomposed_names: false,
            ignore_null: false,
            pull_api: PullApi::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        behavior: Behavior,
    }

    #[test]
    fn options_none_are_the_default() {
        assert_eq!(Line::parse_from(["x"]).behavior, Behavior::default());
    }
}
