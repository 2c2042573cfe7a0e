//! `catalog.locations` and `integrations`: where entities and repositories are.

use coder_core::host_and_port;
use url::Url;

use super::catalog_rules::CatalogRule;
use super::reader::{Reader, Section};
use crate::Provenance;
use crate::repository::{Scm, ScmIntegrations, Storage};

/// The section `catalog`: where entities are read from, and which of them may enter the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogConfig {
    /// `catalog.locations`, in their order.
    pub locations: Vec<CatalogLocation>,
    /// `catalog.rules`, for all locations. `None` allows what Backstage allows without rules:
    /// Components, APIs and Locations. An empty list allows nothing.
    ///
    /// Each location may allow further kinds of its own ([`CatalogLocation::allow`]).
    pub rules: Option<Vec<CatalogRule>>,
}

/// One item of `catalog.locations`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogLocation {
    /// `type`: `file`, `url`, ….
    pub kind: String,
    /// `target`: a path, possibly with `*`, or a URL.
    pub target: String,
    /// `rules[].allow`: the kinds of entities that may come from here, beside those that the rules
    /// for all locations let in.
    pub allow: Vec<String>,
    /// Place where it is written.
    pub provenance: Option<Provenance>,
}

impl CatalogConfig {
    /// Creates a catalog of these locations with Backstage's default rules.
    pub fn new(locations: impl IntoIterator<Item = CatalogLocation>) -> Self {
        Self { locations: locations.into_iter().collect(), rules: None }
    }

    /// Sets the rules that hold for all locations, in place of the default ones.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = CatalogRule>) -> Self {
        self.rules = Some(rules.into_iter().collect());
        self
    }
}

impl CatalogLocation {
    /// Creates a location that is not read from configuration.
    pub fn new(kind: impl Into<String>, target: impl Into<String>) -> Self {
        Self { kind: kind.into(), target: target.into(), allow: Vec::new(), provenance: None }
    }

    /// Sets the kinds of entities that may come from here, beside those that the rules for all
    /// locations let in.
    #[must_use]
    pub fn allow<K: Into<String>>(mut self, kinds: impl IntoIterator<Item = K>) -> Self {
        self.allow = kinds.into_iter().map(Into::into).collect();
        self
    }
}

impl<'a> Reader<'a> {
    /// Reads the section `catalog`. With `coder.catalog` it is about the catalog of that Backstage.
    pub(super) fn catalog(&mut self, root: &Section<'a>, is_elsewhere: bool) -> CatalogConfig {
        let catalog = self.section(root, "catalog");
        self.slips(&catalog, &["locations", "rules"]);
        if is_elsewhere {
            return CatalogConfig::default();
        }
        self.catalog_providers(&catalog);
        let rules = self.catalog_rules(&catalog);
        CatalogConfig { locations: self.catalog_locations(&catalog), rules }
    }

    fn catalog_locations(&mut self, catalog: &Section<'a>) -> Vec<CatalogLocation> {
        let locations = self.sections(catalog, "locations");
        let mut read = Vec::new();
        for location in &locations {
            self.only(location, &["type", "target", "rules"]);
            let kind = self.required(location, "type");
            let target = self.required(location, "target");
            let allow = self.kinds_of_location(location);
            if let (Some(kind), Some(target)) = (kind, target) {
                let provenance = location.provenance();
                read.push(CatalogLocation {
                    kind: kind.to_owned(),
                    target: target.to_owned(),
                    allow,
                    provenance,
                });
            }
        }
        read
    }

    pub(super) fn integrations(&mut self, root: &Section<'a>) -> ScmIntegrations {
        let section = self.section(root, "integrations");
        let mut keys: Vec<_> = Scm::ALL.iter().map(|scm| scm.config_key()).collect();
        keys.extend(Storage::ALL.iter().map(|storage| storage.config_key()));
        keys.push("bitbucket");
        self.slips(&section, &keys);
        let mut integrations = ScmIntegrations::default();
        for storage in Storage::ALL {
            for item in self.storage_items(&section, storage) {
                self.storage(storage, &item, &mut integrations);
            }
        }
        // Deprecated in Backstage, where the two keys that replace it count more.
        for item in self.sections(&section, "bitbucket").iter().rev() {
            let cloud = self.text(item, "host").is_none_or(|host| host == "bitbucket.org");
            let scm = if cloud { Scm::BitbucketCloud } else { Scm::BitbucketServer };
            self.integration(scm, item, &mut integrations);
        }
        // Where one host is in two lists, Backstage takes the first of its own order.
        for scm in Scm::ALL.into_iter().rev() {
            for item in self.sections(&section, scm.config_key()).iter().rev() {
                self.integration(scm, item, &mut integrations);
            }
        }
        integrations
    }

