//! Which proxy requests go through, and which never do.

use aws_smithy_http_client::proxy::ProxyConfig;

use super::aws_settings::wrong;
use crate::config::Config;
use crate::error::Result;

/// Each in small letters or capitals, the first that has a value counting, as with boto3 and curl.
const HTTPS: [&str; 2] = ["https_proxy", "HTTPS_PROXY"];
const HTTP: [&str; 2] = ["http_proxy", "HTTP_PROXY"];
const ALL: [&str; 2] = ["all_proxy", "ALL_PROXY"];
const NONE: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The proxies of requests over TLS and of others.
#[derive(Default)]
pub(super) struct Proxies {
    of_tls: Option<Proxy>,
    of_plain: Option<Proxy>,
    /// DynamoDB is asked past them.
    is_excepted: bool,
}

pub(super) struct Proxy {
    pub(super) config: ProxyConfig,
    /// The setting that names it.
    named_by: &'static str,
}

impl Proxies {
    /// `proxy`, or what the environment says; `NO_PROXY` holds for both. A proxy that cannot be used is refused where DynamoDB is asked
    /// through it: at an endpoint that `is_plain` or not, whose `host` is known unless it is the region's.
    pub(super) fn of(config: &Config, is_plain: bool, host: Option<&str>) -> Result<Self> {
        let exceptions = first(NONE).map(|(_, value)| value).unwrap_or_default();
        let exceptions: Vec<&str> = exceptions.split(',').map(str::trim).collect();
        if exceptions.contains(&"*") {
            return Ok(Proxies::default());
        }
        let exceptions: Vec<&str> = exceptions.into_iter().map(without_port).collect();
        let host = host.unwrap_or("dynamodb.amazonaws.com");
        let is_excepted = exceptions.iter().any(|exception| excepts(exception, host));
        let exceptions = exceptions.join(",");
        if let Some(url) = &config.proxy {
            let proxy = || usable(&url.0, "\"proxy\"", &exceptions);
            return Ok(Proxies {
                of_tls: Some(proxy()?),
                of_plain: Some(proxy()?),
                is_excepted,
            });
        }
        // In a CGI program this is what a request's header says.
        let is_cgi = std::env::var_os("REQUEST_METHOD").is_some();
        let of_plain = first(HTTP).filter(|(name, _)| !is_cgi || *name != HTTP[1]);
        let of = |own: Option<(&'static str, String)>, is_asked: bool| match own {
            Some((name, value)) => match usable(&value, name, &exceptions) {
                Err(error) if is_asked && !is_excepted => Err(error),
                outcome => Ok(outcome.ok()),
            },
            // boto3 does not look at this one, so that it may be one of another kind.
            None => Ok(first(ALL).and_then(|(name, value)| usable(&value, name, &exceptions).ok())),
        };
        Ok(Proxies {
            of_tls: of(first(HTTPS), !is_plain)?,
            of_plain: of(of_plain, is_plain)?,
            is_excepted,
        })
    }

    pub(super) fn of_requests(&self, are_plain: bool) -> Option<&Proxy> {
        match are_plain {
            true => self.of_plain.as_ref(),
            false => self.of_tls.as_ref(),
        }
    }

    /// The setting that names the proxy through which DynamoDB is asked.
    pub(super) fn named_by(&self, is_plain: bool) -> Option<&'static str> {
        let proxy = self.of_requests(is_plain).filter(|_| !self.is_excepted);
        proxy.map(|proxy| proxy.named_by)
    }

    pub(super) fn are_none(&self) -> bool {
        self.of_tls.is_none() && self.of_plain.is_none()
    }
}

/// curl and Python take an exception with a port, too; here it holds for every port of the host.
fn without_port(exception: &str) -> &str {
    let without = match exception.rsplit_once(':') {
        Some((host, port)) if (!host.contains(':') || host.ends_with(']')) && port.parse::<u16>().is_ok() => host,
        _ => exception,
    };
    without.trim_start_matches('[').trim_end_matches(']')
}

/// Whether a host is one of those; networks are left to the connector.
fn excepts(exception: &str, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let exception = exception.trim_start_matches('.').to_ascii_lowercase();
    !exception.is_empty() && (host == exception || host.ends_with(&format!(".{exception}")))
}

/// The URL may hold a password, so it is not shown. Without a scheme it is HTTP's.
fn usable(url: &str, named_by: &'static str, exceptions: &str) -> Result<Proxy> {
    let with_scheme = match url.contains("://") {
        true => url.to_owned(),
        false => format!("http://{url}"),
    };
    let refused = || {
        wrong(format_args!(
            "{named_by} must be the http:// or https:// URL of a proxy"
        ))
    };
    if !crate::config::is_http_url(&with_scheme) {
        return Err(refused());
    }
    let config = ProxyConfig::all(with_scheme.as_str()).map_err(|_| refused())?;
    Ok(Proxy {
        config: config.no_proxy(exceptions),
        named_by,
    })
}

fn first(names: [&'static str; 2]) -> Option<(&'static str, String)> {
    let mut values = names.into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?.to_string_lossy().trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    });
    values.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_may_have_a_port() {
        for (exception, host) in [
            ("a.b:80", "a.b"),
            ("a.b", "a.b"),
            ("::1", "::1"),
            ("[::1]:8000", "::1"),
            ("10.0.0.0/8", "10.0.0.0/8"),
        ] {
            assert_eq!(without_port(exception), host);
        }
    }

    #[test]
    fn a_host_is_excepted_by_its_name_or_a_part_of_it() {
        for exception in ["db.internal", ".internal", "INTERNAL"] {
            assert!(excepts(exception, "db.internal"), "{exception}");
        }
        for exception in ["", "b.internal", "internal.example"] {
            assert!(!excepts(exception, "db.internal"), "{exception}");
        }
    }
}
