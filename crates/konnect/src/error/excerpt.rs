//! A bounded, readable piece of a text that a server sent.

/// How many characters of a server's text an error keeps.
pub(crate) const LIMIT: usize = 1_000;

/// The text on one line, without control characters, and without markup where it is HTML.
pub(crate) fn readable(text: &str) -> String {
    let text = if looks_like_html(text) {
        without_markup(text)
    } else {
        text.to_owned()
    };
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most [`LIMIT`] characters, with a sign where there was more. It is cut between words where it has any:
/// half of a secret would not be known for one by whoever looks for secrets later.
pub(crate) fn cut(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(LIMIT) else {
        return text.to_owned();
    };
    let start = &text[..end];
    let words = if text[end..].starts_with(' ') {
        start
    } else {
        start.rsplit_once(' ').map_or(start, |(words, _)| words)
    };
    format!("{words}...")
}

/// Characters that can reorder or hide what stands around them in a terminal.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn looks_like_html(text: &str) -> bool {
    let start: String = text
        .trim_start()
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_lowercase();
    start.starts_with('<')
        && ["<!doctype", "<html", "<head", "<body", "<h1"]
            .iter()
            .any(|tag| start.contains(tag))
}

fn without_markup(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        // A tag ends a word: `<td>a</td><td>b</td>` reads as "a b".
        text.push(' ');
        rest = after_element(&rest[open..]);
    }
    text.push_str(rest);
    let named = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    named
        .iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
}

/// What follows a tag; of scripts and styles, what follows their end.
fn after_element(tag: &str) -> &str {
    for name in ["script", "style"] {
        let opens = tag
            .get(1..=name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name));
        if opens {
            let end = format!("</{name}");
            let close = (0..tag.len()).find(|at| {
                tag.get(*at..*at + end.len())
                    .is_some_and(|part| part.eq_ignore_ascii_case(&end))
            });
            return close.map_or("", |close| after_tag(&tag[close..]));
        }
    }
    after_tag(tag)
}

fn after_tag(tag: &str) -> &str {
    tag.find('>').map_or("", |end| &tag[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_its_text() {
        let page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title><STYLE>p{x:1}</Style>\
                    <script>var a = '<b>';</script></head>\n<body><h1>Bad&nbsp;gateway</h1><p>nginx &amp; co</p>";
        assert_eq!(readable(page), "502 Bad Gateway Bad gateway nginx & co");
        assert_eq!(readable("<html><script>never closed"), "");
        assert_eq!(readable("<html><p"), "");
    }

    #[test]
    fn other_text_keeps_its_angle_brackets() {
        assert_eq!(readable("size < 3 and > 1"), "size < 3 and > 1");
    }

    #[test]
    fn control_characters_and_line_breaks_go() {
        assert_eq!(readable("a\u{1b}[31mb\r\n\tc\0d\u{202e}e"), "a [31mb c d e");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(LIMIT + 5);
        let short = cut(&long);
        assert_eq!(short.chars().count(), LIMIT + 3);
        assert!(short.ends_with("..."));
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let words = "word ".repeat(LIMIT / 5);
        assert_eq!(cut(&format!("{words}s3cret")), format!("{}...", words.trim_end()));
        let split = format!("{}s3cret and more", &words[2..]);
        assert_eq!(cut(&split), format!("{}...", words[2..].trim_end()));
        let whole = format!("{} and more", &words.trim_end()[..LIMIT - 1]);
        assert_eq!(cut(&whole), format!("{}...", words.trim_end()));
    }
}
