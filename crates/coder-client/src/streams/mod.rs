//! What goes on after its request: changes, logs, pages.

mod connection;
mod paging;
mod server_sent;
mod subscriber;
mod subscription;

pub use paging::Paged;
pub use subscription::{Channel, Polled, Subscription};
