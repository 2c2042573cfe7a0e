//! Notifications: messages that Coder sends to people.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::reading::model;
use crate::{List, NotificationId, NotificationTemplateId, UserId};

model! {
    /// A page of the caller's inbox: `GET /api/v2/notifications/inbox`.
    // coder: codersdk.ListInboxNotificationsResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Inbox {
        /// The messages on this page, the newest first.
        pub notifications: List<InboxNotification>,
        /// The number of all messages that were not read.
        pub unread_count: i64,
    }
}

model! {
    /// A message in somebody's inbox.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct InboxNotification {
        /// The id of the message.
        pub id: NotificationId = required,
        /// The id of the user who got the message.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user_id: Option<UserId>,
        /// The id of the message's kind.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<NotificationTemplateId>,
        /// The ids of the things that the message is about, such as a workspace and a template.
        pub targets: List<Uuid>,
        /// The title of the message.
        pub title: String,
        /// The text of the message, in Markdown.
        pub content: String,
        /// The icon: the name of one of the dashboard's, or a URL.
        pub icon: String,
        /// The links that the message offers.
        pub actions: List<InboxNotificationAction>,
        /// The moment at which the message was read; `None` while it was not.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub read_at: Option<Timestamp>,
        /// The moment at which the message was sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
    }
}

model! {
    /// A link that a message offers.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct InboxNotificationAction {
        /// The text of the link.
        pub label: String,
        /// The URL of the link.
        pub url: String,
    }
}

model! {
    /// A message that has arrived: `GET /api/v2/notifications/inbox/watch`.
    // coder: codersdk.GetInboxNotificationResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ArrivedNotification {
        /// The message that has arrived.
        pub notification: InboxNotification = required,
        /// The number of all messages that were not read.
        pub unread_count: i64,
    }
}

model! {
    /// An answer to the change of a message: `PUT /api/v2/notifications/inbox/{id}/read-status`.
    // coder: no definition: the description gives the answer as a message
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UpdatedNotification {
        /// The message after the change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub notification: Option<InboxNotification>,
        /// The number of all messages that were not read.
        pub unread_count: i64,
    }
}

model! {
    /// Whether notifications are sent: `GET /api/v2/notifications/settings`.
    // coder: codersdk.NotificationsSettings
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct NotificationSettings {
        /// `true` when none are sent.
        pub notifier_paused: bool,
    }
}

model! {
    /// A kind of notification: `GET /api/v2/notifications/templates/system`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct NotificationTemplate {
        /// The id of the kind.
        pub id: NotificationTemplateId = required,
        /// The name of the kind, like `Workspace Deleted`.
        pub name: String,
        /// The template of the title.
        pub title_template: String,
        /// The template of the text.
        pub body_template: String,
        /// The links that messages offer, as JSON.
        pub actions: String,
        /// The group of kinds that it belongs to, like `Workspace Events`.
        pub group: String,
        /// The way in which messages are sent; empty for the deployment's usual one.
        pub method: String,
        /// `system` for the kinds that come with Coder.
        pub kind: String,
        /// `true` when people get such messages unless they said otherwise.
        pub enabled_by_default: bool,
    }
}

model! {
    /// The choice of a user whether to get notifications of a kind: `GET
    /// /api/v2/users/{user}/notifications/preferences`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct NotificationPreference {
        /// The id of the kind.
        pub id: NotificationTemplateId = required,
        /// `true` when the user does not want such messages.
        pub disabled: bool,
        /// The moment at which the user said so.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
    }
}
