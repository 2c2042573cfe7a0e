//! Showing a configuration to a person: without its secrets, with where each value came from.

use std::fmt::Write as _;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::node::Content;
use crate::{LoadedConfig, Node};

const REDACTED: &str = "[redacted]";

/// Endings of keys that hold secrets, in lower case and without `-` and `_`.
const SECRET_ENDINGS: &[&str] = &[
    "password",
    "passphrase",
    "token",
    "apikey",
    "privatekey",
    "accesskey",
    "accountkey",
    "signingkey",
    "credentials",
    "authorization",
    "cookie",
    "connectionstring",
    "pwd",
    "passwd",
    "credential",
    "license",
    "licensekey",
    "encryptionkey",
    "hmac",
    "basicauth",
    "webhook",
    "webhookurl",
];

/// Keys that hold secrets, and whose names are also the end of harmless ones.
const SECRET_KEYS: &[&str] = &["pat"];

/// Parameters of a URL's query that hold secrets, in the same spelling.
const SECRET_PARAMETERS: &[&str] =
    &["apikey", "key", "token", "accesstoken", "secret", "password", "sig", "signature"];

/// Keys that seal or sign, and a URL whose query may hold a password.
const SECRET_PATHS: &[&str] = &[
    "coder.session.keys",
    "coder.session.store.url",
    "backend.auth.keys",
    "backend.https.certificate.key",
];

impl LoadedConfig {
    /// Returns the merged configuration as YAML, with `[redacted]` for secrets: keys that are
    /// called like one (`clientSecret`, `token`, `Authorization`, …), session keys, the database,
    /// and values that show it themselves: URLs with credentials, connection strings with a
    /// password, what follows `Bearer`, PEM.
    pub fn to_redacted_yaml(&self) -> String {
        let shown = Shown { node: self.root(), path: String::new() };
        // Strings, numbers, lists and mappings with string keys can always be written.
        serde_yaml::to_string(&shown).unwrap_or_default()
    }

    /// Returns each single value on a line of its own, with the place it came from: `app.baseUrl =
    /// "https://portal.example.com" # app-config.yaml:2:12`. Secrets are redacted.
    pub fn to_redacted_lines(&self) -> String {
        let mut lines = String::new();
        write_lines(self.root(), &mut String::new(), &mut lines);
        lines
    }
}

/// A value as a person may see it.
struct Shown<'a> {
    node: &'a Node,
    path: String,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if is_secret(&self.path, self.node) {
            return serializer.serialize_str(REDACTED);
        }
        match &self.node.content {
            Content::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    // An item is as secret as its list.
                    list.serialize_element(&Shown { node: item, path: self.path.clone() })?;
                }
                list.end()
            }
            Content::Map(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, entry) in members.iter() {
                    let path = below(&self.path, key);
                    map.serialize_entry(key, &Shown { node: &entry.node, path })?;
                }
                map.end()
            }
            _ => self.node.to_json().serialize(serializer),
        }
    }
}

fn write_lines(node: &Node, path: &mut String, lines: &mut String) {
    let length = path.len();
    match &node.content {
        Content::Map(members) if !members.is_empty() => {
            for (key, entry) in members.iter() {
                *path = below(path, key);
                write_lines(&entry.node, path, lines);
                path.truncate(length);
            }
        }
        Content::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let _ = write!(path, "[{index}]");
                write_lines(item, path, lines);
                path.truncate(length);
            }
        }
        _ => {
            let value = match &node.content {
                _ if is_secret(path, node) => REDACTED.to_owned(),
                // As it is written: `1.20` stays `1.20`.
                Content::Number { text, .. } => text.to_string(),
                _ => node.to_json().to_string(),
            };
            // Writing to a string does not fail.
            let _ = writeln!(lines, "{path} = {value} # {}", node.provenance());
        }
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn is_secret(path: &str, node: &Node) -> bool {
    if matches!(node.content, Content::Map(_) | Content::Null | Content::Bool { .. }) {
        return false;
    }
    let key = path.rsplit('.').next().unwrap_or_default();
    let key = plain(key.split('[').next().unwrap_or_default());
    key.contains("secret")
        || SECRET_KEYS.contains(&key.as_str())
        || SECRET_ENDINGS.iter().any(|ending| key.ends_with(ending))
        || SECRET_PATHS.iter().any(|secret| path.starts_with(secret))
        || node.as_str().is_some_and(is_telling)
}

