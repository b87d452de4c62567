//! Lines of at most 80 columns, for a person.

use std::fmt::{Display, Write as _};

use anstyle::Style;

use crate::command::output::BOLD;

const COLUMNS: usize = 80;

/// Text that is being put together; what is styled loses that where nothing takes it.
#[derive(Default)]
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn line(&mut self, text: impl Display) {
        let _ = writeln!(self.0, "{text}");
    }

    /// A heading, after an empty line where there is something before.
    pub(super) fn heading(&mut self, text: impl Display) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line(format_args!("{BOLD}{text}{BOLD:#}"));
    }

    /// Words in as many lines as they take, without what a terminal would do something about. What stands before the first has the width of what stands before the others.
    pub(super) fn wrapped(&mut self, first: &str, others: &str, text: &str, style: Style) {
        let width = COLUMNS - others.chars().count();
        for (number, line) in broken(&plain(text), width).iter().enumerate() {
            let before = if number == 0 { first } else { others };
            self.line(format_args!("{before}{style}{line}{style:#}"));
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if text.is_empty() {
        return lines;
    }
    // Keys may hold several spaces.
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// What a table holds, without what a terminal would do something about.
pub(super) fn plain(text: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// "a", "a and b", "a, b and c".
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_before_the_last_column() {
        let mut lines = Lines::default();
        lines.wrapped("odd  ", "     ", &["word"; 40].join(" "), Style::new());
        let text = lines.into_text();
        assert!(text.lines().all(|line| line.len() <= COLUMNS), "{text}");
        assert_eq!(text.split_whitespace().count(), 41);
        assert!(text.lines().skip(1).all(|line| line.starts_with("     word")));
    }

    #[test]
    fn words_do_nothing_to_a_terminal() {
        let mut lines = Lines::default();
        lines.wrapped("", "", "a\u{7}b\nc\u{1b}[2J", Style::new());
        assert_eq!(lines.into_text(), "a\\u{7}b\\u{a}c\\u{1b}[2J\n");
    }

    #[test]
    fn words_are_kept_as_they_are() {
        assert!(broken("", 10).is_empty());
        assert_eq!(broken("a  b", 10), ["a  b"]);
    }

    #[test]
    fn lists() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(plain("a\u{1b}"), "a\\u{1b}");
    }
}
