//! `auth.keyStore`: the keys that identity tokens are signed with.

use coder_auth::AuthOptions;
use coder_auth::identity::{StaticSigningKey, StaticSigningKeyError};
use coder_config::{ConfigError, Files, KeyStoreConfig, StaticKeyConfig};
use coder_core::{Secret, with_causes};

/// Adds the signing keys from the place that configuration names.
pub(crate) fn with_keys(
    options: AuthOptions,
    key_store: Option<&KeyStoreConfig>,
    files: Option<&dyn Files>,
) -> Result<AuthOptions, ConfigError> {
    match key_store {
        Some(KeyStoreConfig::Static(keys)) => {
            let keys: Result<Vec<_>, _> = keys.iter().map(|key| read(key, files)).collect();
            Ok(options.signing_keys(keys?))
        }
        Some(KeyStoreConfig::Memory) => Ok(options.signing_keys_in_memory()),
        // Beside the sessions.
        Some(KeyStoreConfig::Database) | None => Ok(options),
    }
}

const PRIVATE: &str = "privateKeyFile";
const PUBLIC: &str = "publicKeyFile";

fn read(key: &StaticKeyConfig, files: Option<&dyn Files>) -> Result<StaticSigningKey, ConfigError> {
    let text = |name: &str, path: &str| {
        let files = files
            .ok_or_else(|| key.invalid_file(name, "names a file, and this program reads none"))?;
        files.read(path).map_err(|error| {
            key.invalid_file(name, format!("cannot read `{path}`: {}", with_causes(&error)))
        })
    };
    let private = Secret::new(text(PRIVATE, &key.private_key_file)?);
    let public = text(PUBLIC, &key.public_key_file)?;
    StaticSigningKey::from_pem(&*key.key_id, &private, &public).map_err(|error| {
        let (name, path) = match error {
            StaticSigningKeyError::PrivateKey => (PRIVATE, &key.private_key_file),
            StaticSigningKeyError::PublicKey
            | StaticSigningKeyError::Mismatch
            | StaticSigningKeyError::NoId => (PUBLIC, &key.public_key_file),
        };
        key.invalid_file(name, format!("`{path}`: {}", with_causes(&error)))
    })
}
