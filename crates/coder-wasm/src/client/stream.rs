//! Streams that JavaScript reads item by item.

use std::cell::RefCell;
use std::rc::Rc;

use coder_client::subscriptions::{FollowAgentLogs, FollowBuildLogs, WatchWorkspace};
use coder_client::{AgentId, BuildId, Client, ClientError, Subscription, WorkspaceId};
use coder_core::BoxStream;
use futures_util::StreamExt as _;
use futures_util::stream::{AbortHandle, abortable};
use js_sys::Promise;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::models::{LineView, WorkspaceView};
use super::outcome::{Refusal, told};
use crate::answer::Answer;

/// The subject that is followed, by its name.
#[derive(Deserialize)]
#[serde(tag = "name", rename_all = "camelCase")]
pub(super) enum Followed {
    Workspace { id: WorkspaceId },
    BuildLogs { id: BuildId, after: Option<i64> },
    AgentLogs { id: AgentId, after: Option<i64> },
}

impl Followed {
    pub(super) fn open(self, client: &Client) -> StreamHandle {
        match self {
            Self::Workspace { id } => {
                let now = client.clone();
                stream(client, WatchWorkspace::new(id), move |workspace| {
                    WorkspaceView::new(&workspace, now.now())
                })
            }
            Self::BuildLogs { id, after } => {
                let follow = FollowBuildLogs::new(id);
                let follow = match after {
                    Some(id) => follow.after(id),
                    None => follow,
                };
                stream(client, follow, |line| LineView::from(&line))
            }
            Self::AgentLogs { id, after } => {
                let follow = FollowAgentLogs::new(id);
                let follow = match after {
                    Some(id) => follow.after(id),
                    None => follow,
                };
                stream(client, follow, |line| LineView::from(&line))
            }
        }
    }
}

fn stream<S: Subscription + 'static, T: Serialize>(
    client: &Client,
    subscription: S,
    view: impl Fn(S::Item) -> T + 'static,
) -> StreamHandle {
    let items = client.subscribe(subscription);
    StreamHandle::new(Box::pin(items.map(move |item: Result<S::Item, ClientError>| {
        told(item.map(&view).map_err(Refusal::from))
    })))
}

/// A stream of answers.
#[wasm_bindgen]
pub struct StreamHandle {
    /// The stream, unless it is being read or has ended.
    answers: Rc<RefCell<Option<BoxStream<'static, Answer>>>>,
    stop: AbortHandle,
}

impl StreamHandle {
    fn new(answers: BoxStream<'static, Answer>) -> Self {
        let (answers, stop) = abortable(answers);
        Self { answers: Rc::new(RefCell::new(Some(Box::pin(answers)))), stop }
    }
}

#[wasm_bindgen]
impl StreamHandle {
    /// Returns the promise of the next answer; of nothing at the end. One at a time.
    pub fn next(&self) -> Promise {
        let place = Rc::clone(&self.answers);
        future_to_promise(async move {
            let taken = place.borrow_mut().take();
            let Some(mut answers) = taken else { return Ok(JsValue::UNDEFINED) };
            let Some(answer) = answers.next().await else { return Ok(JsValue::UNDEFINED) };
            *place.borrow_mut() = Some(answers);
            Ok(answer.into())
        })
    }

    /// Ends the stream: drops its source, and ends a read that is under way.
    pub fn stop(&self) {
        self.stop.abort();
        drop(self.answers.borrow_mut().take());
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        self.stop.abort();
    }
}

impl std::fmt::Debug for StreamHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StreamHandle")
    }
}
