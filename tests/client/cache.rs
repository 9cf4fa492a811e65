//! The cache: the requests that an emulator receives for the reads of a client.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use konnect::{Cache, Client, Destination, DestinationChanges, DestinationId, Error, ListQuery, MAX_AGE, v3};
use konnect_emulator::{Emulator, EmulatorOptions, Fault, FaultRule};

use crate::{client, eu};

const LIST: &str = "LIST";

/// An emulator with destinations, and a client and a cache of it.
struct Setup {
    konnect: Emulator,
    client: Client,
    cache: Cache,
    ids: Vec<DestinationId>,
}

impl Setup {
    async fn with(destinations: usize) -> Self {
        let konnect = Emulator::start(EmulatorOptions::default()).await.unwrap();
        let ids = konnect.add_destinations("eu", destinations).unwrap();
        let client = client(&konnect.url());
        Self {
            cache: Cache::new(client.clone(), eu()),
            client,
            ids: ids.iter().map(|id| DestinationId::parse(id).unwrap()).collect(),
            konnect,
        }
    }

    async fn read(&self, index: usize) -> Result<Destination, Error> {
        self.cache.destination(&self.ids[index]).await
    }

    /// Reads all destinations, this many at a time, and asserts that each read returns the right one.
    async fn read_all(&self, at_a_time: usize) {
        for ids in self.ids.chunks(at_a_time) {
            let read = ids.iter().map(|id| self.cache.destination(id));
            for (id, found) in ids.iter().zip(join_all(read).await) {
                assert_eq!(&found.unwrap().id, id);
            }
        }
    }

    /// Advances the clock of the cache.
    async fn later(&self, by: Duration) {
        tokio::time::pause();
        tokio::time::advance(by).await;
        tokio::time::resume();
    }

    /// The requests since the last call: `LIST`, or the method and the last segment of the path.
    fn requests(&self) -> Vec<String> {
        let requests = self.konnect.requests();
        self.konnect.clear_requests();
        let labels = requests.iter().map(|request| {
            let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
            match (path.rsplit('/').next().unwrap(), query) {
                ("audit-log-destinations", query) if request.method == "GET" => {
                    assert!(query.contains("size%5D=100"), "{query}");
                    LIST.to_owned()
                }
                (end, _) => format!("{} {end}", request.method),
            }
        });
        labels.collect()
    }

    /// The numbers of list pages and of single reads since the last call.
    fn counts(&self) -> (usize, usize) {
        let requests = self.requests();
        assert!(
            requests
                .iter()
                .all(|call| call == LIST || call.starts_with("GET ")),
            "{requests:?}"
        );
        let lists = requests.iter().filter(|call| *call == LIST).count();
        (lists, requests.len() - lists)
    }

    fn inject(&self, rule: FaultRule) {
        self.konnect.inject(rule).unwrap();
    }

    fn rename(&self, index: usize, name: &str) {
        let edit = json!({"name": name});
        self.konnect
            .edit_destination("eu", self.ids[index].as_str(), edit)
            .unwrap();
    }
}

/// A rule for the pages of a list.
fn page(fault: Fault) -> FaultRule {
    FaultRule::new(fault)
        .method("GET")
        .path_end("/audit-log-destinations")
}

#[tokio::test]
async fn destination_single_reads_send_one_get_each() {
    let setup = Setup::with(5).await;
    setup.read(3).await.unwrap();
    assert_eq!(setup.requests(), [format!("GET {}", setup.ids[3])]);
    // Sequential reads take one request each.
    setup.read_all(1).await;
    assert_eq!(setup.counts(), (0, 5));
}

#[tokio::test]
async fn destination_thousand_reads_take_a_page_for_each_hundred() {
    for at_a_time in [10, 100] {
        let setup = Setup::with(1_000).await;
        setup.read_all(at_a_time).await;
        assert_eq!(setup.counts(), (10, 1), "the emulator gives a hundred a page");
    }
}

#[tokio::test]
async fn destination_beyond_ten_pages_is_read_by_id() {
    let setup = Setup::with(1_005).await;
    setup.read_all(1_005).await;
    let found = setup.counts();
    assert_eq!(found, (10, 6), "the first read, and those that the list lacks");
}

