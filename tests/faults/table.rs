//! The table of results, compared with the documentation or written to it on request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::call::{self, Call};
use super::cell::{Cell, Observed};
use super::expected::{End, Times};
use super::fault::{self, Section};

/// The page that contains the table between two marks.
const PAGE: &str = "docs-internal/fault-matrix.md";
const BEGIN: &str = "<!-- begin: written by tests/faults -->\n";
const END: &str = "<!-- end: written by tests/faults -->\n";
/// If this variable is set, the test writes the table.
const WRITE: &str = "WRITE_FAULT_MATRIX";

/// The results of all cells.
#[derive(Default)]
pub struct Table {
    seen: BTreeMap<(String, Call), BTreeMap<Times, Observed>>,
}

impl Table {
    /// Records the result of a cell.
    pub fn note(&mut self, cell: &Cell, seen: Observed) {
        let of = (cell.row.label.clone(), cell.call);
        self.seen.entry(of).or_default().insert(cell.times, seen);
    }

    /// Asserts that the documentation contains the same table, or writes it.
    pub fn is_in_the_documentation(&self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        let now = format!("{before}{BEGIN}{}{END}{after}", self.render());
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&path, now).unwrap();
        } else {
            assert!(
                page == now,
                "{PAGE} differs from the results. If the results are right, run `{WRITE}=1 cargo test --all-features \
                 --test faults`"
            );
        }
    }

    fn render(&self) -> String {
        let mut text = format!(
            "\n{} results. In each case, the next apply without the fault succeeds.\n",
            self.count()
        );
        for (table, title) in call::TABLES {
            let calls: Vec<_> = Call::ALL.into_iter().filter(|c| c.column().0 == table).collect();
            let heads: Vec<_> = calls.iter().map(|call| call.column().1).collect();
            let _ = write!(text, "\n## {title}\n\n| Fault | {} |\n", heads.join(" | "));
            let _ = writeln!(text, "|---|{}", "---|".repeat(heads.len()));
            for (section, name) in fault::SECTIONS {
                let rows = self.rows(section, &calls);
                if !rows.is_empty() {
                    let _ = writeln!(text, "| **{name}** |{}", " |".repeat(heads.len()));
                }
                for (label, cells) in rows {
                    let _ = writeln!(text, "| {label} | {} |", cells.join(" | "));
                }
            }
        }
        text.push('\n');
        text
    }

    fn count(&self) -> usize {
        self.seen.values().map(BTreeMap::len).sum()
    }

    /// The rows of a section. Statuses with the same results share one row.
    fn rows(&self, section: Section, calls: &[Call]) -> Vec<(String, Vec<String>)> {
        let mut rows: Vec<(Label, Vec<String>)> = Vec::new();
        for row in fault::all().into_iter().filter(|row| row.section == section) {
            let results: Vec<_> = calls.iter().map(|call| self.cell(&row.label, *call)).collect();
            if results.iter().all(|cell| cell == NOTHING) {
                continue;
            }
            let label = Label::of(&row.label);
            let same = rows
                .iter_mut()
                .find(|(known, seen)| known.merges(&label) && *seen == results);
            match same {
                Some((known, _)) => known.codes.extend(label.codes),
                None => rows.push((label, results)),
            }
        }
        rows.into_iter()
            .map(|(label, results)| (label.text(), results))
            .collect()
    }

    fn cell(&self, label: &str, call: Call) -> String {
        let Some(seen) = self.seen.get(&(label.to_owned(), call)) else {
            return NOTHING.to_owned();
        };
        let mut said: Vec<String> = seen.values().map(|seen| said(*seen)).collect();
        said.dedup();
        said.join(" / ")
    }
}

/// The cell of a request in which the fault cannot occur.
const NOTHING: &str = "–";

fn said(seen: Observed) -> String {
    let end = match seen.end {
        End::Done => "done",
        End::Gone => "gone",
        End::Failed => "error",
        End::Uncertain => "**import**",
    };
    format!("{end} {}", seen.requests)
}

/// The label of a row, with separate statuses.
struct Label {
    codes: Vec<String>,
    rest: String,
}

impl Label {
    fn of(text: &str) -> Self {
        let (first, rest) = text.split_at(text.find([' ', ',']).unwrap_or(text.len()));
        if first.len() == 3 && first.bytes().all(|byte| byte.is_ascii_digit()) {
            Self {
                codes: vec![first.to_owned()],
                rest: rest.to_owned(),
            }
        } else {
            Self {
                codes: Vec::new(),
                rest: text.to_owned(),
            }
        }
    }

    fn merges(&self, other: &Self) -> bool {
        !self.codes.is_empty() && !other.codes.is_empty() && self.rest == other.rest
    }

    fn text(&self) -> String {
        format!("{}{}", self.codes.join(", "), self.rest)
    }
}
