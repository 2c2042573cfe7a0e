//! Ids: one type for each kind of resource, so that none can be taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The error for a text that is not a UUID where an id is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id; Coder's ids are UUIDs")]
pub struct IdError {
    text: String,
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        ///
        /// The default is the [nil](Self::is_nil) id.
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Returns the UUID of this id.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// Returns `true` for the nil UUID, which Coder writes for "none" where a field cannot
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

        impl crate::reading::Blank for $name {
            fn blank() -> Self {
                Self::default()
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
    /// The id of a workspace's agent.
    AgentId,
    /// The id of an agent's app.
    AppId,
    /// The id of an entry in the audit log.
    AuditLogId,
    /// The id of a workspace's build.
    BuildId,
    /// The id of an entry in the connection log.
    ConnectionLogId,
    /// The id of a dev container.
    DevcontainerId,
    /// The id of an uploaded file.
    FileId,
    /// The id of a group of users.
    GroupId,
    /// The id of a provisioner job.
    JobId,
    /// The id of a source of agent logs.
    LogSourceId,
    /// The id of a message in somebody's inbox.
    NotificationId,
    /// The id of a kind of notification.
    NotificationTemplateId,
    /// The id of an OAuth2 app, which is also its `client_id`.
    OAuth2AppId,
    /// The id of a secret of an OAuth2 app.
    OAuth2SecretId,
    /// The id of an organization.
    OrganizationId,
    /// The id of a template version's preset.
    PresetId,
    /// The id of a key that provisioner daemons sign in with.
    ProvisionerKeyId,
    /// The id of a server among those that make up a deployment.
    ReplicaId,
    /// The id of a resource that a build made.
    ResourceId,
    /// The id of an agent's script.
    ScriptId,
    /// The id of a status that an app reported.
    StatusId,
    /// The id of a task.
    TaskId,
    /// The id of a template.
    TemplateId,
    /// The id of a template version.
    TemplateVersionId,
    /// The id of a user or service account.
    UserId,
    /// The id of a secret that a user keeps at Coder.
    UserSecretId,
    /// The id of a provisioner daemon.
    WorkerId,
    /// The id of a workspace.
    WorkspaceId,
    /// The id of a workspace proxy.
    WorkspaceProxyId,
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
