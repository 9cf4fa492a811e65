//! `Debug` of the types that can contain a secret never shows it.
//!
//! The test finds these types in the sources: those that contain a [`SecretString`], a Terraform value or JSON,
//! directly or indirectly. A derived `Debug` shows the output of its fields. Therefore it suffices that manual
//! implementations of `Debug` show no secret, which is tested here, and that no secret is stored in plain text.
//!
//! `SecretString` and the allocator zero their memory (`tests/protocol/memory.rs`).
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use konnect::{
    AccessToken, Authorization, Cache, Client, ClientOptions, DestinationChanges, DestinationSettings,
    EndpointWebhookChanges, LogFormat, NewDestination, Region,
};
use secrecy::SecretString;
use secrecy::zeroize::ZeroizeOnDrop;
use serde_json::json;
use syn::visit::Visit;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::{ImportTarget, MoveSource, Private, Secret, Value};

/// The types with which the search begins. JSON has two names, one of which is also that of Terraform values.
const BEGIN: [&str; 3] = ["SecretString", "Value", "Json"];

/// A type of the sources.
#[derive(Default)]
struct Found {
    /// The names in the types of its fields.
    names: BTreeSet<String>,
    /// Fields by name with the names in their types.
    fields: Vec<(String, BTreeSet<String>)>,
    writes: bool,
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        self.0.insert(ident.to_string());
    }
}

fn names_in(of: &syn::Type) -> BTreeSet<String> {
    let mut names = Names::default();
    names.visit_type(of);
    names.0
}

/// The types of a module and of the modules inside it, but for tests.
fn collect(items: &[syn::Item], found: &mut BTreeMap<String, Found>) {
    for item in items {
        match item {
            syn::Item::Struct(of) => add(&of.ident, of.fields.iter(), found),
            syn::Item::Enum(of) => {
                let fields = of.variants.iter().flat_map(|variant| variant.fields.iter());
                add(&of.ident, fields, found);
            }
            syn::Item::Impl(of) => {
                let of_debug = of.trait_.as_ref().is_some_and(|(_, path, _)| {
                    path.segments.last().is_some_and(|last| last.ident == "Debug")
                });
                if let (true, syn::Type::Path(of)) = (of_debug, of.self_ty.as_ref()) {
                    let name = of.path.segments.last().unwrap().ident.to_string();
                    found.entry(name).or_default().writes = true;
                }
            }
            syn::Item::Mod(of) if !is_test(&of.attrs) => {
                collect(of.content.as_ref().map_or(&[], |(_, items)| items), found);
            }
            _ => {}
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let of = attribute.parse_args::<syn::Ident>();
        attribute.path().is_ident("cfg") && of.is_ok_and(|of| of == "test")
    })
}

