//! The objects that a run may change: those with its own prefix, and the webhook of one unconfigured region. Created
//! objects are removed when the session ends, also after a panic.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use konnect::Region;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, DESTINATIONS, Response, WEBHOOK, WEBHOOK_V2};
use crate::run::{Conclusion, Entry, Pace, Stop};

/// The beginning of every name. Eight hexadecimal digits and a hyphen follow, which differ from run to run.
pub const PREFIX: &str = "tfacc-audit-";
/// The age after which objects of an earlier run are removed. Younger ones may belong to a concurrent run.
const LEFT_BEHIND_AFTER: Duration = Duration::from_hours(1);

/// A run with the objects that it created.
pub struct Session<'a> {
    api: &'a Api,
    pub pace: Pace,
    /// The beginning of the names of this run's objects.
    pub prefix: String,
    /// The value of `authorization` of this run's destinations.
    pub authorization: &'a str,
    /// The region whose webhook this run uses.
    pub claimed: Option<Region>,
    /// Each region and its result.
    pub regions: Vec<(String, String)>,
    pub entries: RefCell<Vec<Entry>>,
    created: RefCell<Vec<(Region, String)>>,
    is_clean: Cell<bool>,
}

impl<'a> Session<'a> {
    /// Removes objects of earlier runs, and selects a region.
    pub fn open(api: &'a Api, pace: Pace, authorization: &'a str) -> Self {
        let mut session = Self {
            api,
            pace,
            prefix: format!("{PREFIX}{:08x}-", fastrand::u32(..)),
            authorization,
            claimed: None,
            regions: Vec::new(),
            entries: RefCell::default(),
            created: RefCell::default(),
            is_clean: Cell::new(false),
        };
        let swept = session.sweep();
        session.claim();
        session.regions.extend(swept);
        session
    }

