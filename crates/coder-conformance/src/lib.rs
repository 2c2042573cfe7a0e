//! Asks a Coder, real or fake, what real ones were asked, and tells where its answers differ.
//!
//! - [`world`] makes the deployment that the recorded answers speak of, on the fake.
//! - [`serve`](mod@serve) lets other programs reach it.
//!
//! The recorded answers are in `recorded/`; its README describes them.

pub mod serve;
pub mod world;
