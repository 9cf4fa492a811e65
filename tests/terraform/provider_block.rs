//! The provider block and the environment: server and credentials.

use konnect_emulator::{Certificate, EmulatorOptions, Fault, FaultRule};
use serde_json::json;

use crate::workspace::{Block, Product, TOKEN, Workspace, cli, only, says};

fn siem() -> Block {
    Block::destination("siem")
}

/// Asserts that there are requests, and that all have this token.
fn all_have_token(workspace: &Workspace, token: &str) {
    let requests = workspace.konnect.take_requests();
    let bearer = format!("Bearer {token}");
    assert!(!requests.is_empty() && requests.iter().all(|request| request.has_authorization(&bearer)));
}

#[test]
fn request_sends_user_agent_and_token() {
    let workspace = Workspace::of(siem());
    workspace.apply();
    workspace.assert_no_changes();
    workspace.destroy();
    let requests = workspace.konnect.take_requests();
    assert!(requests.len() >= 4, "{requests:?}");
    let begins = concat!(
        "terraform-provider-konnect/",
        env!("CARGO_PKG_VERSION"),
        " (terraform/"
    );
    for request in requests {
        let agent = request.header("user-agent").unwrap_or_default();
        let host = agent.strip_prefix(begins).and_then(|rest| rest.strip_suffix(')'));
        match cli().product {
            Product::Terraform => assert_eq!(host, Some(cli().version.as_str()), "{agent}"),
            // It passes the version of a compatible Terraform.
            Product::OpenTofu => assert!(host.is_some_and(|version| version.starts_with("1.")), "{agent}"),
        }
        let bearer = format!("Bearer {TOKEN}");
        assert!(request.has_authorization(&bearer), "{request:?}");
    }
}

#[test]
fn token_precedence_prefers_block_and_personal_token() {
    let mut workspace = Workspace::of(siem());
    workspace.set("KONNECT_SPAT", "spat_of-environment");
    workspace.apply();
    all_have_token(&workspace, TOKEN);

    workspace.unset("KONNECT_TOKEN");
    workspace.assert_no_changes();
    all_have_token(&workspace, "spat_of-environment");

    workspace.set("KONNECT_TOKEN", TOKEN);
    workspace.configure_provider("system_account_access_token = \"spat_of-block\"", siem());
    workspace.assert_no_changes();
    all_have_token(&workspace, "spat_of-block");

    workspace.configure_provider("personal_access_token = \"kpat_of-block\"", siem());
    workspace.assert_no_changes();
    all_have_token(&workspace, "kpat_of-block");
}

#[test]
fn server_url_in_block_overrides_environment() {
    let mut workspace = Workspace::of(siem());
    let url = format!("server_url = \"{}/{{region}}/\"", workspace.konnect.url());
    workspace.set("KONNECT_SERVER_URL", "http://127.0.0.1:1/{region}");
    workspace.configure_provider(&url, siem());
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.konnect.destinations().len(), 1);
}

#[test]
fn token_missing_errors_with_every_option() {
    let mut workspace = Workspace::of(siem());
    for set_to in [None, Some("")] {
        workspace.unset("KONNECT_TOKEN");
        if let Some(value) = set_to {
            workspace.set("KONNECT_TOKEN", value);
        }
        let error = workspace.try_plan().error();
        says(
            &error,
            "No Konnect access token",
            &[
                "personal_access_token",
                "system_account_access_token",
                "KONNECT_TOKEN",
                "KONNECT_SPAT",
                "https://cloud.konghq.com/global/account/tokens",
            ],
        );
    }
    assert_eq!(workspace.konnect.requests(), []);
}

/// Asserts that each provider block has one error, on this attribute, from `validate` and from `plan`.
fn each_refused(cases: &[(String, &str, &str)]) {
    let workspace = Workspace::of("");
    for (index, (block, _, _)) in cases.iter().enumerate() {
        let provider = format!("provider \"konnect\" {{\n  alias = \"case_{index}\"\n  {block}\n}}\n");
        // A provider block that nothing uses is not validated.
        let user = Block::destination(&format!("case_{index}"))
            .expression("provider", format!("konnect.case_{index}"));
        workspace.write(&format!("case_{index}.tf"), &format!("{provider}{user}"));
    }
    for run in [workspace.validate(), workspace.try_plan()] {
        let errors = run.errors();
        assert_eq!(errors.len(), cases.len(), "{errors:#?}");
        for (index, (block, attribute, says)) in cases.iter().enumerate() {
            let file = format!("case_{index}.tf");
            let error = errors.iter().find(|error| error.file == file);
            let error = error.unwrap_or_else(|| panic!("{block}: {errors:#?}"));
            assert_eq!(error.attribute(), Some(*attribute), "{block}: {error:?}");
            assert!(error.text().contains(says), "{block}: {error:?}");
        }
    }
    assert_eq!(workspace.konnect.requests(), []);
}

#[test]
fn token_invalid_errors_on_attribute() {
    let both = "personal_access_token = \"kpat_a\"\n  system_account_access_token = \"spat_a\"";
    let mut cases = vec![(
        both.to_owned(),
        "system_account_access_token",
        "personal_access_token",
    )];
    for attribute in ["personal_access_token", "system_account_access_token"] {
        for bad in ["", " ", "kpat_a\\nb", "kpat_a\\r\\nX-Evil: b"] {
            cases.push((
                format!("{attribute} = \"{bad}\""),
                attribute,
                "Invalid access token",
            ));
        }
    }
    each_refused(&cases);
}

