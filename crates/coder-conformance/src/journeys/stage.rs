//! The setting of a journey, and what keeps one from its end.

use std::error::Error;
use std::fmt;
use std::process::Command;
use std::time::Duration;

use coder_client::{Client, Credential, WorkspaceId};
use coder_core::{ReqwestTransport, Secret, World, with_causes};

use crate::server::Server;
use crate::world::Kind;

/// The time for an operation in all, on a machine that has much else to do.
const DEADLINE: Duration = Duration::from_secs(120);

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

    /// Returns the server, to go on with or to clean up.
    pub fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    /// Returns how long builds and agents are waited for. Agents never connect in this world, and a
    /// build of the fake is over at once, so the first look decides there, at whatever speed. A build
    /// of a real Coder takes some seconds.
    pub(crate) fn patience(&self) -> Duration {
        match self.server.seed().kind {
            Kind::Fake => Duration::ZERO,
            Kind::Real => Duration::from_secs(10),
        }
    }

    /// Makes a client of a person of the world.
    pub(crate) fn client(&self, user: &str) -> Result<Client, Trouble> {
        let token = Secret::new(self.server.token(user));
        let url = self.server.seed().base.parse()?;
        let client = Client::new(&self.world, url).with_deadline(DEADLINE);
        Ok(client.with_credential(Credential::SessionToken(token)))
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
impl<E: Error + 'static> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(with_causes(&error))
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
