//! The token, URL and region from a provider block and an environment.

use terraform_plugin::protocol::ClientCapabilities;
use terraform_plugin::{Model, Severity, Value, from_value};

use super::*;

const NONE: &[(&str, &str)] = &[];

fn connected(
    block: &[(&str, Value)],
    environment: &[(&str, &str)],
) -> Result<RunState, Vec<(String, String)>> {
    let mut config = Value::object(block.iter().cloned())
        .shaped(Config::schema().object_type())
        .unwrap();
    for attribute in Config::schema().attributes() {
        if config.get(attribute.name).is_null() {
            config.set(attribute.name, Value::Null);
        }
    }
    let call = ConfigureCall::new(from_value(&config).unwrap());
    let variable = |name: &str| {
        environment
            .iter()
            .find(|(k, _)| *k == name)
            .map(|(_, v)| (*v).to_owned())
    };
    run_state(&call, variable).map_err(|errors| {
        assert!(errors.iter().all(|d| d.severity == Severity::Error));
        errors
            .into_iter()
            .map(|d| (d.path.map(|p| p.to_string()).unwrap_or_default(), d.detail))
            .collect()
    })
}

fn chosen(block: &[(&str, Value)], environment: &[(&str, &str)]) -> String {
    // Tests the function that selects the token. Tests against the emulator check the token in requests.
    let config = Value::object(block.iter().cloned())
        .shaped(Config::schema().object_type())
        .unwrap();
    let variable = |name: &str| {
        environment
            .iter()
            .find(|(k, _)| *k == name)
            .map(|(_, v)| (*v).to_owned())
    };
    match token(&from_value(&config).unwrap(), &variable).unwrap().0 {
        Attr::Known(token) => token.expose().to_owned(),
        Attr::Unknown => "unknown".to_owned(),
        Attr::Null => "null".to_owned(),
    }
}

#[test]
fn token_of_the_block_takes_precedence_over_the_environment() {
    let both = [("KONNECT_TOKEN", "kpat_e"), ("KONNECT_SPAT", "spat_e")];
    assert_eq!(chosen(&[], &both), "kpat_e");
    assert_eq!(chosen(&[], &both[1..]), "spat_e");
    assert_eq!(
        chosen(&[("system_account_access_token", "spat_b".into())], &both),
        "spat_b"
    );
    assert_eq!(
        chosen(&[("personal_access_token", "kpat_b".into())], &both),
        "kpat_b"
    );
    assert_eq!(
        chosen(&[("personal_access_token", Value::Unknown)], &both),
        "unknown"
    );
}

#[test]
fn missing_token_is_one_error_with_every_source() {
    let errors = connected(&[], NONE).unwrap_err();
    assert_eq!(errors.len(), 1);
    for way in [
        "KONNECT_TOKEN",
        "KONNECT_SPAT",
        "personal_access_token",
        "system_account_access_token",
        ACCESS_TOKENS_URL,
    ] {
        assert!(errors[0].1.contains(way), "{way}");
    }
    assert!(connected(&[], &[("KONNECT_TOKEN", "")]).is_err());
}

#[test]
fn invalid_variable_is_named_on_its_attribute() {
    let environment = [
        ("KONNECT_TOKEN", "s3cret\ttoken"),
        ("KONNECT_SERVER_URL", "http://s3cret.example"),
        ("KONNECT_REGION", "EU"),
    ];
    let errors = connected(&[], &environment).unwrap_err();
    let found: Vec<_> = errors.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(found, ["personal_access_token", "server_url", "region"]);
    for ((_, detail), (name, _)) in errors.iter().zip(environment) {
        assert!(detail.starts_with(name) && !detail.contains("s3cret"), "{detail}");
    }
}

#[test]
fn two_tokens_in_the_block_conflict() {
    let config = Value::object([
        ("personal_access_token", "kpat_a".into()),
        ("system_account_access_token", "spat_b".into()),
    ]);
    let schema = Config::schema();
    let config = config.shaped(schema.object_type()).unwrap();
    assert!(
        terraform_plugin::protocol::validate(&schema, &config, ClientCapabilities::default()).has_errors()
    );
}

#[test]
fn unknown_token_leaves_regions_plannable() {
    let run = connected(&[("personal_access_token", Value::Unknown)], NONE).unwrap();
    assert!(run.client().is_err());
    let eu = Attr::Known(Region::parse("eu").unwrap());
    assert_eq!(run.regions.of(&eu, None).unwrap(), eu);
}

#[test]
fn region_not_served_by_fixed_url_is_an_error() {
    let environment = [
        ("KONNECT_TOKEN", "kpat_a"),
        ("KONNECT_SERVER_URL", "https://us.api.konghq.com"),
    ];
    let errors = connected(&[("region", "eu".into())], &environment).unwrap_err();
    assert_eq!(errors[0].0, "region");
}
