//! When a list is fetched for several reads, how far, and whom it answers.

use std::collections::{HashMap, HashSet};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::cache::{BOUND, Listed};
use crate::error::Error;
use crate::types::destination_id::DestinationId;
use crate::types::model::Destination;
use crate::types::paging::{LARGEST_LIST, ListQuery};

/// The size of a page to ask for. It is the largest that the API description names for any of its lists
/// (`GET /v3/audit-logs`); for destinations it names none. The API may give less.
const PAGE: u32 = 1_000;
/// What is asked for if the API refuses that.
const SMALLER_PAGE: u32 = 100;
/// After so many reads one by one within [`BOUND`], the next one doesn't come alone either, although none is under
/// way: it belongs to a refresh that reads one after the other.
const SERIES: u32 = 10;

/// The list of a region's destinations, as far as it was fetched for reads.
///
/// A page is fetched only while a read waits that no page before had, and only as long as there were fewer pages
/// than reads. So all reads together never cost more than twice the requests that they would cost one by one, even
/// for two destinations among ten thousand; and where they are all there is, a small part of it.
///
/// Without a list single requests go on. It is given up for good when a page of it fails or can't be read, when it
/// goes round in a circle or gets too large, and when it has answered fewer reads than it had pages.
#[derive(Default)]
pub(crate) struct List {
    /// How many reads there were.
    reads: u64,
    /// How many pages were asked for.
    pages: u64,
    /// Whether no more is fetched.
    given_up: bool,
    /// Whether pages of [`PAGE`] are refused.
    small: bool,
    /// Since when, and how many destinations were read alone.
    alone: Option<(Instant, u32)>,
    fetched: Option<Fetched>,
    /// HasDiagnostics one fetched list from the next.
    number: u64,
}

/// A list, from its first page on.
struct Fetched {
    number: u64,
    began: Instant,
    found: HashMap<DestinationId, Destination>,
    bytes: usize,
    /// How many pages it has, those under way included.
    pages: u64,
    /// How many reads it has answered.
    answered: u64,
    /// The cursors so far.
    cursors: HashSet<String>,
    next: Next,
}

/// How a list goes on.
enum Next {
    /// With the page behind this cursor, or the first one.
    Page(Option<String>),
    /// With the page that is being fetched. The other end is held by whoever does.
    UnderWay(watch::Receiver<()>),
    /// Not at all.
    End,
}

/// A read of one destination.
pub(crate) struct PendingRead<'a> {
    id: &'a DestinationId,
    pub(crate) began: Instant,
    /// The list that it waits for.
    list: Option<u64>,
}

impl<'a> PendingRead<'a> {
    pub(crate) fn new(id: &'a DestinationId, began: Instant) -> Self {
        Self {
            id,
            began,
            list: None,
        }
    }
}

/// What a read has to do next.
pub(crate) enum Step {
    /// Nothing: here it is.
    Found(Destination),
    /// Wait for this page, then look again.
    Wait(watch::Receiver<()>),
    /// Have this page fetched, then look again.
    Fetch(Fetch),
    /// Ask for the one destination.
    Alone,
}

/// A page to be fetched.
pub(crate) struct Fetch {
    pub(crate) query: ListQuery,
    list: u64,
    _done: watch::Sender<()>,
}

/// A page of the list.
pub(crate) struct ListedPage {
    pub items: Vec<Listed>,
    /// The cursor of the next one.
    pub next: Option<String>,
    /// The length of the answer.
    pub bytes: usize,
}

impl List {
    /// Counts a read.
    pub(crate) fn count(&mut self) {
        self.reads += 1;
    }

    /// Decides how a read goes on; `together` says whether others are under way.
    pub(crate) fn step(&mut self, want: &mut PendingRead, together: bool) -> Step {
        let step = self.listed(want, together);
        if matches!(step, Step::Alone) {
            self.note_alone(want.began);
        }
        step
    }

    fn listed(&mut self, want: &mut PendingRead, together: bool) -> Step {
        if self.given_up {
            return Step::Alone;
        }
        if self.fetched.as_ref().is_some_and(|list| list.answers(want)) {
            return self.go_on(want);
        }
        // One that it has waited for is gone. Others would go the same way.
        if want.list.is_some() || !(together || self.is_series(want.began)) {
            return Step::Alone;
        }
        if let Some(old) = &self.fetched {
            if old.is_under_way() {
                return Step::Alone;
            }
            if old.answered < old.pages {
                self.give_up("it answers fewer reads than it has pages");
                return Step::Alone;
            }
        }
        self.number += 1;
        self.fetched = Some(Fetched::new(self.number, want.began));
        self.go_on(want)
    }