#[tokio::test]
async fn list_older_than_max_age_is_not_used() {
    let setup = Setup::with(3).await;
    setup.read_all(3).await;
    assert_eq!(setup.counts(), (1, 1));
    setup.rename(1, "renamed");
    setup
        .later(MAX_AGE.checked_sub(Duration::from_secs(5)).unwrap())
        .await;
    assert_ne!(setup.read(1).await.unwrap().name, "renamed");
    assert_eq!(setup.counts(), (0, 0));
    setup.later(Duration::from_secs(5)).await;
    assert_eq!(setup.read(1).await.unwrap().name, "renamed");
    assert_eq!(setup.counts(), (0, 1), "alone again");
    setup.read_all(3).await;
    assert_eq!(setup.counts(), (1, 1), "and a new list for several");
}

#[tokio::test]
async fn destination_missing_from_list_is_read_by_id() {
    let setup = Setup::with(12).await;
    setup.read_all(3).await;
    setup.requests();
    // One destination that the list missed, and one that does not exist.
    let missed = setup.konnect.add_destinations("eu", 1).unwrap().remove(0);
    let gone = DestinationId::parse("00000000-0000-4000-8000-000000000000").unwrap();
    let missed = DestinationId::parse(&missed).unwrap();
    let cache = &setup.cache;
    assert_eq!(cache.destination(&missed).await.unwrap().id, missed);
    let error = cache.destination(&gone).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(setup.requests(), [format!("GET {missed}"), format!("GET {gone}")]);
}

#[tokio::test]
async fn write_invalidates_earlier_reads() {
    let setup = Setup::with(3).await;
    let id = setup.ids[0].clone();
    let writes: [fn(&Setup) -> _; 3] = [
        |setup| update(setup.client.clone(), setup.ids[0].clone()),
        |setup| update(setup.client.clone(), DestinationId::parse(GONE).unwrap()),
        |setup| update(setup.client.clone(), setup.ids[1].clone()),
    ];
    for write in writes {
        setup.read_all(3).await;
        setup.later(MAX_AGE / 4).await;
        setup.requests();
        setup.read(0).await.unwrap();
        assert_eq!(setup.requests(), [""; 0]);
        write(&setup).await;
        setup.requests();
        setup.read(0).await.unwrap();
        let expected = [format!("GET {id}")];
        assert_eq!(setup.requests(), expected, "also after a write that failed");
    }
}

const GONE: &str = "00000000-0000-4000-8000-000000000000";

async fn update(client: Client, id: DestinationId) {
    let changes = DestinationChanges {
        name: Some("changed".to_owned()),
        ..<_>::default()
    };
    let _ = v3::update_destination(&client, &eu(), &id, &changes).await;
}

#[tokio::test]
async fn read_during_a_write_is_not_served_from_the_list() {
    let setup = Setup::with(3).await;
    setup.read_all(3).await;
    setup.requests();
    setup.inject(FaultRule::new(Fault::Delay { ms: 200 }).method("PATCH"));
    let writing = update(setup.client.clone(), setup.ids[1].clone());
    let (id, reading) = (&setup.ids[0], setup.read(0));
    let ((), found) = tokio::join!(biased; writing, reading);
    found.unwrap();
    assert!(setup.requests().contains(&format!("GET {id}")));
}

#[tokio::test]
async fn list_too_large_falls_back_to_single_reads() {
    let page_of = |number: usize| {
        let filler = "x".repeat(6 << 20);
        let next = format!("/x?page[after]={number}");
        let body = json!({"data": [filler], "meta": {"next": next}}).to_string();
        page(Fault::body("application/json", &body))
    };
    let setup = Setup::with(20).await;
    let large = || (0..3).for_each(|number| setup.inject(page_of(number)));
    large();
    setup.read_all(20).await;
    assert_eq!(setup.counts(), (3, 20), "given up at 18 MiB");
    // A list of complete destinations is limited too.
    let item = |number: usize| {
        let endpoint = "x".repeat(6 << 20);
        let of = json!({"id": GONE, "name": "n", "endpoint": endpoint});
        let next = format!("/x?page[after]={number}");
        let body = json!({"data": [of], "meta": {"next": next}}).to_string();
        page(Fault::body("application/json", &body))
    };
    (0..3).for_each(|number| setup.inject(item(number)));
    let all = v3::all_destinations(&setup.client, &eu(), &ListQuery::default()).await;
    let error = all.unwrap_err().to_string();
    assert!(error.contains("larger than 16 MiB"), "{error}");
}

