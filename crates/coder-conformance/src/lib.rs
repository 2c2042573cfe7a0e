//! Asks a Coder, real or fake, what real ones were asked, and tells where its answers differ.
//!
//! - [`sections`] are the requests; [`replay`](mod@replay) sends them and compares the answers with
//!   the recorded ones; [`accepted`] is the list of differences that have a reason.
//! - [`journeys`] use the libraries as people do; [`table`] tells what works on which release.
//! - [`world`] makes the deployment that the recorded answers speak of, on the fake, and
//!   [`serve`](mod@serve) lets other programs reach it.
//! - [`run`] puts them together.
//!
//! - [`replay`](mod@replay) sends the requests and compares; [`accepted`] holds what may differ.
//!
//! The recorded answers are in `recorded/`; its README describes them. What may differ from them
//! is in `accepted.json`.

pub mod accepted;
pub mod answer;
pub mod compare;
pub mod journeys;
mod page;
pub mod placeholders;
pub mod replay;
pub mod run;
pub mod sections;
pub mod serve;
pub mod server;
mod streams;
pub mod table;
pub mod world;
