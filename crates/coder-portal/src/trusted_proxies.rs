//! The address of a client behind reverse proxies.

use std::net::{IpAddr, SocketAddr};

use coder_config::Network;
use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The greatest number of hops that are looked at.
const MAX_HOPS: usize = 32;

/// The reverse proxies whose word on the client's address counts.
///
/// Each proxy adds the address of its own client at the end of `X-Forwarded-For` (or of `Forwarded`,
/// RFC 7239). So the list is read from its end, as long as the address that has spoken is that of a
/// trusted proxy. What stands before that is what a stranger has written.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Creates the list of these networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Returns the address of the client of a request that has come from `peer`.
    ///
    /// If both headers name different clients, neither counts: a proxy writes one of them and passes
    /// the other one on as a stranger has sent it.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let x_forwarded = hops(headers, &X_FORWARDED_FOR, |hop| Some(hop));
        let forwarded = hops(headers, &FORWARDED, forwarded_for);
        match (x_forwarded, forwarded) {
            (None, None) => peer,
            (Some(hops), None) | (None, Some(hops)) => self.first_stranger(peer, &hops),
            (Some(one), Some(other)) => {
                let named = self.first_stranger(peer, &one);
                if named == self.first_stranger(peer, &other) { named } else { peer }
            }
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Reads hops from the last one on. What is no address was written by nobody who is trusted, or
    /// hides the client (`unknown`, RFC 7239 §6.2): then the last known hop counts.
    fn first_stranger(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
        let mut client = peer;
        for hop in hops.iter().rev().take(MAX_HOPS) {
            let Some(address) = hop else { return client };
            client = *address;
            if !self.trusts(client) {
                return client;
            }
        }
        client
    }
}

/// Reads the hops of a header, the nearest one last; `None` if the request has no such header.
fn hops(
    headers: &HeaderMap,
    name: &HeaderName,
    node: fn(&str) -> Option<&str>,
) -> Option<Vec<Option<IpAddr>>> {
    if !headers.contains_key(name) {
        return None;
    }
    // A stranger may have written anything, and hides only its own element.
    let elements = headers.get_all(name).iter().flat_map(|value| {
        value.as_bytes().split(|byte| *byte == b',').map(|it| str::from_utf8(it).ok())
    });
    Some(elements.map(|element| address(node(element?.trim())?)).collect())
}

/// Finds the parameter `for` in an element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// Reads an address, possibly with a port: `10.0.0.1`, `10.0.0.1:80`, `[fd00::1]`, `[fd00::1]:80`,
/// `fd00::1`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|it: SocketAddr| it.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    fn client(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        proxies().client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn a_stranger_writes_nothing_about_its_own_address() {
        for header in [("x-forwarded-for", "10.1.1.1"), ("forwarded", "for=10.1.1.1")] {
            assert_eq!(client("203.0.113.7", &[header]), "203.0.113.7");
        }
    }

    #[test]
    fn hops_are_read_from_the_right_only_as_far_as_they_are_trusted() {
        for (written, read) in [
            ("198.51.100.1", "198.51.100.1"),
            ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("1.1.1.1, 198.51.100.1, 10.2.2.2", "198.51.100.1"),
            ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
            ("1.1.1.1, nonsense, 10.2.2.2", "10.2.2.2"),
            ("é, 198.51.100.1", "198.51.100.1"),
            ("198.51.100.1:4711", "198.51.100.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443, fd00::5", "2001:db8::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", written)]), read, "{written}");
        }
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(client("::ffff:10.0.0.1", &lines), "198.51.100.1", "two lines are one list");
    }

    #[test]
    fn the_standard_header_is_read_by_the_same_rule() {
        for (written, read) in [
            ("for=198.51.100.1;proto=https", "198.51.100.1"),
            (r#"proto=https;For="[2001:db8::1]:4711", for=10.2.2.2"#, "2001:db8::1"),
            ("for=1.1.1.1, for=unknown", "10.0.0.1"),
            ("for=é, for=198.51.100.1", "198.51.100.1"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", written)]), read, "{written}");
        }
    }

    #[test]
    fn two_headers_that_disagree_say_nothing() {
        let x = ("x-forwarded-for", "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[x, ("forwarded", "for=198.51.100.1")]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[x, ("forwarded", "for=1.1.1.1")]), "10.0.0.1");
    }
}
