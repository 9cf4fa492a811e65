//! An apply: each planned change in Terraform's order, and the checks of its result.

use std::collections::BTreeMap;

use terraform_plugin::Value;

use super::block::{Address, ArgumentValue, Block, Kind};
use super::rules;
use super::session::{Change as Call, Response, Session, Stored, errors};
use super::steps::{Disturbance, Trouble};
use super::truth::{Target, Truth, text};
use super::world::{Instance, Record, World, split};

pub struct Plan {
    /// The refreshed state.
    pub state: BTreeMap<Address, Instance>,
    /// The change of each block.
    pub changes: BTreeMap<Address, Change>,
}

/// The planned change of a block.
#[derive(Debug)]
pub struct Change {
    pub block: Block,
    pub replaces: bool,
    pub planned: Value,
    /// Whether the planned state equals the prior one.
    pub noop: bool,
}

impl World<'_> {
    /// Applies a plan. Returns whether all changes succeeded.
    pub async fn carry_out(&mut self, plan: &Plan, trouble: Option<Trouble>) -> bool {
        self.state = plan.state.clone();
        self.overwritten.clear();
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
        self.recorded.retain(|address, _| state.contains_key(address));
        self.tainted.retain(|address| state.contains_key(address));
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
                if left.is_none() {
                    self.tainted.remove(address);
                    self.recorded.remove(address);
                }
                self.state.get_mut(address).unwrap().current = left;
            }
        }
        for (address, change) in &plan.changes {
            let needs = change.block.refers_to().map(Address::destination);
            if failed.contains(address) || needs.is_some_and(|of| failed.contains(&of)) {
                failed.push(*address);
                continue;
            }
            if change.replaces && address.kind == Kind::Destination {
                let instance = self.state.get_mut(address).unwrap();
                let old = instance.current.take();
                instance.deposed.extend(old);
            }
            let kills = self.pending == Disturbance::Killed;
            if !self.change(session, *address, change, trouble).await {
                failed.push(*address);
            }
            if kills && self.pending == Disturbance::Nothing {
                return false;
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
        let tainted = self.tainted.contains(&address);
        let before = Truth::of(self.emulator);
        let call = Call {
            prior: &stored.value,
            planned: &Value::Null,
            config: &Value::Null,
            // Terraform does not pass the private data of a tainted object.
            private: if tainted { &[] } else { &stored.private },
        };
        let in_use = address.kind == Kind::Destination && !before.users(text(&stored.value, "id")).is_empty();
        let gone = if in_use {
            self.interrupted(address, call, 1).await
        } else {
            session.apply(address.kind, call).await
        };
        let now = Truth::of(self.emulator);
        let done = gone.errors.is_empty();
        let region = text(&stored.value, "region");
        before.only_webhook_changed(&now, (address.kind == Kind::Webhook).then_some(region));
        if address.kind == Kind::Webhook && done {
            let found = before.target(region);
            let is_ours = match self.recorded.get(&address).filter(|_| !tainted) {
                Some(record) => record.is_ours && Some(&record.target) == found.as_ref(),
                None => Target::of(&stored.value) == found,
            };
            if is_ours {
                assert!(!now.delivers(region), "a webhook of ours is left");
            } else {
                assert_eq!(
                    before.webhook(region),
                    now.webhook(region),
                    "another party's stream is removed"
                );
            }
            let is_left = found.is_some() && !is_ours;
            let left = is_left.then_some("Webhook was left in place");
            assert_eq!(gone.warnings, Vec::from_iter(left));
        }
        if done {
            assert!(!in_use, "a destination in use is removed");
            assert!(gone.state.is_none());
            return None;
        }
        let errors = gone.errors;
        assert!(trouble || in_use, "{address:?} can't be destroyed: {errors:?}");
        let left = gone.state.expect("a failed removal keeps the state");
        assert!(left.value == stored.value);
        // The mark of a tainted object remains, with its private data.
        Some(stored)
    }

    /// Makes a call with a separate provider, which is interrupted after so many requests instead of waiting.
    async fn interrupted(&self, address: Address, call: Call<'_>, requests: usize) -> Response {
        let session = self.session().await;
        self.emulator.clear_requests();
        let stop = async {
            while self.emulator.requests().len() < requests {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            session.stop();
        };
        tokio::select! {
            response = session.apply(address.kind, call) => response,
            response = async { stop.await; std::future::pending().await } => response,
        }
    }

    /// Creates or updates an object. Returns whether it succeeded.
    async fn change(&mut self, session: &Session, address: Address, change: &Change, trouble: bool) -> bool {
        let is_webhook = address.kind == Kind::Webhook;
        let config = self.known(session, address, &change.block);
        session.validate(address.kind, &config);
        let (prior, private) = split(self.current(address));
        let ignoring = change.block.ignoring(&config, &prior);
        let again = session.plan(address.kind, &prior, &ignoring, &private).await;
        assert_eq!(errors(&again.diagnostics), [""; 0], "a plan fails");
        assert!(again.requires_replace.is_empty(), "a change became a replacement");
        rules::compatible(&change.planned, &again.planned);
        let had = Truth::of(self.emulator)
            .authorization(address.kind, &prior)
            .map(str::to_owned);
        if again.planned == prior {
            // What another block of this apply has written, the next plan sees.
            if !self.overwritten.contains(&address) {
                self.authorized(address, &change.block, &prior, had.as_deref());
            }
            self.applied.insert(address, change.block.clone());
            return true;
        }
        assert!(!change.noop, "nothing was to change");
        let region = text(&again.planned, "region").to_owned();
        let planned_on = Truth::of(self.emulator);
        let mut raced = is_webhook && self.disturb(address, &prior, &region);
        let before = Truth::of(self.emulator);
        let target = Target::of(&again.planned);
        let creates = is_webhook && prior.is_null();
        let replaces = change.block.is("replace_existing", ArgumentValue::Flag(true));
        let redirects =
            replaces && target != before.target(&region) && before.delivers_as(&planned_on, &region);
        let occupied = creates && before.delivers(&region) && !redirects;
        // Another block of this apply has removed the webhook, or written to it.
        let is_other = || before.target(&region) != Target::of(&prior) || self.overwritten.contains(&address);
        raced |= is_webhook && !creates && is_other();
        let record = self.recorded.get(&address).filter(|_| !prior.is_null());
        let is_imported = record.is_some_and(|record| !record.is_confirmed);
        let unconfirmed = is_imported && !replaces && before.target(&region) != target;
        let call = Call {
            prior: &prior,
            planned: &again.planned,
            config: &config,
            private: &again.private,
        };
        self.emulator.clear_requests();
        let mut done = if occupied {
            // A webhook with an endpoint is read in both versions.
            let is_read_once = trouble || matches!(before.target(&region), Some(Target::Destination(_)));
            let reads = if is_read_once { 1 } else { 2 };
            self.interrupted(address, call, reads).await
        } else {
            session.apply(address.kind, call).await
        };
        let requests = self.emulator.requests();
        let sent = requests.iter().any(|request| request.method != "GET");
        let well = done.errors.is_empty();
        if self.pending == Disturbance::Killed {
            self.pending = Disturbance::Nothing;
            self.kill(session, address, &again.planned, done, &before).await;
            return false;
        }
        if well && !prior.is_null() && !trouble && !raced {
            done = self.twice(session, address, call, done).await;
        }
        let now = Truth::of(self.emulator);
        before.only_webhook_changed(&now, is_webhook.then_some(region.as_str()));
        let explicit = Target::of(&prior) != target;
        if occupied || unconfirmed {
            assert!(!well, "another party's stream is taken over");
            assert_eq!(before.webhook(&region), now.webhook(&region));
        } else if raced
            && !(explicit && (replaces || before.target(&region).is_none()))
            && ![target.clone(), Target::of(&prior)].contains(&before.target(&region))
        {
            before.same_stream(&now, &region);
            assert!(!well, "a redirect after the plan is not reported");
        } else if !well {
            assert!(trouble || raced, "{address:?} fails: {:?}", done.errors);
        }
        match &done.state {
            Some(state) if !raced || well => now.agrees(address.kind, &state.value),
            Some(_) => {}
            None => assert!(before == now, "a failed creation left something behind"),
        }
        self.state.entry(address).or_default().current = done.state;
        if well && is_webhook {
            self.record(address, target.unwrap(), &config, sent);
            self.other_blocks_touched(address, &region);
        }
        if well && !raced {
            self.authorized(address, &change.block, &prior, had.as_deref());
            self.applied.insert(address, change.block.clone());
        }
        well && !raced
    }

    /// Another user acts just before a change of a webhook. Returns whether they have changed this one.
    fn disturb(&mut self, address: Address, prior: &Value, region: &str) -> bool {
        match self.pending {
            Disturbance::Occupy(theirs) if prior.is_null() && theirs == region => {
                self.pending = Disturbance::Nothing;
                self.occupy(region);
                false
            }
            Disturbance::Meanwhile(modification) if !prior.is_null() => {
                self.pending = Disturbance::Nothing;
                let current = self.current(address).unwrap();
                self.modify(address, &current, modification);
                true
            }
            _ => false,
        }
    }

    /// Notes the target of a successful change. Only a request, or an adoption, changes it.
    fn record(&mut self, address: Address, target: Target, config: &Value, sent: bool) {
        let record = self.recorded.get(&address).filter(|of| of.target == target);
        if record.is_some() && !sent {
            return;
        }
        let was_ours = record.is_some_and(|record| record.is_ours);
        let is_ours = was_ours || Target::of(config).as_ref() == Some(&target);
        let record = Record {
            target,
            is_ours,
            is_confirmed: true,
        };
        self.recorded.insert(address, record);
    }

    /// Two blocks of this configuration can have the same webhook.
    fn other_blocks_touched(&mut self, address: Address, region: &str) {
        for (other, instance) in &self.state {
            let current = instance.current.as_ref();
            let same = current.is_some_and(|current| text(&current.value, "region") == region);
            if *other != address && other.kind == Kind::Webhook && same {
                self.touched.insert(*other);
                self.uncertain.insert(*other);
                self.overwritten.insert(*other);
            }
        }
    }

    /// Terraform ends before it receives the response of a change: a creation is rolled back, an update is not.
    async fn kill(
        &mut self,
        session: &Session,
        address: Address,
        planned: &Value,
        done: Response,
        before: &Truth,
    ) {
        self.uncertain.insert(address);
        self.touched.remove(&address);
        let Some(state) = done.state.filter(|_| done.errors.is_empty()) else {
            return;
        };
        if self.current(address).is_some() {
            return;
        }
        let created = Truth::of(self.emulator);
        session.rollback(address.kind, &state).await;
        let now = Truth::of(self.emulator);
        let region = text(&state.value, "region");
        created.only_webhook_changed(&now, (address.kind == Kind::Webhook).then_some(region));
        if address.kind == Kind::Destination {
            assert!(
                before.timeless() == now.timeless(),
                "a destination is not rolled back"
            );
            return;
        }
        let turned_on =
            planned.get("enabled") == &true.into() && planned.get("replace_existing") != &true.into();
        if turned_on {
            assert!(!now.delivers(region), "a webhook is not rolled back");
        } else {
            assert_eq!(created.webhook(region), now.webhook(region));
        }
        self.other_blocks_touched(address, region);
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

    /// Asserts that Konnect has the expected authorization after a change. `before` is the previous one.
    fn authorized(&mut self, address: Address, block: &Block, prior: &Value, before: Option<&str>) {
        let touched = self.touched.remove(&address);
        if block.ignores {
            self.uncertain.insert(address);
            return;
        }
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
