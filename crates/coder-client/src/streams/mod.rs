//! Streams: subscriptions to changes and logs, and lists that are read page by page.

mod connection;
mod paging;
mod server_sent;
mod subscriber;
mod subscription;

pub use paging::Paged;
pub use subscription::{Channel, Polled, Subscription};
