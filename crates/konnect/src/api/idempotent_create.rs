//! Creating a destination exactly once, although the answer to a creation can be lost.
//!
//! A `POST` whose answer did not come, or could not be read, may have created the destination or not, and
//! names are not unique. So what it may have made is looked for before anything is made again.

use std::time::{Duration, Instant, SystemTime};

use crate::api::v3;
use crate::error::{Error, Outcome};
use crate::http::client::Client;
use crate::types::changes::NewDestination;
use crate::types::destination_id::DestinationId;
use crate::types::model::Destination;
use crate::types::paging::{ListQuery, NameFilter};
use crate::types::region::Region;

/// How often a creation is begun even if failed requests are not to be made again: each further one follows a look
/// that found nothing. Where they are, it is begun as often as another request is made.
const LEAST_ATTEMPTS: u32 = 3;
/// The server's `Date` has whole seconds, and clocks of several servers differ a little.
const CLOCK_MARGIN: Duration = Duration::from_secs(2);

/// A destination that was created, or found to have been.
#[derive(Debug, Clone)]
pub struct CreatedOnce {
    /// The destination.
    pub destination: Destination,
    /// Whether it was found after the response to its creation was lost. It is then not certain whether this creation or
    /// another process made it, and so which authorization it has.
    pub adopted: bool,
    /// What else a creation that was given up too early may have left behind.
    pub duplicates: Duplicates,
}

/// Destinations that look the same as one that was created, and came into being meanwhile. They are to be
/// removed by hand, since nothing tells whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duplicates {
    /// There are none.
    None,
    /// These.
    Found(Vec<DestinationId>),
    /// Looking for them failed.
    Unknown,
}

/// Why there is no destination, or why it can't be told which one it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateError {
    /// It was not created.
    #[error(transparent)]
    Failed(#[from] Error),
    /// It may have been created, and looking for it failed.
    #[error("{lost}\n\nWhether the destination exists could not be found out: {look}")]
    Unknown {
        /// The creation whose answer was lost.
        lost: Error,
        /// Why it could not be looked for.
        look: Error,
    },
    /// It was begun again and again, and each answer was lost. When last looked for, there was none.
    #[error("{lost}\n\nThe creation was tried {attempts} times. No destination was found that it made")]
    GivenUp {
        /// The last of the creations.
        lost: Error,
        /// How many there were.
        attempts: u32,
    },
    /// What it made was taken by another creation of the same client, whose own answer was lost, again and again.
    #[error("The destination {id} was created, but counts as another creation's whose answer was lost")]
    Taken {
        /// Its id.
        id: DestinationId,
    },
    /// Several destinations may be the one.
    #[error(
        "{lost}\n\nThe answer to the creation was lost, and more than one destination may be what it made, or one \
         of unknown age: {}",
        ids(.candidates)
    )]
    Several {
        /// The creation whose answer was lost.
        lost: Error,
        /// The ids of those that may be it.
        candidates: Vec<DestinationId>,
    },
}

