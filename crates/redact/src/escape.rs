//! The escapes of characters in JSON, HTML and URLs.

/// The longest escape: `&#x10ffff;`, or a JSON pair of surrogates, or four percent-encoded bytes.
const MAX_LENGTH: usize = 12;

/// The number of bytes at the beginning of the text that represent this character, for each matching form.
pub(crate) fn lengths(text: &str, character: char) -> impl Iterator<Item = usize> {
    let plain = text.starts_with(character).then(|| character.len_utf8());
    let escaped = match text.as_bytes().first() {
        Some(b'\\') => json(text, character),
        Some(b'&') => html(text, character),
        Some(b'%') => percent(text, character),
        Some(b'+') if character == ' ' => Some(1),
        _ => None,
    };
    plain.into_iter().chain(escaped)
}

/// Whether the text is empty, or may be truncated within an escape.
pub(crate) fn could_be_cut(text: &str) -> bool {
    text.is_empty()
        || (text.len() < MAX_LENGTH
            && text.starts_with(['\\', '&', '%'])
            && text[1..]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"#%\\".contains(&byte))
            && !is_complete(text))
}

fn is_complete(text: &str) -> bool {
    match text.as_bytes() {
        [b'%', digits @ ..] => digits.len() >= 2,
        [b'\\', b'u', digits @ ..] => digits.len() >= 4,
        [b'\\', rest @ ..] => !rest.is_empty(),
        _ => false,
    }
}

/// `\n`, `\"`, `\u00e9`, and the same in JSON within a JSON string: `\\\"`.
fn json(text: &str, character: char) -> Option<usize> {
    // Limited, because a text can consist of backslashes only.
    let backslashes = text.bytes().take(MAX_LENGTH).take_while(|byte| *byte == b'\\');
    let outer = backslashes.count().saturating_sub(1);
    let innermost = json_once(&text[outer..], character).map(|length| outer + length);
    innermost.or_else(|| json_once(text, character))
}

fn json_once(text: &str, character: char) -> Option<usize> {
    let short = match character {
        '"' | '\\' | '/' => Some(character),
        '\t' => Some('t'),
        _ => None,
    };
    if short.is_some_and(|short| text[1..].starts_with(short)) {
        return Some(2);
    }
    let mut end = 0;
    for unit in character.encode_utf16(&mut [0; 2]) {
        let digits = text[end..].strip_prefix("\\u")?.get(..4)?;
        if u16::from_str_radix(digits, 16) != Ok(*unit) {
            return None;
        }
        end += 6;
    }
    Some(end)
}

/// `&amp;`, `&#38;`, `&#x26;`.
fn html(text: &str, character: char) -> Option<usize> {
    let end = text.bytes().take(MAX_LENGTH).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        },
        None => match name {
            "amp" => Some(u32::from('&')),
            "lt" => Some(u32::from('<')),
            "gt" => Some(u32::from('>')),
            "quot" => Some(u32::from('"')),
            "apos" => Some(u32::from('\'')),
            _ => None,
        },
    };
    (code == Some(u32::from(character))).then_some(end + 1)
}

/// `%26`, `%C3%A9`.
fn percent(text: &str, character: char) -> Option<usize> {
    let mut end = 0;
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        let digits = text[end..].strip_prefix('%')?.get(..2)?;
        if u8::from_str_radix(digits, 16) != Ok(byte) {
            return None;
        }
        end += 3;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, character: char) -> Vec<usize> {
        lengths(text, character).collect()
    }

    #[test]
    fn lengths_every_form_is_recognized() {
        for text in ["&x", "&amp;x", "&#38;x", "&#x26;x", "&#038;x", "%26x", "\\u0026x"] {
            assert!(all(text, '&').contains(&(text.len() - 1)), "{text}");
        }
        assert_eq!(all("\\\"x", '"'), [2]);
        assert_eq!(all("\\\\\\\"x", '"'), [4]);
        assert_eq!(all("\\\\u0022x", '"'), [7]);
        assert_eq!(all("%C3%a9", 'é'), [6]);
        assert_eq!(all("\\ud83d\\ude00", '😀'), [12]);
        assert_eq!(all("+", ' '), [1]);
    }

    #[test]
    fn lengths_other_character_is_not_recognized() {
        for text in ["", "x", "&lt;", "%2", "%27", "\\u0027", "&#;", "&é", "%é"] {
            assert_eq!(all(text, '/'), [] as [usize; 0], "{text}");
        }
        // A percent sign can be literal or begin an escape.
        assert_eq!(all("%25", '%'), [1, 3]);
    }

    #[test]
    fn could_be_cut_text_ending_in_escape_returns_true() {
        for text in ["", "%", "%2", "\\", "\\u00", "&", "&am", "&#3"] {
            assert!(could_be_cut(text), "{text}");
        }
        for text in ["x", "%2f", "\\u0026", "& b", "&amp;", "\\/"] {
            assert!(!could_be_cut(text), "{text}");
        }
    }
}
