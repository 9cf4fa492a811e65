//! Conditions that apply to every request: latency, a rate limit, and random faults.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::fault::rule::{Fault, FaultRule};

/// The conditions that apply to every request of the API. Fault rules take precedence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// The delay of every response, in milliseconds.
    pub latency_ms: u64,
    /// The rate limit. Default: none.
    pub rate_limit: Option<RateLimit>,
    /// Random faults. Default: none.
    pub random_faults: Option<RandomFaults>,
}

/// A rate limit as a token bucket. A request without a token receives 429, with a `Retry-After` of the whole seconds
/// until the next token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Tokens that are added per second.
    pub per_second: u32,
    /// Tokens that the bucket holds. It starts full.
    pub burst: u32,
}

/// Random faults. The same seed and the same order of requests produce the same faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomFaults {
    /// The seed of the random numbers.
    pub seed: u64,
    /// The percentage of requests that are affected, 0 to 100.
    pub percent: u8,
    /// The faults, with equal probability.
    pub faults: Vec<Fault>,
}

#[derive(Debug)]
pub(crate) struct ActiveConditions {
    conditions: Conditions,
    tokens: f64,
    filled: Instant,
    chance: Rng,
}

impl Conditions {
    pub(crate) fn check(&self) -> Result<(), String> {
        let invalid = |why: &str| Err(why.to_owned());
        if self
            .rate_limit
            .is_some_and(|limit| limit.per_second == 0 || limit.burst == 0)
        {
            return invalid("a rate limit of 0 accepts no request");
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
    pub(crate) fn new(conditions: Conditions) -> Self {
        Self {
            tokens: conditions.rate_limit.map_or(0.0, |limit| f64::from(limit.burst)),
            filled: Instant::now(),
            chance: Rng::with_seed(conditions.random_faults.as_ref().map_or(0, |random| random.seed)),
            conditions,
        }
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.conditions.latency_ms)
    }

    pub(crate) fn next_fault(&mut self, now: Instant) -> Option<Fault> {
        if let Some(limit) = self.conditions.rate_limit {
            let (per_second, burst) = (f64::from(limit.per_second), f64::from(limit.burst));
            let new = now.saturating_duration_since(self.filled).as_secs_f64() * per_second;
            self.tokens = burst.min(self.tokens + new);
            self.filled = now;
            if self.tokens < 1.0 {
                // At least one second, because a `Retry-After` of 0 does not wait.
                let seconds = Duration::from_secs_f64((1.0 - self.tokens) / per_second).as_secs() + 1;
                return Some(Fault::retry_after(429, seconds));
            }
            self.tokens -= 1.0;
        }
        let random = self.conditions.random_faults.as_ref()?;
        // Both are drawn for every request: the percentage does not affect the order of faults.
        let (roll, fault) = (self.chance.u8(0..100), self.chance.choice(&random.faults));
        fault.filter(|_| roll < random.percent).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these requests at one time have no fault.
    fn passed(conditions: &mut ActiveConditions, requests: usize, at: Instant) -> usize {
        (0..requests)
            .filter(|_| conditions.next_fault(at).is_none())
            .count()
    }

    #[test]
    fn next_fault_rate_limit_allows_burst_and_refill() {
        let limit = RateLimit {
            per_second: 10,
            burst: 3,
        };
        let mut limited = ActiveConditions::new(Conditions {
            rate_limit: Some(limit),
            ..Conditions::default()
        });
        let start = limited.filled;
        assert_eq!(passed(&mut limited, 9, start), 3);
        assert_eq!(limited.next_fault(start), Some(Fault::retry_after(429, 1)));
        assert_eq!(passed(&mut limited, 9, start + Duration::from_millis(100)), 1);
        // The bucket never contains more than its burst.
        assert_eq!(passed(&mut limited, 9, start + Duration::from_mins(1)), 3);
    }

    #[test]
    fn next_fault_same_seed_gives_same_faults() {
        let faults = |seed| {
            let random = RandomFaults {
                seed,
                percent: 5,
                faults: vec![Fault::DropBefore, Fault::DropAfter],
            };
            let mut active = ActiveConditions::new(Conditions {
                random_faults: Some(random),
                ..Conditions::default()
            });
            let start = active.filled;
            let faults = (0..2_000).map(|_| active.next_fault(start));
            faults.collect::<Vec<_>>()
        };
        let some = faults(1);
        assert!(some == faults(1) && some != faults(2));
        let affected = some.iter().flatten().count();
        assert!(
            (50..150).contains(&affected),
            "{affected} of 2,000 are not about 5 %"
        );
        assert!(some.contains(&Some(Fault::DropBefore)) && some.contains(&Some(Fault::DropAfter)));
    }
}
