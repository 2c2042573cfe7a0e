//! `GET /api/v2/workspaces/{id}/watch` and `…/watch-ws`: an event for each change.

use coder_core::BoxStream;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::json::Fresh;
use crate::model::Workspace;
use crate::rules::live::{Next, live};
use crate::store::{Deployment, Shared};
use crate::wire::events::{Event, Wire};

/// Silence is broken by a ping this often, on the fake's clock.
pub(super) const PING_EVERY: SignedDuration = SignedDuration::from_secs(15);

struct Sent {
    /// Everything that can change, as text; empty after the first ping.
    fingerprint: String,
    at: Timestamp,
}

/// Streams a ping, the workspace as it is, and the workspace again whenever something about it
/// changes that Coder announces. A WebSocket is kept alive below the events.
pub(crate) fn watch(
    shared: Shared,
    workspace: Uuid,
    viewer: Uuid,
    wire: Wire,
) -> BoxStream<'static, Event> {
    let mut sent: Option<Sent> = None;
    live(shared, move |deployment| {
        let at = deployment.now;
        let Some(last) = &mut sent else {
            sent = Some(Sent { fingerprint: String::new(), at });
            return Next::Now(Event::Ping);
        };
        let Some(stored) = deployment.state.workspace(workspace) else { return Next::Never };
        let fingerprint = fingerprint(deployment, stored);
        if fingerprint != last.fingerprint {
            *last = Sent { fingerprint, at };
            return Next::Now(shown(deployment, stored, viewer));
        }
        if wire == Wire::ServerSent && at.duration_since(last.at) >= PING_EVERY {
            last.at = at;
            return Next::Now(Event::Ping);
        }
        Next::Later
    })
}

/// Renders the workspace for a viewer that may still see it, and an error for any other.
fn shown(deployment: &Deployment<'_>, workspace: &Workspace, viewer: Uuid) -> Event {
    let user = deployment.state.users.get(&viewer);
    if user.is_some_and(|user| workspace.is_visible_to(user)) {
        return Event::Data(workspace.json(deployment, viewer, Fresh::No));
    }
    let reason: Value = StatusCode::NOT_FOUND.to_string().into();
    Event::Error(json!({ "message": "Internal error fetching workspace.", "detail": reason }))
}

/// Collects everything about the workspace that Coder announces. Coder is silent when a workspace is used, falls
/// asleep or wakes, gets another lifetime or deadline, or becomes a favorite.
fn fingerprint(deployment: &Deployment<'_>, workspace: &Workspace) -> String {
    let mut workspace = workspace.clone();
    (workspace.dormant_at, workspace.ttl_ms, workspace.favorite) = (None, None, false);
    workspace.last_used_at = Timestamp::UNIX_EPOCH;
    for build in &mut workspace.builds {
        build.deadline = None;
    }
    let workspace = &workspace;
    let pace = &deployment.settings.pace;
    let build = workspace.latest();
    let job = build.map(|build| build.job(pace, deployment.now));
    let agents = build.map(|build| build.agents_now(deployment));
    let template = deployment.state.template(workspace.template).map(|known| known.active_id());
    format!("{workspace:?} {job:?} {agents:?} {template:?}")
}
