//! A configuration, its state and its Konnect, and the runs of Terraform.

use std::collections::{BTreeMap, BTreeSet};

use konnect_emulator::Emulator;
use terraform_plugin::Value;

use super::apply::{Change, Plan};
use super::block::{Address, ArgumentValue, Block, Kind};
use super::other_user;
use super::session::{REGION, Session, Stored, errors};
use super::steps::{Disturbance, Edit, Step};
use super::truth::{Truth, text};

/// The state of a block.
#[derive(Debug, Clone, Default)]
pub struct Instance {
    /// The object.
    pub current: Option<Stored>,
    /// Deposed objects, which are replaced and not destroyed yet.
    pub deposed: Vec<Stored>,
}

/// A configuration with its state and Konnect.
pub struct World<'a> {
    /// Konnect.
    pub emulator: &'a Emulator,
    /// The user's blocks.
    blocks: BTreeMap<Address, Block>,
    /// The state.
    pub state: BTreeMap<Address, Instance>,
    /// The last applied blocks.
    pub applied: BTreeMap<Address, Block>,
    /// Objects that other users have changed since the last write.
    pub touched: BTreeSet<Address>,
    /// Regions whose webhooks another user has changed last: a removal does not change them.
    pub rewritten: BTreeSet<String>,
    /// Objects whose authorization may be that of another user, because detection is disabled.
    pub uncertain: BTreeSet<Address>,
    /// The region whose webhook another user configures before the next apply does.
    pub pending_occupation: Option<&'static str>,
    theirs: Option<String>,
}

impl<'a> World<'a> {
    /// An empty world.
    pub fn new(emulator: &'a Emulator) -> Self {
        Self {
            emulator,
            blocks: BTreeMap::new(),
            state: BTreeMap::new(),
            applied: BTreeMap::new(),
            touched: BTreeSet::new(),
            rewritten: BTreeSet::new(),
            uncertain: BTreeSet::new(),
            pending_occupation: None,
            theirs: None,
        }
    }

    /// Runs a step.
    pub async fn play(&mut self, step: &Step) {
        match step {
            Step::Apply(changes, meanwhile) => {
                for (address, edit) in changes {
                    self.edit(*address, edit);
                }
                let Some(plan) = self.plan().await else { return };
                let trouble = match meanwhile {
                    Disturbance::Nothing => None,
                    Disturbance::Trouble(trouble) => Some(*trouble),
                    Disturbance::Occupy(region) => {
                        self.pending_occupation = Some(region);
                        None
                    }
                };
                if self.carry_out(&plan, trouble).await {
                    self.settled(&self.configured()).await;
                }
            }
            Step::OtherUser(address, modification) => {
                let current = self.state.get(address).and_then(|of| of.current.clone());
                let Some(current) = current else { return };
                if self.theirs.is_none() {
                    self.theirs = Some(other_user::destination(self.emulator).await);
                }
                let theirs = self.theirs.as_deref().unwrap();
                modification.commit(self.emulator, address.kind, &current.value, theirs);
                self.touched.insert(*address);
                if address.kind == Kind::Webhook {
                    self.rewritten.insert(text(&current.value, "region").to_owned());
                }
                self.uncertain.insert(*address);
            }
            Step::Occupy(region) => self.occupy(region),
        }
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
        let webhooks = self
            .state
            .iter()
            .filter(|(address, _)| address.kind == Kind::Webhook);
        webhooks
            .flat_map(|(_, of)| of.current.iter())
            .map(|stored| text(&stored.value, "region").to_owned())
            .collect()
    }

    /// Destroys everything, and asserts that no object of the configuration remains.
    pub async fn end(&mut self) {
        self.blocks.clear();
        let plan = self.plan().await.unwrap();
        assert!(self.carry_out(&plan, None).await);
        assert!(self.state.is_empty());
        other_user::only_theirs(
            &Truth::of(self.emulator),
            self.theirs.as_deref().unwrap_or_default(),
            &self.rewritten,
        );
    }

    /// The blocks of a valid configuration: a webhook needs its destination, and a region without another webhook.
    fn configured(&self) -> BTreeMap<Address, Block> {
        let mut regions = BTreeSet::new();
        let sound = self.blocks.iter().filter(|(address, block)| {
            let destination = block.refers_to().map(|slot| Address {
                kind: Kind::Destination,
                slot,
            });
            let leads_somewhere = destination.is_none_or(|of| self.blocks.contains_key(&of));
            leads_somewhere
                && (address.kind == Kind::Destination
                    || regions.insert(block.text("region").unwrap_or(REGION)))
        });
        sound.map(|(address, block)| (*address, block.clone())).collect()
    }

