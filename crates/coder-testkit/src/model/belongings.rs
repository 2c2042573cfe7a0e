//! What Coder keeps for each user: the SSH key, secrets and messages.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// The SSH key with which a user's workspaces sign in to Git hosts.
#[derive(Clone, Debug)]
pub(crate) struct SshKey {
    pub(crate) public_key: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A secret of a user. The value is not kept, since Coder never tells it to a client.
#[derive(Clone, Debug)]
pub(crate) struct UserSecret {
    pub(crate) id: Uuid,
    pub(crate) user: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) env_name: String,
    pub(crate) file_path: String,
    pub(crate) enabled: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A message in a user's inbox.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub(crate) id: Uuid,
    pub(crate) user: Uuid,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) created_at: Timestamp,
    /// `None` while it was not read.
    pub(crate) read_at: Option<Timestamp>,
}

/// The kind of the messages, which is that of a test of notifications in a real deployment.
const TEST_NOTIFICATION: Uuid = Uuid::from_u128(0xc425_f63e_716a_4bf4_ae24_7834_8f70_6c3f);

impl SshKey {
    pub(crate) fn json(&self, user: Uuid) -> Value {
        json!({
            "user_id": user,
            "created_at": self.created_at.to_string(),
            "updated_at": self.updated_at.to_string(),
            "public_key": self.public_key,
        })
    }
}

impl UserSecret {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "env_name": self.env_name,
            "file_path": self.file_path,
            "enabled": self.enabled,
            "created_at": self.created_at.to_string(),
            "updated_at": self.updated_at.to_string(),
        })
    }
}

impl Notification {
    /// Tells whether it is of the kind with this id.
    pub(crate) fn is_kind(&self, id: &str) -> bool {
        Uuid::try_parse(id).is_ok_and(|id| id == TEST_NOTIFICATION)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "user_id": self.user,
            "template_id": TEST_NOTIFICATION,
            "targets": [],
            "title": self.title,
            "content": self.content,
            "icon": "DEFAULT_OTHER_ICON",
            "actions": [],
            "read_at": self.read_at.map(|moment| moment.to_string()),
            "created_at": self.created_at.to_string(),
        })
    }
}
