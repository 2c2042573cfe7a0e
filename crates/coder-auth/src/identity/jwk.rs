//! Public keys as JSON (RFC 7517 §4, RFC 7518 §6.2.1): P-256 for ES256, and no others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::es256::VerifyingKey;

/// One key of a key set. Members we do not know are ignored (RFC 7517 §4).
#[derive(Serialize, Deserialize)]
pub(super) struct Jwk {
    kty: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
}

/// A key set (RFC 7517 §5).
#[derive(Serialize, Deserialize)]
pub(super) struct JwkSet {
    pub(super) keys: Vec<Jwk>,
}

impl Jwk {
    pub(super) fn new(id: &str, key: &VerifyingKey) -> Self {
        let point = key.key().to_sec1_point(false);
        let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
        Self {
            kty: "EC".to_owned(),
            x: coordinate(point.x().map(|x| x.as_slice())),
            y: coordinate(point.y().map(|y| y.as_slice())),
            crv: "P-256".to_owned(),
            kid: id.to_owned(),
            alg: Some("ES256".to_owned()),
            usage: None,
        }
    }

    /// Returns the id and the key, if the key verifies ES256 signatures.
    pub(super) fn verifying_key(&self) -> Option<(String, VerifyingKey)> {
        let fits = self.kty == "EC"
            && self.crv == "P-256"
            && !self.kid.is_empty()
            && self.alg.as_deref().is_none_or(|alg| alg == "ES256")
            && self.usage.as_deref().is_none_or(|usage| usage == "sig");
        if !fits {
            return None;
        }
        let coordinate = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            <[u8; 32]>::try_from(bytes).ok()
        };
        // An uncompressed point (SEC 1 §2.3.3).
        let mut point = vec![4];
        point.extend_from_slice(&coordinate(&self.x)?);
        point.extend_from_slice(&coordinate(&self.y)?);
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
        Some((self.kid.clone(), VerifyingKey::new(key)?))
    }
}
