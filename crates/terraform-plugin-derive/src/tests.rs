//! The errors of the macro, each with the token that it points at.

use syn::DeriveInput;

use crate::expand::model;

/// Expands a struct. Returns the text that each error points at, and the message.
fn errors(code: &str) -> Vec<(String, String)> {
    let input: DeriveInput = syn::parse_str(code).unwrap();
    let Err(errors) = model(&input) else {
        return Vec::new();
    };
    let errors = errors.into_iter().map(|error| {
        let text = error.span().source_text().unwrap_or_default();
        (text, error.to_string())
    });
    errors.collect()
}

/// The error of one field with a doc comment.
fn error(field: &str) -> (String, String) {
    let errors = errors(&format!("struct Model {{ /** Text. */ {field} }}"));
    assert_eq!(errors.len(), 1, "{field}: {errors:?}");
    errors.into_iter().next().unwrap()
}

#[test]
fn model_valid_has_no_errors() {
    let code = r#"
        /// A thing.
        #[tf(version = 2, exactly_one_of(a, b), required_with(a, size))]
        struct Model {
            /// A.
            #[tf(optional, requires_replace, validate = not_blank(), validate = length(1, 2))]
            a: Attr<String>,
            /// B.
            #[tf(optional, sensitive, write_only)]
            b: Attr<Secret>,
            /// Size.
            #[tf(default = 3, deprecated = "Gone.")]
            size: Attr<i64>,
            /// Ids.
            #[tf(computed, set)]
            ids: Attr<Vec<String>>,
            #[tf(required, attribute = "type", identity = optional, description = TYPE)]
            ty: Attr<String>,
            #[tf(flatten)]
            base: Base,
        }"#;
    assert_eq!(errors(code), []);
    assert_eq!(errors("/** Nothing. */ struct Model;"), []);
}

#[test]
fn model_all_errors_are_reported_at_once() {
    let code = r"
        #[tf(conflicts(a, c))]
        struct Model {
            #[tf(optional)]
            a: Attr<String>,
            /// B.
            #[tf(optional, wrong)]
            b: String,
            /// B.
            #[tf(computed, set)]
            r#b: Attr<String>,
        }";
    let texts: Vec<_> = errors(code).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["a", "wrong", "String", "set", "r#b", "c"]);
}

#[test]
fn field_option_that_contradicts_another_is_error() {
    // The options, the token of the error, and its text.
    let errors = "\
        required, optional | optional | `required` excludes `optional`
        required, computed | computed | `required` excludes `computed`
        optional, write_only, computed | computed | `write_only` excludes `computed`
        required, default = true | true | `required` excludes a default
        optional, use_state_for_unknown | use_state_for_unknown | only a computed attribute keeps its value
        required, identity, sensitive | a | a secret cannot be part of the identity
        flatten, optional | flatten | `flatten` stands alone: the options are those of the other model
        optional, optional | optional | `optional` is given twice
        required, identity = always | always | expected `identity` or `identity = optional`";
    for row in errors.lines() {
        let [options, token, message] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let found = error(&format!("#[tf({options})] a: Attr<bool>"));
        assert_eq!(found, (token.to_owned(), message.to_owned()), "{options}");
    }
}

#[test]
fn field_type_without_room_for_unknown_is_error() {
    for (field, token) in [
        ("#[tf(required)] a: Option<String>", "Option<String>"),
        ("#[tf(required)] a: Attr<Vec<String>>", "String"),
        ("#[tf(optional)] a: Attr<BTreeMap<String, i64>>", "i64"),
        ("#[tf(optional, set)] a: Attr<String>", "set"),
    ] {
        assert_eq!(error(field).0, token, "{field}");
    }
    assert_eq!(
        errors("struct Model { /** A. */ #[tf(computed)] a: Attr<Vec<String>> }"),
        []
    );
}

#[test]
fn field_without_setter_or_description_is_error() {
    let (token, message) = error("a: Attr<bool>");
    assert_eq!(token, "a");
    assert!(message.starts_with("who sets this attribute?"), "{message}");
    let errors = errors("struct Model { #[tf(optional)] a: Attr<bool> }");
    assert!(errors[0].1.contains("doc comment"), "{errors:?}");
}

#[test]
fn rule_over_no_argument_is_error() {
    let field = "/** A. */ #[tf(computed)] a: Attr<bool>, /** B. */ #[tf(optional)] b: Attr<bool>";
    assert_eq!(
        errors(&format!("#[tf(conflicts(a, b))] struct Model {{ {field} }}")),
        [("a".to_owned(), "`a` is no argument of this block".to_owned())]
    );
    assert_eq!(
        errors(&format!("#[tf(conflicts(b))] struct Model {{ {field} }}"))[0].1,
        "`conflicts` needs two attributes"
    );
}

#[test]
fn item_other_than_struct_with_names_is_error() {
    for code in [
        "enum Model {}",
        "struct Model(Attr<bool>);",
        "struct Model<T> { #[tf(flatten)] a: T }",
    ] {
        assert_eq!(errors(code).len(), 1, "{code}");
    }
}
