//! The objects that a run may change: those with its own prefix, and the webhook of one unconfigured region. Created
//! objects are removed when the session ends, also after a panic.

use std::cell::{Cell, RefCell};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use konnect::Region;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, DESTINATIONS, Response, WEBHOOK, WEBHOOK_V2, poll};
use crate::run::Pace;

/// The beginning of every name. Eight hexadecimal digits and a hyphen follow, which differ from run to run.
const PREFIX: &str = "tfacc-audit-";
/// The age after which objects of an earlier run are removed. Younger ones may belong to a concurrent run.
const LEFT_BEHIND_AFTER: Duration = Duration::from_hours(1);

/// A run with the objects that it created.
pub struct Session<'a> {
    pub api: &'a Api,
    pub pace: Pace,
    /// The beginning of the names of this run's objects.
    pub prefix: String,
    /// The value of `authorization` of this run's destinations.
    pub authorization: &'a str,
    /// The region whose webhook this run uses.
    pub claimed: Option<Region>,
    /// Each region and its result.
    pub regions: Vec<(String, String)>,
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
            created: RefCell::default(),
            is_clean: Cell::new(false),
        };
        let swept = session.sweep();
        session.claim();
        session.regions.extend(swept);
        session
    }

    /// The published regions that the server URL serves, without `global`.
    pub fn all_regions(&self) -> Vec<Region> {
        let names = Region::KNOWN.into_iter().filter(|name| *name != "global");
        names
            .filter_map(|name| Region::parse(name).ok())
            .filter(|region| self.api.serves(region))
            .collect()
    }

    /// The host for objects without a region: `global`, or the only region that the server URL serves.
    pub fn home(&self) -> Region {
        let global = Region::global();
        let only = self.all_regions().into_iter().next();
        only.filter(|_| !self.api.serves(&global)).unwrap_or(global)
    }

    /// The region whose webhook may be used.
    pub fn region(&self) -> Result<&Region, crate::run::Stop> {
        self.claimed.as_ref().ok_or_else(|| {
            crate::run::Stop::NotTried("no region has a webhook that is unconfigured".to_owned())
        })
    }

    /// An endpoint that does not resolve: no event leaves the organization.
    pub fn dead_endpoint(&self) -> String {
        format!("https://{}audit.invalid/events", self.prefix)
    }

    /// Creates a destination, which is always removed at the end.
    pub fn create(
        &self,
        region: &Region,
        name: &str,
        endpoint: &str,
        log_format: &str,
    ) -> Result<(String, Response), String> {
        let body = json!({
            "name": format!("{}{name}", self.prefix),
            "endpoint": endpoint,
            "authorization": self.authorization,
            "log_format": log_format,
        });
        let response = self.api.send(&Method::POST, region, DESTINATIONS, Some(&body))?;
        let id = response.text("id").to_owned();
        if !response.is_success() || id.is_empty() {
            return Err(format!(
                "creating a destination on {region} answers {}",
                self.api.brief(&response)
            ));
        }
        self.created.borrow_mut().push((region.clone(), id.clone()));
        Ok((id, response))
    }

    /// Creates a destination with an endpoint that does not resolve.
    pub fn create_dead(&self, region: &Region, name: &str) -> Result<(String, Response), String> {
        self.create(region, name, &self.dead_endpoint(), "json")
    }

    /// Deletes a destination that no webhook uses.
    pub fn delete(&self, region: &Region, id: &str) -> Result<Response, String> {
        self.api.delete(region, &format!("{DESTINATIONS}/{id}"))
    }

    /// Returns the reason if the webhook of a region must not be used.
    fn is_free(&self, region: &Region) -> Result<(), String> {
        let v3 = self.api.get(region, WEBHOOK)?;
        match v3.status {
            200 if v3.text("audit_log_destination_id").is_empty() && v3.body["enabled"] != true => {}
            404 => {}
            200 => return Err("its webhook is configured".to_owned()),
            _ => return Err(format!("its webhook answers {}", self.api.brief(&v3))),
        }
        let v2 = self.api.get(region, WEBHOOK_V2)?;
        let unset = matches!(v2.text("endpoint"), "" | "unconfigured");
        match v2.status {
            200 if unset && v2.body["enabled"] != true => Ok(()),
            200 => Err("its webhook is configured".to_owned()),
            _ => Err(format!("its v2 webhook answers {}", self.api.brief(&v2))),
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

    /// The hosts that may have destinations.
    fn hosts(&self) -> Vec<Region> {
        let global = Some(Region::global()).filter(|global| self.api.serves(global));
        global.into_iter().chain(self.all_regions()).collect()
    }

    /// Removes objects of a killed run, by their prefix and age.
    fn sweep(&self) -> Vec<(String, String)> {
        let mut swept = Vec::new();
        let mut old: Vec<(Region, String)> = Vec::new();
        for host in self.hosts() {
            let found = self.api.destinations(&host, "page[size]=100");
            let now = self.now(&host);
            let found = found
                .unwrap_or_default()
                .into_iter()
                .filter(|item| is_left_behind(item, now));
            old.extend(found.filter_map(|item| Some((host.clone(), item["id"].as_str()?.to_owned()))));
        }
        if old.is_empty() {
            return swept;
        }
        let ids: Vec<_> = old.iter().map(|(_, id)| id.clone()).collect();
        for region in self.all_regions() {
            if self.release(&region, &ids) == Ok(true) {
                swept.push((
                    region.to_string(),
                    "freed a webhook that an earlier run left".to_owned(),
                ));
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

    fn now(&self, host: &Region) -> SystemTime {
        let response = self.api.get(host, &format!("{DESTINATIONS}?page[size]=1"));
        response.map_or_else(|_| SystemTime::now(), |response| response.at)
    }

    /// Deletes the webhook of a region if it delivers to one of these destinations, and returns whether it did.
    fn release(&self, region: &Region, ids: &[String]) -> Result<bool, String> {
        let webhook = self.api.get(region, WEBHOOK)?;
        let id = webhook.text("audit_log_destination_id");
        if !ids.iter().any(|known| known.eq_ignore_ascii_case(id)) {
            return Ok(false);
        }
        let response = self.api.delete(region, WEBHOOK)?;
        if response.is_success() {
            Ok(true)
        } else {
            Err(format!(
                "deleting the webhook answers {}",
                self.api.brief(&response)
            ))
        }
    }

    /// Removes the webhook if it delivers to a destination of this run.
    pub fn release_claimed(&self) -> Result<(), String> {
        let Some(region) = &self.claimed else {
            return Ok(());
        };
        let ids: Vec<_> = self.ours().into_iter().map(|(_, id)| id).collect();
        self.release(region, &ids).map(drop)
    }

    /// Deletes a destination, and retries while it is in use.
    fn remove(&self, host: &Region, id: &str) -> Result<(), String> {
        let mut last = String::new();
        let removed = poll(self.pace.poll, self.pace.in_use_limit, || {
            let response = self.delete(host, id)?;
            last = self.api.brief(&response);
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
        for host in self.hosts() {
            let found = self.api.destinations(&host, "page[size]=100").unwrap_or_default();
            for item in found {
                let (name, id) = (item["name"].as_str(), item["id"].as_str());
                let (Some(name), Some(id)) = (name, id) else {
                    continue;
                };
                if name.starts_with(&self.prefix) && !ours.iter().any(|(_, known)| known == id) {
                    ours.push((host.clone(), id.to_owned()));
                }
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

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if !self.is_clean.get() {
            let left = self.clean_up();
            assert!(
                left.is_empty() || std::thread::panicking(),
                "left behind: {left:?}"
            );
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