#[tokio::test]
async fn list_from_before_a_write_is_not_used_after_it() {
    // The emulator delays the list after handling it, and the write before: the list is older than the write in either
    // order.
    for list_first in [true, false] {
        let setup = Setup::with(3).await;
        setup.inject(FaultRule::new(Fault::Delay { ms: 200 }).method("PATCH"));
        let reading = async {
            for found in join_all([0, 1, 2].map(|index| setup.read(index))).await {
                assert_ne!(found.unwrap().name, "changed");
            }
        };
        let (reading, writing) = (reading, update(setup.client.clone(), setup.ids[1].clone()));
        if list_first {
            tokio::join!(biased; reading, writing);
        } else {
            tokio::join!(biased; writing, reading);
        }
        assert_eq!(setup.read(1).await.unwrap().name, "changed");
    }
}

#[tokio::test]
async fn read_after_a_write_does_not_join_an_earlier_one() {
    let setup = Setup::with(1).await;
    setup.inject(FaultRule::new(Fault::Delay { ms: 500 }).method("GET"));
    let mut early = Box::pin(setup.read(0));
    assert!(futures_util::poll!(&mut early).is_pending());
    update(setup.client.clone(), setup.ids[0].clone()).await;
    assert_eq!(setup.read(0).await.unwrap().name, "changed");
    early.await.unwrap();
    let id = &setup.ids[0];
    let mut requests = setup.requests();
    requests.sort();
    let expected = [format!("GET {id}"), LIST.to_owned(), format!("PATCH {id}")];
    assert_eq!(requests, expected);
}

#[tokio::test]
async fn list_failure_falls_back_to_single_reads() {
    let rules = [
        page(Fault::status(403)).always(),
        page(Fault::status(404)).always(),
        page(Fault::status(500)).always(),
        page(Fault::DropBefore).always(),
        page(Fault::body("application/json", "{}")).always(),
        page(Fault::body("text/html", "<p>Log in</p>")).always(),
        // On a later page.
        page(Fault::status(403)).skip(1).always(),
        page(Fault::Malformed).skip(1).always(),
        // A page whose next page is itself.
        page(Fault::body(
            "application/json",
            r#"{"data": [], "meta": {"next": "/x?page[after]=again"}}"#,
        ))
        .always(),
        page(Fault::body(
            "application/json",
            r#"{"data": [], "meta": {"next": "/x"}}"#,
        ))
        .always(),
    ];
    for rule in rules {
        let setup = Setup::with(110).await;
        setup.inject(rule.clone());
        setup.read_all(110).await;
        let (lists, alone) = setup.counts();
        assert!(lists <= 4, "{lists} lists for {rule:?}");
        assert!(alone >= 11, "{alone} reads for {rule:?}");
        setup.konnect.clear_faults();
        setup.later(MAX_AGE / 2).await;
        setup.requests();
        let (one, two) = tokio::join!(setup.read(1), setup.read(2));
        assert!(one.is_ok() && two.is_ok());
        let found = setup.counts().0;
        assert_eq!(found, 0, "the list is not tried again at once for {rule:?}");
        setup.later(MAX_AGE * 2).await;
        setup.read_all(110).await;
        assert_eq!(setup.counts(), (2, 1), "a later list for {rule:?}");
    }
}

#[tokio::test]
async fn list_incomplete_item_is_read_by_id() {
    let setup = Setup::with(3).await;
    let id = &setup.ids[1];
    let items = format!(
        r#"{{"data": [{{"id": "{id}", "name": "n", "endpoint": "e", "log_format": "cef"}}, 7], "meta": {{"next": null}}}}"#
    );
    setup.inject(page(Fault::body("application/json", &items)));
    setup.read_all(3).await;
    assert_eq!(setup.counts(), (1, 3));
}

#[tokio::test]
async fn dropped_reader_does_not_cancel_others() {
    let setup = Setup::with(5).await;
    setup.inject(FaultRule::new(Fault::Delay { ms: 100 }).always());
    // The first two reads start the requests.
    let mut given_up: Vec<_> = (0..2).map(|index| Box::pin(setup.read(index))).collect();
    for read in &mut given_up {
        assert!(futures_util::poll!(read).is_pending());
    }
    let others = async { join_all([0, 1, 2, 3, 4].map(|index| setup.read(index))).await };
    let mut others = Box::pin(others);
    assert!(futures_util::poll!(&mut others).is_pending());
    drop(given_up);
    for found in others.await {
        found.unwrap();
    }
    assert_eq!(setup.counts().0, 1);
}
