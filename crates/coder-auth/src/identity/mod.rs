//! Backstage identity tokens: issued, published, verified.
//!
//! A token is a JWT of type `vnd.backstage.user`, signed with ES256 (RFC 7515, RFC 7518 §3.4). It
//! carries a proof (`uip`) from which anyone can make a *limited* token, which proves who the user
//! is and opens nothing. Other Backstage backends verify both with the issuer's key set.

mod claims;
mod error;
mod es256;
mod issuer;
mod jwk;
mod jwt;
mod key_set;
mod keys;
mod sealed_key;
mod signing_key;
mod static_key;
mod verifier;

pub use claims::{AcceptTokens, VerifiedIdentity};
pub use error::{InsecureIssuerError, StaticSigningKeyError, VerifyError};
pub(crate) use issuer::{IdentityTokenOptions, Issuer};
pub(crate) use sealed_key::sealed_as;
pub use static_key::StaticSigningKey;
pub use verifier::{IdentityVerifier, TrustedIssuer};
