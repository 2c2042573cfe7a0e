//! Whether a redirect URI is one the application registered.

use url::{Host, Url};

use super::go_url::GoUrl;
use crate::model::App;
use crate::release::RedirectMatch;

/// The redirect URI of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Callback {
    /// As Coder writes it.
    pub(crate) uri: String,
    /// Whether the request named it.
    pub(crate) is_sent: bool,
}

impl Callback {
    /// Returns the first registered redirect URI, for a request that names none.
    pub(crate) fn registered(app: &App) -> Self {
        let uri = app.callback_url();
        let uri = GoUrl::parse(uri).map_or_else(|_| uri.to_owned(), |url| url.to_string());
        Self { uri, is_sent: false }
    }
}

/// Accepts a redirect URI that is registered.
///
/// # Errors
///
/// Why it is refused, in the words of the release.
pub(crate) fn choose(
    app: &App,
    sent: &str,
    url: &GoUrl,
    rule: RedirectMatch,
) -> Result<Callback, String> {
    let registered = app.callback_url();
    let (matches, refusal) = match rule {
        RedirectMatch::Prefix => (is_below(url, registered), "must be a subset of"),
        RedirectMatch::Exact => (is_same(url, registered), "must exactly match"),
        RedirectMatch::AnyExact => (
            app.redirect_uris
                .iter()
                .any(|entry| is_same(url, entry) || same_but_for_loopback_port(sent, entry)),
            "must exactly match",
        ),
    };
    if matches {
        Ok(Callback { uri: url.to_string(), is_sent: true })
    } else {
        Err(format!("Query param \"redirect_uri\" {refusal} {registered}"))
    }
}

/// Tells whether two URIs are the same text, but for the case of the scheme.
fn is_same(url: &GoUrl, registered: &str) -> bool {
    GoUrl::parse(registered).is_ok_and(|registered| registered.to_string() == url.to_string())
}

/// Tells whether a URI has the host and port of the registered one, and a path that begins with the
/// registered one.
fn is_below(url: &GoUrl, registered: &str) -> bool {
    GoUrl::parse(registered)
        .is_ok_and(|base| url.host() == base.host() && url.path().starts_with(&base.path()))
}

/// Tells whether two URIs differ in nothing but a port on loopback: native applications listen on
/// any free port of this machine (RFC 8252 §7.3).
fn same_but_for_loopback_port(sent: &str, registered: &str) -> bool {
    let (Ok(url), Ok(mut entry)) = (Url::parse(sent), Url::parse(registered)) else { return false };
    let on_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    on_loopback
        && url.scheme() == "http"
        && entry.set_port(url.port()).is_ok()
        && entry.as_str() == url.as_str()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::ClientType;

    fn app(uris: &[&str]) -> App {
        App {
            id: Uuid::nil(),
            name: "portal".to_owned(),
            redirect_uris: uris.iter().map(ToString::to_string).collect(),
            icon: String::new(),
            scope: None,
            client_type: ClientType::Confidential,
            dynamically_registered: false,
            secrets: Vec::new(),
        }
    }

    fn accepts(app: &App, sent: &str, rule: RedirectMatch) -> bool {
        choose(app, sent, &GoUrl::parse(sent).unwrap(), rule).is_ok()
    }

    #[test]
    fn exact_means_the_same_text() {
        let app = app(&["https://portal.test/callback"]);
        let accepts = |sent| accepts(&app, sent, RedirectMatch::Exact);
        assert!(accepts("https://portal.test/callback"));
        assert!(accepts("HTTPS://portal.test/callback"));
        for other in [
            "https://portal.test/callback/",
            "https://portal.test/callback?",
            "https://portal.test/callback?a=b",
            "https://portal.test/callback/deeper",
            "https://portal.test/c%61llback",
            "https://Portal.test/callback",
            "https://portal.test:443/callback",
            "http://portal.test/callback",
        ] {
            assert!(!accepts(other), "{other}");
        }
    }

    #[test]
    fn old_releases_accept_what_begins_with_the_registered_path() {
        let app = app(&["https://portal.test/callback"]);
        let accepts = |sent| accepts(&app, sent, RedirectMatch::Prefix);
        for below in [
            "https://portal.test/callback/deeper?x=1",
            "https://portal.test/callbacks",
            "https://portal.test/c%61llback",
            "http://portal.test/callback#f",
        ] {
            assert!(accepts(below), "{below}");
        }
        assert!(!accepts("https://evil.test/callback"));
        assert!(!accepts("https://portal.test/"));
        assert!(!accepts("/callback"));
    }

    #[test]
    fn the_newest_release_accepts_any_entry_and_any_loopback_port() {
        let app = app(&["https://portal.test/callback", "http://localhost:7007/callback"]);
        let accepts = |sent| accepts(&app, sent, RedirectMatch::AnyExact);
        assert!(accepts("http://localhost:7007/callback"));
        assert!(accepts("http://localhost:39999/callback"));
        assert!(!accepts("http://localhost:39999/other"));
        assert!(!accepts("https://portal.test:444/callback"));
    }
}
