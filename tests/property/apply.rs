//! An apply: each planned change in Terraform's order, and the checks of its result.

use std::collections::BTreeMap;

use terraform_plugin::Value;

use super::block::{Address, ArgumentValue, Block, Kind};
use super::rules;
use super::session::{Change as Call, REGION, Response, Session, Stored};
use super::steps::Trouble;
use super::truth::Truth;
use super::world::{Instance, World};

/// The result of a plan.
pub struct Plan {
    /// The refreshed state.
    pub state: BTreeMap<Address, Instance>,
    /// The change of each block.
    pub changes: BTreeMap<Address, Change>,
}

/// The planned change of a block.
#[derive(Debug)]
pub struct Change {
    /// The block.
    pub block: Block,
    /// Whether the object is replaced.
    pub replaces: bool,
    /// The planned state.
    pub planned: Value,
    /// Whether the planned state equals the prior one.
    pub noop: bool,
}

impl World<'_> {
    /// Applies a plan. Returns whether all changes succeeded.
    pub async fn carry_out(&mut self, plan: &Plan, trouble: Option<Trouble>) -> bool {
        self.state = plan.state.clone();
        let session = self.session().await;
        if let Some(trouble) = trouble {
            self.emulator.inject(trouble.rule()).unwrap();
        }
        let done = self.in_order(&session, plan, trouble.is_some()).await;
        self.emulator.clear_faults();
        self.state
            .retain(|_, of| of.current.is_some() || !of.deposed.is_empty());
        let state = &self.state;
        self.applied.retain(|address, _| state.contains_key(address));
        done
    }

    /// Webhooks are removed first, destinations last. A destination is replaced with create before destroy, a webhook
    /// with destroy before create.
    async fn in_order(&mut self, session: &Session, plan: &Plan, trouble: bool) -> bool {
        let mut failed = Vec::new();
        let addresses: Vec<_> = self.state.keys().copied().collect();
        for address in addresses.iter().filter(|a| a.kind == Kind::Webhook) {
            if plan.changes.get(address).is_none_or(|change| change.replaces) {
                let current = self.state.get_mut(address).unwrap().current.take();
                let left = self.destroy(session, *address, current, trouble).await;
                failed.extend(left.is_some().then_some(*address));
                self.state.get_mut(address).unwrap().current = left;
            }
        }
        for (address, change) in &plan.changes {
            let needs = change.block.refers_to().map(|slot| Address {
                kind: Kind::Destination,
                slot,
            });
            if failed.contains(address) || needs.is_some_and(|of| failed.contains(&of)) {
                failed.push(*address);
                continue;
            }
            if change.replaces && address.kind == Kind::Destination {
                let instance = self.state.get_mut(address).unwrap();
                let old = instance.current.take();
                instance.deposed.extend(old);
            }
            if !self.change(session, *address, change, trouble).await {
                failed.push(*address);
            }
        }
        if !failed.is_empty() {
            return false;
        }
        for address in addresses.iter().filter(|a| a.kind == Kind::Destination) {
            let instance = self.state.get_mut(address).unwrap();
            let removed = !plan.changes.contains_key(address);
            let current = if removed { instance.current.take() } else { None };
            let deposed = std::mem::take(&mut instance.deposed);
            for old in current.into_iter().chain(deposed) {
                let left = self.destroy(session, *address, Some(old), trouble).await;
                failed.extend(left.is_some().then_some(*address));
                self.state.get_mut(address).unwrap().deposed.extend(left);
            }
        }
        failed.is_empty()
    }

    /// Removes an object. Returns the remaining state.
    async fn destroy(
        &mut self,
        session: &Session,
        address: Address,
        stored: Option<Stored>,
        trouble: bool,
    ) -> Option<Stored> {
        let stored = stored?;
        let call = Call {
            prior: &stored.value,
            planned: &Value::Null,
            config: &Value::Null,
            private: &stored.private,
        };
        let gone = session.apply(address.kind, call).await;
        if gone.errors.is_empty() {
            assert!(gone.state.is_none());
            return None;
        }
        assert!(trouble, "{address:?} can't be destroyed: {:?}", gone.errors);
        let left = gone.state.expect("a failed removal keeps the state");
        assert!(left.value == stored.value);
        Some(left)
    }

    /// Creates or updates an object. Returns whether it succeeded.
    async fn change(&mut self, session: &Session, address: Address, change: &Change, trouble: bool) -> bool {
        let config = self.known(session, address, &change.block);
        let before = self.state.get(&address).and_then(|of| of.current.clone());
        let (prior, private) = before.map_or((Value::Null, Vec::new()), |s| (s.value, s.private));
        let truth = Truth::of(self.emulator);
        let again = session.plan(address.kind, &prior, &config, &private).await;
        if again.diagnostics.has_errors() {
            let allowed = trouble || Self::occupied(address, &change.block, &truth);
            assert!(allowed, "{:?}", super::session::errors(&again.diagnostics));
            return false;
        }
        assert!(again.requires_replace.is_empty(), "a change became a replacement");
        rules::compatible(&change.planned, &again.planned);
        let had = truth.authorization(address.kind, &prior);
        if again.planned == prior {
            self.authorized(address, &change.block, &prior, had);
            self.applied.insert(address, change.block.clone());
            return true;
        }
        assert!(!change.noop, "nothing was to change");
        let creates_webhook = prior.is_null() && address.kind == Kind::Webhook;
        let region = change.block.text("region").unwrap_or(REGION);
        if creates_webhook && self.pending_occupation == Some(region) {
            self.occupy(region);
        }
        let before = Truth::of(self.emulator);
        let occupied = Self::occupied(address, &change.block, &before);
        let call = Call {
            prior: &prior,
            planned: &again.planned,
            config: &config,
            private: &again.private,
        };
        let mut done = session.apply(address.kind, call).await;
        let well = done.errors.is_empty();
        if well && !prior.is_null() && !trouble {
            done = self.twice(session, address, call, done).await;
        }
        let now = Truth::of(self.emulator);
        if creates_webhook && occupied {
            assert!(!well, "a stranger's stream is taken over");
        } else if !well {
            let unusable = address.kind == Kind::Webhook && !self.usable(&change.block);
            assert!(trouble || unusable, "{address:?} fails: {:?}", done.errors);
        }
        match &done.state {
            Some(state) => now.agrees(address.kind, &state.value),
            None => assert!(before == now, "a failed creation left something behind"),
        }
        self.state.entry(address).or_default().current = done.state;
        if well {
            self.rewritten.remove(region);
            self.authorized(address, &change.block, &prior, had);
            self.applied.insert(address, change.block.clone());
        }
        well
    }

    /// Asserts that repeating the change has no further effect.
    async fn twice(&self, session: &Session, address: Address, call: Call<'_>, once: Response) -> Response {
        let truth = Truth::of(self.emulator).timeless();
        let twice = session.apply(address.kind, call).await;
        assert_eq!(twice.errors, [""; 0], "{address:?} can't be changed twice");
        assert!(Truth::of(self.emulator).timeless() == truth);
        let (first, second) = (once.state.unwrap().value, &twice.state.as_ref().unwrap().value);
        for (name, first) in first.as_object().unwrap() {
            assert!(name == "updated_at" || first == second.get(name), "{name}");
        }
        twice
    }

    /// Whether the guard must reject the creation of this webhook.
    fn occupied(address: Address, block: &Block, truth: &Truth) -> bool {
        address.kind == Kind::Webhook
            && truth.delivers(block.text("region").unwrap_or(REGION))
            && !block.is("replace_existing", ArgumentValue::Flag(true))
    }

    /// Whether the webhook's region may use its destination.
    fn usable(&self, block: &Block) -> bool {
        let Some(slot) = block.refers_to() else {
            return true;
        };
        let kind = Kind::Destination;
        let destination = self.state[&Address { kind, slot }].current.as_ref().unwrap();
        let kept = destination.value.get("region").as_str().unwrap_or_default();
        kept == "global" || kept == block.text("region").unwrap_or(REGION)
    }

    /// Asserts that Konnect has the expected authorization after a change. `before` is the previous one.
    fn authorized(&mut self, address: Address, block: &Block, prior: &Value, before: Option<&str>) {
        let touched = self.touched.remove(&address);
        let state = self.state[&address].current.as_ref().unwrap();
        let truth = Truth::of(self.emulator);
        let (Some(configured), has) = (block.secret(), truth.authorization(address.kind, &state.value))
        else {
            return;
        };
        let version = |of: &Block| of.arguments.get("authorization_wo_version").copied();
        let version_before = self.applied.get(&address).and_then(version);
        let same_version = !prior.is_null() && version(block).is_some() && version(block) == version_before;
        if touched {
            assert!(
                has == Some(configured),
                "{address:?}: a stranger's write is not made good"
            );
        } else if self.uncertain.contains(&address) {
            // Detection is or was disabled.
        } else if same_version {
            assert!(has == before, "{address:?}: the same version is sent again");
        } else {
            assert!(
                has == Some(configured),
                "{address:?}: the configured one is not sent"
            );
        }
        if has == Some(configured) {
            self.uncertain.remove(&address);
        }
    }
}