fn ids(of: &[DestinationId]) -> String {
    of.iter()
        .map(DestinationId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Creates a destination by [`v3::create_destination`]. If the answer is lost, the destination is looked for
/// among those of its name: one that matches in all that can be read, and that the server created since, is
/// it. If there is none, it is created again.
///
/// `known` tells of a destination that the caller has from elsewhere: it is older than this creation, even if it
/// looks the same and was made a moment ago.
///
/// # Errors
/// [`CreateError`], which tells whether a destination may exist.
pub async fn create_destination_once(
    client: &Client,
    region: &Region,
    new: &NewDestination,
    known: impl Fn(&DestinationId) -> bool + Send + Sync,
) -> Result<CreatedOnce, CreateError> {
    let search = Search {
        client,
        region,
        new,
        known: &known,
        began: Instant::now(),
        began_here: SystemTime::now(),
    };
    let attempts = client.max_retries().saturating_add(1).max(LEAST_ATTEMPTS);
    let mut attempt = 1;
    loop {
        let lost = match v3::create_destination(client, region, new).await {
            // Another creation of this client has taken it for its own, when its own answer was lost.
            Ok(destination) if !client.claim(&destination.id) => {
                if attempt == attempts {
                    return Err(CreateError::Taken { id: destination.id });
                }
                attempt += 1;
                continue;
            }
            Ok(destination) => {
                // Only a creation in doubt can have left another one behind.
                let duplicates = if attempt > 1 {
                    search.duplicates().await
                } else {
                    Duplicates::None
                };
                return Ok(CreatedOnce {
                    destination,
                    adopted: false,
                    duplicates,
                });
            }
            Err(error) if error.outcome() != Outcome::Unknown => return Err(error.into()),
            Err(error) => error,
        };
        tracing::warn!(%region, attempt, "the answer to a creation was lost: looking for what it made");
        if let Some(destination) = search.find(&lost).await? {
            return Ok(CreatedOnce {
                destination,
                adopted: true,
                duplicates: Duplicates::None,
            });
        }
        if attempt == attempts {
            return Err(CreateError::GivenUp { lost, attempts });
        }
        attempt += 1;
    }
}

/// A look for what a creation may have made.
struct Search<'a> {
    client: &'a Client,
    region: &'a Region,
    new: &'a NewDestination,
    known: &'a (dyn Fn(&DestinationId) -> bool + Send + Sync),
    began: Instant,
    began_here: SystemTime,
}

/// A destination that looks like the one wanted.
struct Candidate {
    destination: Destination,
    /// Whether the server created it since, by its own clock. If not, this machine's clock says so, and one
    /// of the two is wrong.
    since: bool,
}

impl Search<'_> {
    async fn find(&self, lost: &Error) -> Result<Option<Destination>, CreateError> {
        let unknown = |look| CreateError::Unknown {
            lost: lost.clone(),
            look,
        };
        let mut found = self.candidates().await.map_err(unknown)?;
        if found.is_empty() {
            // A gateway may have given up while the server was still at it.
            self.client.pause().await;
            found = self.candidates().await.map_err(unknown)?;
        }
        match found.as_slice() {
            [] => Ok(None),
            [one] if one.since && self.client.claim(&one.destination.id) => Ok(Some(one.destination.clone())),
            _ => {
                let candidates = found.into_iter().map(|c| c.destination.id).collect();
                Err(CreateError::Several {
                    lost: lost.clone(),
                    candidates,
                })
            }
        }
    }

    async fn duplicates(&self) -> Duplicates {
        match self.candidates().await {
            Ok(found) if found.is_empty() => Duplicates::None,
            Ok(found) => Duplicates::Found(found.into_iter().map(|twin| twin.destination.id).collect()),
            Err(_) => Duplicates::Unknown,
        }
    }

    /// Those of the name that match in all that can be read, that neither the caller nor another creation of this
    /// client has, and that may have come into being since.
    async fn candidates(&self) -> Result<Vec<Candidate>, Error> {
        let name = Some(NameFilter::Equals(self.new.name.clone()));
        let query = ListQuery {
            size: Some(100),
            name,
            ..ListQuery::default()
        };
        let listed = v3::all_destinations(self.client, self.region, &query).await?;
        let began = self.client.server_time().map(|now| now - self.began.elapsed());
        let candidates = listed
            .into_iter()
            .filter(|d| self.matches(d) && !(self.known)(&d.id) && !self.client.is_claimed(&d.id));
        let candidates = candidates.filter_map(|destination| {
            let Some(created) = destination.created_at.as_deref().and_then(instant) else {
                return Some(Candidate {
                    destination,
                    since: false,
                });
            };
            let since = began.is_some_and(|began| created + CLOCK_MARGIN >= began);
            let since_here = created + CLOCK_MARGIN >= self.began_here;
            (since || since_here || began.is_none()).then_some(Candidate { destination, since })
        });
        Ok(candidates.collect())
    }

    fn matches(&self, found: &Destination) -> bool {
        found.name == self.new.name
            && found.endpoint == self.new.endpoint
            && found.log_format == self.new.log_format
            && found.skip_ssl_verification == self.new.skip_ssl_verification.unwrap_or_default()
    }
}

/// A time of the API, if it is a valid one.
fn instant(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}