    /// Asks a question, and records its steps and result. The run continues also after a panic.
    pub fn ask(&self, question: &'static str, probe: impl FnOnce() -> Result<String, Stop>) {
        self.api.take_steps();
        let conclusion = match catch_unwind(AssertUnwindSafe(probe)) {
            Ok(Ok(answer)) => Conclusion::Answered(answer),
            Ok(Err(Stop::NotTried(reason))) => Conclusion::NotTried(reason),
            Ok(Err(Stop::Failed(error))) => Conclusion::Failed(error),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().map(String::as_str);
                let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
                Conclusion::Failed(message.unwrap_or("a panic").to_owned())
            }
        };
        self.entries.borrow_mut().push(Entry {
            question,
            conclusion,
            steps: self.api.take_steps(),
        });
    }

    /// Calls until the result is `Some`, and returns it with the elapsed time. Returns `None` after the limit.
    pub fn poll<T>(
        &self,
        limit: Duration,
        mut call: impl FnMut() -> Result<Option<T>, String>,
    ) -> Result<Option<(T, Duration)>, String> {
        let began = Instant::now();
        loop {
            if let Some(met) = call()? {
                return Ok(Some((met, began.elapsed())));
            }
            if began.elapsed() > limit {
                return Ok(None);
            }
            sleep(self.pace.poll);
        }
    }

    /// The published regions that the server URL serves, without `global`.
    pub fn all_regions(&self) -> Vec<Region> {
        let names = Region::KNOWN.into_iter().filter(|name| *name != "global");
        names
            .filter_map(|name| Region::parse(name).ok())
            .filter(|region| self.serves(region))
            .collect()
    }

    /// The host for objects without a region: `global`, or the only region that the server URL serves.
    pub fn home(&self) -> Region {
        let global = Region::global();
        let only = self.all_regions().into_iter().next();
        only.filter(|_| !self.serves(&global)).unwrap_or(global)
    }

    /// The region whose webhook may be used.
    pub fn region(&self) -> Result<&Region, Stop> {
        let none = || Stop::NotTried("no region has a webhook that is unconfigured".to_owned());
        self.claimed.as_ref().ok_or_else(none)
    }

    /// A region to read from: the one whose webhook may be used, or any other.
    pub fn readable_region(&self) -> Result<Region, Stop> {
        let any = || self.all_regions().into_iter().next();
        let region = self.claimed.clone().or_else(any);
        region.ok_or_else(|| Stop::NotTried("the URL serves no region".to_owned()))
    }

    /// An endpoint that does not resolve: no event leaves the organization.
    pub fn dead_endpoint(&self) -> String {
        format!("https://{}audit.invalid/events", self.prefix)
    }

    /// Creates a destination, which is always removed at the end.
    pub fn create(&self, region: &Region, name: &str, endpoint: &str) -> Result<(String, Response), String> {
        let body = json!({
            "name": format!("{}{name}", self.prefix),
            "endpoint": endpoint,
            "authorization": self.authorization,
            "log_format": "json",
        });
        let response = self.send(&Method::POST, region, DESTINATIONS, Some(&body))?;
        let id = response.text("id").to_owned();
        if !response.is_success() || id.is_empty() {
            let brief = response.brief();
            return Err(format!("creating a destination on {region} answers {brief}"));
        }
        self.created.borrow_mut().push((region.clone(), id.clone()));
        Ok((id, response))
    }

    /// Creates a destination with an endpoint that does not resolve.
    pub fn create_dead(&self, region: &Region, name: &str) -> Result<(String, Response), String> {
        self.create(region, name, &self.dead_endpoint())
    }

    /// Deletes a destination that no webhook uses.
    pub fn delete_destination(&self, region: &Region, id: &str) -> Result<Response, String> {
        self.delete(region, &format!("{DESTINATIONS}/{id}"))
    }

    /// Lets the webhook of the claimed region deliver to a destination, when the region knows it. Returns the time until
    /// then.
    pub fn connect(&self, id: &str, enabled: bool) -> Result<Option<Duration>, Stop> {
        let region = self.region()?;
        let body = json!({ "audit_log_destination_id": id, "enabled": enabled });
        let known = self.poll(self.pace.limit, || {
            let answer = self.send(&Method::PATCH, region, WEBHOOK, Some(&body))?;
            Ok((answer.status != 404).then_some(answer))
        })?;
        match known {
            Some((answer, _)) if !answer.is_success() => {
                let brief = answer.brief();
                Err(Stop::Failed(format!("setting up the webhook answers {brief}")))
            }
            known => Ok(known.map(|(_, took)| took)),
        }
    }

    /// Returns the reason if the webhook of a region must not be used.
    fn is_free(&self, region: &Region) -> Result<(), String> {
        let v3 = self.get(region, WEBHOOK)?;
        match v3.status {
            200 if v3.text("audit_log_destination_id").is_empty() && v3.body["enabled"] != true => {}
            404 => {}
            200 => return Err("its webhook is configured".to_owned()),
            _ => return Err(format!("its webhook answers {}", v3.brief())),
        }
        let v2 = self.get(region, WEBHOOK_V2)?;
        let unset = matches!(v2.text("endpoint"), "" | "unconfigured");
        match v2.status {
            200 if unset && v2.body["enabled"] != true => Ok(()),
            200 => Err("its webhook is configured".to_owned()),
            _ => Err(format!("its v2 webhook answers {}", v2.brief())),
        }
    }

    fn claim(&mut self) {
        for region in self.all_regions() {
            let what = match self.is_free(&region) {
                Err(reason) => format!("not touched, since {reason}"),
                Ok(()) if self.claimed.is_some() => "not touched; its webhook is unconfigured".to_owned(),
                Ok(()) => {
                    self.claimed = Some(region.clone());
                    "used: its webhook was unconfigured".to_owned()
                }
            };
            self.regions.push((region.to_string(), what));
        }
    }

    /// The destinations of all hosts that meet a condition.
    fn found(&self, is_it: impl Fn(&Value) -> bool) -> Vec<(Region, String)> {
        let global = Some(Region::global()).filter(|global| self.serves(global));
        let hosts = global.into_iter().chain(self.all_regions());
        let of_host = |host: Region| {
            let all = self.destinations(&host, "page[size]=100").unwrap_or_default();
            let ids = all.into_iter().filter(&is_it);
            let ids = ids.filter_map(|item| item["id"].as_str().map(str::to_owned));
            ids.map(move |id| (host.clone(), id)).collect::<Vec<_>>()
        };
        hosts.flat_map(of_host).collect()
    }

    /// Removes objects of a killed run, by their prefix and age.
    fn sweep(&self) -> Vec<(String, String)> {
        let mut swept = Vec::new();
        let now = self.get(&self.home(), &format!("{DESTINATIONS}?page[size]=1"));
        let now = now.map_or_else(|_| SystemTime::now(), |response| response.at);
        let old = self.found(|item| is_left_behind(item, now));
        let regions = if old.is_empty() {
            Vec::new()
        } else {
            self.all_regions()
        };
        for region in regions {
            if self.release(&region, &old) == Ok(true) {
                let what = "freed a webhook that an earlier run left";
                swept.push((region.to_string(), what.to_owned()));
            }
        }
        for (host, id) in old {
            let what = match self.remove(&host, &id) {
                Ok(()) => format!("removed destination {id} that an earlier run left"),
                Err(error) => format!("destination {id} that an earlier run left is still there: {error}"),
            };
            swept.push((host.to_string(), what));
        }
        swept
    }

    /// Deletes the webhook of a region if it delivers to one of these destinations, and returns whether it did.
    fn release(&self, region: &Region, destinations: &[(Region, String)]) -> Result<bool, String> {
        let webhook = self.get(region, WEBHOOK)?;
        let id = webhook.text("audit_log_destination_id");
        if !destinations
            .iter()
            .any(|(_, known)| known.eq_ignore_ascii_case(id))
        {
            return Ok(false);
        }
        let response = self.delete(region, WEBHOOK)?;
        if response.is_success() {
            return Ok(true);
        }
        Err(format!("deleting the webhook answers {}", response.brief()))
    }

    /// Removes the webhook if it delivers to a destination of this run.
    pub fn release_claimed(&self) -> Result<(), String> {
        match &self.claimed {
            Some(region) => self.release(region, &self.ours()).map(drop),
            None => Ok(()),
        }
    }

    /// Deletes a destination, and retries while it is in use.
    fn remove(&self, host: &Region, id: &str) -> Result<(), String> {
        let mut last = String::new();
        let removed = self.poll(self.pace.limit, || {
            let response = self.delete_destination(host, id)?;
            last = response.brief();
            Ok((response.status != 409).then_some(response.status))
        })?;
        match removed {
            Some((204 | 404, _)) => Ok(()),
            _ => Err(format!("deleting it answers {last}")),
        }
    }

    /// The destinations of this run: the known ones, and those with its prefix.
    fn ours(&self) -> Vec<(Region, String)> {
        let mut ours = self.created.borrow().clone();
        let is_ours = |name: &str| name.starts_with(&self.prefix);
        for found in self.found(|item| item["name"].as_str().is_some_and(is_ours)) {
            if !ours.iter().any(|(_, known)| *known == found.1) {
                ours.push(found);
            }
        }
        ours
    }

    /// Removes the objects of this run. Returns the remaining ones.
    pub fn clean_up(&self) -> Vec<String> {
        self.is_clean.set(true);
        let mut left = Vec::new();
        if let Err(error) = self.release_claimed() {
            left.push(format!("the webhook of the used region: {error}"));
        }
        for (host, id) in self.ours() {
            // Retries after a lost connection.
            let tries = [Duration::ZERO, self.pace.poll, self.pace.poll * 4];
            let removed = tries.into_iter().find_map(|wait| {
                sleep(wait);
                self.remove(&host, &id).ok()
            });
            if removed.is_none() {
                left.push(format!("destination {id} on {host}"));
            }
        }
        left
    }
}

impl Deref for Session<'_> {
    type Target = Api;

    fn deref(&self) -> &Api {
        self.api
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if !self.is_clean.get() {
            let left = self.clean_up();
            let is_clean = left.is_empty() || std::thread::panicking();
            assert!(is_clean, "left behind: {left:?}");
        }
    }
}

/// Whether an object belongs to a killed run, by its name and age.
fn is_left_behind(item: &Value, now: SystemTime) -> bool {
    let is_ours = item["name"]
        .as_str()
        .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'))
        .is_some_and(|(run, _)| run.len() == 8 && run.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let created = item["created_at"]
        .as_str()
        .and_then(|at| humantime::parse_rfc3339(at).ok());
    // An object without a valid time may belong to a concurrent run.
    let age = created.and_then(|created| now.duration_since(created).ok());
    is_ours && age.is_some_and(|age| age > LEFT_BEHIND_AFTER)
}
