//! Prepares text of a server for display.

/// The maximum number of characters of a server's text that the client keeps.
pub(crate) const TEXT_LIMIT: usize = 1_000;

/// Truncates a text to [`TEXT_LIMIT`] characters, and marks the end with `...`.
///
/// Truncates between words if possible, because a later redaction does not recognize half of a secret.
pub(crate) fn truncate(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(TEXT_LIMIT) else {
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

/// Returns an error's message as a sentence: capitalized, with a full stop.
///
/// By Rust's convention, error messages begin in lower case and have no full stop. Reports to a user are sentences.
#[must_use]
pub fn sentence(message: &impl std::fmt::Display) -> String {
    let text = capitalize(&message.to_string());
    format!("{}.", text.trim_end_matches('.'))
}

/// Returns the text with its first character in upper case.
pub(crate) fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncate_long_word_cuts_between_characters() {
        let short = truncate(&"é".repeat(TEXT_LIMIT + 5));
        assert_eq!(short.chars().count(), TEXT_LIMIT + 3);
        assert!(short.ends_with("..."));
        assert_eq!(truncate("short"), "short");
    }

    #[test]
    fn truncate_long_text_cuts_between_words() {
        let words = "word ".repeat(TEXT_LIMIT / 5);
        assert_eq!(
            truncate(&format!("{words}s3cret")),
            format!("{}...", words.trim_end())
        );
        let split = format!("{}s3cret and more", &words[2..]);
        assert_eq!(truncate(&split), format!("{}...", words[2..].trim_end()));
        let whole = format!("{} and more", &words.trim_end()[..TEXT_LIMIT - 1]);
        assert_eq!(truncate(&whole), format!("{}...", words.trim_end()));
    }

    #[test]
    fn sentence_message_is_capitalized_and_ends_with_one_full_stop() {
        assert_eq!(sentence(&"the value is blank"), "The value is blank.");
        assert_eq!(sentence(&"Done."), "Done.");
        assert_eq!(sentence(&""), ".");
    }
}
