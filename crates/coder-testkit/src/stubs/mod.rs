//! One answer per endpoint, for unit tests that need no whole deployment.

mod answer;
mod endpoints;

pub use answer::{Stub, StubbedEndpoint};

use std::fmt;
use std::sync::Arc;

use coder_core::{DeploymentUrl, Lock};
use serde_json::json;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

use crate::misuse::misuse;

/// A mock server for unit tests: one method for each endpoint that portals use most, and
/// [`CoderMock::operation`] for every call of `coder-client`. Each stub says what it answers, how often
/// it must be asked, and is mounted; a request that meets none is answered with 501 and told which
/// stubs there are.
///
/// The models to answer with come out of a [`FakeCoder`](crate::FakeCoder):
///
/// ```
/// use coder_client::operations::ListWorkspaces;
/// use coder_client::{Client, WorkspaceFilter};
/// use coder_testkit::{CoderMock, FakeCoder};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let coder = FakeCoder::new();
/// let alice = coder.add_user("alice");
/// let dev = coder.add_workspace(&alice, "dev").create();
///
/// let mock = CoderMock::start().await;
/// mock.list_workspaces().ok([coder.workspace(dev)]).expect(1).mount().await;
///
/// let client = Client::connect(mock.url(), "any-token")?;
/// let page = client.send(&ListWorkspaces::new(WorkspaceFilter::new())).await?;
/// assert_eq!(page.workspaces[0].name, "dev");
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct CoderMock {
    server: MockServer,
    mounted: Arc<Lock<Vec<String>>>,
}

impl CoderMock {
    /// Starts a mock server on a free loopback port.
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        let mounted = Arc::new(Lock::new(Vec::new()));
        let names = Arc::clone(&mounted);
        let explain = move |request: &Request| {
            let names = names.lock().join(", ");
            let names = if names.is_empty() { "none".to_owned() } else { names };
            ResponseTemplate::new(501).set_body_json(json!({
                "message": format!("No stub answers {} {}.", request.method, request.url.path()),
                "detail": format!(
                    "Mounted stubs: {names}. A stub that was asked too often answers no more."
                ),
            }))
        };
        Mock::given(matchers::any())
            .respond_with(explain)
            .with_priority(u8::MAX)
            .named("explains requests that no stub answers")
            .mount(&server)
            .await;
        Self { server, mounted }
    }

    /// Returns the URL to give to the client under test.
    pub fn url(&self) -> DeploymentUrl {
        let uri = self.server.uri();
        uri.parse().unwrap_or_else(|_| misuse("wiremock listens somewhere else than on loopback"))
    }

    /// Returns wiremock's own server, for mocks that the kit does not have.
    pub fn server(&self) -> &MockServer {
        &self.server
    }
}

impl fmt::Debug for CoderMock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CoderMock({})", self.server.uri())
    }
}
