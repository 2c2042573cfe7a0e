//! `proxy.endpoints./coder`: what the original plugin's pages may ask Coder through the backend.

use coder_core::DeploymentUrl;
use indexmap::IndexMap;

use super::reader::{Reader, Section, Value};

/// The proxy endpoint `/coder`, which the original plugin needs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Key `target`: URL of the deployment.
    pub target: DeploymentUrl,
    /// `allowedMethods`, upper case; `None` allows all.
    pub allowed_methods: Option<Vec<String>>,
    /// `allowedHeaders`, lower case, beside those that Backstage always passes on.
    pub allowed_headers: Vec<String>,
    /// `headers` that are added to every request.
    pub headers: IndexMap<String, String>,
}

const KEYS: &[&str] = &[
    "target",
    "changeOrigin",
    "allowedMethods",
    "allowedHeaders",
    "headers",
    "pathRewrite",
    "credentials",
    "secure",
    "ws",
    "followRedirects",
];

impl ProxyConfig {
    /// Creates a proxy endpoint for the deployment at `target` that passes on every method and no
    /// further headers.
    pub fn new(target: DeploymentUrl) -> Self {
        Self {
            target,
            allowed_methods: None,
            allowed_headers: Vec::new(),
            headers: IndexMap::new(),
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads the proxy in both places and both shapes that Backstage knows: below `proxy` and below
    /// `proxy.endpoints`, a mapping or only the target.
    pub(super) fn proxy(&mut self, root: &Section<'a>) -> Option<ProxyConfig> {
        let proxy = self.section(root, "proxy");
        self.slips(&proxy, &["endpoints"]);
        let endpoints = self.section(&proxy, "endpoints");
        self.slips(&endpoints, &["/coder"]);
        let found = [endpoints, proxy].into_iter().find_map(|section| {
            let key =
                ["/coder", "coder"].into_iter().find(|key| self.value(&section, key).is_some())?;
            Some((section, key))
        });
        let (section, key) = found?;
        let value = self.value(&section, key)?;
        if value.node.as_map().is_none() {
            let target = self.parsed(&section, key, DeploymentUrl::parse)?;
            return Some(ProxyConfig {
                target,
                allowed_methods: None,
                allowed_headers: Vec::new(),
                headers: IndexMap::new(),
            });
        }
        let section = self.section(&section, key);
        self.only(&section, KEYS);
        let target = self
            .required(&section, "target")
            .and_then(|text| self.parse(&section, "target", text, DeploymentUrl::parse));
        let allowed_methods = self.value(&section, "allowedMethods").map(|_| {
            let methods = self.texts(&section, "allowedMethods");
            methods.into_iter().map(str::to_uppercase).collect()
        });
        let allowed_headers = self.texts(&section, "allowedHeaders");
        let headers = self.headers(&section);
        Some(ProxyConfig {
            target: target?,
            allowed_methods,
            allowed_headers: allowed_headers.into_iter().map(str::to_lowercase).collect(),
            headers,
        })
    }

    fn headers(&mut self, section: &Section<'a>) -> IndexMap<String, String> {
        let section = self.section(section, "headers");
        self.every_key(&section);
        let mut headers = IndexMap::new();
        for key in section.keys() {
            if let Some(Value { path, node }) = self.value(&section, key)
                && let Some(text) = self.text_of(&Value { path, node })
            {
                headers.insert(key.to_owned(), text.to_owned());
            }
        }
        headers
    }
}
