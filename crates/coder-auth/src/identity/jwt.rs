//! Compact JWS (RFC 7515 §7.1), for the one algorithm and the few headers we use.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::TokenError;
use super::es256::VerifyingKey;
use super::signing_key::SigningKey;
use crate::error::BugError;

pub(super) const USER_TYPE: &str = "vnd.backstage.user";
pub(super) const LIMITED_USER_TYPE: &str = "vnd.backstage.limited-user";
/// The greatest length of a token, in bytes. Backstage refuses longer ones.
const MAX_LENGTH: usize = 32_768;

#[derive(Serialize)]
pub(super) struct Header<'a> {
    pub(super) typ: &'static str,
    pub(super) alg: &'static str,
    pub(super) kid: &'a str,
}

#[derive(Deserialize)]
pub(super) struct ParsedHeader {
    pub(super) typ: String,
    pub(super) alg: String,
    pub(super) kid: String,
    /// Extensions that a verifier must understand. This one knows none (RFC 7515 §4.1.11).
    #[serde(default)]
    crit: serde_json::Value,
}

/// A parsed token that is not verified yet.
pub(super) struct Parsed<'a> {
    pub(super) header: ParsedHeader,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

pub(super) fn sign(
    header: &Header<'_>,
    claims: &impl Serialize,
    key: &SigningKey,
) -> Result<String, BugError> {
    let part = |json: serde_json::Result<Vec<u8>>| {
        json.map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(BugError::unwritable)
    };
    let signed =
        format!("{}.{}", part(serde_json::to_vec(header))?, part(serde_json::to_vec(claims))?);
    let signature = key.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

pub(super) fn parse(token: &str) -> Result<Parsed<'_>, TokenError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);
    let header: ParsedHeader =
        serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
    if !header.crit.is_null() {
        return Err(TokenError::Kind);
    }
    Ok(Parsed { header, signed, payload: decode(payload)?, signature: decode(signature)? })
}

impl Parsed<'_> {
    pub(super) fn verify(&self, key: &VerifyingKey) -> Result<(), TokenError> {
        let verified = key.verifies(self.signed.as_bytes(), &self.signature);
        verified.then_some(()).ok_or(TokenError::Signature)
    }

    /// Reads the claims. Call it after [`Parsed::verify`].
    pub(super) fn claims<T: DeserializeOwned>(&self) -> Result<T, TokenError> {
        serde_json::from_slice(&self.payload).map_err(|_| TokenError::Malformed)
    }
}
