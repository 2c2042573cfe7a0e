//! Identifiers: one type per kind of thing, so that none can be taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no UUID was given as an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id; Coder's ids are UUIDs")]
pub struct IdError {
    text: String,
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        ///
        /// By default it is the [nil](Self::is_nil) id.
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The UUID itself.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// Whether this is the nil UUID, which Coder writes for "none" where a field cannot
            /// be null.
            pub const fn is_nil(self) -> bool {
                self.0.is_nil()
            }
        }

        impl crate::reading::Read for $name {
            const FORM: &'static str = Uuid::FORM;

            fn from_text(text: &str) -> crate::reading::Outcome<Self> {
                Uuid::from_text(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::from_str(text).map(Self).map_err(|_| IdError { text: text.to_owned() })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}

ids! {
    /// A workspace's agent.
    AgentId,
    /// An app of an agent.
    AppId,
    /// A build of a workspace.
    BuildId,
    /// A dev container.
    DevcontainerId,
    /// An uploaded file.
    FileId,
    /// A group of users.
    GroupId,
    /// A provisioner job.
    JobId,
    /// A source of agent logs.
    LogSourceId,
    /// An app that people sign in to with Coder; also its `client_id`.
    OAuth2AppId,
    /// A secret of such an app.
    OAuth2SecretId,
    /// An organization.
    OrganizationId,
    /// A preset of a template version.
    PresetId,
    /// A resource of a workspace build.
    ResourceId,
    /// A script of an agent.
    ScriptId,
    /// A status that an app reported.
    StatusId,
    /// A task.
    TaskId,
    /// A template.
    TemplateId,
    /// A version of a template.
    TemplateVersionId,
    /// A person or a service account.
    UserId,
    /// A provisioner daemon.
    WorkerId,
    /// A workspace.
    WorkspaceId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_as_it_was_read() {
        let id: UserId = "8d9ecc9e-c420-4fb6-af70-6a507d110cf8".parse().unwrap();
        assert_eq!(id.to_string(), "8d9ecc9e-c420-4fb6-af70-6a507d110cf8");
        assert_eq!(format!("{id:?}"), "UserId(8d9ecc9e-c420-4fb6-af70-6a507d110cf8)");
    }

    #[test]
    fn a_text_that_is_no_uuid_is_refused() {
        let error = "me".parse::<UserId>().unwrap_err();
        assert_eq!(error.to_string(), "`me` is not an id; Coder's ids are UUIDs");
    }
}
