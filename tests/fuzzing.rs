//! Untrusted input ([`fuzzing::TARGETS`]): the corpus in `fuzz/corpus/`, and deterministic mutations of it. Each call
//! must end without a panic, and without much more memory than the size of the input.
//!
//! The corpus is handwritten. Every input with which the fuzzer finds an error is added to it (CONTRIBUTING.md).
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The number of mutations of the corpus for each target.
const MUTATIONS: usize = 1_000;
/// The maximum length of mutations. The corpus has longer inputs.
const MAX_LENGTH: usize = 2 << 10;
/// The memory limit of a call for any input, in bytes.
const MEMORY_AT_LEAST: usize = 32 << 20;
/// The additional memory limit for each byte of input. On the wire, the smallest value has one byte, and the type of
/// one attribute about twenty.
const MEMORY_PER_BYTE: usize = 256;
/// The time after which a call counts as endless. The longest call takes a fraction of a second.
const TIMEOUT: Duration = Duration::from_mins(3);

struct Input {
    name: String,
    bytes: Vec<u8>,
}

fn corpus(target: &str) -> Vec<Input> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut corpus: Vec<_> = files
        .map(|file| file.unwrap().path())
        .map(|path| Input {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: fs::read(&path).unwrap(),
        })
        .collect();
    corpus.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(corpus.len() >= 10, "{} has hardly any files", folder.display());
    corpus
}

/// Applies a typical mutation at a random position.
fn mutated(corpus: &[Input], random: &mut fastrand::Rng) -> Input {
    let from = random.choice(corpus).unwrap();
    let mut bytes = from.bytes.clone();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=bytes.len());
        let end = random.usize(at..=bytes.len());
        match random.u8(..8) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            2 if at < bytes.len() => bytes[at] = random.u8(..),
            3 => drop(bytes.drain(at..end)),
            4 => {
                // The largest and the smallest lengths and numbers.
                let claim = *random
                    .choice(&[0, 1, 0x7f, 0x80, u64::from(u32::MAX), u64::MAX])
                    .unwrap();
                bytes.splice(
                    at..at,
                    claim.to_be_bytes().into_iter().rev().take(random.usize(1..=8)),
                );
            }
            5 => {
                let part = bytes[at..end].repeat(random.usize(1..=64));
                bytes.splice(at..at, part);
            }
            6 => {
                let other = &random.choice(corpus).unwrap().bytes;
                bytes.splice(at..end, other.iter().copied());
            }
            _ => {
                let mark = random
                    .choice(b"{}[]\",:\0\n\r\\%&<\xff\xc0\xdd\xdf\xd9\x80\x90")
                    .unwrap();
                bytes.insert(at, *mark);
            }
        }
        bytes.truncate(MAX_LENGTH);
    }
    Input {
        name: format!("a mutation of {}", from.name),
        bytes,
    }
}

fn shown(input: &Input) -> String {
    let bytes = input.bytes.escape_ascii().to_string();
    let (start, more) = bytes.split_at_checked(2_000).unwrap_or((&bytes, ""));
    let more = if more.is_empty() { "" } else { "..." };
    format!("{} ({} bytes): {start}{more}", input.name, input.bytes.len())
}

/// Runs the targets sequentially, because allocations are counted for the whole process.
#[test]
fn untrusted_input_ends_without_panic_within_memory_limit() {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")).unwrap();
    let mut folders: Vec<_> = folders
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(
        folders,
        fuzzing::TARGETS.map(|(name, _)| name),
        "a target without a corpus, or the reverse"
    );

    for (name, target) in fuzzing::TARGETS {
        let corpus = corpus(name);
        // A fixed seed: failures are reproducible.
        let mut random = fastrand::Rng::with_seed(name.len() as u64);
        let mutations: Vec<_> = (0..MUTATIONS).map(|_| mutated(&corpus, &mut random)).collect();
        // Excludes allocations that happen once, such as the schemas.
        target(&corpus[0].bytes);
        for input in corpus.iter().chain(&mutations) {
            let (ended, end) = mpsc::channel();
            let bytes = input.bytes.clone();
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let call = std::thread::spawn(move || {
                target(&bytes);
                let _ = ended.send(());
            });
            let waited = end.recv_timeout(TIMEOUT);
            assert_ne!(
                waited,
                Err(mpsc::RecvTimeoutError::Timeout),
                "{name} hangs on {}",
                shown(input)
            );
            assert!(call.join().is_ok(), "{name} panics on {}", shown(input));
            let taken = MEMORY.peak_usage().saturating_sub(before);
            let allowed = MEMORY_AT_LEAST + MEMORY_PER_BYTE * input.bytes.len();
            assert!(
                taken <= allowed,
                "{name} takes {taken} bytes for {}",
                shown(input)
            );
        }
    }
}
