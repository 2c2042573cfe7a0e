//! Coder's API over what the platform has: `fetch`, `WebSocket`, timers, a clock, randomness.

mod entity;
mod handle;
mod host;
mod manage;
mod models;
mod operations;
mod outcome;
mod stream;
mod token;
mod transport;
mod web_socket;
mod world;

pub use entity::EntityHandle;
pub use handle::ClientHandle;
pub use host::{Answer, Exchange, Failure, Host, Message, Socket, Timer};
pub use stream::StreamHandle;
