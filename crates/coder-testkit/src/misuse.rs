//! What happens to a test that uses the kit wrongly.

/// Fails the calling test and says why.
#[track_caller]
#[expect(
    clippy::panic,
    reason = "the caller is a test: a wrong set-up must fail it at its own line, not become a value it has to unwrap"
)]
pub(crate) fn misuse(reason: &str) -> ! {
    panic!("{reason}")
}
