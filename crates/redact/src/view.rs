//! A text as bytes with their places, and what these bytes encode.

use std::ops::Range;

use crate::MARK;
use crate::characters::is_visible;

/// Separates parts that do not belong together. No text contains this byte.
const BARRIER: u8 = 0xff;
/// The number of characters of base64 below which it encodes no part of a secret.
const MIN_BASE64: usize = 10;

/// The bytes of a text, or of what it encodes.
#[derive(Clone, Default)]
pub(crate) struct View {
    bytes: Vec<Byte>,
    /// Decoded from what may be no base64.
    is_decoded: bool,
}

#[derive(Clone, Copy)]
struct Byte {
    value: u8,
    start: usize,
    end: usize,
}

impl View {
    /// The visible characters of a text. Each mark is a barrier.
    pub(crate) fn of(text: &str) -> Self {
        let mut view = Self::default();
        let mut index = 0;
        while let Some(character) = text[index..].chars().next() {
            let start = index;
            if text[index..].starts_with(MARK) {
                index += MARK.len();
                view.push(BARRIER, start, index);
            } else {
                index += character.len_utf8();
                view.push_character(character, start, index);
            }
        }
        view
    }

    /// Whether the bytes are decoded base64. They have no meaning if the text was none.
    pub(crate) fn is_decoded(&self) -> bool {
        self.is_decoded
    }

    /// The places in the text of the bytes from one to another, and of the bytes beside them that are not compared.
    pub(crate) fn range(&self, (first, last): (usize, usize)) -> Range<usize> {
        let is_ignored = |byte: &&Byte| b"+\\".contains(&byte.value);
        let before = self.bytes[..first].iter().rev().take_while(is_ignored).last();
        let after = self.bytes[last + 1..].iter().take_while(is_ignored).last();
        before.unwrap_or(&self.bytes[first]).start..after.unwrap_or(&self.bytes[last]).end
    }

    /// The bytes to compare, with their indices: in lower case, without white space, without the plus sign that stands
    /// for a space, and without the backslashes of escapes.
    pub(crate) fn folded(&self) -> impl Iterator<Item = (usize, u8)> {
        let bytes = self.bytes.iter().map(|byte| byte.value).enumerate();
        bytes
            .filter(|(_, byte)| {
                !byte.is_ascii_whitespace() && !byte.is_ascii_control() && !b"+\\".contains(byte)
            })
            .map(|(index, byte)| (index, byte.to_ascii_lowercase()))
    }