    /// Reads a list of storages; for Google Cloud Storage, and in former configurations, it may be
    /// one mapping.
    fn storage_items(&mut self, section: &Section<'a>, storage: Storage) -> Vec<Section<'a>> {
        let key = storage.config_key();
        match self.value(section, key) {
            Some(value) if value.node.as_map().is_some() => vec![self.section(section, key)],
            _ => self.sections(section, key),
        }
    }

    /// Reads the hosts of a storage that are not the public ones.
    fn storage(&mut self, kind: Storage, section: &Section<'a>, known: &mut ScmIntegrations) {
        self.slips(section, &["host", "endpoint"]);
        if let Some(host) = self.text(section, "host") {
            known.add_storage(host, kind);
        }
        let endpoint = self.parsed(section, "endpoint", super::reader::web_url);
        if let Some(host) = endpoint.as_ref().and_then(Url::host_str) {
            let port = endpoint.as_ref().and_then(Url::port);
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            known.add_storage(&format!("{host}{port}"), kind);
        }
    }

    fn integration(&mut self, scm: Scm, section: &Section<'a>, integrations: &mut ScmIntegrations) {
        self.slips(
            section,
            &["host", "apiBaseUrl", "baseUrl", "cloneUrl", "gitilesBaseUrl", "region"],
        );
        if scm == Scm::AwsCodeCommit {
            let Some(region) = self.required(section, "region") else { return };
            if self.value(section, "host").is_none() {
                integrations.add(&format!("{region}.console.aws.amazon.com"), scm);
                return;
            }
        }
        let host = match (scm.default_host(), self.value(section, "host")) {
            (Some(host), None) => host,
            _ => match self.required(section, "host") {
                Some(host) => host,
                None => return,
            },
        };
        if !is_host(host)
            && let Some(value) = self.value(section, "host")
        {
            let problem = format!(
                "is `{}`, which is not a host; write it like `{}`, without `https://` and path",
                crate::message::shown(host),
                scm.config_key().to_lowercase() + ".example.com",
            );
            self.invalid(&value, problem);
            return;
        }
        // Backstage refuses to start without these.
        match scm {
            Scm::Gerrit => {
                let gitiles = self.required(section, "gitilesBaseUrl");
                let gitiles = gitiles.and_then(|text| {
                    self.parse(section, "gitilesBaseUrl", text, super::reader::web_url)
                });
                integrations.add_gerrit(host, gitiles.map(String::from));
                self.roots(scm, host, section, integrations);
                return;
            }
            Scm::GitLab if host != "gitlab.com" => drop(self.required(section, "apiBaseUrl")),
            _ => {}
        }
        integrations.add(host, scm);
        self.roots(scm, host, section, integrations);
    }

    /// Reads where the repositories of a host are, if they are below a path or at another host.
    fn roots(
        &mut self,
        scm: Scm,
        host: &str,
        section: &Section<'a>,
        integrations: &mut ScmIntegrations,
    ) {
        let mut url = |key| self.parsed(section, key, super::reader::web_url);
        let roots = match scm {
            Scm::GitLab | Scm::Gitea => vec![url("baseUrl")],
            // Backstage takes the base URL for the clone URL, and the host for the base URL.
            Scm::Gerrit => match (url("cloneUrl"), url("baseUrl")) {
                (None, base) => vec![base],
                (clone, None) => vec![clone, Url::parse(&format!("https://{host}")).ok()],
                both => vec![both.0, both.1],
            },
            Scm::BitbucketServer => vec![url("apiBaseUrl").and_then(|api| root_of_api(&api))],
            Scm::GitHub | Scm::BitbucketCloud | Scm::Azure | Scm::Harness | Scm::AwsCodeCommit => {
                Vec::new()
            }
        };
        for root in roots.into_iter().flatten() {
            integrations.add_root(host, root);
        }
    }
}

/// Returns the URL of the pages beside an API of Bitbucket Server: `https://git.example.com/stash`
/// for `https://git.example.com/stash/rest/api/1.0`.
fn root_of_api(api: &Url) -> Option<Url> {
    let mut root = api.clone();
    let (base, _) = api.path().split_once("/rest/")?;
    root.set_path(base);
    Some(root)
}

/// Tells whether a host is written as in the WHATWG URL standard, with its port unless that is the
/// default.
fn is_host(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    host_and_port(&url).as_deref() == Some(host) && url.path() == "/" && url.username().is_empty()
}
