//! Which proxy requests go through, and which never do.

use std::net::IpAddr;

use aws_smithy_http_client::proxy::ProxyConfig;
use http::Uri;

use super::aws_settings::wrong;
use crate::config::Config;
use crate::error::Result;

/// Each in capitals or small letters, the first that has a value counting.
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NONE: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Where a container's and an instance's credentials are, over IPv6: EC2's metadata, and the agent of EKS Pod Identity.
const OF_AN_INSTANCE: [&str; 2] = ["fd00:ec2::254", "fd00:ec2::23"];

/// The proxies of requests over TLS and of others.
#[derive(Default)]
pub(super) struct Proxies {
    of_tls: Option<Proxy>,
    of_plain: Option<Proxy>,
}

pub(super) struct Proxy {
    pub(super) config: ProxyConfig,
    /// The setting that names it.
    pub(super) named_by: &'static str,
}

impl Proxies {
    /// `proxy`, or what the environment says; `NO_PROXY` holds for both. A proxy that cannot be used is refused where DynamoDB is asked
    /// through it, at an endpoint that `is_plain` or not.
    pub(super) fn of(config: &Config, is_plain: bool) -> Result<Self> {
        let exceptions = first(NONE).map(|(_, value)| value).unwrap_or_default();
        let exceptions: Vec<&str> = exceptions.split(',').map(str::trim).collect();
        if exceptions.contains(&"*") {
            return Ok(Proxies::default());
        }
        let exceptions: Vec<&str> = exceptions.into_iter().map(without_port).collect();
        let exceptions = exceptions.join(",");
        if let Some(url) = &config.proxy {
            let proxy = || usable(&url.0, "\"proxy\"", &exceptions);
            return Ok(Proxies {
                of_tls: Some(proxy()?),
                of_plain: Some(proxy()?),
            });
        }
        // In a CGI program this is what a request's header says.
        let is_cgi = std::env::var_os("REQUEST_METHOD").is_some();
        let of_plain = first(HTTP).filter(|_| !is_cgi);
        let of = |own: Option<(&'static str, String)>, is_asked: bool| match own {
            Some((name, value)) => match usable(&value, name, &exceptions) {
                Err(error) if is_asked => Err(error),
                outcome => Ok(outcome.ok()),
            },
            // boto3 does not look at this one, so that it may be one of another kind.
            None => Ok(first(ALL).and_then(|(name, value)| usable(&value, name, &exceptions).ok())),
        };
        Ok(Proxies {
            of_tls: of(first(HTTPS), !is_plain)?,
            of_plain: of(of_plain, is_plain)?,
        })
    }

    pub(super) fn of_requests(&self, are_plain: bool) -> Option<&Proxy> {
        match are_plain {
            true => self.of_plain.as_ref(),
            false => self.of_tls.as_ref(),
        }
    }

    pub(super) fn are_none(&self) -> bool {
        self.of_tls.is_none() && self.of_plain.is_none()
    }
}

/// curl and Python take an exception with a port, too; here it holds for every port of the host.
fn without_port(exception: &str) -> &str {
    match exception.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.parse::<u16>().is_ok() => host,
        _ => exception,
    }
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

/// Whether a request stays on this machine or its network card, where containers and instances find their credentials.
pub(super) fn stays_on_this_machine(uri: &Uri) -> bool {
    uri.host().is_some_and(is_on_this_machine)
}

fn is_on_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if OF_AN_INSTANCE.contains(&host) || host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Err(_) => false,
    }
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
            ("10.0.0.0/8", "10.0.0.0/8"),
        ] {
            assert_eq!(without_port(exception), host);
        }
    }

    #[test]
    fn endpoints_of_containers_and_instances_are_on_this_machine() {
        for host in [
            "169.254.170.2",
            "169.254.169.254",
            "127.0.0.1",
            "[::1]",
            "[fd00:ec2::254]",
            "LOCALHOST",
        ] {
            assert!(is_on_this_machine(host), "{host}");
        }
        for host in [
            "10.0.0.1",
            "sts.eu-west-1.amazonaws.com",
            "[2001:db8::1]",
            "localhost.example",
        ] {
            assert!(!is_on_this_machine(host), "{host}");
        }
    }
}
