//! The models of Coder's answers, which are read tolerantly.
//!
//! Only the fields that identify a model are required: its id, its name, its owner. Any other field
//! may be missing, null, or of an unknown form, and is then `None`, empty, or `Other`. Fields that a
//! newer Coder adds are ignored. A [`List`](crate::List) reports the items that could not be read.

mod agent;
mod app;
mod audit;
mod build;
mod container;
mod deployment;
mod external_auth;
mod file;
mod group;
mod health;
mod insights;
mod job;
mod key;
mod log;
mod metadata;
mod moment;
mod notification;
mod oauth2;
mod organization;
mod parameter;
mod resource;
mod server;
mod sharing;
mod template;
mod user;
mod workspace;

pub use agent::*;
pub use app::*;
pub use audit::*;
pub use build::*;
pub use container::*;
pub use deployment::*;
pub use external_auth::*;
pub use file::*;
pub use group::*;
pub use health::*;
pub use insights::*;
pub use job::*;
pub use key::*;
pub use log::*;
pub use metadata::*;
pub use notification::*;
pub use oauth2::*;
pub use organization::*;
pub use parameter::*;
pub use resource::*;
pub use server::*;
pub use sharing::*;
pub use template::*;
pub use user::*;
pub use workspace::*;
