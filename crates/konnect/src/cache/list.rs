//! The shared list of a region's destinations: when it is fetched, how many pages, and which reads it serves.
//!
//! A page is fetched only while a read waits for a destination that no previous page contained, and only if fewer pages
//! than reads were requested so far. Therefore all reads together never need more than twice the number of single
//! requests, even for two destinations among ten thousand. Reads of all destinations of the region need only a small
//! fraction.
//!
//! The list is permanently disabled when a page fails or cannot be read, when the pages repeat, when it is too large,
//! and when it has served fewer reads than it had pages. Reads then use single requests.

use std::collections::{HashMap, HashSet};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::cache::list_item::ListItem;
use crate::cache::{MAX_AGE, Start};
use crate::error::Error;
use crate::types::destination::Destination;
use crate::types::id::DestinationId;
use crate::types::paging::{ListQuery, MAX_LIST_BYTES, Page};

/// The page size to request: the largest maximum in the API descriptions (`GET /v3/audit-logs`). They specify none for
/// destinations. The API may return fewer items.
const PAGE_SIZE: u32 = 1_000;
/// The page size to request if the API rejects [`PAGE_SIZE`].
const SMALL_PAGE_SIZE: u32 = 100;
/// After this many single reads within [`MAX_AGE`], the next read starts a list even if no other read is in flight: it
/// belongs to a refresh that reads objects sequentially.
const SERIES_LENGTH: u32 = 10;

/// The list of a region's destinations, as far as it was fetched.
#[derive(Default)]
pub(crate) struct List {
    /// The number of reads so far.
    reads: u64,
    /// The number of pages requested so far.
    pages: u64,
    /// Whether the list is disabled.
    given_up: bool,
    /// Whether the API rejected pages of [`PAGE_SIZE`].
    small_pages: bool,
    /// The beginning and the length of the current series of single reads.
    series: Option<(Instant, u32)>,
    fetched: Option<FetchedList>,
    /// The number of the latest fetched list.
    number: u64,
}

/// One pass over the list, from its first page on.
struct FetchedList {
    number: u64,
    start: Start,
    destinations: HashMap<DestinationId, Destination>,
    bytes: usize,
    /// The number of its pages, including one in flight.
    pages: u64,
    /// The number of reads that it has served.
    served: u64,
    /// The cursors so far.
    cursors: HashSet<String>,
    next: NextPage,
}

/// How a pass over the list continues.
enum NextPage {
    /// Fetch the page at this cursor, or the first page.
    At(Option<String>),
    /// Wait for the page in flight. The task that fetches it holds the sender.
    InFlight(watch::Receiver<()>),
    /// The list is complete.
    End,
}

/// A read of one destination.
pub(crate) struct PendingRead<'a> {
    id: &'a DestinationId,
    start: Start,
    /// The number of the list that the read waits for.
    list: Option<u64>,
}

/// How a read continues.
pub(crate) enum Lookup {
    /// The list contains the destination.
    Found(Destination),
    /// Wait for this page, then look up again.
    Wait(watch::Receiver<()>),
    /// Fetch this page, then look up again.
    Fetch(PageFetch),
    /// Request the single destination.
    Single,
}

/// A page to fetch. Readers that wait for it continue when this is dropped.
pub(crate) struct PageFetch {
    pub(crate) query: ListQuery,
    list: u64,
    _done: watch::Sender<()>,
}

/// A fetched page.
pub(crate) struct ListedPage {
    pub page: Page<ListItem>,
    /// The length of the response.
    pub bytes: usize,
}

impl<'a> PendingRead<'a> {
    pub(crate) fn new(id: &'a DestinationId, start: Start) -> Self {
        Self {
            id,
            start,
            list: None,
        }
    }
}

impl List {
    /// Counts a read.
    pub(crate) fn count_read(&mut self) {
        self.reads += 1;
    }

    /// Decides how a read continues. `others` is whether other single reads are in flight.
    pub(crate) fn look_up(&mut self, read: &mut PendingRead, others: bool) -> Lookup {
        let lookup = self.look_up_in_list(read, others);
        if matches!(lookup, Lookup::Single) {
            self.count_single(read.start.at);
        }
        lookup
    }