    /// The rest of the text after this byte.
    pub(crate) fn rest<'a>(&self, text: &'a str, last: usize) -> &'a str {
        &text[self.bytes[last].end..]
    }

    pub(crate) fn has_space(&self, (first, last): (usize, usize)) -> bool {
        self.bytes[first..last]
            .iter()
            .any(|byte| byte.value.is_ascii_whitespace())
    }

    /// Whether these bytes are not part of a longer word or id.
    pub(crate) fn stands_alone(&self, (first, last): (usize, usize)) -> bool {
        let in_word = |byte: u8| {
            byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || (byte >= 0x80 && byte != BARRIER)
        };
        let at = |index: Option<usize>| index.and_then(|i| self.bytes.get(i)).map_or(BARRIER, |b| b.value);
        let touches = |next: Option<usize>, second: Option<usize>| {
            // A full stop ends a sentence, or joins the parts of a name.
            in_word(at(next)) || (at(next) == b'.' && in_word(at(second)))
        };
        let before = touches(first.checked_sub(1), first.checked_sub(2));
        !before && !touches(Some(last + 1), Some(last + 2))
    }

    /// The bytes with the escapes of JSON, HTML and URLs replaced. `None` if there are none.
    pub(crate) fn unescaped(&self) -> Option<Self> {
        if !self.bytes.iter().any(|byte| b"%\\&".contains(&byte.value)) {
            return None;
        }
        let mut view = Self {
            is_decoded: self.is_decoded,
            ..Self::default()
        };
        let mut changed = false;
        let mut index = 0;
        while let Some(byte) = self.bytes.get(index) {
            let Some((escaped, length)) = self.escape(index) else {
                view.bytes.push(*byte);
                index += 1;
                continue;
            };
            let end = self.bytes[index + length - 1].end;
            match escaped {
                Escaped::Byte(value) => view.push(value, byte.start, end),
                Escaped::Character(character) => view.push_character(character, byte.start, end),
            }
            changed = true;
            index += length;
        }
        changed.then_some(view)
    }

    /// What the escape at this index stands for, and its length.
    fn escape(&self, index: usize) -> Option<(Escaped, usize)> {
        let bytes = self.bytes[index..].iter().take(12).map(|byte| byte.value);
        let bytes: Vec<u8> = bytes.collect();
        let hex = |range: Range<usize>| {
            let digits = std::str::from_utf8(bytes.get(range)?).ok()?;
            u32::from_str_radix(digits, 16).ok()
        };
        match bytes.as_slice() {
            [b'%', ..] => Some((Escaped::Byte(hex(1..3)?.try_into().ok()?), 3)),
            [b'\\', b'u', ..] => {
                let unit = hex(2..6)?;
                let pair = (bytes.get(6..8) == Some(b"\\u")).then(|| hex(8..12)).flatten();
                match (char::from_u32(unit), pair) {
                    (Some(character), _) => Some((Escaped::Character(character), 6)),
                    (None, Some(low)) => {
                        let code = 0x1_0000 + (unit.wrapping_sub(0xd800) << 10) + low.wrapping_sub(0xdc00);
                        Some((Escaped::Character(char::from_u32(code)?), 12))
                    }
                    (None, None) => None,
                }
            }
            [b'\\', b'n' | b'r' | b't', ..] => Some((Escaped::Byte(b' '), 2)),
            [b'\\', b'\\', ..] => Some((Escaped::Byte(b'\\'), 2)),
            [b'&', ..] => {
                let end = bytes.iter().position(|byte| *byte == b';')?;
                let character = html(std::str::from_utf8(&bytes[1..end]).ok()?)?;
                Some((Escaped::Character(character), end + 1))
            }
            _ => None,
        }
    }

    /// The bytes that base64 encodes, if each of its parts begins with this number of other characters. `None` if
    /// there are too few.
    pub(crate) fn base64(&self, phase: usize) -> Option<Self> {
        let mut view = Self {
            is_decoded: true,
            ..Self::default()
        };
        let mut run = Vec::new();
        for byte in &self.bytes {
            match sextet(byte.value) {
                Some(bits) => run.push((bits, byte)),
                // Lines are wrapped.
                None if byte.value.is_ascii_whitespace() || b"\\".contains(&byte.value) => {}
                None => view.decode(&mut run, phase),
            }
        }
        view.decode(&mut run, phase);
        (!view.bytes.is_empty()).then_some(view)
    }

    fn decode(&mut self, run: &mut Vec<(u8, &Byte)>, phase: usize) {
        if run.len() >= MIN_BASE64 + phase {
            for pair in run[phase..]
                .chunks(4)
                .flat_map(|group| group.windows(2).enumerate())
            {
                let (index, [(high, first), (low, last)]) = pair else {
                    continue;
                };
                let value = match index {
                    0 => high << 2 | low >> 4,
                    1 => high << 4 | low >> 2,
                    _ => high << 6 | low,
                };
                self.push(value, first.start, last.end);
            }
            let end = self.bytes.last().map_or(0, |byte| byte.end);
            self.push(BARRIER, end, end);
        }
        run.clear();
    }

    fn push(&mut self, value: u8, start: usize, end: usize) {
        self.bytes.push(Byte { value, start, end });
    }

    fn push_character(&mut self, character: char, start: usize, end: usize) {
        if character.is_whitespace() {
            self.push(b' ', start, end);
        } else if is_visible(character) {
            for value in character.encode_utf8(&mut [0; 4]).bytes() {
                self.push(value, start, end);
            }
        }
    }
}

enum Escaped {
    Byte(u8),
    Character(char),
}

/// The character of `amp`, `#38` or `#x26`.
fn html(name: &str) -> Option<char> {
    match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => char::from_u32(u32::from_str_radix(digits, 16).ok()?),
            None => char::from_u32(number.parse().ok()?),
        },
        None => match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
    }
}

/// The six bits of a character of base64, standard or for URLs.
fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
