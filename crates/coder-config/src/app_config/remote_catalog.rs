//! `coder.catalog`: the Backstage whose catalog is asked.

use coder_core::{DeploymentUrl, Secret, with_causes};

use super::peer_urls::{ALLOW_HTTP, Peer};
use super::reader::{Reader, Section};
use crate::message::shown;
use crate::{Location, Provenance};

/// The section `coder.catalog`: the Backstage backend whose catalog is asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RemoteCatalogConfig {
    /// The URL of the catalog's REST API: `/api/catalog` below `baseUrl`. It is plain http to another
    /// machine only where `dangerouslyAllowHttp` says so.
    pub url: DeploymentUrl,
    /// `token`: a static token of that Backstage's `backend.auth.externalAccess`.
    pub token: Secret,
    /// Place where the section is written.
    pub provenance: Provenance,
}

impl RemoteCatalogConfig {
    /// Creates the section for a catalog that is not read from configuration.
    pub fn new(url: DeploymentUrl, token: impl Into<Secret>) -> Self {
        Self { url, token: token.into(), provenance: Provenance::at(Location::Program) }
    }
}

/// The Backstage whose catalog is asked.
const BACKSTAGE: Peer =
    Peer { example: "https://backstage.example.com", secrets: "the token of the catalog" };

/// Where Backstage's backend serves its catalog.
const CATALOG_PATH: &str = "/api/catalog";

impl<'a> Reader<'a> {
    pub(super) fn remote_catalog(&mut self, coder: &Section<'a>) -> Option<RemoteCatalogConfig> {
        self.value(coder, "catalog")?;
        let section = self.section(coder, "catalog");
        self.only(&section, &["type", "baseUrl", "token", ALLOW_HTTP]);
        let kind = self.required(&section, "type").and_then(|text| {
            self.parse(&section, "type", text, |text| match text {
                "backstage" => Ok(()),
                _ => Err("it must be `backstage`"),
            })
        });
        let url = self
            .required(&section, "baseUrl")
            .and_then(|_| self.peer_url(&section, "baseUrl", &BACKSTAGE))
            .and_then(|base| self.parsed(&section, "baseUrl", |_| api_url(&base)));
        let token = self.required_secret(&section, "token");
        if let (Some(token), Some(value)) = (&token, self.value(&section, "token"))
            && token.to_bearer().is_err()
        {
            self.invalid(&value, "holds characters that no HTTP header can carry");
        }
        kind?;
        Some(RemoteCatalogConfig { url: url?, token: token?, provenance: section.provenance()? })
    }

    /// Tells which providers of Backstage's catalog fill nothing here.
    pub(super) fn catalog_providers(&mut self, catalog: &Section<'a>) {
        let providers = self.section(catalog, "providers");
        for key in providers.keys() {
            let path = providers.path_of(key);
            let message = format!(
                "`{}` is not read here; `coder.catalog` names a Backstage whose catalog it fills",
                shown(&path)
            );
            let notice = crate::Notice::new(path, message);
            self.notices.push(match providers.key_location(key) {
                Some(at) => notice.at(at.clone()),
                None => notice,
            });
        }
    }
}

/// Returns the URL of the catalog of a backend.
fn api_url(base: &DeploymentUrl) -> Result<DeploymentUrl, String> {
    if base.as_str().ends_with(CATALOG_PATH) {
        return Err(format!(
            "it must be the backend's own URL, Backstage's `backend.baseUrl`; leave \
             `{CATALOG_PATH}` out"
        ));
    }
    // Whether it may be plain http has been decided.
    DeploymentUrl::dangerously_parse_http(&format!("{base}{CATALOG_PATH}"))
        .map_err(|error| with_causes(&error))
}
