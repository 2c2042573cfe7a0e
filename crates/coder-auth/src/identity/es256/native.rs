//! ES256 by AWS-LC.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, ParsedPublicKey,
};
use zeroize::Zeroizing;

use super::signature::{Signature, unsigned};
use crate::error::BugError;

/// A private key, ready to sign.
pub(in crate::identity) struct Signer(EcdsaKeyPair);

impl Signer {
    /// Prepares the key; `None` if AWS-LC refuses it.
    pub(in crate::identity) fn new(secret: &p256::ecdsa::SigningKey) -> Option<Self> {
        let private = Zeroizing::new(secret.to_bytes());
        let public = secret.verifying_key().to_sec1_point(false);
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        EcdsaKeyPair::from_private_key_and_public_key(
            algorithm,
            private.as_slice(),
            public.as_bytes(),
        )
        .ok()
        .map(Self)
    }

    /// Signs a message with ES256.
    pub(in crate::identity) fn sign(&self, message: &[u8]) -> Result<Signature, BugError> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| unsigned())?;
        Signature::try_from(signature.as_ref()).map_err(|_| unsigned())
    }
}

/// A public key, ready to verify.
#[derive(Clone)]
pub(super) struct Verifier(ParsedPublicKey);

impl Verifier {
    pub(super) fn new(key: &p256::ecdsa::VerifyingKey) -> Option<Self> {
        let point = key.to_sec1_point(false);
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.as_bytes()).ok().map(Self)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}