fn add<'a>(
    ident: &syn::Ident,
    fields: impl Iterator<Item = &'a syn::Field>,
    found: &mut BTreeMap<String, Found>,
) {
    // Types of the same name in several modules count as one.
    let of = found.entry(ident.to_string()).or_default();
    for field in fields {
        let names = names_in(&field.ty);
        of.names.extend(names.iter().cloned());
        let name = field.ident.as_ref().map(ToString::to_string);
        of.fields.push((name.unwrap_or_default(), names));
    }
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["testing", "tests"].contains(&name) {
            sources(&path, files);
        } else if path.extension().is_some_and(|of| of == "rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

fn types() -> BTreeMap<String, Found> {
    let mut files = Vec::new();
    // Excludes the emulator, which is not part of the plugin.
    for folder in [
        "src",
        "crates/konnect/src",
        "crates/redact/src",
        "crates/terraform-plugin/src",
    ] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let mut found = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        collect(&parsed.items, &mut found);
    }
    found
}

/// The types that contain one of the first types, directly or indirectly.
fn holders(types: &BTreeMap<String, Found>) -> BTreeSet<String> {
    let mut holders: BTreeSet<String> = BEGIN.map(str::to_owned).into();
    loop {
        let more: Vec<_> = types
            .iter()
            .filter(|(name, of)| !holders.contains(*name) && !of.names.is_disjoint(&holders))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        holders.extend(more);
    }
    holders.retain(|name| types.contains_key(name));
    holders
}

#[test]
fn holder_with_own_debug_is_tried() {
    let types = types();
    let tried: BTreeSet<_> = shown().into_iter().map(|(name, _)| name.to_owned()).collect();
    let missing: Vec<_> = holders(&types)
        .into_iter()
        .filter(|name| types[name].writes && !tried.contains(name))
        .collect();
    assert!(missing.is_empty(), "add to `shown`: {missing:?}");
}

#[test]
fn secret_field_is_no_plain_text() {
    let words = ["authorization", "token", "secret", "password", "credential"];
    let naked = ["String", "str", "u8", "Bytes"];
    for (name, of) in types() {
        for (field, names) in of.fields {
            // A constant text, such as the name of an attribute, is not a secret.
            let is_constant = names.contains("static") && names.contains("str");
            let secret = !is_constant && words.iter().any(|word| field.to_lowercase().contains(word));
            assert!(
                !(secret && naked.iter().any(|of| names.contains(*of))),
                "{name}.{field} is a text that anything may print"
            );
        }
    }
}

const SECRET: &str = "s3cret-marker";

fn debugged(of: &impl Debug) -> String {
    format!("{of:?} {of:#?}")
}

/// The `Debug` output of each manual implementation, and of some derived ones, with a secret in every field.
fn shown() -> Vec<(&'static str, String)> {
    let token = || AccessToken::parse(SECRET).unwrap();
    let authorization = || Authorization::parse(&format!("Splunk {SECRET}")).unwrap();
    let value = Value::object([("a", Value::List(vec![SECRET.into()])), ("b", SECRET.into())]);
    let state = json!({ "authorization": SECRET });
    let mut private = Private::default();
    private.set("name", &SECRET);
    let wire = || tf::DynamicValue {
        msgpack: SECRET.as_bytes().to_vec(),
        json: SECRET.as_bytes().to_vec(),
    };
    let request = tf::apply_resource_change::Request {
        prior_state: Some(wire()),
        planned_state: Some(wire()),
        config: Some(wire()),
        ..<_>::default()
    };
    let raw = tf::RawState {
        json: SECRET.as_bytes().to_vec(),
        flatmap: [(SECRET.to_owned(), SECRET.to_owned())].into(),
    };
    let upgrade = tf::upgrade_resource_state::Request {
        raw_state: Some(raw.clone()),
        ..<_>::default()
    };
    let new = NewDestination {
        settings: DestinationSettings {
            name: "n".to_owned(),
            endpoint: "https://e".to_owned(),
            log_format: LogFormat::Cef,
            skip_ssl_verification: false,
        },
        authorization: authorization(),
    };
    let changes = DestinationChanges {
        authorization: Some(authorization()),
        ..<_>::default()
    };
    let webhook = EndpointWebhookChanges {
        authorization: Some(authorization()),
        ..<_>::default()
    };
    let source = MoveSource {
        provider: "p".to_owned(),
        type_name: "t".to_owned(),
        version: 0,
        state,
    };
    vec![
        ("AccessToken", debugged(&token())),
        ("Authorization", debugged(&authorization())),
        ("Secret", debugged(&Secret::from(SECRET.to_owned()))),
        ("Value", debugged(&value)),
        ("MoveSource", debugged(&source)),
        ("Private", debugged(&private)),
        ("Private", debugged(&Private::from_bytes(SECRET.as_bytes()))),
        (
            "Client",
            debugged(&Client::new(ClientOptions::new(token())).unwrap()),
        ),
        ("ClientOptions", debugged(&ClientOptions::new(token()))),
        (
            "Cache",
            debugged(&Cache::new(
                Client::new(ClientOptions::new(token())).unwrap(),
                Region::global(),
            )),
        ),
        ("ImportTarget", debugged(&ImportTarget::Identity(value))),
        ("NewDestination", debugged(&new)),
        ("DestinationChanges", debugged(&changes)),
        ("EndpointWebhookChanges", debugged(&webhook)),
        ("DynamicValue", debugged(&wire())),
        ("RawState", debugged(&raw)),
        ("apply_resource_change::Request", debugged(&request)),
        ("upgrade_resource_state::Request", debugged(&upgrade)),
    ]
}

#[test]
fn debug_output_shows_no_secret() {
    for (name, shown) in shown() {
        assert!(!shown.is_empty(), "{name}");
        // Bytes are shown as numbers.
        let bytes = format!("{:?}", SECRET.as_bytes());
        let bytes = bytes.trim_matches(['[', ']']);
        let packed: String = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            !shown.contains(SECRET) && !packed.contains(bytes),
            "{name}: {shown}"
        );
    }
}

#[test]
fn secret_types_hold_zeroizing_text_only() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<SecretString>();
    let types = types();
    for name in ["AccessToken", "Authorization", "Secret"] {
        let only: BTreeSet<_> = [String::from("SecretString")].into();
        assert_eq!(types[name].names, only, "{name} holds something else");
    }
}
