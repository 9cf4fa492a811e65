//! A redacted excerpt of bounded length from a response.

use redact::Redactor;

use crate::types::text::{single_line, truncate};

/// A header or field as text. It is redacted before and after its conversion to one line, and then truncated.
///
/// Returns `None` if the result is empty.
pub(crate) fn sanitize(text: &str, redactor: &Redactor) -> Option<String> {
    let text = redactor.redact(&single_line(&redactor.redact(text)));
    Some(truncate(&text)).filter(|text| !text.is_empty())
}

/// The beginning of a body as text, or a description of an HTML page. Returns `None` for an empty body.
///
/// `whole` is false if the body was truncated.
pub(crate) fn excerpt(body: &[u8], whole: bool, redactor: &Redactor) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = if whole {
        redactor.redact(&text)
    } else {
        redactor.redact_cut(&text)
    };
    if !is_html(&text) {
        return sanitize(&text, redactor);
    }
    let size = if whole {
        format!("{} bytes", body.len())
    } else {
        format!("more than {} bytes", body.len())
    };
    let title = title(&text).and_then(|title| sanitize(title, redactor));
    Some(title.map_or_else(
        || format!("an HTML page ({size})"),
        |title| format!("an HTML page (title: {title}, {size})"),
    ))
}

fn is_html(text: &str) -> bool {
    let start: String = text
        .trim_start()
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_lowercase();
    start.starts_with('<')
        && ["<!doctype html", "<html", "<head", "<body", "<h1"]
            .iter()
            .any(|tag| start.contains(tag))
}

/// The text of the `title` element.
fn title(html: &str) -> Option<&str> {
    // ASCII lower case does not change positions.
    let lower = html.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find('<')?;
    Some(&html[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<String> {
        excerpt(body.as_bytes(), true, &Redactor::new(["hunter2"]))
    }

    #[test]
    fn excerpt_html_is_described_by_title_and_size() {
        let page = "<!DOCTYPE html>\n<HTML><head><Title lang='en'>502 Bad\n Gateway</title></head><body>x";
        assert_eq!(
            of(page).unwrap(),
            format!("an HTML page (title: 502 Bad Gateway, {} bytes)", page.len())
        );
        assert_eq!(of("<html><body>x").unwrap(), "an HTML page (13 bytes)");
        assert_eq!(of("<html><title></title>").unwrap(), "an HTML page (21 bytes)");
        assert_eq!(
            of("<html><title>never closed").unwrap(),
            "an HTML page (25 bytes)"
        );
    }

    #[test]
    fn excerpt_secret_in_html_title_is_redacted() {
        let text = of("<html><title>Hello hunter2</title>").unwrap();
        assert!(text.contains("Hello [redacted]"), "{text}");
    }

    #[test]
    fn excerpt_cut_html_gives_a_lower_bound_of_its_size() {
        let text = excerpt(b"<html><title>T</title>", false, &Redactor::new([])).unwrap();
        assert_eq!(text, "an HTML page (title: T, more than 22 bytes)");
    }

    #[test]
    fn excerpt_other_text_is_kept() {
        assert_eq!(of("size < 3 and > 1").unwrap(), "size < 3 and > 1");
        assert_eq!(of(""), None);
    }
}
