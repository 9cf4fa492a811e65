//! A configuration, its state and its Konnect, and the runs of Terraform.

use std::collections::{BTreeMap, BTreeSet};

use konnect_emulator::Emulator;
use terraform_plugin::Value;

use super::apply::{Change, Plan};
use super::block::{Address, ArgumentValue, Block, Kind};
use super::other_user;
use super::session::{REGION, Session, Stored, errors};
use super::steps::{Disturbance, Edit, Step};
use super::truth::{Target, Truth, text};

#[derive(Debug, Clone, Default)]
pub struct Instance {
    pub current: Option<Stored>,
    pub deposed: Vec<Stored>,
}

impl Instance {
    fn all(&self) -> impl Iterator<Item = &Stored> {
        self.current.iter().chain(&self.deposed)
    }
}

/// The target of a webhook that this state last applied, imported or accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub target: Target,
    /// Whether a destroy removes it: it was not only accepted under `ignore_changes`.
    pub is_ours: bool,
    /// Whether an apply has succeeded since the import.
    pub is_confirmed: bool,
}

/// A configuration with its state and Konnect.
pub struct World<'a> {
    pub emulator: &'a Emulator,
    blocks: BTreeMap<Address, Block>,
    pub state: BTreeMap<Address, Instance>,
    pub applied: BTreeMap<Address, Block>,
    /// The targets of the webhooks in the state.
    pub recorded: BTreeMap<Address, Record>,
    /// Objects that other users have changed since the last write.
    pub touched: BTreeSet<Address>,
    /// Webhooks that another block of the same apply has written to after the refresh.
    pub overwritten: BTreeSet<Address>,
    /// Objects whose authorization may be that of another user, because detection is disabled.
    pub uncertain: BTreeSet<Address>,
    /// Objects that the next apply replaces.
    pub tainted: BTreeSet<Address>,
    /// What happens before the next change of a webhook, or after the next change of any object.
    pub pending: Disturbance,
    /// The destination of other users.
    pub theirs: &'a str,
}

impl<'a> World<'a> {
    /// An empty world. `theirs` is a destination of other users.
    pub fn new(emulator: &'a Emulator, theirs: &'a str) -> Self {
        Self {
            emulator,
            blocks: BTreeMap::new(),
            state: BTreeMap::new(),
            applied: BTreeMap::new(),
            recorded: BTreeMap::new(),
            touched: BTreeSet::new(),
            overwritten: BTreeSet::new(),
            uncertain: BTreeSet::new(),
            tainted: BTreeSet::new(),
            pending: Disturbance::Nothing,
            theirs,
        }
    }

    pub async fn play(&mut self, step: &Step) {
        match step {
            Step::Apply(changes, meanwhile) => {
                for (address, edit) in changes {
                    self.edit(*address, edit);
                }
                let plan = self.plan().await;
                let trouble = match meanwhile {
                    Disturbance::Trouble(trouble) => Some(*trouble),
                    _ => None,
                };
                self.pending = *meanwhile;
                let done = self.carry_out(&plan, trouble).await;
                self.pending = Disturbance::Nothing;
                if done && self.is_sound() {
                    self.settled(&self.configured()).await;
                }
            }
            Step::OtherUser(address, modification) => {
                let Some(current) = self.current(*address) else {
                    return;
                };
                self.modify(*address, &current, *modification);
            }
            Step::Occupy(region) => self.occupy(region),
            Step::Import(address) => self.import(*address).await,
            Step::Taint(address) => {
                if self.current(*address).is_some() {
                    self.tainted.insert(*address);
                }
            }
        }
    }

    /// The object of a block in the state.
    pub fn current(&self, address: Address) -> Option<Stored> {
        self.state.get(&address).and_then(|of| of.current.clone())
    }

    /// Another user changes an object of this state.
    pub fn modify(&mut self, address: Address, current: &Stored, modification: other_user::Modification) {
        let before = Truth::of(self.emulator);
        let id_of = |slot| Some(text(&self.current(Address::destination(slot))?.value, "id").to_owned());
        modification.commit(self.emulator, address.kind, &current.value, self.theirs, id_of);
        self.touched.insert(address);
        self.uncertain.insert(address);
        self.others_wrote(&before);
    }

