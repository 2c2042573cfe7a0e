//! Journeys of people through the product, on any Coder.
//!
//! A journey uses the libraries as their users do: `coder-auth` signs in at Coder's own consent
//! page, `coder-workspaces` opens workspaces for an entity, `coder-client` follows streams. It runs
//! on the fake and on a real Coder through the same code.

mod browser;
mod search;
mod sign_in;
mod streams;
mod workspaces;

use std::error::Error;
use std::fmt;
use std::process::Command;
use std::time::Duration;

use coder_client::{Client, Credential, WorkspaceId};
use coder_core::{ReqwestTransport, Secret, World};
use coder_testkit::Version;

use crate::server::Server;
use crate::world::Kind;

/// One journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Journey {
    /// A person signs in at the consent page and refreshes.
    SignIn,
    /// A token that is about to expire is exchanged for a new pair.
    Rotation,
    /// A second browser signs in, and the first one stays signed in.
    SecondBrowser,
    /// Signing out revokes the tokens at Coder.
    LogOut,
    /// Somebody revokes the application at Coder, and the portal notices.
    RevokedAtCoder,
    /// A suspended person is out, and in again once they are active again.
    Suspension,
    /// Cancel at the consent page leads back to the portal, which says so.
    Cancel,
    /// Own workspaces of an entity are created, reused, stopped, started, restarted, updated and
    /// deleted, as an owner of the deployment.
    OwnWorkspacesAsOwner,
    /// The same as a member.
    OwnWorkspacesAsMember,
    /// The same with a template that uses classic parameters.
    ClassicParameters,
    /// An owner creates a workspace for somebody else; a member is refused, with the reason.
    ForSomebodyElse,
    /// Workspaces of an entity are found, whatever the spelling of its repository.
    Search,
    /// Logs and changes are followed to their end.
    Streams,
    /// The same with a restart of Coder in the middle.
    StreamsOverRestart,
}

impl Journey {
    /// All journeys, in the order they run.
    pub const ALL: [Self; 14] = [
        Self::SignIn,
        Self::Rotation,
        Self::SecondBrowser,
        Self::LogOut,
        Self::RevokedAtCoder,
        Self::Suspension,
        Self::Cancel,
        Self::OwnWorkspacesAsOwner,
        Self::OwnWorkspacesAsMember,
        Self::ClassicParameters,
        Self::ForSomebodyElse,
        Self::Search,
        Self::Streams,
        Self::StreamsOverRestart,
    ];

    /// Returns whether the journey comes to its end on this release: nobody signs in before 2.25.
    pub fn works_on(self, version: Version) -> bool {
        match self {
            Self::SignIn
            | Self::Rotation
            | Self::SecondBrowser
            | Self::LogOut
            | Self::RevokedAtCoder
            | Self::Suspension
            | Self::Cancel => version >= Version::V2_25,
            Self::OwnWorkspacesAsOwner
            | Self::OwnWorkspacesAsMember
            | Self::ClassicParameters
            | Self::ForSomebodyElse
            | Self::Search
            | Self::Streams
            | Self::StreamsOverRestart => true,
        }
    }

    /// Takes the journey.
    ///
    /// # Errors
    ///
    /// What kept it from its end.
    pub async fn take(self, stage: &mut Stage) -> Result<(), Trouble> {
        match self {
            Self::SignIn => sign_in::sign_in(stage).await,
            Self::Rotation => sign_in::rotation(stage).await,
            Self::SecondBrowser => sign_in::second_browser(stage).await,
            Self::LogOut => sign_in::log_out(stage).await,
            Self::RevokedAtCoder => sign_in::revoked_at_coder(stage).await,
            Self::Suspension => sign_in::suspension(stage).await,
            Self::Cancel => sign_in::cancel(stage).await,
            Self::OwnWorkspacesAsOwner => workspaces::own(stage, "ada").await,
            Self::OwnWorkspacesAsMember => workspaces::own(stage, "grace").await,
            Self::ClassicParameters => workspaces::classic(stage).await,
            Self::ForSomebodyElse => workspaces::for_somebody_else(stage).await,
            Self::Search => search::search(stage).await,
            Self::Streams => streams::to_their_end(stage).await,
            Self::StreamsOverRestart => streams::over_a_restart(stage).await,
        }
    }
}

