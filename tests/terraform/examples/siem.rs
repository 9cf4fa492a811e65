//! The configurations for SIEMs, each with `main.tf` of `examples/stream`: the created destinations, and the validation of
//! their variables.

use crate::workspace::{AUTHORIZATION, assert_no_secret, files};

use super::{assert_lifecycle, workspace};

#[cfg(unix)]
mod victorialogs;

const PASSWORD: &str = "dK3vQ7mR-9sL2xW8e";

/// An example for a SIEM and its expected destination.
struct Siem<'a> {
    variables: &'a [(&'a str, &'a str)],
    endpoint: &'a str,
    authorization: &'a str,
    log_format: &'a str,
    /// A value that a variable rejects.
    refused: (&'a str, &'a str),
    secret: &'a str,
}

#[track_caller]
fn delivers(folder: &str, siem: &Siem<'_>) {
    let file = format!("{folder}/siem.tf");
    let workspace = workspace(&["examples/stream/main.tf", &file], siem.variables);
    let made = assert_lifecycle(&workspace);
    assert_eq!(made.len(), 1, "{made:?}");
    let expected = [
        ("endpoint", siem.endpoint),
        ("authorization", siem.authorization),
        ("log_format", siem.log_format),
    ];
    for (field, value) in expected {
        assert_eq!(made[0][field], value, "{field}");
    }
    for (file, text) in files(&workspace.path("")) {
        assert_no_secret(&text, &file, &[siem.secret]);
    }
    assert_no_secret(&workspace.printed(), "the output of the CLI", &[siem.secret]);

    let (name, value) = siem.refused;
    let mut workspace = workspace;
    workspace.set(&format!("TF_VAR_{name}"), value);
    workspace.konnect.clear_requests();
    let error = workspace.try_plan().error();
    assert_eq!(error.summary, "Invalid value for variable");
    assert!(error.file.ends_with("siem.tf"), "{error:?}");
    let found = workspace.konnect.take_requests().len();
    assert_eq!(found, 0, "refused before any request");
}

#[test]
fn siem_victorialogs_creates_expected_destination() {
    delivers(
        "examples/siem/victorialogs",
        &Siem {
            variables: &[
                ("victorialogs_url", "https://logs.example.com"),
                ("victorialogs_password", PASSWORD),
            ],
            endpoint: "https://logs.example.com/insert/jsonline?_stream_fields=event_product,event_class_id&_time_field=rt&_msg_field=name",
            // konnect:dK3vQ7mR-9sL2xW8e
            authorization: "Basic a29ubmVjdDpkSzN2UTdtUi05c0wyeFc4ZQ==",
            log_format: "json",
            refused: ("victorialogs_url", "https://logs.example.com/insert"),
            secret: PASSWORD,
        },
    );
}

#[test]
fn siem_splunk_creates_expected_destination() {
    let token = "0b5c3a1e-6f2d-4c77-9d34-2f8a1c9e7b60";
    delivers(
        "examples/siem/splunk",
        &Siem {
            variables: &[
                ("splunk_hec_url", "https://splunk.example.com:8088"),
                ("splunk_hec_token", token),
                ("splunk_channel", "11111111-2222-3333-4444-555555555555"),
            ],
            endpoint: "https://splunk.example.com:8088/services/collector/raw?channel=11111111-2222-3333-4444-555555555555&sourcetype=_json",
            authorization: &format!("Splunk {token}"),
            log_format: "json",
            refused: ("splunk_hec_token", "Splunk 0b5c3a1e-6f2d-4c77-9d34-2f8a1c9e7b60"),
            secret: token,
        },
    );
}

#[test]
fn siem_sumo_logic_creates_expected_destination() {
    let url = "https://endpoint4.collection.sumologic.com/receiver/v1/http/ZaVnC4dhaV3";
    delivers(
        "examples/siem/sumo-logic",
        &Siem {
            variables: &[("sumo_logic_source_url", url)],
            endpoint: url,
            authorization: "Bearer unused-by-sumo-logic",
            log_format: "cef",
            refused: ("sumo_logic_source_url", "https://service.sumologic.com/ui/"),
            secret: "ZaVnC4dhaV3",
        },
    );
}

#[test]
fn siem_relay_creates_expected_destination() {
    delivers(
        "examples/siem/relay",
        &Siem {
            variables: &[
                ("relay_url", "https://relay.example.com/konnect"),
                ("relay_password", PASSWORD),
            ],
            endpoint: "https://relay.example.com/konnect",
            // konnect:dK3vQ7mR-9sL2xW8e
            authorization: "Basic a29ubmVjdDpkSzN2UTdtUi05c0wyeFc4ZQ==",
            log_format: "json",
            refused: ("relay_url", "https://http-intake.logs.datadoghq.com/api/v2/logs"),
            secret: PASSWORD,
        },
    );
}

#[test]
fn relay_url_of_the_siem_itself_is_refused() {
    let mut workspace = workspace(
        &["examples/stream/main.tf", "examples/siem/relay/siem.tf"],
        &[("relay_password", PASSWORD)],
    );
    workspace.set("TF_VAR_relay_url", "https://relay.example.com/konnect");
    workspace.init();
    for url in [
        "https://elastic.example.com:9200/konnect/_bulk",
        "https://dce.westeurope-1.ingest.monitor.azure.com/x",
        "https://eu-chronicle.googleapis.com/v1alpha/projects/1:importPushLogs",
    ] {
        workspace.set("TF_VAR_relay_url", url);
        let expected = "Invalid value for variable";
        assert_eq!(workspace.try_plan().error().summary, expected, "{url}");
    }
}

#[test]
fn siem_logscale_creates_expected_destination() {
    delivers(
        "examples/siem/logscale",
        &Siem {
            variables: &[
                ("logscale_url", "https://logscale.example.com"),
                ("logscale_ingest_token", PASSWORD),
            ],
            endpoint: "https://logscale.example.com/api/v1/ingest/hec/raw",
            authorization: &format!("Bearer {PASSWORD}"),
            log_format: "json",
            refused: ("logscale_url", "https://logscale.example.com/api/v1/ingest/hec"),
            secret: PASSWORD,
        },
    );
}

#[test]
fn siem_crowdstrike_creates_expected_destination() {
    delivers(
        "examples/siem/crowdstrike",
        &Siem {
            variables: &[
                (
                    "crowdstrike_url",
                    "https://ingest.example.com/api/ingest/hec/1f/v1/services/collector",
                ),
                ("crowdstrike_token", PASSWORD),
            ],
            endpoint: "https://ingest.example.com/api/ingest/hec/1f/v1/services/collector",
            authorization: &format!("Bearer {PASSWORD}"),
            log_format: "cps",
            refused: ("crowdstrike_token", "Bearer dK3vQ7mR"),
            secret: PASSWORD,
        },
    );
}

#[test]
fn stream_creates_expected_destination() {
    delivers(
        "examples/stream",
        &Siem {
            variables: &[
                ("collector_url", "https://collector.example.com/konnect"),
                ("collector_authorization", AUTHORIZATION),
            ],
            endpoint: "https://collector.example.com/konnect",
            authorization: AUTHORIZATION,
            log_format: "json",
            refused: ("collector_authorization", "pR7-zQ3.kM8xA"),
            secret: AUTHORIZATION,
        },
    );
}