    /// Notes that others have changed webhooks since a snapshot.
    pub fn others_wrote(&mut self, before: &Truth) {
        let now = Truth::of(self.emulator);
        for (address, instance) in &self.state {
            let Some(current) = &instance.current else {
                continue;
            };
            let region = text(&current.value, "region");
            if address.kind == Kind::Webhook && before.webhook(region) != now.webhook(region) {
                self.touched.insert(*address);
                self.uncertain.insert(*address);
            }
        }
    }

    async fn import(&mut self, address: Address) {
        let Some(block) = self.blocks.get(&address) else {
            return;
        };
        if self.current(address).is_some() {
            return;
        }
        let region = block.text("region").unwrap_or(REGION);
        let target = Truth::of(self.emulator).target(region);
        let imported = self.session().await.import(region).await;
        assert_eq!(imported.is_some(), target.is_some(), "the import of {region}");
        let (Some(imported), Some(target)) = (imported, target) else {
            return;
        };
        Truth::of(self.emulator).agrees(address.kind, &imported.value);
        self.state.entry(address).or_default().current = Some(imported);
        self.uncertain.insert(address);
        let record = Record {
            target,
            is_ours: true,
            is_confirmed: false,
        };
        self.recorded.insert(address, record);
    }

    fn edit(&mut self, address: Address, edit: &Edit) {
        let block = match edit {
            Edit::Remove => {
                self.blocks.remove(&address);
                return;
            }
            Edit::Part(name, block) => {
                let present = self.blocks.get_mut(&address);
                if present.is_some_and(|present| present.take(name, block)) {
                    return;
                }
                block
            }
            Edit::Whole(block) => block,
        };
        self.blocks.insert(address, block.clone());
    }

    /// Another user configures the webhook of a region, unless it is in the state.
    pub fn occupy(&self, region: &str) {
        if !self.regions().contains(region) {
            other_user::occupy(self.emulator, region);
        }
    }

    /// The regions whose webhooks are in the state.
    fn regions(&self) -> BTreeSet<String> {
        let webhooks = self.state.iter().filter(|(of, _)| of.kind == Kind::Webhook);
        let webhooks = webhooks.flat_map(|(_, of)| of.current.iter());
        webhooks.map(|of| text(&of.value, "region").to_owned()).collect()
    }

    /// Destroys everything, and asserts that no object of the configuration remains.
    pub async fn end(&mut self) {
        self.blocks.clear();
        let plan = self.plan().await;
        if !self.carry_out(&plan, None).await {
            // The remaining destinations are used by webhooks that this state does not own.
            for stored in self.state.values().flat_map(Instance::all) {
                other_user::release(self.emulator, text(&stored.value, "id"));
            }
            let plan = self.plan().await;
            assert!(self.carry_out(&plan, None).await);
        }
        assert!(self.state.is_empty());
    }

    /// The blocks of a valid configuration: a webhook needs its destination.
    fn configured(&self) -> BTreeMap<Address, Block> {
        let sound = self.blocks.iter().filter(|(_, block)| {
            let destination = block.refers_to().map(Address::destination);
            destination.is_none_or(|of| self.blocks.contains_key(&of))
        });
        sound.map(|(address, block)| (*address, block.clone())).collect()
    }

    /// Whether no two blocks have the same webhook.
    fn is_sound(&self) -> bool {
        let mut regions = BTreeSet::new();
        self.configured().iter().all(|(address, block)| {
            address.kind == Kind::Destination || regions.insert(block.text("region").unwrap_or(REGION))
        })
    }

    /// Starts a provider and upgrades the state.
    pub async fn session(&self) -> Session {
        let session = Session::start(&self.emulator.url()).await;
        for (address, instance) in &self.state {
            for stored in instance.all() {
                session.upgrade(address.kind, stored);
            }
        }
        session
    }