impl fmt::Display for Journey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SignIn => "sign in",
            Self::Rotation => "tokens rotate",
            Self::SecondBrowser => "second browser",
            Self::LogOut => "sign out revokes",
            Self::RevokedAtCoder => "revoked at Coder",
            Self::Suspension => "suspend, activate",
            Self::Cancel => "cancel",
            Self::OwnWorkspacesAsOwner => "workspaces, as owner",
            Self::OwnWorkspacesAsMember => "workspaces, as member",
            Self::ClassicParameters => "classic parameters",
            Self::ForSomebodyElse => "for somebody else",
            Self::Search => "search",
            Self::Streams => "streams",
            Self::StreamsOverRestart => "streams over a restart",
        })
    }
}

/// The setting of a journey: a Coder, and the world that the libraries run in.
#[derive(Debug)]
pub struct Stage {
    pub(crate) server: Server,
    pub(crate) world: World,
    restart: Option<String>,
}

impl Stage {
    /// Prepares journeys on this server. `restart` is a command that restarts a real Coder.
    ///
    /// # Errors
    ///
    /// When there is no HTTP client or no tokio runtime.
    pub fn new(server: Server, restart: Option<String>) -> Result<Self, Trouble> {
        let transport = ReqwestTransport::new("coder-conformance")?;
        let world =
            World::native(transport).ok_or_else(|| Trouble::new("there is no tokio runtime"))?;
        Ok(Self { server, world, restart })
    }

    /// The server, to go on with or to clean up.
    pub fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    /// How long agents are waited for, which never connect in this world. A build of the fake is
    /// over at once, and one of a real Coder takes some seconds.
    pub(crate) fn patience(&self) -> Duration {
        match self.server.seed().kind {
            Kind::Fake => Duration::from_millis(200),
            Kind::Real => Duration::from_secs(10),
        }
    }

    /// A client of a person of the world.
    pub(crate) fn client(&self, user: &str) -> Result<Client, Trouble> {
        let token = Secret::new(self.server.token(user));
        let url = self.server.seed().base.parse()?;
        Ok(Client::new(&self.world, url).with_credential(Credential::SessionToken(token)))
    }

    /// Connects the agents of a workspace of the fake, which then tell this value as the metadatum
    /// `cpu`. Returns whether there are agents that can: a real Coder of this world has none.
    pub(crate) async fn connect_agents(&self, workspace: WorkspaceId, value: &str) -> bool {
        match self.server.seed().kind {
            Kind::Fake => {
                self.server.control(&format!("agents {workspace} {value}")).await;
                true
            }
            Kind::Real => false,
        }
    }

    /// Restarts the server: the fake by its control door, a real Coder by the given command.
    pub(crate) async fn restart(&self) -> Result<(), Trouble> {
        match (self.server.seed().kind, &self.restart) {
            (Kind::Fake, _) => {
                self.server.control("restart").await;
                Ok(())
            }
            (Kind::Real, None) => Err(Trouble::new("give a command that restarts this Coder")),
            (Kind::Real, Some(command)) => {
                let status = Command::new("sh").args(["-c", command]).status()?;
                if status.success() {
                    Ok(())
                } else {
                    Err(Trouble::new("the restart command failed"))
                }
            }
        }
    }
}

/// The reason for which a journey did not come to its end.
#[derive(Debug)]
pub struct Trouble(String);

impl Trouble {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An error with all its causes.
impl<E: Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(text)
    }
}

/// Checks what a journey expects.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::journeys::Trouble::new(format!($($text)+)));
        }
    };
}
pub(crate) use ensure;
