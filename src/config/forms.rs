//! What texts look like that become a part of a request.

/// The name becomes a part of a host's.
pub(crate) fn is_region(text: &str) -> bool {
    let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(is_label) && !text.starts_with('-') && !text.ends_with('-')
}

/// What a part of credentials looks like; a line break at its end is a common mistake of whoever mounts it from a file.
pub(crate) fn is_one_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(crate) fn is_http_url(url: &str) -> bool {
    let parsed: Option<http::Uri> = url.parse().ok();
    parsed.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}
