//! A block of one of the two resources. Its values are from small sets, so two configurations often agree in most
//! values.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use terraform_plugin::{Type, Value};

use super::secrets::SECRETS;

/// A resource type. Destinations are first, because webhooks refer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Destination,
    Webhook,
}

impl Kind {
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Destination => "konnect_audit_log_destination",
            Self::Webhook => "konnect_audit_log_webhook",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub kind: Kind,
    /// The number of the block of that type.
    pub slot: usize,
}

impl Address {
    pub fn destination(slot: usize) -> Self {
        let kind = Kind::Destination;
        Self { kind, slot }
    }
}

/// The value of an argument. Secrets are numbers, so a failing case does not print them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArgumentValue {
    Text(&'static str),
    Flag(bool),
    Number(i64),
    Secret(usize),
    /// The ID of the destination in this slot.
    IdOf(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The arguments; all others are null.
    pub arguments: BTreeMap<&'static str, ArgumentValue>,
    /// Arguments that are unknown until apply, also null ones.
    pub unknown: BTreeSet<&'static str>,
    /// Whether `ignore_changes` contains the target and its settings.
    pub ignores: bool,
}

impl Block {
    /// The configuration as a value, with the IDs of destinations from `id_of`.
    pub fn value(&self, of: &Type, planning: bool, id_of: impl Fn(usize) -> Value) -> Value {
        let mut value = Value::object(self.arguments.iter().map(|(name, given)| {
            let value = match *given {
                ArgumentValue::Text(text) => text.into(),
                ArgumentValue::Flag(flag) => flag.into(),
                ArgumentValue::Number(number) => number.into(),
                ArgumentValue::Secret(which) => SECRETS[which].into(),
                ArgumentValue::IdOf(slot) => id_of(slot),
            };
            (*name, value)
        }));
        if planning {
            for name in &self.unknown {
                value.set(name, Value::Unknown);
            }
        }
        value.shaped(of).unwrap()
    }

    /// The configuration of a plan: `ignore_changes` replaces arguments by their values in the state.
    pub fn ignoring(&self, config: &Value, prior: &Value) -> Value {
        let mut config = config.clone();
        if self.ignores && !prior.is_null() {
            for name in DELIVERY.into_iter().chain(["audit_log_destination_id"]) {
                config.set(name, prior.get(name).clone());
            }
        }
        config
    }

    /// Copies one argument from another block. Returns false if the blocks have different forms.
    pub fn take(&mut self, name: &'static str, from: &Self) -> bool {
        if self.refers_to().is_some() != from.refers_to().is_some() {
            return false;
        }
        match from.arguments.get(name) {
            Some(given) => self.arguments.insert(name, *given),
            None => self.arguments.remove(name),
        };
        self.unknown.retain(|unknown| *unknown == name);
        true
    }

    /// The destination of the webhook.
    pub fn refers_to(&self) -> Option<usize> {
        match self.arguments.get("audit_log_destination_id") {
            Some(ArgumentValue::IdOf(slot)) => Some(*slot),
            _ => None,
        }
    }

    pub fn text(&self, name: &str) -> Option<&'static str> {
        match self.arguments.get(name) {
            Some(ArgumentValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether an argument is set to this.
    pub fn is(&self, name: &str, given: ArgumentValue) -> bool {
        self.arguments.get(name) == Some(&given)
    }

    pub fn secret(&self) -> Option<&'static str> {
        let given = ["authorization", "authorization_wo"]
            .iter()
            .find_map(|name| self.arguments.get(name));
        match given {
            Some(ArgumentValue::Secret(which)) => Some(SECRETS[*which]),
            _ => None,
        }
    }
}

type Arguments = Vec<(&'static str, ArgumentValue)>;

fn maybe(name: &'static str, of: impl Strategy<Value = ArgumentValue> + 'static) -> BoxedStrategy<Arguments> {
    prop_oneof![1 => Just(Vec::new()), 1 => of.prop_map(move |given| vec![(name, given)])].boxed()
}

fn text(of: &'static [&'static str]) -> impl Strategy<Value = ArgumentValue> {
    select(of).prop_map(ArgumentValue::Text)
}

fn flag() -> impl Strategy<Value = ArgumentValue> {
    any::<bool>().prop_map(ArgumentValue::Flag)
}

fn authorization() -> impl Strategy<Value = Arguments> {
    let secret = || (0..SECRETS.len()).prop_map(ArgumentValue::Secret);
    prop_oneof![
        secret().prop_map(|secret| vec![("authorization", secret)]),
        secret().prop_map(|secret| vec![("authorization_wo", secret)]),
        (secret(), 1..3_i64).prop_map(|(secret, version)| vec![
            ("authorization_wo", secret),
            ("authorization_wo_version", ArgumentValue::Number(version)),
        ]),
    ]
}

/// The common arguments: endpoint, authorization and delivery settings.
fn delivery() -> impl Strategy<Value = Arguments> {
    (
        text(&[
            "https://siem.example.com/a",
            "https://siem.example.com/b?c=d",
            super::other_user::ENDPOINT,
        ]),
        authorization(),
        maybe("log_format", text(&["cef", "json", "cps"])),
        maybe("skip_ssl_verification", flag()),
    )
        .prop_map(|(endpoint, authorization, format, skips)| {
            [vec![("endpoint", endpoint)], authorization, format, skips].concat()
        })
}

const DELIVERY: [&str; 6] = [
    "endpoint",
    "authorization",
    "authorization_wo",
    "authorization_wo_version",
    "log_format",
    "skip_ssl_verification",
];

fn block(
    arguments: impl Strategy<Value = Vec<Arguments>> + 'static,
    more: &[&'static str],
    ignores: impl Strategy<Value = bool> + 'static,
) -> BoxedStrategy<Block> {
    let all = [&DELIVERY, more].concat();
    let unknown = prop_oneof![2 => Just(Vec::new()), 1 => subsequence(all, 1..4)];
    (arguments, unknown, ignores)
        .prop_map(|(arguments, unknown, ignores)| Block {
            ignores,
            arguments: arguments.concat().into_iter().collect(),
            unknown: unknown.into_iter().collect(),
        })
        .boxed()
}

pub fn destination() -> BoxedStrategy<Block> {
    let name = text(&["siem", "Überwachung", "x"]).prop_map(|name| vec![("name", name)]);
    let arguments = (name, delivery()).prop_map(|(name, rest)| vec![name, rest]);
    block(arguments, &["name"], Just(false))
}

/// A webhook in one of these regions, or in the provider's.
pub fn webhook(regions: &'static [&'static str], destinations: usize) -> BoxedStrategy<Block> {
    let region = text(regions).prop_map(|region| vec![("region", region)]);
    let region = if regions.contains(&super::session::REGION) {
        prop_oneof![3 => Just(Vec::new()), 2 => region].boxed()
    } else {
        region.boxed()
    };
    let target = prop_oneof![
        (0..destinations).prop_map(|slot| vec![("audit_log_destination_id", ArgumentValue::IdOf(slot))]),
        delivery(),
    ];
    let arguments = (
        region,
        target,
        maybe("enabled", flag()),
        maybe("replace_existing", flag()),
    )
        .prop_map(|(region, target, enabled, replaces)| vec![region, target, enabled, replaces]);
    block(
        arguments,
        &[
            "region",
            "audit_log_destination_id",
            "enabled",
            "replace_existing",
        ],
        prop_oneof![4 => Just(false), 1 => Just(true)],
    )
}
