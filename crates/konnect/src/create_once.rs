//! Creates a destination exactly once, even if the response to the creation is lost.
//!
//! If the response to a `POST` does not arrive or cannot be read, it is unknown whether the destination exists, and
//! names are not unique. Therefore the client searches for the destination before it sends another `POST`.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::calls::v3;
use crate::error::{Error, Outcome};
use crate::http::client::Client;
use crate::types::destination::{Destination, NewDestination};
use crate::types::id::DestinationId;
use crate::types::paging::{ListQuery, NameFilter};
use crate::types::region::Region;

/// The minimum number of creation attempts, which applies even if the client does not retry. Each further attempt
/// follows a search without results.
const MIN_ATTEMPTS: u32 = 3;
/// The tolerance for comparisons of server times: `Date` has whole seconds, and the clocks of several servers differ.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// The creations of one run. Ensures that each created destination is returned only once.
///
/// The caller uses one value for all creations of a run, even with several clients.
#[derive(Debug, Default)]
pub struct Creations {
    claimed: Mutex<HashSet<DestinationId>>,
}

/// A destination that was created, or found after a lost response.
#[derive(Debug, Clone)]
pub struct CreatedDestination {
    /// The destination.
    pub destination: Destination,
    /// Whether the destination was found after the response to its creation was lost. Another process or user may have
    /// created it, with another authorization.
    pub adopted: bool,
    /// Other destinations that an earlier attempt may have created.
    pub duplicates: Duplicates,
}

/// Destinations that match the created one and were created at the same time. The user must delete them, because the
/// API does not show who created them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duplicates {
    /// No duplicates.
    None,
    /// The IDs of the duplicates.
    Found(Vec<DestinationId>),
    /// The search for duplicates failed.
    Unknown,
}

/// The reason why a creation failed, or why it is uncertain which destination it created.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateError {
    /// No destination was created.
    #[error(transparent)]
    Failed(#[from] Error),
    /// A destination may have been created, and the search for it failed.
    #[error(
        "{create_error}\n\nThe search for the destination failed, so it may or may not exist: {search_error}"
    )]
    Unknown {
        /// The creation whose response was lost.
        create_error: Error,
        /// The error of the search.
        search_error: Error,
    },
    /// The response to every attempt was lost. The last search found no destination.
    #[error("{create_error}\n\nNo destination was found that the creation may have made")]
    AttemptsExhausted {
        /// The last creation, with the number of attempts of all.
        create_error: Error,
    },
    /// Another creation of the run, whose response was lost, has already returned the created destination.
    #[error(
        "The destination {id} was created, but another create request of this run, whose response was lost, already uses it"
    )]
    Taken {
        /// The ID of the destination.
        id: DestinationId,
    },
    /// Several destinations may be the created one, or the age of the only candidate is unknown.
    #[error(
        "{create_error}\n\nThe response to the create request was lost, and it is uncertain which of these destinations it created: {}",
        join(.candidates)
    )]
    Several {
        /// The creation whose response was lost.
        create_error: Error,
        /// The IDs of the destinations that may be the created one.
        candidates: Vec<DestinationId>,
    },
}

