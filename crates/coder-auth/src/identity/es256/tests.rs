use p256::ecdsa::SigningKey;

use super::{implementation, portable};

/// Returns the key of RFC 6979 §A.2.5.
fn key() -> SigningKey {
    let secret = [
        0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b, 0x5c, 0x21, 0x57, 0x67, 0xb1, 0xd6,
        0x93, 0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8, 0x9b, 0x12, 0x7b, 0x8a, 0x62, 0x2b, 0x12, 0x0f,
        0x67, 0x21,
    ];
    SigningKey::from_slice(&secret).unwrap()
}

#[test]
fn a_signature_by_either_implementation_verifies_with_both() {
    let secret = key();
    let signatures = [
        portable::Signer::new(&secret).unwrap().sign(b"sample").unwrap(),
        implementation::Signer::new(&secret).unwrap().sign(b"sample").unwrap(),
    ];
    let portable = portable::Verifier::new(secret.verifying_key()).unwrap();
    let chosen = implementation::Verifier::new(secret.verifying_key()).unwrap();
    for signature in signatures {
        assert!(portable.verifies(b"sample", &signature));
        assert!(chosen.verifies(b"sample", &signature));
    }
}

#[test]
fn neither_implementation_believes_another_message_key_or_form() {
    let secret = key();
    let signature = portable::Signer::new(&secret).unwrap().sign(b"sample").unwrap();
    let mut changed = signature;
    changed[63] ^= 1;
    let stranger = SigningKey::from_slice(&[7; 32]).unwrap();
    let own = secret.verifying_key();
    let refused: [(&[u8], &[u8], _); 6] = [
        (b"other", &signature, own),
        (b"sample", &changed, own),
        (b"sample", &signature[..63], own),
        (b"sample", &[0; 64], own),
        (b"sample", &[], own),
        (b"sample", &signature, stranger.verifying_key()),
    ];
    for (message, signature, key) in refused {
        assert!(!portable::Verifier::new(key).unwrap().verifies(message, signature));
        assert!(!implementation::Verifier::new(key).unwrap().verifies(message, signature));
    }
}

#[test]
fn signatures_in_pure_rust_are_those_of_rfc_6979() {
    let signature = portable::Signer::new(&key()).unwrap().sign(b"sample").unwrap();
    let r = [0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd];
    let s = [0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c, 0x41];
    assert_eq!((&signature[..8], &signature[32..40]), (&r[..], &s[..]));
}
