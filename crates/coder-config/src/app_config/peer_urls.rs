//! URLs by which this server reaches others, and the opt-in to plain http inside a cluster.

use coder_core::{DeploymentUrl, DeploymentUrlError, with_causes};

use super::reader::{Reader, Section};
use crate::Notice;

/// The key beside a URL that allows plain http for it.
pub(super) const ALLOW_HTTP: &str = "dangerouslyAllowHttp";

/// Somebody whom this server asks.
pub(super) struct Peer {
    /// An example of its URL.
    pub(super) example: &'static str,
    /// The secrets that are sent to it.
    pub(super) secrets: &'static str,
}

impl<'a> Reader<'a> {
    /// Reads the URL by which this server reaches a peer: https, or http on this machine, or http
    /// elsewhere where `dangerouslyAllowHttp` beside it says so.
    pub(super) fn peer_url(
        &mut self,
        section: &Section<'a>,
        key: &str,
        peer: &Peer,
    ) -> Option<DeploymentUrl> {
        let is_allowed = self.flag(section, ALLOW_HTTP).unwrap_or_default();
        let text = self.text(section, key).unwrap_or_default();
        let strict = DeploymentUrl::parse(text);
        let is_needed = matches!(strict, Err(DeploymentUrlError::PlainHttp));
        // What is no URL is told once.
        if is_allowed && (is_needed || strict.is_ok() || text.is_empty()) {
            self.http_is_allowed(section, key, peer, is_needed);
        }
        let url = if is_allowed && is_needed {
            DeploymentUrl::dangerously_parse_http(text)
        } else {
            strict
        };
        let opt_in = section.path_of(ALLOW_HTTP);
        self.parsed(section, key, |_| url.map_err(|error| told(&error, peer, &opt_in)))
    }

    /// Warns of an opt-in to plain http, or remarks that it changes nothing.
    fn http_is_allowed(&mut self, section: &Section<'a>, key: &str, peer: &Peer, is_needed: bool) {
        let Some(opt_in) = self.value(section, ALLOW_HTTP) else { return };
        let url = section.path_of(key);
        let message = if is_needed {
            format!(
                "`{}` sends {} in clear text to `{url}`: everybody on the way can read and change \
                 what is sent; keep it within a network that nobody else is on, or use https and \
                 remove it",
                opt_in.path, peer.secrets
            )
        } else {
            format!(
                "`{}` has no effect, since `{url}` is not plain http to another machine; remove it",
                opt_in.path
            )
        };
        let notice = Notice::new(opt_in.path, message);
        self.notices.push(notice.at(opt_in.node.provenance().clone()));
    }
}

fn told(error: &DeploymentUrlError, peer: &Peer, opt_in: &str) -> String {
    match error {
        DeploymentUrlError::NotAUrl(_) => {
            format!("not a URL; write it like `{}`", peer.example)
        }
        DeploymentUrlError::PlainHttp => format!(
            "plain http is refused for hosts other than this machine, since it shows {} to \
             everybody on the way; use https, or allow it by `{opt_in}: true` within a network \
             that nobody else is on",
            peer.secrets
        ),
        other => with_causes(other),
    }
}
