//! When the authorization is sent again, and what is remembered of it.

use terraform_plugin::Severity;

use super::*;

#[derive(Clone, Default)]
struct Block {
    stored: Attr<Secret>,
    write_only: Attr<Secret>,
    version: Attr<i64>,
    detects: Attr<bool>,
}

impl Block {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            stored: &self.stored,
            write_only: &self.write_only,
            version: &self.version,
            detects: &self.detects,
        }
    }

    /// What a state keeps of it.
    fn state(&self) -> Self {
        Self {
            write_only: Attr::Null,
            ..self.clone()
        }
    }
}

fn secret(text: &str) -> Attr<Secret> {
    Attr::Known(Secret::from(text.to_owned()))
}

fn stored(text: &str) -> Block {
    Block {
        stored: secret(text),
        ..Block::default()
    }
}

fn write_only(text: &str) -> Block {
    Block {
        write_only: secret(text),
        ..Block::default()
    }
}

fn versioned(text: &str, version: i64) -> Block {
    Block {
        version: version.into(),
        ..write_only(text)
    }
}

/// The private state after `block` was sent.
fn after(block: &Block) -> Private {
    let mut private = Private::default();
    written(&mut private, block.arguments(), true, Some("t1"));
    private
}

/// Whether a change from one block to the other sends, and what is said.
fn change(from: &Block, to: &Block, private: &mut Private) -> (Send, Vec<String>) {
    let mut found = Diagnostics::new();
    let send = plan(
        "destination",
        to.arguments(),
        from.state().arguments(),
        private,
        &mut found,
    );
    assert!(found.iter().all(|d| d.severity == Severity::Warning));
    (send, found.into_iter().map(|d| d.summary).collect())
}

#[test]
fn a_new_value_is_noticed_in_each_way_of_giving_it() {
    for (from, to, send) in [
        (stored("a"), stored("a"), Send::No),
        (stored("a"), stored("b"), Send::Yes),
        (write_only("a"), write_only("a"), Send::No),
        (write_only("a"), write_only("b"), Send::Yes),
        (versioned("a", 1), versioned("b", 1), Send::No),
        (versioned("a", 1), versioned("a", 2), Send::Yes),
        (stored("a"), write_only("a"), Send::Yes),
        (write_only("a"), stored("a"), Send::Yes),
        (write_only("a"), versioned("a", 1), Send::Yes),
        (versioned("a", 1), write_only("a"), Send::Yes),
        (stored("a"), versioned("a", 1), Send::Yes),
        (versioned("a", 1), stored("a"), Send::Yes),
    ] {
        let (found, said) = change(&from, &to, &mut after(&from));
        assert_eq!((found, said.len()), (send, 0));
    }
}

#[test]
fn a_value_that_is_unknown_while_planning_is_sent_only_if_it_is_another() {
    let unknown = Block {
        write_only: Attr::Unknown,
        ..Block::default()
    };
    let mut private = after(&write_only("a"));
    assert_eq!(
        change(&write_only("a"), &unknown, &mut private).0,
        Send::IfDifferent
    );
    assert!(to_send(write_only("a").arguments(), &private).unwrap().is_none());
    assert_eq!(
        to_send(write_only("b").arguments(), &private)
            .unwrap()
            .unwrap()
            .expose(),
        "b"
    );
}

#[test]
fn somebody_elses_write_sends_it_again_once_and_says_so() {
    let block = stored("a");
    let mut private = after(&block);
    observe(&mut private, Some("t1"));
    assert_eq!(change(&block, &block, &mut private).0, Send::No);

    observe(&mut private, Some("t2"));
    let (send, said) = change(&block, &block, &mut private);
    assert_eq!(
        (send, said),
        (Send::Yes, vec!["Changed by somebody else".to_owned()])
    );
    let off = Block {
        detects: false.into(),
        ..block.clone()
    };
    assert_eq!(change(&block, &off, &mut private.clone()).0, Send::No);

    written(&mut private, block.arguments(), true, Some("t3"));
    observe(&mut private, Some("t3"));
    assert_eq!(change(&block, &block, &mut private), (Send::No, vec![]));
    // A write that was undone before we saw it does not count.
    observe(&mut private, Some("t4"));
    observe(&mut private, Some("t3"));
    assert_eq!(change(&block, &block, &mut private), (Send::No, vec![]));
}

#[test]
fn an_imported_object_is_sent_it_once() {
    for block in [stored("a"), write_only("a"), versioned("a", 1)] {
        let mut private = Private::default();
        imported(&mut private);
        observe(&mut private, Some("t1"));
        let (send, said) = change(&Block::default(), &block, &mut private);
        assert_eq!((send, said.len()), (Send::Yes, 1));
        written(&mut private, block.arguments(), true, Some("t2"));
        assert_eq!(change(&block, &block, &mut private), (Send::No, vec![]));
    }
}

#[test]
fn what_is_remembered_holds_no_secret_and_no_hash_beside_a_version() {
    let hashed = String::from_utf8(after(&write_only("s3cret")).to_bytes()).unwrap();
    assert!(hashed.contains(FINGERPRINT) && !hashed.contains("s3cret"));
    for block in [stored("s3cret"), versioned("s3cret", 1)] {
        let mut private = after(&write_only("s3cret"));
        written(&mut private, block.arguments(), true, None);
        assert_eq!(private.to_bytes(), b"");
    }
}

#[test]
fn the_arguments_exclude_each_other() {
    let both = Block {
        stored: secret("a"),
        ..write_only("a")
    };
    let lonely = Block {
        version: 1.into(),
        ..stored("a")
    };
    let none = Block::default();
    for (block, path) in [
        (both, "authorization_wo"),
        (lonely, "authorization_wo_version"),
        (none, "authorization"),
    ] {
        let mut found = Diagnostics::new();
        validate(block.arguments(), Some("It is needed."), &mut found);
        let paths: Vec<_> = found.into_iter().map(|d| d.path.unwrap().to_string()).collect();
        assert_eq!(paths, [path]);
    }
    let mut found = Diagnostics::new();
    validate(Block::default().arguments(), None, &mut found);
    // What is not known yet may turn out to be null.
    for unknown in [
        Block {
            write_only: Attr::Unknown,
            ..Block::default()
        },
        Block {
            write_only: Attr::Unknown,
            ..stored("a")
        },
        Block {
            version: Attr::Unknown,
            ..stored("a")
        },
    ] {
        validate(unknown.arguments(), Some("x"), &mut found);
    }
    assert!(found.is_empty());
}
