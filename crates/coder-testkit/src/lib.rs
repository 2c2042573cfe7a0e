//! A fake Coder that speaks the real protocol, wiremock stubs, and conformance suites for coder-backstage traits.
