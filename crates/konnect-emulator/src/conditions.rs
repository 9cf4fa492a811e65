//! What the API is like to work with: how slow, how many requests a second it takes, and how much of what it
//! answers goes wrong by chance.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::edits::ControlError;
use crate::fault::{Fault, FaultRule};

/// The conditions that every request of the API meets, beside the fault rules, which come first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// How long every answer is held back, in milliseconds.
    pub latency_ms: u64,
    /// How many requests it takes; any number without it.
    pub rate_limit: Option<RateLimit>,
    /// What goes wrong by chance; nothing without it.
    pub random_faults: Option<RandomFaults>,
}

/// A rate limit as gateways have it, a bucket of tokens. Who finds it empty is answered 429, with a `Retry-After`
/// of as many whole seconds as it takes until there is a token again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Tokens that are added a second.
    pub per_second: u32,
    /// Tokens that the bucket holds. It begins full.
    pub burst: u32,
}

/// Faults by chance, which are the same ones for the same seed and the same order of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomFaults {
    /// Where the chance begins.
    pub seed: u64,
    /// How many requests of a hundred are struck, 0 to 100.
    pub percent: u8,
    /// By which faults, each as likely as the others.
    pub faults: Vec<Fault>,
}

/// Conditions at work.
#[derive(Debug)]
pub(super) struct ActiveConditions {
    conditions: Conditions,
    tokens: f64,
    filled: Instant,
    chance: Rng,
}

impl Conditions {
    /// # Errors
    ///
    /// Numbers that make no sense, or a fault that can't be sent.
    fn check(&self) -> Result<(), ControlError> {
        let invalid = |why: &str| Err(ControlError::Invalid(why.to_owned()));
        if self
            .rate_limit
            .is_some_and(|limit| limit.per_second == 0 || limit.burst == 0)
        {
            return invalid("a rate limit of 0 takes no request at all");
        }
        let Some(random) = &self.random_faults else {
            return Ok(());
        };
        if random.percent > 100 || random.faults.is_empty() {
            return invalid("random faults have a percentage up to 100, and at least one fault");
        }
        random
            .faults
            .iter()
            .try_for_each(|fault| FaultRule::new(fault.clone()).check())
    }
}

impl ActiveConditions {
    pub(super) fn new(conditions: Conditions) -> Self {
        Self {
            tokens: conditions.rate_limit.map_or(0.0, |limit| f64::from(limit.burst)),
            filled: Instant::now(),
            chance: Rng::with_seed(conditions.random_faults.as_ref().map_or(0, |random| random.seed)),
            conditions,
        }
    }

    /// The same after a check.
    ///
    /// # Errors
    ///
    /// Conditions that can't be.
    pub(super) fn checked(conditions: Conditions) -> Result<Self, ControlError> {
        conditions.check().map(|()| Self::new(conditions))
    }

    pub(super) fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_millis(self.conditions.latency_ms)
    }

    /// What befalls the next request, if anything.
    pub(super) fn strike(&mut self, now: Instant) -> Option<Fault> {
        if let Some(limit) = self.conditions.rate_limit {
            let (per_second, burst) = (f64::from(limit.per_second), f64::from(limit.burst));
            let new = now.saturating_duration_since(self.filled).as_secs_f64() * per_second;
            self.tokens = burst.min(self.tokens + new);
            self.filled = now;
            if self.tokens < 1.0 {
                // At least one second, since less is no wait in a `Retry-After`.
                let seconds = Duration::from_secs_f64((1.0 - self.tokens) / per_second).as_secs() + 1;
                return Some(Fault::retry_after(429, seconds));
            }
            self.tokens -= 1.0;
        }
        let random = self.conditions.random_faults.as_ref()?;
        // Both are drawn for every request, so that the percentage does not change which fault is next.
        let (roll, fault) = (self.chance.u8(0..100), self.chance.choice(&random.faults));
        fault.filter(|_| roll < random.percent).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(per_second: u32, burst: u32) -> ActiveConditions {
        ActiveConditions::new(Conditions {
            rate_limit: Some(RateLimit { per_second, burst }),
            ..Conditions::default()
        })
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_what_flows_in() {
        let mut weather = limited(10, 3);
        let start = weather.filled;
        for _ in 0..3 {
            assert_eq!(weather.strike(start), None);
        }
        assert_eq!(weather.strike(start), Some(Fault::retry_after(429, 1)));
        let later = start + Duration::from_millis(100);
        assert_eq!(weather.strike(later), None);
        assert!(weather.strike(later).is_some());
        // It never holds more than its burst.
        let much_later = later + Duration::from_mins(1);
        let passed = (0..10).filter(|_| weather.strike(much_later).is_none()).count();
        assert_eq!(passed, 3);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let weather = |seed| {
            ActiveConditions::new(Conditions {
                random_faults: Some(RandomFaults {
                    seed,
                    percent: 5,
                    faults: vec![Fault::DropBefore, Fault::DropAfter],
                }),
                ..Conditions::default()
            })
        };
        let strikes = |mut weather: ActiveConditions| {
            let start = weather.filled;
            (0..2_000).map(|_| weather.strike(start)).collect::<Vec<_>>()
        };
        let some = strikes(weather(1));
        assert_eq!(some, strikes(weather(1)));
        assert_ne!(some, strikes(weather(2)));
        let struck = some.iter().flatten().count();
        assert!((50..150).contains(&struck), "{struck} of 2,000 are not about 5 %");
        assert!(some.contains(&Some(Fault::DropBefore)) && some.contains(&Some(Fault::DropAfter)));
    }
}
