//! The rules of the protocol for plans.

use super::*;

fn schema() -> Schema {
    let rule = || {
        [
            Attribute::string("key").required().requires_replace(),
            Attribute::string("hash").computed(),
            Attribute::string("mode").optional().default("all"),
        ]
    };
    Schema::new(
        "A thing.",
        [
            Attribute::string("id").computed().use_state_for_unknown(),
            Attribute::string("name").required(),
            Attribute::string("place")
                .optional()
                .computed()
                .use_state_for_unknown()
                .requires_replace(),
            Attribute::string("note").optional(),
            Attribute::bool("on").optional().default(true),
            Attribute::string("password").optional().write_only(),
            Attribute::string("updated").computed(),
            Attribute::nested("rules", Nesting::List, rule()).optional(),
            Attribute::nested("named", Nesting::Map, rule()).optional(),
            Attribute::nested("one", Nesting::Single, rule()).optional(),
        ],
    )
}

fn shaped<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    Value::object(attributes).shaped(schema().object_type()).unwrap()
}

/// The whole plan, without [`Resource::plan`](crate::Resource::plan).
fn plan(prior: &Value, config: &Value) -> Value {
    // Terraform proposes the configured values, and the prior values of computed attributes.
    let mut proposed = config.clone();
    for name in ["id", "place", "updated"] {
        if config.get(name).is_null() {
            proposed.set(name, prior.get(name).clone());
        }
    }
    let planned = propose(&schema(), prior, &proposed, config);
    let planned = mark_computed_unknown(&schema(), prior, planned, config, &[]);
    assert!(check(&schema(), &planned, config).is_empty());
    planned
}

fn prior() -> Value {
    shaped([
        ("id", "1".into()),
        ("name", "a".into()),
        ("place", "eu".into()),
        ("on", true.into()),
        ("updated", "then".into()),
    ])
}

#[test]
fn plan_create_has_configured_values_defaults_and_unknown_results() {
    let planned = plan(
        &Value::Null,
        &shaped([("name", "a".into()), ("password", "p".into())]),
    );
    let expected = shaped([
        ("id", Value::Unknown),
        ("name", "a".into()),
        ("place", Value::Unknown),
        ("on", true.into()),
        ("updated", Value::Unknown),
    ]);
    assert_eq!(planned, expected);
}

#[test]
fn plan_configured_value_is_unchanged_also_if_unknown() {
    let config = shaped([
        ("name", Value::Unknown),
        ("place", "us".into()),
        ("on", false.into()),
    ]);
    let planned = plan(&Value::Null, &config);
    assert!(planned.get("name").is_unknown());
    assert_eq!(
        (planned.get("place"), planned.get("on")),
        (&"us".into(), &false.into())
    );
}

#[test]
fn plan_null_stays_null_unless_computed() {
    assert!(
        plan(&Value::Null, &shaped([("name", "a".into())]))
            .get("note")
            .is_null()
    );
}

#[test]
fn plan_write_only_argument_is_null() {
    let config = shaped([("name", "a".into()), ("password", "p".into())]);
    assert!(plan(&prior(), &config).get("password").is_null());
}

#[test]
fn plan_without_change_is_prior_state() {
    assert_eq!(plan(&prior(), &shaped([("name", "a".into())])), prior());
}

#[test]
fn plan_update_marks_computed_values_unknown_unless_kept() {
    let planned = plan(&prior(), &shaped([("name", "b".into())]));
    assert_eq!(
        (planned.get("id"), planned.get("place")),
        (&"1".into(), &"eu".into())
    );
    assert!(planned.get("updated").is_unknown());
}

#[test]
fn plan_update_marks_kept_value_unknown_if_prior_is_null() {
    let mut before = prior();
    before.set("id", Value::Null);
    assert!(
        plan(&before, &shaped([("name", "b".into())]))
            .get("id")
            .is_unknown()
    );
}

#[test]
fn plan_removed_argument_is_default_or_null() {
    let mut before = prior();
    before.set("on", false.into());
    before.set("note", "x".into());
    let planned = plan(&before, &shaped([("name", "a".into())]));
    assert_eq!(
        (planned.get("on"), planned.get("note")),
        (&true.into(), &Value::Null)
    );
}

