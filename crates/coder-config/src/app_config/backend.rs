//! `app` and `backend`: where the portal lives and listens.

use std::fmt;
use std::str::FromStr;

use coder_core::Secret;
use url::Url;

use super::cors::CorsConfig;
use super::https::CertificateConfig;
use super::reader::{Reader, Section, web_url};
use crate::Notice;

/// Section `backend` of app-config.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BackendConfig {
    /// `backend.baseUrl`: where browsers reach the backend.
    pub base_url: Url,
    /// `backend.listen`: where the server accepts connections.
    pub listen: Listen,
    /// `backend.cors`: which pages of other origins may read answers. `None` is `false`: none.
    pub cors: Option<CorsConfig>,
    /// `backend.https.certificate`: the certificate with which the server speaks https. Without it,
    /// the server speaks plain http.
    pub certificate: Option<CertificateConfig>,
    /// `backend.auth.keys[].secret`: what backends before Backstage 1.26 shared to know each other.
    /// Nothing is signed with them here.
    pub auth_keys: Vec<Secret>,
}

impl BackendConfig {
    /// Creates the section for a backend at `base_url`, which listens on Backstage's port.
    ///
    /// Pages that may sign in may read its answers, and it speaks plain http.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            listen: Listen::default(),
            cors: Some(CorsConfig::default()),
            certificate: None,
            auth_keys: Vec::new(),
        }
    }
}

/// `backend.listen`: `:7007`, `7007`, `127.0.0.1:7007`, or `{ host, port }`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listen {
    /// The address or host name. `None` is every address of the machine.
    pub host: Option<String>,
    /// The port; Backstage's is 7007.
    pub port: u16,
}

impl Default for Listen {
    fn default() -> Self {
        Self { host: None, port: 7007 }
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port),
            None => ("", text),
        };
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let bracketed = host.len() + 2 <= text.len() && text.starts_with('[');
        if host.contains(':') && !bracketed {
            return Err(ListenError);
        }
        let port = port.parse().map_err(|_| ListenError)?;
        Ok(Self { host: (!host.is_empty()).then(|| host.to_owned()), port })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) if host.contains(':') => write!(formatter, "[{host}]:{}", self.port),
            Some(host) => write!(formatter, "{host}:{}", self.port),
            None => write!(formatter, ":{}", self.port),
        }
    }
}

/// The error for a text that names no place to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place to listen at; write `:7007` or `127.0.0.1:7007`")]
pub struct ListenError;

impl<'a> Reader<'a> {
    /// Reads a base URL, without the slash that a person may have put at its end.
    pub(super) fn base_url(&mut self, section: &Section<'a>) -> Option<Url> {
        let text = self.required(section, "baseUrl")?;
        self.parse(section, "baseUrl", text, |text| {
            let url = web_url(text)?;
            if url.query().is_some() || url.fragment().is_some() {
                return Err("a query or fragment does not belong into a base URL");
            }
            Ok(url)
        })
    }

    pub(super) fn backend(&mut self, root: &Section<'a>) -> Option<BackendConfig> {
        let section = self.section(root, "backend");
        self.slips(&section, &["baseUrl", "listen", "cors", "https", "auth"]);
        let base_url = self.base_url(&section);
        let listen = self.listen(&section);
        let cors = self.cors(&section);
        let certificate = self.certificate(&section);
        let auth_keys = self.backend_auth_keys(&section);
        self.backend_without_effect(&section);
        Some(BackendConfig { base_url: base_url?, listen, cors, certificate, auth_keys })
    }

    fn backend_auth_keys(&mut self, backend: &Section<'a>) -> Vec<Secret> {
        let auth = self.section(backend, "auth");
        self.slips(&auth, &["keys"]);
        let keys = self.sections(&auth, "keys");
        self.without_effect(&auth, "keys");
        keys.iter().filter_map(|key| self.text(key, "secret")).map(Secret::new).collect()
    }

    /// Tells of the keys that change Backstage's own server and have no effect here.
    fn backend_without_effect(&mut self, backend: &Section<'a>) {
        let auth = self.section(backend, "auth");
        for (section, key, instead) in [
            (
                backend,
                "https",
                "this server makes no certificate of its own; write one to \
                 `backend.https.certificate`, or let a proxy in front of it speak https",
            ),
            (backend, "rateLimit", "set limits in a proxy in front of this server"),
            (
                &auth,
                "externalAccess",
                "programs identify themselves by a token of a person or of a trusted Backstage \
                 backend (`coder.trustedIssuers`)",
            ),
            (
                &auth,
                "dangerouslyDisableDefaultAuthPolicy",
                "a request without a token is refused all the same",
            ),
        ] {
            let value = self.value(section, key);
            let text = value.as_ref().and_then(|value| value.node.scalar_text());
            if key == "https" && value.is_some() && text.is_none() {
                // The certificate has an effect.
                continue;
            }
            self.without_effect(section, key);
            let Some(value) = value.filter(|_| text != Some("false")) else { continue };
            let message = format!("`{}` has no effect here: {instead}", value.path);
            let notice = Notice::new(value.path, message);
            self.notices.push(notice.at(value.node.provenance().clone()));
        }
    }

    fn listen(&mut self, section: &Section<'a>) -> Listen {
        let Some(value) = self.value(section, "listen") else { return Listen::default() };
        if value.node.as_map().is_none() {
            return self.parsed(section, "listen", str::parse).unwrap_or_default();
        }
        let listen = self.section(section, "listen");
        self.only(&listen, &["host", "port", "address"]);
        let host = self.text(&listen, "host").or_else(|| self.text(&listen, "address"));
        let port = self.parsed(&listen, "port", |text| {
            text.parse().map_err(|_| "not a port; it must be a number from 0 to 65535")
        });
        Listen { host: host.map(str::to_owned), port: port.unwrap_or(Listen::default().port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_listen_at_is_written_in_several_ways() {
        for (text, shown) in [
            (":7007", ":7007"),
            ("8080", ":8080"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("localhost:80", "localhost:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), shown);
        }
        for text in ["", ":", "host", "::1:80", "host:99999", "[::1]"] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }
}
