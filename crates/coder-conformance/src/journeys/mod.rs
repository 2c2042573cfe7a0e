//! Journeys of people through the product, on any Coder.
//!
//! A journey uses the libraries as their users do: `coder-auth` signs in at Coder's own consent
//! page, `coder-workspaces` opens workspaces for an entity, `coder-client` follows streams. It runs
//! on the fake and on a real Coder through the same code.

mod browser;
mod search;
mod sign_in;
mod stage;
mod streams;
mod workspaces;

use std::fmt;

use coder_testkit::Version;

pub(crate) use stage::ensure;
pub use stage::{Stage, Trouble};

/// A journey through the product.
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

    /// Takes the journey on a stage.
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
