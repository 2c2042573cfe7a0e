//! The fake keeps the rules of Coder; one module per part of it.

#[cfg(test)]
mod agents;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod builds;
#[cfg(test)]
mod common;
#[cfg(test)]
#[cfg(feature = "conformance")]
mod conformance;
#[cfg(test)]
#[cfg(all(feature = "server", feature = "wiremock"))]
mod mocks;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod races;
#[cfg(test)]
mod rate_limits;
#[cfg(test)]
mod recorded;
#[cfg(test)]
#[cfg(feature = "server")]
mod server;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod strange;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod users;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod workspaces;
