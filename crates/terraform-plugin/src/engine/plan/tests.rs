//! The rules of the protocol for plans.

use super::*;
use crate::Nesting;

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
    let planned = super::plan(&schema(), prior, config);
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
    let map = |element| Value::Map([("k".to_owned(), element)].into());
    let config = |key| {
        shaped([
            ("name", "a".into()),
            ("rules", Value::List(vec![configured(key)])),
            ("named", map(configured(key))),
            ("one", configured(key)),
        ])
    };
    let mut before = prior();
    before.set("rules", Value::List(vec![rule("x", "h".into())]));
    before.set("named", map(rule("x", "h".into())));
    before.set("one", rule("x", "h".into()));

    let created = plan(&Value::Null, &config("x"));
    let fresh = rule("x", Value::Unknown);
    assert_eq!(created.get("one"), &fresh);
    assert_eq!(created.get("rules"), &Value::List(vec![fresh]));

    assert_eq!(plan(&before, &config("x")), before);
    let changed = plan(&before, &config("y"));
    let marked = rule("y", Value::Unknown);
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

fn rule(key: &str, hash: Value) -> Value {
    Value::object([("key", key.into()), ("hash", hash), ("mode", "all".into())])
}

/// A value of the user, in which computed attributes are null.
fn configured(key: &str) -> Value {
    Value::object([("key", key.into()), ("hash", Value::Null), ("mode", Value::Null)])
}

/// Terraform proposes null for the computed value of an element that the prior state lacks.
#[test]
fn plan_added_element_has_unknown_computed_values() {
    let map = |elements: Vec<(&str, Value)>| {
        Value::Map(elements.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    };
    let mut before = prior();
    before.set("rules", Value::List(vec![rule("x", "1".into())]));
    before.set("named", map(vec![("k", rule("x", "1".into()))]));
    let planned = plan(
        &before,
        &shaped([
            ("name", "a".into()),
            ("rules", Value::List(vec![configured("x"), configured("y")])),
            ("named", map(vec![("k", configured("x")), ("l", configured("y"))])),
        ]),
    );
    let unknown = |key| rule(key, Value::Unknown);
    assert_eq!(
        planned.get("rules"),
        &Value::List(vec![unknown("x"), unknown("y")])
    );
    assert_eq!(
        planned.get("named"),
        &map(vec![("k", unknown("x")), ("l", unknown("y"))])
    );
}

/// The order of a set differs between state and configuration.
#[test]
fn plan_set_element_keeps_its_own_computed_value() {
    let kept = || {
        let hash = Attribute::string("hash").computed().use_state_for_unknown();
        [Attribute::string("key").required(), hash]
    };
    let schema = Schema::new("", [Attribute::nested("rules", Nesting::Set, kept()).required()]);
    let of = |elements: &[(&str, Value)]| {
        let elements = elements
            .iter()
            .map(|(key, hash)| Value::object([("key", (*key).into()), ("hash", hash.clone())]));
        Value::object([("rules", Value::Set(elements.collect()))])
    };
    let before = of(&[("x", "1".into()), ("y", "2".into())]);
    let same = of(&[("y", Value::Null), ("x", Value::Null)]);
    assert_eq!(super::plan(&schema, &before, &same), before);
    let changed = of(&[("y", Value::Null), ("z", Value::Null)]);
    assert_eq!(
        super::plan(&schema, &before, &changed),
        of(&[("y", "2".into()), ("z", Value::Unknown)])
    );
}

#[test]
fn plan_value_that_means_the_same_is_no_change() {
    let schema = Schema::new(
        "",
        [
            Attribute::string("id")
                .required()
                .requires_replace()
                .semantic_equality(str::eq_ignore_ascii_case),
            Attribute::string("updated").computed(),
        ],
    );
    let of = |id: &str, updated: Value| Value::object([("id", id.into()), ("updated", updated)]);
    let before = of("ABC", "then".into());
    let config = of("abc", Value::Null);
    let planned = super::plan(&schema, &before, &config);
    assert_eq!(planned, before);
    assert!(check(&schema, &planned, &config).is_empty());
    assert_eq!(replacements(&schema, &before, &planned), []);
    let other = of("abd", Value::Null);
    assert_eq!(super::plan(&schema, &before, &other), of("abd", Value::Unknown));
}

/// A model reads an unknown object as an object of unknown attributes.
#[test]
fn restore_unknowns_restores_unknown_objects() {
    let mut planned = Value::object([("a", Value::List(vec![rule("x", Value::Null)]))]);
    let config = Value::object([("a", Value::List(vec![Value::Unknown]))]);
    restore_unknowns(&mut planned, &config);
    assert_eq!(planned, config);
}
