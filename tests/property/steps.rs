//! The steps of a case.

use konnect_emulator::{Fault, FaultRule, Headers};
use proptest::prelude::*;
use proptest::sample::select;

use super::block::{self, Address, Block, Kind};
use super::other_user::{self, Modification};

/// The maximum number of destinations in a configuration.
pub const DESTINATIONS: usize = 2;

#[derive(Debug, Clone)]
pub enum Step {
    /// The user changes blocks and applies.
    Apply(Vec<(Address, Edit)>, Disturbance),
    /// Another user changes an object of this configuration.
    OtherUser(Address, Modification),
    /// Another user configures the webhook of a region, if it is not in the state.
    Occupy(&'static str),
    /// The user imports the webhook of a block that is not in the state.
    Import(Address),
    /// The user replaces an object by the next apply.
    Taint(Address),
}

#[derive(Debug, Clone)]
pub enum Edit {
    Whole(Block),
    /// Copies one argument from this block if both have the same form, or replaces the block.
    Part(&'static str, Block),
    Remove,
}

/// A disturbance between a plan and the end of its apply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Disturbance {
    Nothing,
    Trouble(Trouble),
    /// Another user configures the webhook of a region just before the apply does.
    Occupy(&'static str),
    /// Another user changes a webhook just before the apply does.
    Meanwhile(Modification),
    /// Terraform is killed before it receives the first response.
    Killed,
}

/// A call that fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trouble {
    /// The method of the calls, or any.
    method: Option<&'static str>,
    /// The number of calls that succeed first.
    skip: u64,
    failure: Failure,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Failure {
    Refused,
    /// A number of server errors, after which a retry may or may not succeed.
    Broken(u64),
    /// One server error after the call was handled.
    Late,
}

impl Trouble {
    /// The fault rule for the emulator. All server errors request an immediate retry.
    pub fn rule(self) -> FaultRule {
        let late = Fault::Body {
            handle: true,
            status: 502,
            headers: Headers::from([("retry-after".to_owned(), "0".to_owned())]),
            body: String::new(),
        };
        let rule = match self.failure {
            Failure::Refused => FaultRule::new(Fault::status(400)),
            Failure::Broken(times) => FaultRule::new(Fault::retry_after(500, 0)).times(times),
            Failure::Late => FaultRule::new(late).method("PATCH"),
        };
        let rule = rule.skip(self.skip);
        match (self.method, self.failure) {
            (Some(method), Failure::Refused | Failure::Broken(_)) => rule.method(method),
            _ => rule,
        }
    }

    fn any() -> impl Strategy<Value = Self> {
        let method = select(&[None, Some("PATCH"), Some("POST"), Some("DELETE"), Some("GET")][..]);
        let failure = prop_oneof![
            2 => Just(Failure::Refused),
            2 => (1..3_u64).prop_map(Failure::Broken),
            1 => Just(Failure::Late),
        ];
        (method, 0..3_u64, failure).prop_map(|(method, skip, failure)| Self {
            method,
            skip,
            failure,
        })
    }
}

fn address() -> impl Strategy<Value = Address> {
    let kind = prop_oneof![2 => Just(Kind::Destination), 3 => Just(Kind::Webhook)];
    (kind, 0..2_usize).prop_map(|(kind, slot)| Address { kind, slot })
}

const REGIONS: &[&str] = &["eu", "us", "global"];

/// The arguments that can change independently.
fn alone(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Destination => &["name", "endpoint", "log_format", "skip_ssl_verification"],
        Kind::Webhook => &[
            "enabled",
            "enabled",
            "audit_log_destination_id",
            "endpoint",
            "log_format",
            "replace_existing",
            "region",
        ],
    }
}

fn change() -> impl Strategy<Value = (Address, Edit)> {
    address().prop_flat_map(|address| {
        let block = || match (address.kind, address.slot) {
            (Kind::Destination, _) => block::destination(),
            (Kind::Webhook, 0) => block::webhook(&["eu", "us"], DESTINATIONS),
            (Kind::Webhook, _) => block::webhook(&["us", "eu", "global"], DESTINATIONS),
        };
        let edit = prop_oneof![
            4 => block().prop_map(Edit::Whole),
            4 => (select(alone(address.kind)), block()).prop_map(|(name, block)| Edit::Part(name, block)),
            1 => Just(Edit::Remove),
        ];
        (Just(address), edit)
    })
}

/// Any step, and the configuration of the two to which it applies.
pub fn any() -> impl Strategy<Value = (usize, Step)> {
    let meanwhile = prop_oneof![
        6 => Just(Disturbance::Nothing),
        2 => Trouble::any().prop_map(Disturbance::Trouble),
        1 => select(REGIONS).prop_map(Disturbance::Occupy),
        1 => other_user::any().prop_map(Disturbance::Meanwhile),
        1 => Just(Disturbance::Killed),
    ];
    let webhook = || {
        (0..2_usize).prop_map(|slot| Address {
            kind: Kind::Webhook,
            slot,
        })
    };
    let step = prop_oneof![
        9 => (proptest::collection::vec(change(), 0..5), meanwhile)
            .prop_map(|(changes, meanwhile)| Step::Apply(changes, meanwhile)),
        3 => (address(), other_user::any()).prop_map(|(address, modification)| Step::OtherUser(address, modification)),
        1 => select(REGIONS).prop_map(Step::Occupy),
        1 => webhook().prop_map(Step::Import),
        1 => webhook().prop_map(Step::Taint),
    ];
    // Most steps are of one configuration.
    (prop_oneof![2 => Just(0), 1 => Just(1)], step)
}
