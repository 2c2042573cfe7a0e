//! `auth.keyStore`: where the keys that sign identity tokens come from.

use super::reader::{Reader, Section, Value};
use crate::suggest::or_known;
use crate::{ConfigError, Location, Provenance};

/// `auth.keyStore`: where the keys that sign identity tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum KeyStoreConfig {
    /// `database`: beside the sessions, in [`SessionStoreConfig`](crate::SessionStoreConfig).
    Database,
    /// `memory`: made anew by each process, and lost with it.
    Memory,
    /// `static`: files that somebody keeps; at least one key. The first one signs, all of them
    /// verify.
    Static(Vec<StaticKeyConfig>),
}

/// One item of `auth.keyStore.static.keys`: an ES256 key pair in two PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaticKeyConfig {
    /// `keyId`: the key's name in tokens and in the published key set.
    pub key_id: String,
    /// `publicKeyFile`, as it is written.
    pub public_key_file: String,
    /// `privateKeyFile`, as it is written.
    pub private_key_file: String,
    /// Place where the key is written.
    pub provenance: Provenance,
    pub(super) path: String,
}

impl StaticKeyConfig {
    /// Creates a key that is not read from configuration.
    pub fn new(
        key_id: impl Into<String>,
        public_key_file: impl Into<String>,
        private_key_file: impl Into<String>,
    ) -> Self {
        Self {
            key_id: key_id.into(),
            public_key_file: public_key_file.into(),
            private_key_file: private_key_file.into(),
            provenance: Provenance::at(Location::Program),
            path: "auth.keyStore.static.keys".to_owned(),
        }
    }

    /// Creates the error for a file that cannot be used: `key` is what names it (`privateKeyFile`,
    /// `publicKeyFile`), `problem` says what is wrong, without anything of a secret.
    pub fn invalid_file(&self, key: &str, problem: impl Into<String>) -> ConfigError {
        ConfigError::invalid(format!("{}.{key}", self.path), self.provenance.clone(), problem)
    }
}

const PROVIDERS: [&str; 3] = ["database", "memory", "static"];

impl<'a> Reader<'a> {
    pub(super) fn key_store(&mut self, auth: &Section<'a>) -> Option<KeyStoreConfig> {
        let section = self.section(auth, "keyStore");
        self.only(&section, &["provider", "static", "firestore"]);
        let keys = self.section(&section, "static");
        self.only(&keys, &["keys"]);
        let provider = self.text(&section, "provider").unwrap_or_default().trim();
        match provider {
            "" => {
                if let Some(value) = self.value(&section, "static") {
                    self.invalid(&value, "is not used without `auth.keyStore.provider: static`");
                }
                None
            }
            "database" => Some(KeyStoreConfig::Database),
            "memory" => Some(KeyStoreConfig::Memory),
            "static" => self.static_keys(&keys).map(KeyStoreConfig::Static),
            _ => {
                let value = self.value(&section, "provider")?;
                let hint = or_known(provider, &PROVIDERS);
                let provider = crate::message::shown(provider);
                let problem = format!("is `{provider}`, and there is no such key store{hint}");
                self.invalid(&value, problem);
                None
            }
        }
    }

    fn static_keys(&mut self, section: &Section<'a>) -> Option<Vec<StaticKeyConfig>> {
        let Some(value) = self.value(section, "keys") else {
            let error = self.missing(section, "keys");
            self.errors.push(error);
            return None;
        };
        if value.node.as_list().is_some_and(<[_]>::is_empty) {
            self.invalid(&value, "is empty; it must name the key that signs");
            return None;
        }
        let mut keys: Vec<StaticKeyConfig> = Vec::new();
        for item in self.sections(section, "keys") {
            let Some(key) = self.static_key(&item) else { continue };
            if keys.iter().any(|other| other.key_id == key.key_id)
                && let Some(value) = self.value(&item, "keyId")
            {
                self.invalid(&value, "is the id of another key too");
            }
            keys.push(key);
        }
        Some(keys)
    }

    fn static_key(&mut self, section: &Section<'a>) -> Option<StaticKeyConfig> {
        self.only(section, &["keyId", "publicKeyFile", "privateKeyFile", "algorithm"]);
        let key_id = self.required(section, "keyId");
        let public_key_file = self.required(section, "publicKeyFile");
        let private_key_file = self.required(section, "privateKeyFile");
        if let Some(value) = self.value(section, "algorithm") {
            self.es256(&value);
        }
        Some(StaticKeyConfig {
            key_id: key_id?.trim().to_owned(),
            public_key_file: public_key_file?.to_owned(),
            private_key_file: private_key_file?.to_owned(),
            provenance: section.provenance()?,
            path: section.path().to_owned(),
        })
    }

    /// Refuses any algorithm but ES256, which is Backstage's default. Backstage leaves the choice.
    pub(super) fn es256(&mut self, value: &Value<'a>) {
        if let Some(text) = self.text_of(value)
            && text.trim() != "ES256"
        {
            let text = crate::message::shown(text);
            self.invalid(value, format!("is `{text}`; identity tokens are signed with `ES256`"));
        }
    }
}
