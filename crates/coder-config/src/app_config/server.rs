//! `coder.server`: what stands in front of the server, and who watches it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use coder_core::{quoted, with_causes};
use ipnet::IpNet;

use super::backend::Listen;
use super::reader::{Reader, Section};

/// The section `coder.server`.
///
/// The struct is exhaustive, so that a server that does not read a new key does not compile.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// `trustedProxies`: networks of the reverse proxies whose word on the client's address counts.
    pub trusted_proxies: Vec<Network>,
    /// `metrics.listen`: where metrics are served, on a port of their own. `None` serves none.
    pub metrics: Option<Listen>,
}

/// A network of IP addresses in CIDR notation (RFC 4632 §3.1), such as `10.0.0.0/8`. A single
/// address is a network as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Tells whether an address is in the network. An IPv4 address that is written as IPv6
    /// (`::ffff:10.0.0.1`) is the same address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => text.parse().map_err(|_| NetworkError::Unreadable)?,
        };
        if network.prefix_len() == 0 {
            return Err(NetworkError::Everybody);
        }
        Ok(Self(network.trunc()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The error for a text that names no network of proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The text is no network.
    #[error("not a network; write it as `10.0.0.0/8`, or one address as `10.0.0.1`")]
    Unreadable,
    /// The network has all addresses.
    #[error(
        "everybody is in this network, so anybody could write the address of the client; name the networks of your proxies"
    )]
    Everybody,
}

impl<'a> Reader<'a> {
    pub(super) fn server(&mut self, coder: &Section<'a>) -> ServerConfig {
        let section = self.section(coder, "server");
        self.only(&section, &["trustedProxies", "metrics"]);
        let mut trusted_proxies = Vec::new();
        for (value, text) in self.items(&section, "trustedProxies") {
            match text.parse::<Network>() {
                Ok(network) => trusted_proxies.push(network),
                Err(error) => {
                    let problem = with_causes(&error);
                    self.invalid(&value, format!("is {}: {problem}", quoted(text)));
                }
            }
        }
        let metrics = self.section(&section, "metrics");
        self.only(&metrics, &["listen"]);
        let metrics = self.parsed(&metrics, "listen", str::parse);
        ServerConfig { trusted_proxies, metrics }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_addresses_in_both_spellings_and_no_others() {
        for (network, address, is_in) in [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.1.2.3/8", "10.200.3.4", true),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "10.0.0.1", false),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), is_in, "{network} {address}");
        }
    }

    #[test]
    fn a_network_of_everybody_and_no_network_are_refused() {
        for text in ["0.0.0.0/0", "::/0"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Everybody), "{text}");
        }
        for text in ["", "10.0.0.0/33", "proxy.example.com", "10.0.0"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Unreadable), "{text}");
        }
    }
}