    /// Starts a provider and upgrades the state.
    pub async fn session(&self) -> Session {
        let session = Session::start(&self.emulator.url()).await;
        for (address, instance) in &self.state {
            for stored in instance.current.iter().chain(&instance.deposed) {
                session.upgrade(address.kind, stored);
            }
        }
        session
    }

    /// Refreshes and plans. Returns `None` if a plan is rejected as expected.
    async fn plan(&self) -> Option<Plan> {
        let session = self.session().await;
        let truth = Truth::of(self.emulator);
        let mut state = BTreeMap::new();
        for (address, instance) in &self.state {
            let mut refreshed = Instance::default();
            for (stored, deposed) in instance
                .current
                .iter()
                .map(|s| (s, false))
                .chain(instance.deposed.iter().map(|s| (s, true)))
            {
                let read = session.read(address.kind, stored).await;
                assert_eq!(read.errors, [""; 0], "a refresh fails");
                if let Some(found) = &read.state {
                    truth.agrees(address.kind, &found.value);
                }
                if deposed {
                    refreshed.deposed.extend(read.state);
                } else {
                    refreshed.current = read.state;
                }
            }
            state.insert(*address, refreshed);
        }
        let held = self.regions();
        let mut changes = BTreeMap::<Address, Change>::new();
        for (address, block) in self.configured() {
            let prior = state.get(&address).and_then(|of| of.current.clone());
            let config = block.value(session.schema(address.kind).object_type(), true, |slot| {
                let kind = Kind::Destination;
                changes[&Address { kind, slot }].planned.get("id").clone()
            });
            let (value, private) = prior
                .clone()
                .map_or((Value::Null, Vec::new()), |s| (s.value, s.private));
            let mut plan = session.plan(address.kind, &value, &config, &private).await;
            let replaces = !plan.requires_replace.is_empty();
            if replaces {
                plan = session
                    .plan(address.kind, &Value::Null, &config, &plan.private)
                    .await;
            }
            let creates = replaces || prior.is_none();
            let refused = address.kind == Kind::Webhook && creates && {
                let region = text(&plan.planned, "region").to_owned();
                // A rejected plan has no region: uses that of the configuration.
                let region = if region.is_empty() && plan.diagnostics.has_errors() {
                    block.text("region").unwrap_or(REGION).to_owned()
                } else {
                    region
                };
                let asked = block.unknown.contains("replace_existing")
                    || block.is("replace_existing", ArgumentValue::Flag(true));
                truth.delivers(&region) && !held.contains(&region) && !asked
            };
            let found = errors(&plan.diagnostics);
            assert_eq!(found, [""; 0], "{address:?} can't be planned");
            if refused {
                let warned =
                    |d: &terraform_plugin::Diagnostic| d.summary.starts_with("Region already delivers");
                assert!(
                    plan.diagnostics.iter().any(warned),
                    "no warning of a stranger's stream"
                );
                return None;
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
        Some(Plan { state, changes })
    }

    /// Asserts that after an apply without errors, the state matches Konnect and a further plan is empty.
    async fn settled(&self, configured: &BTreeMap<Address, Block>) {
        assert!(self.state.keys().eq(configured.keys()));
        assert!(
            self.state
                .values()
                .all(|of| of.current.is_some() && of.deposed.is_empty())
        );
        let session = self.session().await;
        let truth = Truth::of(self.emulator);
        for (address, block) in configured {
            let stored = self.state[address].current.as_ref().unwrap();
            let read = session.read(address.kind, stored).await;
            assert_eq!((read.errors.len(), read.warnings), (0, 0));
            let read = read.state.expect("it exists");
            assert!(read.value == stored.value, "no other user has written since");
            truth.agrees(address.kind, &read.value);
            let config = self.known(&session, *address, block);
            let again = session
                .plan(address.kind, &read.value, &config, &read.private)
                .await;
            assert!(again.diagnostics.is_empty(), "{:?}", again.diagnostics);
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
            let kind = Kind::Destination;
            let destination = self.state.get(&Address { kind, slot });
            let current = destination.and_then(|of| of.current.as_ref());
            current.expect("destinations come first").value.get("id").clone()
        })
    }
}
