//! What a call of Coder answers: a text of JSON, `{"ok": …}` or `{"error": …}`.

use coder_client::ClientError;
use coder_core::with_causes;
use coder_workspaces::{NotCreatable, WorkspacesError};
use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::answer::{self, Answer, Fault};

/// Writes the outcome of a call.
pub(super) fn told<T: Serialize>(outcome: Result<T, Refusal>) -> Answer {
    match outcome {
        Ok(value) => answer::answer(Ok(value)),
        Err(Refusal::Argument(fault)) => answer::answer::<()>(Err(fault)),
        // Texts and numbers can always be written.
        Err(Refusal::Coder(error)) => serde_json::to_string(&Failed { error }).unwrap_or_default(),
    }
}

/// Runs a call until it is done, or until `aborted` is settled: then it is dropped, and nobody
/// reads what the promise becomes.
pub(super) fn promise(aborted: Promise, call: impl Future<Output = Answer> + 'static) -> Promise {
    future_to_promise(async move {
        let call = std::pin::pin!(call);
        match futures_util::future::select(call, JsFuture::from(aborted)).await {
            futures_util::future::Either::Left((answer, _)) => Ok(answer.into()),
            futures_util::future::Either::Right(_) => Ok(JsValue::UNDEFINED),
        }
    })
}

/// Reasons why there is no answer.
pub(super) enum Refusal {
    /// An argument cannot be used.
    Argument(Fault),
    /// Coder refused, or did not answer.
    Coder(Box<Told>),
}

#[derive(Serialize)]
struct Failed {
    error: Box<Told>,
}

/// An error of Coder as JavaScript gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

/// A wrong parameter of a workspace.
#[derive(Serialize)]
struct Problem {
    path: String,
    message: String,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Argument(fault)
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        Self::Coder(Box::new(Told {
            code: code_of(&error),
            message: with_causes(&error),
            status: error.status().map(|status| status.as_u16()),
            retry_after_seconds: error.retry_after().map(|after| after.as_secs()),
            problems: Vec::new(),
        }))
    }
}

impl From<WorkspacesError> for Refusal {
    fn from(error: WorkspacesError) -> Self {
        let mut problems = Vec::new();
        let code = match error {
            WorkspacesError::Client(error) => return error.into(),
            WorkspacesError::NotSearchable(_) => "notSearchable",
            WorkspacesError::NotCreatable(NotCreatable::Parameters(ref wrong)) => {
                let wrong = wrong
                    .iter()
                    .map(|one| Problem { path: one.name.clone(), message: one.problem.clone() });
                problems.extend(wrong);
                "notCreatable"
            }
            WorkspacesError::NotCreatable(_) => "notCreatable",
            WorkspacesError::NotReady { .. } => "notReady",
            WorkspacesError::Incomplete(_) => "incomplete",
        };
        Self::Coder(Box::new(Told {
            code,
            message: with_causes(&error),
            status: None,
            retry_after_seconds: None,
            problems,
        }))
    }
}

fn code_of(error: &ClientError) -> &'static str {
    match error {
        _ if error.is_unauthorized() => "unauthorized",
        _ if error.is_forbidden() => "forbidden",
        _ if error.is_not_found() => "notFound",
        _ if error.is_conflict() => "conflict",
        ClientError::Request(_) => "invalidArgument",
        ClientError::Api(_) => "refused",
        ClientError::Unsupported(_) => "unsupported",
        ClientError::RateLimited { .. } => "rateLimited",
        ClientError::NotJson(_) | ClientError::Unreadable(_) | ClientError::Redirected { .. } => {
            "unexpectedAnswer"
        }
        ClientError::Credential(_) => "noToken",
        ClientError::Transport(_) => "unreachable",
    }
}
