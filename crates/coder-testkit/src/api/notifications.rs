//! `/api/v2/notifications`: messages to people.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::templates::parse_id;
use super::{Open, first};
use crate::model::{Notification, User};
use crate::rules::live::{Next, live};
use crate::store::{Deployment, State};
use crate::wire::call::Call;
use crate::wire::input::{Kind, Query, Shape, field};
use crate::wire::reply::{Answer, Reply};
use crate::wire::socket::INBOX;

/// The greatest number of messages in an answer.
const PAGE: usize = 25;

const READ_STATUS: Shape = Shape {
    name: "UpdateInboxNotificationReadStatusRequest",
    fields: &[field("is_read", Kind::Flag)],
};

const CONTENT: Shape = Shape {
    name: "CustomNotificationContent",
    fields: &[field("title", Kind::Text), field("message", Kind::Text)],
};

const CUSTOM: Shape =
    Shape { name: "CustomNotificationRequest", fields: &[field("content", Kind::Any)] };

/// Answers a request for `GET /api/v2/notifications/settings`.
pub(crate) fn settings(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({ "notifier_paused": false })))
}

/// Answers `GET /api/v2/notifications/inbox` with the caller's newest messages.
pub(crate) fn inbox(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let mut query = Query::new(call);
    let status = query.text("read_status");
    let before = query.id("starting_before");
    let [templates, targets] = ["templates", "targets"].map(|name| query.text(name));
    query.refuse_others();
    query.finish("Query parameters have invalid values.")?;
    if !matches!(status, "" | "all" | "read" | "unread") {
        let message = "starting_before query parameter should be any of 'all', 'read', 'unread'.";
        return Err(Reply::bad_request(message));
    }
    let state = &deployment.state;
    let older = before.and_then(|id| state.notifications.iter().position(|known| known.id == id));
    let fits = |message: &&Notification| {
        let is_asked_for = match status {
            "read" => message.read_at.is_some(),
            "unread" => message.read_at.is_none(),
            _ => true,
        };
        let kinds = templates.split(',').filter(|id| !id.is_empty());
        let is_kind = templates.is_empty() || kinds.into_iter().any(|id| message.is_kind(id));
        // No message of the fake is about anything.
        message.user == caller.user.id && is_asked_for && is_kind && targets.is_empty()
    };
    let messages = state.notifications.iter().take(older.unwrap_or(usize::MAX)).rev();
    let messages: Value = messages.filter(fits).take(PAGE).map(Notification::json).collect();
    let unread = state.unread_count(caller.user.id);
    Ok(Reply::ok(&json!({ "notifications": messages, "unread_count": unread })))
}

/// Answers `GET …/inbox/watch` with a WebSocket that tells each message that arrives.
pub(crate) fn watch(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let user = deployment.authenticate(call)?.user.id;
    let mut seen = deployment.state.notifications.len();
    let arrived = live(deployment.shared.clone(), move |deployment| {
        let new = deployment.state.notifications.iter().enumerate().skip(seen);
        let next = new.into_iter().find(|(_, message)| message.user == user);
        let Some((place, message)) = next else { return Next::Later };
        seen = place + 1;
        let unread = deployment.state.unread_count(user);
        Next::Now(json!({ "notification": message.json(), "unread_count": unread }))
    });
    Reply::web_socket(call, &INBOX, arrived)
}

/// Answers `PUT …/inbox/{id}/read-status` with the message and the number of unread ones.
pub(crate) fn mark(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let id = parse_id(first(open))?;
    let is_read = READ_STATUS.read(call)?.flag("is_read");
    let read_at = is_read.then_some(deployment.now);
    let mut messages = deployment.state.notifications.iter_mut();
    let own = messages.find(|message| message.id == id && message.user == caller.user.id);
    let Some(message) = own else {
        let message = "Failed to update inbox notification read status.";
        return Err(Reply::error(StatusCode::INTERNAL_SERVER_ERROR, message));
    };
    message.read_at = read_at;
    let message = message.json();
    let unread = deployment.state.unread_count(caller.user.id);
    Ok(Reply::ok(&json!({ "notification": message, "unread_count": unread })))
}

/// Answers a request for `PUT …/inbox/mark-all-as-read`.
pub(crate) fn mark_all(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let user = deployment.authenticate(call)?.user.id;
    let now = deployment.now;
    let own = deployment.state.notifications.iter_mut().filter(|message| message.user == user);
    own.for_each(|message| message.read_at = message.read_at.or(Some(now)));
    Ok(Reply::no_content())
}

/// Answers `POST /api/v2/notifications/custom`, which sends a message to the caller.
pub(crate) fn send(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = CUSTOM.read(call)?;
    let content = body.value("content").cloned().unwrap_or_default().to_string();
    let content =
        CONTENT.parse(content.as_bytes()).map_err(|reason| Reply::bad_request(&reason))?;
    let [title, text] = ["title", "message"].map(|name| content.text(name).unwrap_or_default());
    deployment.notify(&caller.user, title, text);
    Ok(Reply::no_content())
}

/// Answers `GET /api/v2/notifications/templates/system`, which refuses members.
pub(crate) fn system_templates(
    deployment: &mut Deployment<'_>,
    call: &Call,
    _: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    if !caller.user.owner {
        return Err(Reply::forbidden());
    }
    Ok(Reply::ok(&json!([])))
}

impl Deployment<'_> {
    /// Puts a message into a user's inbox, and returns its id.
    pub(crate) fn notify(&mut self, user: &User, title: &str, content: &str) -> Uuid {
        let id = self.mint().uuid();
        self.state.notifications.push(Notification {
            id,
            user: user.id,
            title: title.to_owned(),
            content: content.to_owned(),
            created_at: self.now,
            read_at: None,
        });
        id
    }
}

impl State {
    fn unread_count(&self, user: Uuid) -> usize {
        let own = self.notifications.iter().filter(|message| message.user == user);
        own.filter(|message| message.read_at.is_none()).count()
    }
}
