//! Command lines for a person to copy: quoted as a shell reads them back.

/// Words with a space between each.
pub(super) fn joined<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// An option with its value, as one word where the value would be taken for an option itself.
pub(super) fn option(name: &str, value: &str) -> String {
    match value.starts_with('-') {
        true => quoted(&format!("{name}={value}")),
        false => joined([name, value]),
    }
}

/// A word as bash and zsh read it back where there are control characters, and else any shell.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if !word.contains(char::is_control) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let escaped = |c: char| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if c.is_control() => {
            let mut bytes = [0; 4];
            let bytes = c.encode_utf8(&mut bytes).bytes();
            // Three octal digits: what follows is not read as more of them.
            bytes.map(|byte| format!("\\{byte:03o}")).collect()
        }
        c => c.to_string(),
    };
    format!("$'{}'", word.chars().map(escaped).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for word in [
            "plain",
            "",
            "a b",
            "it's",
            "$HOME",
            "a\"b",
            "é",
            "tab\t'\\",
            "\u{1b}[31m",
            "\u{85}",
            "\u{7}beef",
            "a\n1",
        ] {
            let line = format!("printf %s {}", quoted(word));
            let output = std::process::Command::new("bash").args(["-c", &line]).output();
            let output = output.expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), word, "{line}");
        }
    }

    #[test]
    fn a_value_is_not_taken_for_an_option() {
        assert_eq!(option("--prefix", "p"), "--prefix p");
        assert_eq!(option("--prefix", ""), "--prefix ''");
        assert_eq!(option("--prefix", "-x y"), "'--prefix=-x y'");
    }
}
