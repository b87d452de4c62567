//! Which proxy requests go through, and which never do.

use std::net::IpAddr;

use aws_smithy_http_client::proxy::ProxyConfig;
use http::Uri;

use super::aws_settings::wrong;
use crate::config::Config;
use crate::error::Result;

/// Each in capitals or small letters, the first that has a value counting.
const VARIABLES: [[&str; 2]; 3] = [
    ["HTTPS_PROXY", "https_proxy"],
    ["HTTP_PROXY", "http_proxy"],
    ["ALL_PROXY", "all_proxy"],
];
/// Where a container's and an instance's credentials are, over IPv6: EC2's metadata, and the agent of EKS Pod Identity.
const OF_AN_INSTANCE: [&str; 2] = ["fd00:ec2::254", "fd00:ec2::23"];

/// A proxy that is in force for some requests at least.
pub(super) struct Proxy {
    config: ProxyConfig,
    /// What names that of `https` requests, and that of `http` ones.
    named_by: [Option<&'static str>; 2],
}

impl Proxy {
    /// `proxy`, or what the environment says. `NO_PROXY` holds for both.
    pub(super) fn of(config: &Config) -> Result<Option<Self>> {
        let Some(url) = &config.proxy else {
            return Self::of_environment();
        };
        let proxy = ProxyConfig::all(url.0.as_str()).map_err(|_| wrong("\"proxy\" is not a usable URL"))?;
        let exceptions = first(["NO_PROXY", "no_proxy"]).map(|(_, value)| value);
        Ok(Some(Proxy {
            config: proxy.no_proxy(exceptions.unwrap_or_default()),
            named_by: [Some("\"proxy\""); 2],
        }))
    }

    fn of_environment() -> Result<Option<Self>> {
        let mut named_by = [None; VARIABLES.len()];
        for (index, names) in VARIABLES.into_iter().enumerate() {
            let Some((name, value)) = first(names) else { continue };
            named_by[index] = Some(name);
            // It may hold a password, so it is not shown. Without a scheme it is HTTP's.
            let with_scheme = if value.contains("://") {
                value
            } else {
                format!("http://{value}")
            };
            let uri: Option<Uri> = with_scheme.parse().ok();
            let is_usable = uri.is_some_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
            });
            if !is_usable {
                return Err(wrong(format_args!(
                    "{name} must be the http:// or https:// URL of a proxy"
                )));
            }
        }
        let [https, http, all] = named_by;
        let named_by = [https.or(all), http.or(all)];
        Ok(named_by.iter().any(Option::is_some).then(|| Proxy {
            config: ProxyConfig::from_env(),
            named_by,
        }))
    }

    pub(super) fn config(&self) -> ProxyConfig {
        self.config.clone()
    }

    /// The setting that names the proxy of such requests, if `NO_PROXY` does not except them.
    pub(super) fn named_by(&self, is_plain: bool) -> Option<&'static str> {
        self.named_by[usize::from(is_plain)]
    }
}

fn first(names: [&'static str; 2]) -> Option<(&'static str, String)> {
    let mut values = names.into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?.to_string_lossy().trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    });
    values.next()
}

/// Whether a host is this machine or its network card's neighbour, where containers and instances find their credentials.
pub(super) fn is_on_this_machine(host: &str) -> bool {
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
