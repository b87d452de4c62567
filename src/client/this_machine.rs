//! What is reached without leaving this machine and its network card.

use std::net::IpAddr;

use http::Uri;

/// Where a container's and an instance's credentials are, over IPv6: EC2's metadata, and the agent of EKS Pod Identity.
const OF_AN_INSTANCE: [&str; 2] = ["fd00:ec2::254", "fd00:ec2::23"];

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
