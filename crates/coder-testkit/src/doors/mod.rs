//! How requests get in.

#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod client;
#[cfg(all(feature = "server", not(target_family = "wasm")))]
mod server;
mod transport;
#[cfg(all(feature = "wiremock", not(target_family = "wasm")))]
mod wiremock;

#[cfg(all(feature = "server", not(target_family = "wasm")))]
pub use server::FakeServer;
