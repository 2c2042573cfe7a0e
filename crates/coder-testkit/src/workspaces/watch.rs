//! `GET /api/v2/workspaces/{id}/watch`: server-sent events, one per change.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use coder_core::{BoxFuture, TransportError};
use futures_util::{FutureExt as _, Stream};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Workspace;
use super::json::Fresh;
use crate::FakeCoder;
use crate::state::Deployment;

/// Silence is broken by a ping this often, on the fake's clock.
const PING_EVERY: SignedDuration = SignedDuration::from_secs(15);

/// How often the clock is looked at where a runtime tells the time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A ping, the workspace as it is, and the workspace again whenever something about it changes.
pub(crate) struct Watch {
    coder: FakeCoder,
    workspace: Uuid,
    viewer: Uuid,
    /// What was sent last; `None` before the first ping.
    sent: Option<Sent>,
    look_again: Option<BoxFuture<'static, ()>>,
}

struct Sent {
    /// Everything that can change, as text; empty after the first ping.
    fingerprint: String,
    at: Timestamp,
}

impl Watch {
    pub(crate) fn new(coder: FakeCoder, workspace: Uuid, viewer: Uuid) -> Self {
        Self { coder, workspace, viewer, sent: None, look_again: None }
    }

    /// The next event, if it is due. `wake_up` is remembered otherwise.
    fn next(&self, context: &Context<'_>) -> Option<(Sent, String)> {
        self.coder.peek(|deployment| {
            let at = deployment.now;
            let ping = |fingerprint| (Sent { fingerprint, at }, "event: ping\n\n".to_owned());
            let Some(sent) = &self.sent else { return Some(ping(String::new())) };
            let workspace = deployment.state.workspace(self.workspace)?;
            let fingerprint = fingerprint(deployment, workspace);
            if fingerprint != sent.fingerprint {
                let json = workspace.json(deployment, self.viewer, Fresh::No);
                let event = format!("event: data\ndata: {json}\n\n");
                return Some((Sent { fingerprint, at }, event));
            }
            if at.duration_since(sent.at) >= PING_EVERY {
                return Some(ping(fingerprint));
            }
            deployment.state.watchers.push(context.waker().clone());
            None
        })
    }
}

impl Stream for Watch {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some((sent, event)) = self.next(context) {
            self.sent = Some(sent);
            return Poll::Ready(Some(Ok(event.into())));
        }
        // A clock that moves by itself has to be looked at.
        let Some(runtime) = self.coder.runtime().cloned() else { return Poll::Pending };
        let timer = self.look_again.get_or_insert_with(|| runtime.sleep(LOOK_EVERY));
        if timer.poll_unpin(context).is_ready() {
            self.look_again = None;
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

fn fingerprint(deployment: &Deployment<'_>, workspace: &Workspace) -> String {
    let pace = &deployment.settings.pace;
    let build = workspace.latest();
    let job = build.map(|build| build.job(pace, deployment.now));
    let agents = build.map(|build| build.agents_now(deployment));
    let template = deployment.state.template(workspace.template).map(|known| known.active_id());
    format!("{workspace:?} {job:?} {agents:?} {template:?}")
}
