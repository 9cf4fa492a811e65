//! The derive macro of the crate `terraform-plugin`, which documents and exports it.

mod expand;
mod field;
mod options;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct the schema and the model of a block: each field is an attribute.
///
/// A doc comment is the description. `#[tf(..)]` holds the options. All errors are reported at once, each on its token.
///
/// A field is an `Attr<T>`, because every attribute can be null or unknown at some time. `T` is a `String`, `bool`,
/// `i64`, `f64`, `Secret`, `Number` or `Value`, a struct with `#[derive(Model)]`, a `Vec<_>` or `BTreeMap<String, _>` of
/// these, or a type that implements `AttributeType`. The elements of a list that the user sets can be unknown as well:
/// `Attr<Vec<Attr<String>>>`.
///
/// Options of a field:
///
/// | Option | Meaning |
/// |---|---|
/// | `required`, `optional`, `computed` | who sets the attribute: the user must, the user can, the provider does |
/// | `default = VALUE` | the value if the user sets none, also in nested structs; implies `optional` and `computed` |
/// | `sensitive` | the CLI, diagnostics and logs hide the value |
/// | `write_only` | the value is in the configuration only, never in a plan or state |
/// | `redact_parts = FUNCTION` | the parts of a text that diagnostics and logs hide |
/// | `requires_replace` | a change replaces the object |
/// | `use_state_for_unknown` | an update does not change the computed value |
/// | `semantic_equality = FUNCTION` | whether two texts mean the same to the service |
/// | `validate = VALIDATOR` | a rule for the value; can be repeated |
/// | `set` | the `Vec` is a set in place of a list |
/// | `text` | the attribute is a string, and `T` any type whose serde form is one, such as an enum |
/// | `attribute = "NAME"` | the name, if it is not that of the field |
/// | `identity`, `identity = optional` | part of the identity; an import must specify it, or can |
/// | `deprecated = "REASON"` | the attribute is deprecated |
/// | `description = TEXT` | an expression in place of the doc comment |
/// | `flatten` | the fields of another model are attributes of this block |
///
/// Options of the struct:
///
/// | Option | Meaning |
/// |---|---|
/// | `version = NUMBER` | the version of stored states. Default: 0 |
/// | `description = TEXT` | an expression in place of the doc comment |
/// | `exactly_one_of(a, b)`, `at_least_one_of(a, b)`, `conflicts(a, b)` | how many of these the user sets |
/// | `required_together(a, b)` | the user sets all of these or none |
/// | `required_with(a, b)` | with `a`, the user sets `b` too |
#[proc_macro_derive(Model, attributes(tf))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::model(&input)
        .unwrap_or_else(|errors| errors.to_compile_error())
        .into()
}
