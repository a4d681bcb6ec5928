//! Whether a host is reached through the proxy of the environment; `kube` asks `NO_PROXY` about the proxy itself.
//!
//! As Go's `golang.org/x/net/http/httpproxy` has it, which `kubectl` uses.

use std::net::IpAddr;

/// Whether a host is this machine, or one that `NO_PROXY` names: by its name, the end of it, its address or its network.
pub(super) fn is_direct(host: &str, no_proxy: &[String]) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches([']', '.']).to_ascii_lowercase();
    let address = host.parse::<IpAddr>().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    no_proxy.iter().map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()).any(
        |entry| {
            if entry == "*" {
                return true;
            }
            match (address, entry.parse::<ipnet::IpNet>(), entry.parse::<IpAddr>()) {
                (Some(address), Ok(network), _) => network.contains(&address),
                (Some(address), _, Ok(known)) => known == address,
                (Some(_), _, _) => false,
                (None, _, _) => {
                    let name = entry.trim_start_matches('*');
                    let suffix = name.strip_prefix('.').unwrap_or(name);
                    let is_below = host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
                    is_below || (host == suffix && !name.starts_with('.'))
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_reached_as_kubectl_reaches_them() {
        for (host, no_proxy, direct) in [
            ("localhost", "", true),
            ("127.0.0.1", "", true),
            ("[::1]", "", true),
            ("api.example.com", "", false),
            ("api.example.com", "example.com", true),
            ("api.example.com", ".example.com", true),
            ("example.com", ".example.com", false),
            ("example.com", "example.com", true),
            ("badexample.com", "example.com", false),
            ("api.example.com", "*", true),
            ("api.example.com", "*.example.com", true),
            ("10.1.2.3", "10.0.0.0/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "3", false),
            ("api.example.com", "other.com, EXAMPLE.com ", true),
        ] {
            let no_proxy: Vec<String> = no_proxy.split(',').map(ToOwned::to_owned).collect();
            assert_eq!(is_direct(host, &no_proxy), direct, "{host} with {no_proxy:?}");
        }
    }
}