#[test]
fn replacements_only_contain_attributes_that_require_it() {
    let moved = plan(&prior(), &shaped([("name", "b".into()), ("place", "us".into())]));
    assert_eq!(replacements(&schema(), &prior(), &moved), [Path::from("place")]);
    let renamed = plan(&prior(), &shaped([("name", "b".into())]));
    assert_eq!(replacements(&schema(), &prior(), &renamed), []);
    assert_eq!(replacements(&schema(), &Value::Null, &moved), []);
    assert_eq!(replacements(&schema(), &prior(), &Value::Null), []);
}

#[test]
fn replacements_computed_value_filled_in_is_not_replaced() {
    let mut before = prior();
    before.set("place", Value::Null);
    let planned = plan(&before, &shaped([("name", "a".into()), ("place", "us".into())]));
    assert_eq!(replacements(&schema(), &before, &planned), []);
}

#[test]
fn plan_nested_objects_follow_the_same_rules() {
    let config_of =
        |key: &str| Value::object([("key", key.into()), ("hash", Value::Null), ("mode", Value::Null)]);
    let stored =
        |key: &str| Value::object([("key", key.into()), ("hash", "h".into()), ("mode", "all".into())]);
    let map = |element| Value::Map([("k".to_owned(), element)].into());
    let config = |key| {
        shaped([
            ("name", "a".into()),
            ("rules", Value::List(vec![config_of(key)])),
            ("named", map(config_of(key))),
            ("one", config_of(key)),
        ])
    };
    let mut before = prior();
    before.set("rules", Value::List(vec![stored("x")]));
    before.set("named", map(stored("x")));
    before.set("one", stored("x"));

    let created = plan(&Value::Null, &config("x"));
    let fresh = Value::object([
        ("key", "x".into()),
        ("hash", Value::Unknown),
        ("mode", "all".into()),
    ]);
    assert_eq!(created.get("one"), &fresh);
    assert_eq!(created.get("rules"), &Value::List(vec![fresh.clone()]));

    let mut proposed = before.clone();
    assert_eq!(propose(&schema(), &before, &proposed, &config("x")), before);
    for (name, value) in [
        ("rules", Value::List(vec![stored("y")])),
        ("named", map(stored("y"))),
        ("one", stored("y")),
    ] {
        proposed.set(name, value);
    }
    let changed = propose(&schema(), &before, &proposed, &config("y"));
    let changed = mark_computed_unknown(&schema(), &before, changed, &config("y"), &[]);
    let marked = Value::object([
        ("key", "y".into()),
        ("hash", Value::Unknown),
        ("mode", "all".into()),
    ]);
    assert_eq!(changed.get("one"), &marked);
    assert_eq!(changed.get("named"), &map(marked));
    let paths: Vec<_> = replacements(&schema(), &before, &changed)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(paths, ["rules[0].key", "named[\"k\"].key", "one.key"]);
}

#[test]
fn check_plan_that_differs_from_configuration_is_error() {
    let config = shaped([("name", "a".into()), ("password", "p".into())]);
    for (name, wrong) in [("name", "b"), ("note", "made up"), ("password", "p")] {
        let mut planned = plan(&Value::Null, &config);
        planned.set(name, wrong.into());
        let diagnostics = check(&schema(), &planned, &config);
        let paths: Vec<_> = diagnostics.iter().map(|d| d.path.clone()).collect();
        assert_eq!(paths, [Some(Path::from(name))]);
    }
}

#[test]
fn mark_computed_unknown_keeps_planned_attributes() {
    let config = shaped([("name", "b".into())]);
    let planned = propose(
        &schema(),
        &prior(),
        &plan(&prior(), &shaped([("name", "a".into())])),
        &config,
    );
    assert!(
        mark_computed_unknown(&schema(), &prior(), planned.clone(), &config, &[])
            .get("updated")
            .is_unknown()
    );
    let kept = mark_computed_unknown(&schema(), &prior(), planned, &config, &["updated"]);
    assert_eq!(kept.get("updated"), &"then".into());
}