    /// Refreshes and plans. A plan never fails.
    async fn plan(&self) -> Plan {
        let session = self.session().await;
        let truth = Truth::of(self.emulator);
        let mut state = BTreeMap::new();
        for (address, instance) in &self.state {
            let read = async |stored: &Stored| {
                let read = session.read(address.kind, stored).await;
                assert_eq!(read.errors, [""; 0], "a refresh fails");
                if let Some(found) = &read.state {
                    truth.agrees(address.kind, &found.value);
                }
                read.state
            };
            let mut refreshed = Instance::default();
            if let Some(current) = &instance.current {
                refreshed.current = read(current).await;
            }
            for stored in &instance.deposed {
                refreshed.deposed.extend(read(stored).await);
            }
            state.insert(*address, refreshed);
        }
        let mut changes = BTreeMap::<Address, Change>::new();
        for (address, block) in self.configured() {
            let prior = state.get(&address).and_then(|of| of.current.clone());
            let config = block.value(session.schema(address.kind).object_type(), true, |slot| {
                changes[&Address::destination(slot)].planned.get("id").clone()
            });
            let (value, private) = split(prior.clone());
            session.validate(address.kind, &config);
            let ignoring = block.ignoring(&config, &value);
            let mut plan = session.plan(address.kind, &value, &ignoring, &private).await;
            assert_eq!(errors(&plan.diagnostics), [""; 0], "{address:?} can't be planned");
            let tainted = prior.is_some() && self.tainted.contains(&address);
            let replaces = !plan.requires_replace.is_empty() || tainted;
            if replaces {
                plan = session
                    .plan(address.kind, &Value::Null, &config, &plan.private)
                    .await;
                assert_eq!(errors(&plan.diagnostics), [""; 0], "{address:?} can't be planned");
            }
            let creates = replaces || prior.is_none();
            let region = text(&plan.planned, "region");
            if address.kind == Kind::Webhook && creates && truth.delivers(region) {
                let is_known = !block.unknown.contains("replace_existing");
                let asked = is_known && block.is("replace_existing", ArgumentValue::Flag(true));
                let summary = if asked && truth.target(region) != Target::of(&config) {
                    "A live stream is redirected"
                } else {
                    "Region already delivers audit events"
                };
                let warned = plan.diagnostics.iter().any(|d| d.summary == summary);
                assert!(warned, "{address:?}: no warning: {:?}", plan.diagnostics);
            }
            changes.insert(
                address,
                Change {
                    noop: !creates && plan.planned == value,
                    block,
                    replaces,
                    planned: plan.planned,
                },
            );
        }
        Plan { state, changes }
    }

    /// Asserts that after an apply without errors, the state matches Konnect and a further plan is empty.
    async fn settled(&self, configured: &BTreeMap<Address, Block>) {
        assert!(self.state.keys().eq(configured.keys()));
        let is_whole = |of: &Instance| of.current.is_some() && of.deposed.is_empty();
        assert!(self.state.values().all(is_whole));
        let session = self.session().await;
        let truth = Truth::of(self.emulator);
        for (address, block) in configured {
            let stored = self.state[address].current.as_ref().unwrap();
            let read = session.read(address.kind, stored).await;
            assert_eq!((read.errors.len(), read.warnings.len()), (0, 0));
            let read = read.state.expect("it exists");
            assert!(read.value == stored.value, "no other user has written since");
            truth.agrees(address.kind, &read.value);
            let config = block.ignoring(&self.known(&session, *address, block), &read.value);
            let again = session
                .plan(address.kind, &read.value, &config, &read.private)
                .await;
            // Every plan warns about a setting of the configuration.
            let mut others = again
                .diagnostics
                .iter()
                .filter(|d| d.summary != "Deliveries can be intercepted");
            assert!(others.next().is_none(), "{:?}", again.diagnostics);
            assert!(again.requires_replace.is_empty());
            for (name, now) in again.planned.as_object().unwrap() {
                assert!(
                    now == read.value.get(name),
                    "{address:?}: {name} is to change again"
                );
            }
        }
    }

    /// The configuration of an apply, which is wholly known.
    pub fn known(&self, session: &Session, address: Address, block: &Block) -> Value {
        block.value(session.schema(address.kind).object_type(), false, |slot| {
            let current = self.current(Address::destination(slot));
            current.expect("destinations come first").value.get("id").clone()
        })
    }
}

/// The value and the private state of what a plan starts from.
pub fn split(prior: Option<Stored>) -> (Value, Vec<u8>) {
    prior.map_or((Value::Null, Vec::new()), |of| (of.value, of.private))
}
