//! The requests, in the order in which real Coders were asked.
//!
//! A part (`oauth`, `api`, …) has a file of recorded answers and some sections. A section sends its
//! requests through the [`Server`]; the answers to some are kept under a label, and what it needs between
//! them is asked without one. A label names one request for ever: it joins the answer with the
//! recorded one.

mod apps;
mod authorize;
mod builds;
mod creating;
mod deleting;
mod ending;
mod exchange;
mod family;
mod keys;
mod lifecycle;
mod metadata;
mod misc;
mod off;
pub(crate) mod provider;
mod refresh;
mod registration;
mod search;
mod settings;
mod templates;
mod users;
mod workspaces;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::server::Server;

/// A part of the requests, with a file of recorded answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Part {
    /// The OAuth2 provider, its applications and clients.
    OAuth,
    /// Users, keys, templates, search and the rest.
    Api,
    /// Workspaces, builds and settings.
    Workspaces,
    /// Everything of the provider while it is switched off.
    Off,
}

impl Part {
    /// All parts, in the order they are asked.
    pub const ALL: [Self; 4] = [Self::OAuth, Self::Api, Self::Workspaces, Self::Off];

    /// Sends the requests of this part.
    pub async fn play(self, server: &mut Server) {
        match self {
            Self::OAuth => oauth(server).await,
            Self::Api => {
                users::play(server).await;
                keys::play(server).await;
                misc::play(server).await;
                templates::play(server).await;
                search::play(server).await;
            }
            Self::Workspaces => {
                workspaces::play(server).await;
                creating::play(server).await;
                builds::play(server).await;
                settings::play(server).await;
                deleting::play(server).await;
            }
            Self::Off => off::play(server).await,
        }
    }
}

async fn oauth(server: &mut Server) {
    metadata::play(server).await;
    apps::play(server).await;
    let app = authorize::play(server).await;
    let member = server.token("grace");
    let other = server.add_app("appc", "http://127.0.0.1:9997/cb").await;
    let exchange = exchange::Exchange { app: &app, other: &other, member: &member };
    exchange.play(server).await;
    let pair = refresh::play(server, &app, &other).await;
    ending::disconnect(server, &app, &other, &pair).await;
    ending::revoke(server, &app, &other).await;
    lifecycle::play(server, &app).await;
    registration::play(server).await;
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OAuth => "oauth",
            Self::Api => "api",
            Self::Workspaces => "workspaces",
            Self::Off => "off",
        })
    }
}
