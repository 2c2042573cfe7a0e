//! Notifications: messages that Coder sends to people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::models::{
    Inbox, NotificationPreference, NotificationSettings, NotificationTemplate, UpdatedNotification,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{List, NotificationId, NotificationTemplateId, UserRef};

operations! {
    /// `GET /api/v2/notifications/inbox`: lists the newest messages in the caller's inbox, at most
    /// 25.
    ///
    /// [`WatchInbox`](crate::subscriptions::WatchInbox) tells new ones as they arrive.
    ///
    /// ```
    /// use coder_client::operations::ListInbox;
    /// use coder_client::{Client, ClientError};
    ///
    /// async fn unread(client: &Client) -> Result<Vec<String>, ClientError> {
    ///     let inbox = client.send(&ListInbox::new().read_status("unread")).await?;
    ///     Ok(inbox.notifications.into_iter().map(|message| message.title).collect())
    /// }
    /// ```
    #[doc(alias = "messages")]
    #[derive(Default)]
    ListInbox() = GET ["notifications", "inbox"]
        query {
            ;
            /// Lists only `unread` or only `read` messages, by default `all`.
            read_status: String,
            /// Lists only messages about these things: their ids, separated by commas.
            targets: String,
            /// Lists only messages of these kinds: their ids, separated by commas.
            templates: String,
            /// Lists only messages that were sent before this one.
            starting_before: NotificationId,
        }
        => Inbox;
    /// `PUT /api/v2/notifications/inbox/{id}/read-status`: marks a message as read or as not read.
    MarkNotification(notification: NotificationId, is_read: bool) =
        PUT ["notifications", "inbox", notification, "read-status"]
        body { is_read } => UpdatedNotification;
    /// `PUT /api/v2/notifications/inbox/mark-all-as-read`: marks all messages as read.
    MarkAllNotificationsRead = PUT ["notifications", "inbox", "mark-all-as-read"] => ();
    /// `GET /api/v2/notifications/settings`: returns whether the deployment sends notifications.
    GetNotificationSettings = GET ["notifications", "settings"] => NotificationSettings;
    /// `PUT /api/v2/notifications/settings`: sets whether the deployment sends notifications.
    /// Returns `None` when nothing has changed.
    SetNotificationSettings(notifier_paused: bool) =
        PUT ["notifications", "settings"]
        body { notifier_paused } => Option<NotificationSettings>;
    /// `GET /api/v2/notifications/templates/system`: lists the kinds of notifications.
    ListNotificationTemplates =
        GET ["notifications", "templates", "system"] => List<NotificationTemplate>;
    /// `GET /api/v2/users/{user}/notifications/preferences`: lists the kinds of notifications about
    /// which a user has decided.
    ListNotificationPreferences(user: UserRef) =
        GET ["users", user, "notifications", "preferences"] => List<NotificationPreference>;
}

/// `PUT /api/v2/users/{user}/notifications/preferences`: sets which kinds of notifications a user
/// wants. Other kinds stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetNotificationPreferences {
    #[serde(skip)]
    user: UserRef,
    template_disabled_map: BTreeMap<NotificationTemplateId, bool>,
}

impl SetNotificationPreferences {
    /// Creates the operation that changes nothing yet.
    pub fn new(user: impl Into<UserRef>) -> Self {
        Self { user: user.into(), template_disabled_map: BTreeMap::new() }
    }

    /// Turns the notifications of this kind on.
    #[must_use]
    pub fn enable(mut self, template: NotificationTemplateId) -> Self {
        self.template_disabled_map.insert(template, false);
        self
    }

    /// Turns the notifications of this kind off.
    #[must_use]
    pub fn disable(mut self, template: NotificationTemplateId) -> Self {
        self.template_disabled_map.insert(template, true);
        self
    }
}

impl_operation!(SetNotificationPreferences => List<NotificationPreference>, |this| {
    RequestBuilder::put(["users", &this.user.to_string(), "notifications", "preferences"])
        .json(this)
});

/// `POST /api/v2/notifications/custom`: sends a notification with words of the caller's own to the
/// caller.
#[doc(alias = "message")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendCustomNotification {
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Content {
    title: String,
    message: String,
}

impl SendCustomNotification {
    /// Creates the operation for a title and a text.
    pub fn new(title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { content: Content { title: title.into(), message: message.into() } }
    }
}

impl_operation!(SendCustomNotification => (), |this| {
    RequestBuilder::post(["notifications", "custom"]).json(this)
});
