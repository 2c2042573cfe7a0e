//! `backend.https`: the certificate that the server shows to browsers.

use coder_core::Secret;

use super::browser_urls::BrowserUrl;
use super::reader::{Reader, Section};
use crate::message::shown;
use crate::{ConfigError, Location, Provenance};

/// `backend.https.certificate`: the server speaks https with this certificate.
///
/// Both texts are PEM, as they are written. Nothing in this crate looks into them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CertificateConfig {
    /// `cert`: the server's certificate, and behind it the certificates that lead to its authority.
    pub cert: String,
    /// `key`: the private key of the certificate.
    pub key: Secret,
    cert_at: Provenance,
    key_at: Provenance,
}

const CERTIFICATE: &str = "backend.https.certificate";

impl CertificateConfig {
    /// Creates a certificate that is not read from configuration, both parts as PEM.
    pub fn new(cert: impl Into<String>, key: impl Into<Secret>) -> Self {
        let at = Provenance::at(Location::Program);
        Self { cert: cert.into(), key: key.into(), cert_at: at.clone(), key_at: at }
    }

    /// Creates the error for a `cert` that cannot be used, at its place: `problem` says what is
    /// wrong with it and what to do.
    pub fn invalid_cert(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::invalid(format!("{CERTIFICATE}.cert"), self.cert_at.clone(), problem)
    }

    /// Creates the error for a `key` that cannot be used, at its place: `problem` says what is wrong
    /// with it and what to do, without anything of the key.
    pub fn invalid_key(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::invalid(format!("{CERTIFICATE}.key"), self.key_at.clone(), problem)
    }
}

impl<'a> Reader<'a> {
    /// Reads `backend.https`. A flag is not a certificate: `true` is reported among the keys without effect.
    pub(super) fn certificate(&mut self, backend: &Section<'a>) -> Option<CertificateConfig> {
        let https = self.value(backend, "https")?;
        if https.node.scalar_text().is_some() {
            return None;
        }
        let section = self.section(backend, "https");
        self.only(&section, &["certificate"]);
        section.keys().first()?;
        let Some(value) = self.value(&section, "certificate") else {
            let error = self.missing(&section, "certificate");
            self.errors.push(error);
            return None;
        };
        let section = self.section(&section, "certificate");
        value.node.as_map()?;
        // Backstage's own code knows a `type` beside the two, and takes `pem` for granted.
        self.only(&section, &["type", "cert", "key"]);
        let cert = self.required(&section, "cert").map(str::to_owned);
        let key = self.required(&section, "key").map(Secret::new);
        let at = |key| self.value(&section, key).map(|value| value.node.provenance().clone());
        let (cert_at, key_at) = (at("cert"), at("key"));
        Some(CertificateConfig { cert: cert?, key: key?, cert_at: cert_at?, key_at: key_at? })
    }

    /// Refuses a `backend.baseUrl` that this server does not answer: a port that speaks https
    /// answers no plain http.
    pub(super) fn https_is_met_as_https(&mut self, certificate: Option<&CertificateConfig>) {
        let (Some(certificate), Some(base)) = (certificate, self.at(&["backend", "baseUrl"]))
        else {
            return;
        };
        let Some(base) = BrowserUrl::read(base) else { return };
        if base.is_plain() {
            let written = shown(base.value.node.scalar_text().unwrap_or_default());
            let problem = format!(
                "is `{written}`, plain http, while the server speaks https with \
                 `{CERTIFICATE}` at {}; write the URL with https, or remove the certificate",
                certificate.cert_at
            );
            self.invalid(&base.value, problem);
        }
    }
}
