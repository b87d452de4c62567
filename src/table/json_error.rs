//! What is wrong with a JSON text, in one line that does not repeat the text.

/// The most of a reason that is told; the rest would be the caller's data.
const LONGEST_REASON: usize = 160;

/// Why a text is not what was expected. Where that quotes a value, only its beginning.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    // It may quote a member's name, line breaks and all.
    let reason = error.to_string().replace(char::is_control, " ");
    match reason.char_indices().nth(LONGEST_REASON) {
        None => reason,
        Some((end, _)) => format!("{}… at line {} column {}", &reason[..end], error.line(), error.column()),
    }
}
