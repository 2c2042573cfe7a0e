//! Calls of Coder's API as values, which JavaScript holds as texts.

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::operations::{
    GetBuildInfo, GetUser, GetWorkspace, GetWorkspaceByName, ListBuildParameters, ListTemplates,
    ListWorkspaces,
};
use coder_client::{
    BuildId, Call, Client, ClientError, Operation, TemplateFilter, UserRef, WorkspaceFilter,
    WorkspaceId,
};
use coder_core::Body;
use http::{Method, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::models::{
    BuildInfoView, ParametersView, TemplateView, UserView, WorkspaceView, WorkspacesView,
};
use super::outcome::{Refusal, told};
use crate::answer::{Answer, Fault};

/// A call, by its name.
#[derive(Deserialize)]
#[serde(tag = "name", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Named {
    Call { method: String, path: Vec<String>, query: Vec<(String, String)>, body: Option<Value> },
    GetBuildInfo,
    GetUser { user: String },
    GetWorkspace { id: WorkspaceId },
    GetWorkspaceByName { owner: String, workspace: String },
    ListBuildParameters { build: BuildId },
    ListTemplates,
    ListWorkspaces { filter: String, limit: Option<u32>, offset: Option<u32> },
}

impl Named {
    pub(super) fn operation(self) -> Result<Box<dyn Asked>, Refusal> {
        Ok(match self {
            Self::Call { method, path, query, body } => {
                Box::new(call(&method, path, query, body.as_ref())?)
            }
            Self::GetBuildInfo => asked(GetBuildInfo, BuildInfoView::new),
            Self::GetUser { user } => {
                asked(GetUser::new(UserRef::from(user.as_str())), UserView::new)
            }
            Self::GetWorkspace { id } => {
                asked(GetWorkspace::new(id), |found, now| WorkspaceView::new(&found, now))
            }
            Self::GetWorkspaceByName { owner, workspace } => {
                let get = GetWorkspaceByName::new(UserRef::from(owner.as_str()), workspace);
                asked(get, |found, now| WorkspaceView::new(&found, now))
            }
            Self::ListBuildParameters { build } => {
                asked(ListBuildParameters::new(build), ParametersView::new)
            }
            Self::ListTemplates => {
                asked(ListTemplates::new(TemplateFilter::new()), TemplateView::all)
            }
            Self::ListWorkspaces { filter, limit, offset } => {
                let list = ListWorkspaces::new(self::filter(&filter)?);
                let list = match limit {
                    Some(limit) => list.limit(limit),
                    None => list,
                };
                let list = match offset {
                    Some(offset) => list.offset(offset),
                    None => list,
                };
                asked(list, |page, now| WorkspacesView::of_page(&page, now))
            }
        })
    }
}

/// Reads a filter in Coder's grammar.
pub(super) fn filter(query: &str) -> Result<WorkspaceFilter, Fault> {
    WorkspaceFilter::from_query(query).map_err(|error| Fault::from_error("invalidFilter", &error))
}

fn call(
    method: &str,
    path: Vec<String>,
    query: Vec<(String, String)>,
    body: Option<&Value>,
) -> Result<Shown<Call<Value>, Value>, Fault> {
    let method: Method = method.parse().map_err(|error| {
        Fault::from_error("invalidArgument", &error as &http::method::InvalidMethod)
    })?;
    let call = Call::new(method, path);
    let call = query.into_iter().fold(call, |call, (name, value)| call.query(name, value));
    let call = match body {
        Some(body) => call.json(body),
        None => call,
    };
    Ok(Shown { operation: call, view: |answer, _| answer })
}

fn asked<O: Operation + 'static, T: Serialize + 'static>(
    operation: O,
    view: fn(O::Output, Timestamp) -> T,
) -> Box<dyn Asked> {
    Box::new(Shown { operation, view })
}

/// An operation whose answer JavaScript is shown.
#[async_trait(?Send)]
pub(super) trait Asked {
    /// Builds the request, without a credential.
    fn request(&self, client: &Client) -> Result<http::Request<Bytes>, ClientError>;

    /// Reads the answer to the request, up to the operation's limit.
    async fn read(&self, client: &Client, answer: Response<Body>) -> Result<Answer, Refusal>;

    /// Sends the request and reads its answer.
    async fn send(&self, client: &Client) -> Answer;
}

struct Shown<O: Operation, T> {
    operation: O,
    view: fn(O::Output, Timestamp) -> T,
}

impl<O: Operation, T: Serialize> Shown<O, T> {
    fn show(&self, client: &Client, outcome: Result<O::Output, ClientError>) -> Answer {
        told(outcome.map(|answer| (self.view)(answer, client.now())).map_err(Refusal::from))
    }
}

#[async_trait(?Send)]
impl<O: Operation, T: Serialize> Asked for Shown<O, T> {
    fn request(&self, client: &Client) -> Result<http::Request<Bytes>, ClientError> {
        self.operation.request(client.deployment())
    }

    async fn read(&self, client: &Client, answer: Response<Body>) -> Result<Answer, Refusal> {
        let (head, body) = answer.into_parts();
        let body = body.collect(self.operation.max_answer()).await.map_err(ClientError::from)?;
        let answer = Response::from_parts(head, body);
        Ok(self.show(client, self.operation.parse(answer)))
    }

    async fn send(&self, client: &Client) -> Answer {
        self.show(client, client.send(&self.operation).await)
    }
}
