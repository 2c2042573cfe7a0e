//! Whether a redirect URI is one the application registered.

use url::{Host, Url};

use super::App;
use crate::profile::RedirectMatch;

/// The redirect URI to use: the one that was sent when it is registered, or the first registered
/// one.
///
/// # Errors
///
/// Why the one that was sent is refused, in the words of the release.
pub(crate) fn choose<'a>(
    app: &'a App,
    sent: Option<&'a str>,
    rule: RedirectMatch,
) -> Result<&'a str, String> {
    let registered = app.callback_url();
    let Some(sent) = sent else { return Ok(registered) };
    let Ok(url) = Url::parse(sent) else {
        return Err("Query param \"redirect_uri\" must be a valid url".to_owned());
    };
    let (matches, refusal) = match rule {
        RedirectMatch::Prefix => (is_below(&url, registered), "must be a subset of"),
        RedirectMatch::Exact => (same_text(sent, registered), "must exactly match"),
        RedirectMatch::AnyExact => (
            app.redirect_uris
                .iter()
                .any(|entry| same_text(sent, entry) || same_but_for_loopback_port(&url, entry)),
            "must exactly match",
        ),
    };
    if matches {
        Ok(sent)
    } else {
        Err(format!("Query param \"redirect_uri\" {refusal} {registered}"))
    }
}

/// The same text, but for the case of the scheme.
fn same_text(one: &str, other: &str) -> bool {
    match (one.split_once(':'), other.split_once(':')) {
        (Some((scheme, rest)), Some((other_scheme, other_rest))) => {
            scheme.eq_ignore_ascii_case(other_scheme) && rest == other_rest
        }
        _ => one == other,
    }
}

fn is_below(url: &Url, registered: &str) -> bool {
    Url::parse(registered).is_ok_and(|base| {
        url.host() == base.host()
            && url.port_or_known_default() == base.port_or_known_default()
            && url.path().starts_with(base.path())
    })
}

/// Native applications listen on any free port of this machine (RFC 8252 §7.3).
fn same_but_for_loopback_port(url: &Url, registered: &str) -> bool {
    let Ok(mut entry) = Url::parse(registered) else { return false };
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

    use super::super::ClientType;
    use super::*;

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

    #[test]
    fn the_registered_one_is_used_when_none_is_sent() {
        let app = app(&["https://portal.test/callback"]);
        assert_eq!(choose(&app, None, RedirectMatch::Exact), Ok("https://portal.test/callback"));
    }

    #[test]
    fn exact_means_the_same_text() {
        let app = app(&["https://portal.test/callback"]);
        let accepts = |sent| choose(&app, Some(sent), RedirectMatch::Exact).is_ok();
        assert!(accepts("https://portal.test/callback"));
        assert!(accepts("HTTPS://portal.test/callback"));
        for other in [
            "https://portal.test/callback/",
            "https://portal.test/callback?a=b",
            "https://portal.test/callback/deeper",
            "https://Portal.test/callback",
            "https://portal.test:443/callback",
            "http://portal.test/callback",
        ] {
            assert!(!accepts(other), "{other}");
        }
    }

    #[test]
    fn old_releases_accept_what_is_below_the_registered_path() {
        let app = app(&["https://portal.test/callback"]);
        let accepts = |sent| choose(&app, Some(sent), RedirectMatch::Prefix).is_ok();
        assert!(accepts("https://portal.test/callback/deeper?x=1"));
        assert!(!accepts("https://evil.test/callback"));
        assert!(!accepts("https://portal.test/"));
    }

    #[test]
    fn the_newest_release_accepts_any_entry_and_any_loopback_port() {
        let app = app(&["https://portal.test/callback", "http://localhost:7007/callback"]);
        let accepts = |sent| choose(&app, Some(sent), RedirectMatch::AnyExact).is_ok();
        assert!(accepts("http://localhost:7007/callback"));
        assert!(accepts("http://localhost:39999/callback"));
        assert!(!accepts("http://localhost:39999/other"));
        assert!(!accepts("https://portal.test:444/callback"));
    }
}
