//! Coder's API over what the platform has: `fetch`, `WebSocket`, timers, a clock, randomness.

mod entity;
mod handle;
mod manage;
mod models;
mod operations;
mod outcome;
mod stream;
mod token;

pub use entity::EntityHandle;
pub use handle::ClientHandle;
pub use stream::StreamHandle;
