//! `backend.cors`: which pages of other origins may read answers of the backend.

use url::Url;

use super::reader::{Reader, Section, Value, each_once};
use crate::Notice;
use crate::message::shown;

/// `backend.cors`: what pages of other origins may send and read (the CORS protocol of the Fetch
/// standard). It lets nobody sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsConfig {
    /// `origin`: origins, possibly with `*`, whose pages may read answers, beside those that may
    /// sign in.
    pub origins: Vec<String>,
    /// `credentials`: whether these pages may send the browser's cookies.
    pub credentials: bool,
    /// `methods` that these pages may use; Backstage's six by default.
    pub methods: Vec<String>,
    /// `allowedHeaders` that these pages may send. Without it, those that their preflight names.
    pub allowed_headers: Option<Vec<String>>,
    /// `exposedHeaders` of answers that these pages may read, beside those that the Fetch standard
    /// lists as safe.
    pub exposed_headers: Vec<String>,
    /// `maxAge`: for how many seconds a browser may keep the answer to a preflight.
    pub max_age: Option<u32>,
}

const METHODS: [&str; 6] = ["GET", "HEAD", "PATCH", "POST", "PUT", "DELETE"];

/// Without `backend.cors`, pages that may sign in read answers with the browser's cookies.
impl Default for CorsConfig {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            credentials: true,
            methods: METHODS.map(str::to_owned).to_vec(),
            allowed_headers: None,
            exposed_headers: Vec::new(),
            max_age: None,
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads `backend.cors`. `None` is `false`, which lets no page of another origin read.
    pub(super) fn cors(&mut self, backend: &Section<'a>) -> Option<CorsConfig> {
        let Some(value) = self.value(backend, "cors") else { return Some(CorsConfig::default()) };
        if value.node.as_map().is_none() {
            if value.node.scalar_text() != Some("false") {
                self.wrong(&value, "a mapping or `false`");
            }
            return None;
        }
        let cors = self.section(backend, "cors");
        let known =
            ["origin", "credentials", "methods", "allowedHeaders", "exposedHeaders", "maxAge"];
        self.only(&cors, &known);
        let origins = each_once(self.texts(&cors, "origin"));
        Some(CorsConfig {
            origins,
            credentials: self.flag(&cors, "credentials").unwrap_or_default(),
            methods: self.names(&cors, "methods").unwrap_or(CorsConfig::default().methods),
            allowed_headers: self.names(&cors, "allowedHeaders"),
            exposed_headers: self.names(&cors, "exposedHeaders").unwrap_or_default(),
            max_age: self.parsed(&cors, "maxAge", |text| {
                text.parse().map_err(|_| "it must be a whole number of seconds")
            }),
        })
    }

    /// Reads names of methods or headers: a list, or one string with commas between them.
    pub(super) fn names(&mut self, section: &Section<'a>, key: &str) -> Option<Vec<String>> {
        let value = self.value(section, key)?;
        let texts = self.texts(section, key);
        let names = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        if let Some(wrong) = names.iter().find(|name| !is_token(name)) {
            let wrong = shown(wrong);
            let problem = format!("holds `{wrong}`, which is no name of a method or header");
            self.invalid(&value, problem);
        }
        Some(each_once(names))
    }

    /// Tells when pages of `app.baseUrl` cannot sign in, since they are on another origin than the
    /// backend and `backend.cors` does not let them read with cookies.
    pub(super) fn cors_of_the_app(&mut self, app: &Url, backend: &Url, cors: Option<&CorsConfig>) {
        if app.origin() == backend.origin() || cors.is_some_and(|cors| cors.credentials) {
            return;
        }
        let Some(value) = self.at(&["backend", "cors"]) else { return };
        let Value { path, node } = value;
        let message = format!(
            "`{path}` keeps pages of `app.baseUrl` from signing in, since they are on another \
             origin than `backend.baseUrl`; write `{path}: {{ credentials: true }}`"
        );
        self.notices.push(Notice::new(path, message).at(node.provenance().clone()));
    }
}

/// Says whether a text is a token (RFC 9110 section 5.6.2), as names of methods and headers are.
pub(super) fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
