use super::{implementation, portable};

const KEY: [u8; 32] = [7; 32];
const NONCE: [u8; 24] = *b"an unpredictable nonce..";

#[test]
fn what_either_implementation_seals_is_the_same_and_opens_with_both() {
    let (portable, chosen) = (portable::Cipher::new(&KEY), implementation::Cipher::new(&KEY));
    for plaintext in [&b""[..], b"hello", &[0xa5; 1000]] {
        let sealed = portable.encrypt(&NONCE, b"purpose", plaintext).unwrap();
        assert_eq!(chosen.encrypt(&NONCE, b"purpose", plaintext).unwrap(), sealed);
        let opened = portable.decrypt(&NONCE, b"purpose", &sealed).unwrap();
        assert_eq!(opened.as_slice(), plaintext);
        let opened = chosen.decrypt(&NONCE, b"purpose", &sealed).unwrap();
        assert_eq!(opened.as_slice(), plaintext);
    }
}

#[test]
fn neither_implementation_opens_under_another_key_nonce_or_purpose() {
    let sealed = portable::Cipher::new(&KEY).encrypt(&NONCE, b"purpose", b"hello").unwrap();
    for changed in [0, 15, 16, 23] {
        let mut nonce = NONCE;
        nonce[changed] ^= 1;
        assert!(portable::Cipher::new(&KEY).decrypt(&nonce, b"purpose", &sealed).is_none());
        assert!(implementation::Cipher::new(&KEY).decrypt(&nonce, b"purpose", &sealed).is_none());
    }
    let other = [8; 32];
    assert!(portable::Cipher::new(&other).decrypt(&NONCE, b"purpose", &sealed).is_none());
    assert!(implementation::Cipher::new(&other).decrypt(&NONCE, b"purpose", &sealed).is_none());
    assert!(portable::Cipher::new(&KEY).decrypt(&NONCE, b"another", &sealed).is_none());
    assert!(implementation::Cipher::new(&KEY).decrypt(&NONCE, b"another", &sealed).is_none());
    for length in 0..sealed.len() {
        let cut = &sealed[..length];
        assert!(portable::Cipher::new(&KEY).decrypt(&NONCE, b"purpose", cut).is_none());
        assert!(implementation::Cipher::new(&KEY).decrypt(&NONCE, b"purpose", cut).is_none());
    }
}
