//! Characters that a terminal does not show, or that change what it shows.

/// A foreign text in one line: without line breaks, control characters and invisible characters.
#[must_use]
pub fn single_line(text: &str) -> String {
    let shown = text.replace(|c| !is_visible(c), " ");
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text for a terminal: without control characters other than line breaks, and without invisible characters.
#[must_use]
pub fn visible(text: &str) -> String {
    text.replace(|c| c != '\n' && !is_visible(c), " ")
}

/// Whether a terminal shows the character, and shows the characters around it as they are.
#[must_use]
pub fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            // Soft hyphen, joiners and fillers.
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{3164}' | '\u{ffa0}'
            // Zero width, direction, separators of lines and paragraphs, and annotations.
                | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            // Variants, tags, and formats of shorthand and music.
                | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_line_control_and_invisible_characters_become_spaces() {
        assert_eq!(
            single_line("a\u{1b}[31mb\r\n\tc\0d\u{202e}e\u{200b}f\u{e0041}\u{9b}g\u{7}\u{2028}h\n"),
            "a [31mb c d e f g h"
        );
        assert_eq!(single_line("size < 3 and > 1"), "size < 3 and > 1");
    }

    #[test]
    fn visible_only_line_breaks_remain() {
        assert_eq!(visible("a\n\n  b\r\n\u{1b}c\u{2067}d\té"), "a\n\n  b \n c d é");
    }
}
