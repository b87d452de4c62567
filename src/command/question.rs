//! Asking before something is changed, where somebody is there to answer.

use std::io::{BufRead, IsTerminal, Write};

use super::arguments::Caution;
use super::outcome::Result;
use super::output::BOLD;

/// Whether somebody is asked before a change.
pub(super) fn is_asked(caution: Caution) -> bool {
    !caution.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether to go on with what `question` says: asked on a terminal only, and not with `--yes`.
pub(super) fn is_agreed(caution: Caution, question: &str) -> Result<bool> {
    let (input, mut shown) = (std::io::stdin(), anstream::stderr());
    if !is_asked(caution) {
        return Ok(true);
    }
    write!(shown, "{BOLD}{question}{BOLD:#} [y/N] ")?;
    shown.flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