    /// The next step with the list that there is.
    fn go_on(&mut self, want: &mut PendingRead) -> Step {
        let affordable = self.pages < self.reads;
        let Some(list) = &mut self.fetched else {
            return Step::Alone;
        };
        want.list = Some(list.number);
        if let Some(found) = list.found.get(want.id) {
            list.answered += 1;
            return Step::Found(found.clone());
        }
        match &mut list.next {
            Next::End => Step::Alone,
            // An error says that the other end is gone, and that it has not brought the page.
            Next::UnderWay(page) if page.has_changed().is_ok() => Step::Wait(page.clone()),
            Next::UnderWay(_) => {
                self.give_up("a page of it was not fetched to its end");
                Step::Alone
            }
            Next::Page(_) if !affordable => Step::Alone,
            Next::Page(after) => {
                let (done, page) = watch::channel(());
                let query = ListQuery {
                    size: Some(if self.small { SMALLER_PAGE } else { PAGE }),
                    after: after.take(),
                    name: None,
                };
                list.next = Next::UnderWay(page);
                list.pages += 1;
                self.pages += 1;
                Step::Fetch(Fetch {
                    query,
                    list: list.number,
                    _done: done,
                })
            }
        }
    }

    /// Takes a page that was fetched. Those who wait for it look again when the `fetch` is dropped, which is after
    /// this.
    pub(crate) fn take(&mut self, fetch: Fetch, page: Result<ListedPage, Error>) {
        let Some(list) = self.fetched.as_mut().filter(|list| list.number == fetch.list) else {
            return;
        };
        match page {
            Ok(page) => {
                if let Err(why) = list.add(page) {
                    self.give_up(why);
                }
            }
            Err(error) if error.status() == Some(400) && !self.small && list.cursors.is_empty() => {
                self.small = true;
                list.next = Next::Page(None);
            }
            // Not in the server's words: this log line is nobody's call, and so nobody's secrets are hidden in it.
            Err(_) => self.give_up("a page of it could not be had"),
        }
        drop(fetch);
    }

    /// Nobody who asks from now on is answered from what was fetched so far.
    pub(crate) fn forget(&mut self) {
        self.fetched = None;
    }

    fn give_up(&mut self, why: &str) {
        tracing::debug!(why, "destinations are not listed any more, but read one by one");
        self.given_up = true;
        self.fetched = None;
    }

    fn note_alone(&mut self, now: Instant) {
        self.alone = match self.alone {
            Some((since, count)) if now.saturating_duration_since(since) <= BOUND => {
                Some((since, count.saturating_add(1)))
            }
            _ => Some((now, 1)),
        };
    }

    fn is_series(&self, now: Instant) -> bool {
        self.alone
            .is_some_and(|(since, count)| count >= SERIES && now.saturating_duration_since(since) <= BOUND)
    }
}

impl Fetched {
    fn new(number: u64, began: Instant) -> Self {
        Self {
            number,
            began,
            found: HashMap::new(),
            bytes: 0,
            pages: 0,
            answered: 0,
            cursors: HashSet::new(),
            next: Next::Page(None),
        }
    }

    /// Whether it is for this read: the one that it waits for, or young enough.
    fn answers(&self, want: &PendingRead) -> bool {
        let young = want.began.saturating_duration_since(self.began) <= BOUND;
        want.list.map_or(young, |number| number == self.number)
    }

    fn is_under_way(&self) -> bool {
        matches!(&self.next, Next::UnderWay(page) if page.has_changed().is_ok())
    }

    fn add(&mut self, page: ListedPage) -> Result<(), &'static str> {
        self.bytes += page.bytes;
        if self.bytes > LARGEST_LIST {
            return Err("it is too large");
        }
        if page
            .next
            .as_ref()
            .is_some_and(|next| !self.cursors.insert(next.clone()))
        {
            return Err("it goes round in a circle");
        }
        self.next = page.next.map_or(Next::End, |next| Next::Page(Some(next)));
        let complete = page.items.into_iter().filter_map(Listed::complete);
        self.found
            .extend(complete.map(|destination| (destination.id.clone(), destination)));
        Ok(())
    }
}