/// Returns a key in lower case, without `-` and `_`.
fn plain(key: &str) -> String {
    key.to_ascii_lowercase().replace(['-', '_'], "")
}

/// Tells whether a URL shows a secret: a user's, one in its query, or one that is its path.
fn is_telling_url(url: &url::Url) -> bool {
    const WEBHOOKS: [&str; 3] = ["hooks.slack.com", "discord.com", "webhook.office.com"];
    let is_at = |host: &str| {
        let name = url.host_str().unwrap_or_default().strip_suffix(host);
        name.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    !url.username().is_empty()
        || url.password().is_some()
        || url.query_pairs().any(|(name, _)| SECRET_PARAMETERS.contains(&plain(&name).as_str()))
        || WEBHOOKS.into_iter().any(is_at)
}

/// Tells whether the value itself shows that it is a secret, whatever its key is called.
fn is_telling(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["bearer ", "basic ", "-----begin"].iter().any(|start| lower.trim_start().starts_with(start))
        // Connection strings.
        || ["password=", "pwd=", "accountkey="].iter().any(|part| lower.contains(part))
        || url::Url::parse(text).is_ok_and(|url| is_telling_url(&url))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{ConfigSources, Environment, LoadedConfig};

    const APP_CONFIG: &str = "\
app: { baseUrl: 'https://${HOST}' }
auth:
  session: { secret: canary }
  backstageTokenExpiration: { minutes: 30 }
  providers: { coder: { development: { clientId: id, clientSecret: \"${SECRET}\" } } }
backend:
  auth: { keys: [{ secret: canary }] }
  database: { connection: 'postgres://me:canary@db/x' }
coder:
  session:
    keys: [canary-1, canary-2]
    store: { type: postgres, url: 'postgres://db/coder?user=me&password=canary' }
  workspaces: { repoUrlParamKeys: [repo], params: { version: 1.20 } }
integrations: { github: [{ host: github.com, token: canary }] }
others:
  - 'host=db password=canary'
  - Bearer canary
  - { pem: \"-----BEGIN PRIVATE KEY-----\\ncanary\" }
  - { X-Api-Key: canary, secretAccessKey: canary, cookie: canary }
";

    fn loaded() -> LoadedConfig {
        let files = BTreeMap::from([("app-config.yaml".to_owned(), APP_CONFIG.to_owned())]);
        let variables = [("HOST", "portal.example.com"), ("SECRET", "canary")];
        let environment: Environment = variables.into_iter().collect();
        ConfigSources::new(&files, &environment).load().unwrap()
    }

    #[test]
    fn what_is_a_secret_shows_by_its_key_or_by_its_value() {
        let printed = |line: &str| {
            let files = BTreeMap::from([("app-config.yaml".to_owned(), line.to_owned())]);
            let loaded = ConfigSources::new(&files, &Environment::default()).load().unwrap();
            loaded.to_redacted_yaml()
        };
        for line in [
            "db: { pwd: canary }",
            "db: { passwd: canary }",
            "azure: { pat: canary }",
            "x: { credential: canary }",
            "x: { credentials: [canary] }",
            "x: { license: canary }",
            "x: { licenseKey: canary }",
            "x: { encryption-key: canary }",
            "x: { hmac: canary }",
            "x: { basicAuth: canary }",
            "x: { url: 'https://api.example.com/v1?api_key=canary' }",
            "x: { url: 'https://api.example.com/v1?a=b&access_token=canary' }",
            "x: { url: https://hooks.slack.com/services/T0/B0/canary }",
            "x: { alertWebhookUrl: https://chat.example.com/canary }",
        ] {
            assert!(!printed(line).contains("canary"), "{line}");
        }
        for line in [
            "backend: { cors: { credentials: true } }",
            "x: { path: shown }",
            "x: { compat: shown }",
            "x: { url: 'https://api.example.com/v1?page=2' }",
        ] {
            assert!(!printed(line).contains("redacted"), "{line}");
        }
    }

    #[test]
    fn the_merged_configuration_is_shown_without_its_secrets() {
        let yaml = loaded().to_redacted_yaml();
        assert!(!yaml.contains("canary"), "{yaml}");
        insta::assert_snapshot!(yaml);
    }

    #[test]
    fn each_value_says_where_it_came_from() {
        let lines = loaded().to_redacted_lines();
        assert!(!lines.contains("canary"), "{lines}");
        insta::assert_snapshot!(lines);
    }
}