fn join(ids: &[DestinationId]) -> String {
    ids.iter()
        .map(DestinationId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Creations {
    /// Creates a destination with [`v3::create_destination`].
    ///
    /// If the response is lost, the function searches for a destination that has the same name, matches in every
    /// readable field, and was created after the call began. It returns that destination, or repeats the creation if
    /// the search finds none.
    ///
    /// `known` returns whether the caller already manages a destination, for instance in its state. The search ignores
    /// known destinations.
    ///
    /// # Errors
    /// [`CreateError`], which shows whether a destination may exist.
    pub async fn create_destination(
        &self,
        client: &Client,
        region: &Region,
        new: &NewDestination,
        known: impl Fn(&DestinationId) -> bool + Send + Sync,
    ) -> Result<CreatedDestination, CreateError> {
        let search = Search {
            creations: self,
            client,
            region,
            new,
            known: &known,
            began: Instant::now(),
            began_by_own_clock: SystemTime::now(),
        };
        let attempts = client.max_retries().saturating_add(1).max(MIN_ATTEMPTS);
        let mut attempt = 1;
        let mut sent = 0;
        loop {
            let mut create_error = match v3::create_destination(client, region, new).await {
                // Another creation, whose response was lost, has claimed it.
                Ok(destination) if !self.claim(&destination.id) => {
                    if attempt == attempts {
                        return Err(CreateError::Taken { id: destination.id });
                    }
                    attempt += 1;
                    sent += 1;
                    continue;
                }
                Ok(destination) => {
                    // Only an earlier attempt can have created a duplicate.
                    let duplicates = if attempt > 1 {
                        search.duplicates().await
                    } else {
                        Duplicates::None
                    };
                    return Ok(CreatedDestination {
                        destination,
                        adopted: false,
                        duplicates,
                    });
                }
                Err(error) => error,
            };
            create_error.add_attempts(sent);
            sent = create_error.attempts();
            if create_error.outcome() != Outcome::Unknown {
                return Err(create_error.into());
            }
            tracing::warn!(%region, attempt, "the response to a create request was lost: searching for the destination");
            if let Some(destination) = search.find(&create_error).await? {
                return Ok(CreatedDestination {
                    destination,
                    adopted: true,
                    duplicates: Duplicates::None,
                });
            }
            if attempt == attempts {
                return Err(CreateError::AttemptsExhausted { create_error });
            }
            attempt += 1;
        }
    }

    /// Claims a destination for a creation. Returns false if another creation has claimed it.
    fn claim(&self, id: &DestinationId) -> bool {
        self.claimed().insert(id.clone())
    }

    fn claimed(&self) -> MutexGuard<'_, HashSet<DestinationId>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The search for the destination of a creation.
struct Search<'a> {
    creations: &'a Creations,
    client: &'a Client,
    region: &'a Region,
    new: &'a NewDestination,
    known: &'a (dyn Fn(&DestinationId) -> bool + Send + Sync),
    began: Instant,
    began_by_own_clock: SystemTime,
}

/// A destination that may be the created one.
struct Candidate {
    destination: Destination,
    /// Whether the destination was created after the call began, by the clock of the server. If false, it was only by
    /// the clock of this machine, and one of the two clocks is wrong.
    since: bool,
}

impl Search<'_> {
    async fn find(&self, create_error: &Error) -> Result<Option<Destination>, CreateError> {
        let unknown = |search_error| CreateError::Unknown {
            create_error: create_error.clone(),
            search_error,
        };
        let mut found = self.candidates().await.map_err(unknown)?;
        if found.is_empty() {
            // A gateway may have timed out while the server still handled the request.
            self.client.pause().await;
            found = self.candidates().await.map_err(unknown)?;
        }
        match found.as_slice() {
            [] => Ok(None),
            [one] if one.since && self.creations.claim(&one.destination.id) => {
                Ok(Some(one.destination.clone()))
            }
            _ => {
                let candidates = found.into_iter().map(|c| c.destination.id).collect();
                Err(CreateError::Several {
                    create_error: create_error.clone(),
                    candidates,
                })
            }
        }
    }

    async fn duplicates(&self) -> Duplicates {
        match self.candidates().await {
            Ok(found) if found.is_empty() => Duplicates::None,
            Ok(found) => Duplicates::Found(found.into_iter().map(|c| c.destination.id).collect()),
            Err(_) => Duplicates::Unknown,
        }
    }

    /// The destinations that match in every readable field, that neither the caller knows nor another creation has
    /// claimed, and that may have been created after the call began.
    async fn candidates(&self) -> Result<Vec<Candidate>, Error> {
        let query = ListQuery {
            size: Some(100),
            name: Some(NameFilter::Equals(self.new.settings.name.clone())),
            ..ListQuery::default()
        };
        let listed = v3::all_destinations(self.client, self.region, &query).await?;
        let began = self.client.server_time().map(|now| now - self.began.elapsed());
        let claimed = self.creations.claimed();
        let new = listed
            .into_iter()
            .filter(|d| d.settings == self.new.settings && !(self.known)(&d.id) && !claimed.contains(&d.id));
        let candidates = new.filter_map(|destination| {
            let Some(created) = destination.created_at.as_deref().and_then(parse_time) else {
                return Some(Candidate {
                    destination,
                    since: false,
                });
            };
            let since = began.is_some_and(|began| created + CLOCK_TOLERANCE >= began);
            let since_by_own_clock = created + CLOCK_TOLERANCE >= self.began_by_own_clock;
            (since || since_by_own_clock || began.is_none()).then_some(Candidate { destination, since })
        });
        Ok(candidates.collect())
    }
}

/// A time of the API, if it is valid.
fn parse_time(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}
