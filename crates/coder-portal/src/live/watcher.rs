//! The one subscription to a workspace for all pages of a person.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use coder_auth::Caller;
use coder_client::models::Workspace;
use coder_client::operations::GetWorkspace;
use coder_client::subscriptions::WatchWorkspace;
use coder_client::{Client, ClientError, WorkspaceId};
use coder_core::{BoxStream, RetryPolicy, elapsed};
use coder_workspaces::Availability;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use jiff::Timestamp;

use super::Live;
use super::events::Told;
use super::hub::{FeedId, News};
use super::logs::{LAST_LINES, Logs};
use crate::signal::Signal;

/// The time after which a workspace is read again although nothing was heard of it. A Coder sends
/// nothing when a workspace falls asleep, gets another deadline or becomes a favorite.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(120);
/// The time after which Coder is asked again that did not answer, or that shows no such workspace.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// The number of tries of a subscription before pages are told that Coder does not answer.
const MAX_ATTEMPTS: u32 = 5;
/// The shortest time between two looks at what is known.
const SOON: Duration = Duration::from_secs(1);

/// Hears of a workspace, and tells the hub.
pub(super) struct Watcher {
    live: Arc<Live>,
    feed: FeedId,
    id: WorkspaceId,
    caller: Caller,
    client: Client,
    changed: Arc<Signal>,
    logs: Logs,
    last: Option<Workspace>,
    /// The moment at which the workspace was heard of.
    heard_at: Timestamp,
    /// The moment of the last look at what is known.
    looked_at: Timestamp,
}

impl Watcher {
    pub(super) fn new(
        live: Arc<Live>,
        feed: FeedId,
        id: WorkspaceId,
        caller: Caller,
        client: Client,
        changed: Arc<Signal>,
    ) -> Self {
        let client = client.with_stream_retry(RetryPolicy::STREAM.with_max_attempts(MAX_ATTEMPTS));
        let (logs, now) = (Logs::default(), live.now());
        Self {
            live,
            feed,
            id,
            caller,
            client,
            changed,
            logs,
            last: None,
            heard_at: now,
            looked_at: now,
        }
    }

    /// Watches the workspace until the caller's credential is refused.
    pub(super) async fn run(mut self) {
        loop {
            let mut pause = ASK_AGAIN_AFTER;
            if let Some(error) = self.watch().await {
                if error.is_unauthorized() {
                    return self.live.refuse(self.feed);
                }
                if error.is_not_found() || error.is_gone() || error.is_forbidden() {
                    self.lose();
                } else {
                    self.live.tell(self.feed, News::Problem(Told::problem(self.id, &error)));
                }
                pause = pause.max(error.retry_after().unwrap_or_default());
            }
            let pause = self.client.world().runtime.sleep(pause);
            select(Box::pin(self.changed.raised()), pause).await;
        }
    }

    /// Tells that the workspace is not shown any more, and ends its logs.
    fn lose(&mut self) {
        (self.last, self.logs) = (None, Logs::default());
        self.live.tell(self.feed, News::LogIsOver);
        self.live.tell(self.feed, News::State(Told::gone(self.id)));
    }

    /// Tells what is heard, until Coder answers with an error that waiting does not help, or ends the
    /// subscription.
    async fn watch(&mut self) -> Option<ClientError> {
        let mut changes = self.client.subscribe(WatchWorkspace::new(self.id));
        loop {
            let heard = self.next(&mut changes).await;
            let outcome = match heard {
                Heard::Change(Some(Ok(workspace))) => self.take(*workspace),
                Heard::Change(Some(Err(error))) => return Some(error),
                Heard::Change(None) => return None,
                Heard::Lines(lines) => {
                    for piece in self.logs.read(self.id, lines) {
                        self.live.tell(self.feed, News::Log(piece));
                        // A page that is ready takes this piece before the next one comes.
                        give_way().await;
                    }
                    Ok(())
                }
                Heard::Changed => self.read().await,
                Heard::Time => self.look_again().await,
            };
            if let Err(error) = outcome {
                return Some(error);
            }
        }
    }

    async fn next(
        &mut self,
        changes: &mut BoxStream<'static, Result<Workspace, ClientError>>,
    ) -> Heard {
        let pause = self.pause();
        if pause.is_zero() {
            return Heard::Time;
        }
        let time = self.client.world().runtime.sleep(pause);
        let lines = Box::pin(self.logs.next());
        let changed = Box::pin(self.changed.raised());
        match select(select(changes.next(), lines), select(changed, time)).await {
            Either::Left((Either::Left((change, _)), _)) => {
                Heard::Change(change.map(|change| change.map(Box::new)))
            }
            Either::Left((Either::Right((lines, _)), _)) => Heard::Lines(lines),
            Either::Right((Either::Left(((), _)), _)) => Heard::Changed,
            Either::Right((Either::Right(((), _)), _)) => Heard::Time,
        }
    }

    /// Returns the time until the next look at what is known. It does not begin anew with each line of
    /// a log.
    fn pause(&self) -> Duration {
        let since = elapsed(self.live.now(), self.looked_at);
        let read = READ_AGAIN_AFTER.saturating_sub(self.silence());
        let look = self.look_after().saturating_sub(since);
        read.min(look).max(SOON.saturating_sub(since))
    }

    /// Returns the time between two looks at what is known.
    fn look_after(&self) -> Duration {
        let Some(workspace) = &self.last else { return READ_AGAIN_AFTER };
        let next = Availability::new(workspace, self.client.now()).poll_after;
        let next = next.unwrap_or(READ_AGAIN_AFTER);
        if self.logs.is_following() { next.min(LAST_LINES) } else { next }
    }

    fn silence(&self) -> Duration {
        elapsed(self.live.now(), self.heard_at)
    }

    /// Takes the present state of the workspace.
    fn take(&mut self, workspace: Workspace) -> Result<(), ClientError> {
        self.heard_at = self.live.now();
        self.looked_at = self.heard_at;
        self.live.index.hear(&self.caller, &workspace);
        if self.logs.look(&self.client, &workspace) {
            self.live.tell(self.feed, News::LogIsOver);
        }
        self.tell(&workspace);
        self.last = Some(workspace);
        Ok(())
    }

    fn tell(&self, workspace: &Workspace) {
        let availability = Availability::new(workspace, self.client.now());
        self.live.tell(self.feed, News::State(Told::workspace(workspace, &availability)));
    }

    /// Tells what time alone changes: the availability of a workspace, and the logs that are over.
    async fn look_again(&mut self) -> Result<(), ClientError> {
        self.looked_at = self.live.now();
        self.live.end_slow();
        if self.silence() >= READ_AGAIN_AFTER {
            return self.read().await;
        }
        if let Some(workspace) = &self.last {
            self.logs.leave_what_is_over(workspace);
            self.tell(workspace);
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), ClientError> {
        let read = GetWorkspace::new(self.id).include_deleted(true);
        let workspace = self.client.send(&read).await?;
        self.take(workspace)
    }
}

/// Lets other tasks run that are ready.
async fn give_way() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Something that a watcher waits for.
enum Heard {
    Change(Option<Result<Box<Workspace>, ClientError>>),
    Lines(super::logs::Lines),
    /// Somebody has changed the workspace.
    Changed,
    /// The time for another look has come.
    Time,
}
