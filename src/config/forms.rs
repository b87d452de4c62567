//! What texts look like that become a part of a request.

/// The name becomes a part of a host's.
pub(crate) fn is_region(text: &str) -> bool {
    let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(is_label) && !text.starts_with('-') && !text.ends_with('-')
}

/// What an access key id and a session token look like, which go into a request's head; a line break at its end is a common mistake of whoever mounts it from a file.
pub(crate) fn is_one_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A secret key is signed with and never sent.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

pub(crate) fn is_http_url(url: &str) -> bool {
    let parsed: Option<http::Uri> = url.parse().ok();
    parsed.is_some_and(|uri| {
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        matches!(uri.scheme_str(), Some("http" | "https")) && has_host && has_usable_port(&uri)
    })
}

/// `http` takes any digits for a port, and none, too.
fn has_usable_port(uri: &http::Uri) -> bool {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let place = authority.rsplit('@').next().unwrap_or_default();
    let behind_host = place.rfind(']').map_or(place, |end| &place[end..]);
    match behind_host.split_once(':') {
        None => true,
        Some((_, port)) => port.parse::<u16>().is_ok_and(|port| port > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_scheme_a_host_and_a_port_that_there_is() {
        for url in [
            "http://localhost",
            "https://h:443/path",
            "http://[::1]:8000",
            "http://[::1]",
            "http://u:p@h:1",
        ] {
            assert!(is_http_url(url), "{url}");
        }
        for url in [
            "h:1",
            "ftp://h",
            "http://",
            "http://h:",
            "http://h:0",
            "http://h:99999",
            "http://h:8o",
            "http://[::1]:x",
        ] {
            assert!(!is_http_url(url), "{url}");
        }
    }
}