/// The client's own tests have the other forms of an invalid URL.
#[test]
fn server_url_invalid_errors_on_attribute() {
    let cases = [
        ("http://konnect.example.com/{region}", "https://"),
        ("ftp://127.0.0.1/", "https://"),
        ("konnect.example.com", "absolute URL"),
        ("", "empty"),
        ("https://me:secret@konnect.example.com/", "user name"),
        ("https://konnect.example.com/?a=b", "query"),
        ("https://{Region}.api.konghq.com", "`{region}`"),
        ("https://{region}.example.com/{region}", "once"),
        ("https://eu.api.konghq.com/v3", "/v3"),
        ("https://{region}.api.konghq.com/v2/", "/v2"),
    ];
    each_refused(&cases.map(|(url, says)| (format!("server_url = {}", json!(url)), "server_url", says)));
}

#[test]
fn region_or_number_invalid_errors_on_attribute() {
    let cases = [
        ("region", "\"EU\"", "`eu`"),
        ("region", "\"a.b\"", "'.'"),
        ("region", "\"\"", "empty"),
        ("max_retries", "-1", "from 0 to 10"),
        ("max_retries", "11", "from 0 to 10"),
        ("max_retries", "1.5", "from 0 to 10"),
        ("request_timeout_seconds", "0", "from 1 to 600"),
        ("request_timeout_seconds", "601", "from 1 to 600"),
        ("request_timeout_seconds", "0.5", "from 1 to 600"),
    ];
    each_refused(&cases.map(|(attribute, value, says)| (format!("{attribute} = {value}"), attribute, says)));
}

#[test]
fn ca_certificate_file_is_trusted() {
    let workspace = Workspace::with(EmulatorOptions {
        certificate: Some(Certificate::Valid),
        ..EmulatorOptions::default()
    });
    workspace.write("authority.pem", &workspace.konnect.authority().unwrap());
    workspace.set_up(siem());
    let error = workspace.apply_error();
    assert!(error.text().contains("certificate"), "{error:?}");

    let block = "ca_certificate_file = \"${path.module}/authority.pem\"";
    workspace.configure_provider(block, siem());
    workspace.apply_and_assert_no_changes();
    workspace.destroy();
}

#[test]
fn ca_certificate_file_that_is_unusable_errors_on_attribute_and_names_the_file() {
    let workspace = Workspace::of(siem());
    workspace.write("other.pem", "no certificate");
    for (file, says) in [("absent.pem", "cannot be read"), ("other.pem", "no certificate")] {
        workspace.configure_provider(&format!("ca_certificate_file = \"{file}\""), siem());
        let error = workspace.try_plan().error();
        assert_eq!(error.attribute(), Some("ca_certificate_file"), "{error:?}");
        assert!(
            error.detail.contains(file) && error.detail.contains(says),
            "{error:?}"
        );
    }
    assert_eq!(workspace.konnect.requests(), []);
}

#[test]
fn region_not_known_to_provider_warns() {
    let workspace = Workspace::of("");
    let webhook = Block::webhook_with_endpoint("here").without("region");
    workspace.configure_provider("region = \"jp\"", webhook);
    let run = workspace.validate().succeeds();
    assert!(run.diagnostics.is_empty(), "{}", run.report());
    let run = workspace.try_plan().ends_with(2);
    let warning = only(&run.diagnostics);
    assert_eq!(warning.summary, "Unknown region");
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.konnect.region("jp")["webhook"]["enabled"], true);
}

#[test]
fn environment_variable_invalid_errors_without_value() {
    for (name, value) in [
        ("KONNECT_TOKEN", "kpat_a\nHiddenPart"),
        ("KONNECT_SERVER_URL", "https://me:HiddenPart@konnect.example.com"),
        ("KONNECT_SERVER_URL", "http://HiddenPart.example.com"),
        ("KONNECT_REGION", "EU"),
    ] {
        let mut workspace = Workspace::of(siem());
        workspace.set(name, value);
        let error = workspace.try_plan().error();
        assert!(error.detail.starts_with(name), "{}", error.detail);
        let printed = workspace.printed();
        assert!(!printed.contains("HiddenPart"), "{printed}");
        assert_eq!(workspace.konnect.requests(), []);
    }
}

#[test]
fn environment_for_https_that_is_not_usable_errors_with_the_variable() {
    for (name, value) in [
        ("HTTPS_PROXY", "\"http://proxy.example.com:8080\""),
        ("HTTPS_PROXY", "socks5://proxy.example.com:1080"),
        ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
    ] {
        let mut workspace = Workspace::of(siem());
        workspace.set("KONNECT_SERVER_URL", "https://{region}.konnect.invalid");
        workspace.set(name, value);
        let error = workspace.try_plan().error();
        says(&error, "Invalid environment for HTTPS requests", &[name]);
    }
}

#[test]
fn max_retries_and_request_timeout_are_honored() {
    let workspace = Workspace::of(siem());
    workspace.configure_provider("max_retries = 2", siem());
    workspace.apply();
    workspace.konnect.clear_requests();
    let rule = FaultRule::new(Fault::retry_after(503, 0)).method("GET");
    workspace.konnect.inject(rule.clone().times(2)).unwrap();
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.take_requests().len(), 3);

    workspace.konnect.inject(rule.always()).unwrap();
    let error = workspace.try_plan().error();
    assert!(error.detail.contains("3 attempts"), "{}", error.detail);
    assert_eq!(workspace.konnect.take_requests().len(), 3);
    workspace.konnect.clear_faults();

    workspace.configure_provider("max_retries = 0\n  request_timeout_seconds = 1", siem());
    let forever = FaultRule::new(Fault::Drip { interval_ms: 50 }).always();
    workspace.konnect.inject(forever).unwrap();
    let error = workspace.try_plan().error();
    assert!(error.text().contains("within 1 s"), "{}", error.text());
    assert!(error.detail.contains("HTTPS_PROXY"), "{}", error.detail);
}
