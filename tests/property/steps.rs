//! What happens in a case, step by step.

use proptest::prelude::*;
use proptest::sample::select;
use terraform_provider_konnect::emulator::{Fault, FaultRule, Headers};

use super::block::{self, Address, Block, Kind};
use super::stranger::{self, Deed};

/// How many destinations a configuration has at most.
pub const DESTINATIONS: usize = 2;

/// One step.
#[derive(Debug, Clone)]
pub enum Step {
    /// The user changes blocks, or removes them, and applies. Perhaps a call fails meanwhile.
    Apply(Vec<(Address, Option<Block>)>, Option<Trouble>),
    /// Somebody else does something to an object of ours.
    Stranger(Address, Deed),
}

/// A call that fails.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    /// Calls with this method; any without it.
    method: Option<&'static str>,
    /// How many of them pass first.
    skip: u64,
    /// How it fails.
    failure: Failure,
}

#[derive(Debug, Clone, Copy)]
enum Failure {
    /// An answer that is final.
    Refused,
    /// Server errors, so many that making the call again may or may not help.
    Broken(u64),
    /// One server error after the call has had its effect.
    Late,
}

impl Trouble {
    /// As the emulator wants it. All server errors ask for the call to be made again at once.
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
    let kind = select(&[Kind::Destination, Kind::Webhook][..]);
    (kind, 0..2_usize).prop_map(|(kind, slot)| Address { kind, slot })
}

fn change() -> impl Strategy<Value = (Address, Option<Block>)> {
    address().prop_flat_map(|address| {
        let block = match (address.kind, address.slot) {
            (Kind::Destination, _) => block::destination(),
            (Kind::Webhook, 0) => block::webhook(&["eu", "us"], DESTINATIONS),
            (Kind::Webhook, _) => block::webhook(&["us", "au", "global"], DESTINATIONS),
        };
        let block = prop_oneof![6 => block.prop_map(Some), 1 => Just(None)];
        (Just(address), block)
    })
}

/// Any step.
pub fn any() -> impl Strategy<Value = Step> {
    let trouble = prop_oneof![3 => Just(None), 1 => Trouble::any().prop_map(Some)];
    prop_oneof![
        3 => (proptest::collection::vec(change(), 0..5), trouble)
            .prop_map(|(changes, trouble)| Step::Apply(changes, trouble)),
        1 => (address(), stranger::any()).prop_map(|(address, deed)| Step::Stranger(address, deed)),
    ]
}
