//! `coder.trustedIssuers`: other Backstage backends whose identity tokens say who somebody is.

use coder_core::is_loopback;
use url::Url;

use super::reader::{Reader, Section, web_url};
use crate::{Location, Provenance};

/// One item of `coder.trustedIssuers`: a Backstage backend whose identity tokens are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustedIssuerConfig {
    /// `issuer`: what stands in the tokens' `iss`, letter by letter; for Backstage
    /// `<backend.baseUrl>/api/auth`.
    pub issuer: String,
    /// `jwksUrl`: where the keys are published; `<issuer>/.well-known/jwks.json` by
    /// default. Always https, except on loopback.
    pub jwks_url: Url,
    /// `audience`: what must stand in the tokens' `aud`; `backstage` by default.
    pub audience: String,
    /// Place where the issuer is written.
    pub provenance: Provenance,
}

impl TrustedIssuerConfig {
    /// Creates an issuer that is not read from configuration, with the audience of Backstage.
    ///
    /// `jwks_url` must be https off this machine: keys that can be changed on their way would let
    /// anybody sign in.
    pub fn new(issuer: impl Into<String>, jwks_url: Url) -> Self {
        Self {
            issuer: issuer.into(),
            jwks_url,
            audience: BACKSTAGE_AUDIENCE.to_owned(),
            provenance: Provenance::at(Location::Program),
        }
    }
}

/// The audience of every identity token of Backstage.
const BACKSTAGE_AUDIENCE: &str = "backstage";

impl<'a> Reader<'a> {
    pub(super) fn trusted_issuers(&mut self, coder: &Section<'a>) -> Vec<TrustedIssuerConfig> {
        let mut issuers: Vec<TrustedIssuerConfig> = Vec::new();
        for item in self.sections(coder, "trustedIssuers") {
            let Some(issuer) = self.trusted_issuer(&item) else { continue };
            if issuers.iter().any(|other| other.issuer == issuer.issuer)
                && let Some(value) = self.value(&item, "issuer")
            {
                self.invalid(&value, "is trusted already; one block per issuer");
            }
            issuers.push(issuer);
        }
        issuers
    }

    fn trusted_issuer(&mut self, section: &Section<'a>) -> Option<TrustedIssuerConfig> {
        self.only(section, &["issuer", "jwksUrl", "audience"]);
        let jwks_url = self.text(section, "jwksUrl");
        let jwks_url = jwks_url.map(|text| self.parse(section, "jwksUrl", text, keys_url));
        let issuer = self.required(section, "issuer")?.trim();
        let derived = self.parse(section, "issuer", issuer, |issuer| {
            let keys = format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/'));
            // With an address of its own for the keys, the issuer is but a name.
            if jwks_url.is_some() { web_url(&keys) } else { keys_url(&keys) }
        });
        let audience = self.text(section, "audience").unwrap_or(BACKSTAGE_AUDIENCE).trim();
        Some(TrustedIssuerConfig {
            issuer: issuer.to_owned(),
            jwks_url: jwks_url.unwrap_or(derived)?,
            audience: audience.to_owned(),
            provenance: section.provenance()?,
        })
    }
}

/// Reads the URL of an issuer's keys, which must be https off this machine.
///
/// Keys that can be changed on their way would let anybody sign in.
fn keys_url(text: &str) -> Result<Url, &'static str> {
    let url = web_url(text)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err("plain http is refused for hosts other than this machine; use https");
    }
    Ok(url)
}
