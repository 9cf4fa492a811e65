//! Each rule of the protocol for plans, with a test of its own.

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

/// The whole engine, without a resource's own say.
fn plan(prior: &Value, config: &Value) -> Value {
    // What Terraform proposes: the configured values, and for computed ones the prior.
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
fn a_creation_plans_what_is_given_defaults_and_unknown_results() {
    let planned = plan(
        &Value::Null,
        &shaped([("name", "a".into()), ("password", "p".into())]),
    );
    let wanted = shaped([
        ("id", Value::Unknown),
        ("name", "a".into()),
        ("place", Value::Unknown),
        ("on", true.into()),
        ("updated", Value::Unknown),
    ]);
    assert_eq!(planned, wanted);
}

#[test]
fn a_value_given_is_planned_as_given_even_if_unknown() {
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
fn null_stays_null_where_nothing_is_computed() {
    assert!(
        plan(&Value::Null, &shaped([("name", "a".into())]))
            .get("note")
            .is_null()
    );
}

#[test]
fn a_write_only_argument_is_null_in_every_plan() {
    let config = shaped([("name", "a".into()), ("password", "p".into())]);
    assert!(plan(&prior(), &config).get("password").is_null());
}

#[test]
fn no_change_is_an_empty_plan() {
    assert_eq!(plan(&prior(), &shaped([("name", "a".into())])), prior());
}

#[test]
fn a_change_makes_unknown_only_what_it_may_mark_computed_unknown() {
    let planned = plan(&prior(), &shaped([("name", "b".into())]));
    assert_eq!(
        (planned.get("id"), planned.get("place")),
        (&"1".into(), &"eu".into())
    );
    assert!(planned.get("updated").is_unknown());
}

#[test]
fn a_kept_value_that_never_was_may_come() {
    let mut before = prior();
    before.set("id", Value::Null);
    assert!(
        plan(&before, &shaped([("name", "b".into())]))
            .get("id")
            .is_unknown()
    );
}

#[test]
fn a_removed_argument_goes_back_to_its_default_or_to_null() {
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
fn another_place_needs_another_object_and_another_name_does_not() {
    let moved = plan(&prior(), &shaped([("name", "b".into()), ("place", "us".into())]));
    assert_eq!(replacements(&schema(), &prior(), &moved), [Path::from("place")]);
    let renamed = plan(&prior(), &shaped([("name", "b".into())]));
    assert_eq!(replacements(&schema(), &prior(), &renamed), []);
    assert_eq!(replacements(&schema(), &Value::Null, &moved), []);
    assert_eq!(replacements(&schema(), &prior(), &Value::Null), []);
}

#[test]
fn a_place_that_was_never_told_is_learnt_without_a_new_object() {
    let mut before = prior();
    before.set("place", Value::Null);
    let planned = plan(&before, &shaped([("name", "a".into()), ("place", "us".into())]));
    assert_eq!(replacements(&schema(), &before, &planned), []);
}

#[test]
fn nested_objects_follow_the_same_rules() {
    let given =
        |key: &str| Value::object([("key", key.into()), ("hash", Value::Null), ("mode", Value::Null)]);
    let told = |key: &str| Value::object([("key", key.into()), ("hash", "h".into()), ("mode", "all".into())]);
    let map = |of| Value::Map([("k".to_owned(), of)].into());
    let config = |key| {
        shaped([
            ("name", "a".into()),
            ("rules", Value::List(vec![given(key)])),
            ("named", map(given(key))),
            ("one", given(key)),
        ])
    };
    let mut before = prior();
    before.set("rules", Value::List(vec![told("x")]));
    before.set("named", map(told("x")));
    before.set("one", told("x"));

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
    for (name, of) in [
        ("rules", Value::List(vec![told("y")])),
        ("named", map(told("y"))),
        ("one", told("y")),
    ] {
        proposed.set(name, of);
    }
    let changed = propose(&schema(), &before, &proposed, &config("y"));
    let changed = mark_computed_unknown(&schema(), &before, changed, &config("y"), &[]);
    let touched = Value::object([
        ("key", "y".into()),
        ("hash", Value::Unknown),
        ("mode", "all".into()),
    ]);
    assert_eq!(changed.get("one"), &touched);
    assert_eq!(changed.get("named"), &map(touched));
    let paths: Vec<_> = replacements(&schema(), &before, &changed)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(paths, ["rules[0].key", "named[\"k\"].key", "one.key"]);
}

#[test]
fn a_resource_that_plans_against_the_configuration_is_caught() {
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
fn what_a_resource_has_decided_is_not_made_unknown() {
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
    let decided = mark_computed_unknown(&schema(), &prior(), planned, &config, &["updated"]);
    assert_eq!(decided.get("updated"), &"then".into());
}
