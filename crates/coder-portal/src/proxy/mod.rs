//! The proxy to Coder: `/api/proxy/<route>/…`, as Backstage's proxy serves its endpoints.
//!
//! What is allowed, how a request is rewritten and how an answer is cleaned are functions on data
//! (`target.rs`, `request_headers.rs`, `answer.rs`, `icon.rs`). `exchange.rs` and `web_socket.rs`
//! send. Nothing is collected but small bodies, so that a request can be sent again with a renewed
//! token.

mod answer;
mod endpoint;
mod error;
mod exchange;
mod icon;
mod relay;
mod request_headers;
mod seats;
mod target;
mod upload;
mod web_socket;

use coder_config::AppConfig;
use coder_core::RequestName;

use endpoint::Endpoint;
use seats::Seats;

pub(crate) use relay::relay;

/// The path of Backstage's proxy below `backend.baseUrl`.
pub(crate) const PROXY_PATH: &str = "/api/proxy";

/// The name of a request that is passed on.
const PROXY: RequestName = RequestName::new("Proxy");

/// The endpoints that lead to a deployment, and where icons may come from.
pub(crate) struct Proxy {
    /// The endpoints, the longest route first.
    endpoints: Vec<Endpoint>,
    /// Hosts, possibly with a port, of icons that are not Coder's.
    icon_hosts: Vec<String>,
    /// The connections to Coder that pages keep open.
    seats: Seats,
}

impl Proxy {
    /// Prepares the endpoints of a configuration.
    pub(crate) fn new(config: &AppConfig) -> Self {
        let mut endpoints: Vec<Endpoint> =
            config.proxies.iter().filter_map(|proxy| Endpoint::new(proxy, config)).collect();
        endpoints.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.route().len()));
        let icon_hosts = config.icon_hosts.clone();
        Self { endpoints, icon_hosts, seats: Seats::default() }
    }

    /// Finds the endpoint of a path, and the rest of the path behind its route.
    ///
    /// As in Backstage, letter case does not matter in the part that names the endpoint.
    pub(crate) fn find<'a>(&self, path: &'a str) -> Option<(&Endpoint, &'a str)> {
        let below = without_prefix(path, PROXY_PATH)?;
        self.endpoints.iter().find_map(|endpoint| {
            let rest = without_prefix(below, endpoint.route())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((endpoint, rest))
        })
    }
}

/// Returns the part of a path behind a prefix in any letter case.
fn without_prefix<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = path.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_named_in_any_letter_case_and_as_a_whole() {
        let named =
            |path| without_prefix(path, PROXY_PATH).and_then(|it| without_prefix(it, "/coder"));
        assert_eq!(named("/api/proxy/coder"), Some(""));
        assert_eq!(named("/API/Proxy/CODER/api/V2"), Some("/api/V2"));
        assert_eq!(named("/api/proxy/code"), None);
        assert_eq!(named("/api/proxy/ä"), None);
        assert_eq!(named("//api/proxy/coder"), None);
    }
}