    fn look_up_in_list(&mut self, read: &mut PendingRead, others: bool) -> Lookup {
        if self.given_up {
            return Lookup::Single;
        }
        // A list from before a write serves no read that begins after the write.
        self.fetched
            .take_if(|list| list.start.generation < read.start.generation);
        if self.fetched.as_ref().is_some_and(|list| list.serves(read)) {
            return self.advance(read);
        }
        // The list that this read waited for was dropped. The read does not wait for another one.
        if read.list.is_some() || !(others || self.is_series(read.start.at)) {
            return Lookup::Single;
        }
        if let Some(old) = &self.fetched {
            if old.is_in_flight() {
                return Lookup::Single;
            }
            if old.served < old.pages {
                self.give_up("it serves fewer reads than it has pages");
                return Lookup::Single;
            }
        }
        self.number += 1;
        self.fetched = Some(FetchedList::new(self.number, read.start));
        self.advance(read)
    }

    /// Continues a read with the current list.
    fn advance(&mut self, read: &mut PendingRead) -> Lookup {
        let affordable = self.pages < self.reads;
        let Some(list) = &mut self.fetched else {
            return Lookup::Single;
        };
        read.list = Some(list.number);
        if let Some(found) = list.destinations.get(read.id) {
            list.served += 1;
            return Lookup::Found(found.clone());
        }
        match &mut list.next {
            NextPage::End => Lookup::Single,
            // An error means that the sender was dropped without the page.
            NextPage::InFlight(page) if page.has_changed().is_ok() => Lookup::Wait(page.clone()),
            NextPage::InFlight(_) => {
                self.give_up("the request for a page was cancelled");
                Lookup::Single
            }
            NextPage::At(_) if !affordable => Lookup::Single,
            NextPage::At(after) => {
                let (done, page) = watch::channel(());
                let query = ListQuery {
                    size: Some(if self.small_pages {
                        SMALL_PAGE_SIZE
                    } else {
                        PAGE_SIZE
                    }),
                    after: after.take(),
                    name: None,
                };
                list.next = NextPage::InFlight(page);
                list.pages += 1;
                self.pages += 1;
                Lookup::Fetch(PageFetch {
                    query,
                    list: list.number,
                    _done: done,
                })
            }
        }
    }

    /// Adds a fetched page. Readers that wait for it continue when `fetch` is dropped, at the end of this function.
    pub(crate) fn take(&mut self, fetch: PageFetch, page: Result<ListedPage, Error>) {
        let Some(list) = self.fetched.as_mut().filter(|list| list.number == fetch.list) else {
            return;
        };
        match page {
            Ok(page) => {
                if let Err(reason) = list.add(page) {
                    self.give_up(reason);
                }
            }
            Err(error) if error.status() == Some(400) && !self.small_pages && list.cursors.is_empty() => {
                self.small_pages = true;
                list.next = NextPage::At(None);
            }
            // Omits the server's text: without a call, its secrets cannot be redacted.
            Err(_) => self.give_up("the request for a page failed"),
        }
        drop(fetch);
    }

    fn give_up(&mut self, reason: &str) {
        tracing::debug!(reason, "no longer listing destinations: reading them one by one");
        self.given_up = true;
        self.fetched = None;
    }

    fn count_single(&mut self, now: Instant) {
        self.series = match self.series {
            Some((since, length)) if now.saturating_duration_since(since) <= MAX_AGE => {
                Some((since, length.saturating_add(1)))
            }
            _ => Some((now, 1)),
        };
    }

    fn is_series(&self, now: Instant) -> bool {
        self.series.is_some_and(|(since, length)| {
            length >= SERIES_LENGTH && now.saturating_duration_since(since) <= MAX_AGE
        })
    }
}

impl FetchedList {
    fn new(number: u64, start: Start) -> Self {
        Self {
            number,
            start,
            destinations: HashMap::new(),
            bytes: 0,
            pages: 0,
            served: 0,
            cursors: HashSet::new(),
            next: NextPage::At(None),
        }
    }

    /// Whether the list serves this read: the read already waits for it, or the list is recent enough.
    fn serves(&self, read: &PendingRead) -> bool {
        read.list
            .map_or_else(|| self.start.serves(read.start), |number| number == self.number)
    }

    fn is_in_flight(&self) -> bool {
        matches!(&self.next, NextPage::InFlight(page) if page.has_changed().is_ok())
    }

    fn add(&mut self, listed: ListedPage) -> Result<(), &'static str> {
        self.bytes += listed.bytes;
        if self.bytes > MAX_LIST_BYTES {
            return Err("it is too large");
        }
        let next = listed.page.next;
        if next
            .as_ref()
            .is_some_and(|next| !self.cursors.insert(next.clone()))
        {
            return Err("its pages repeat");
        }
        self.next = next.map_or(NextPage::End, |next| NextPage::At(Some(next)));
        let complete = listed.page.items.into_iter().filter_map(ListItem::complete);
        self.destinations
            .extend(complete.map(|destination| (destination.id.clone(), destination)));
        Ok(())
    }
}
