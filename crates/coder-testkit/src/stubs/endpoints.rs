//! The endpoints.

use coder_client::models::{
    BuildInfo, BuildParameter, User, Workspace, WorkspaceBuild, WorkspacePage,
};
use coder_client::{BuildId, Operation, WorkspaceId};
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::CoderMock;
use super::answer::StubbedEndpoint;
use crate::misuse::misuse;

/// Endpoints. Each takes the first request that matches; more conditions can be added with
/// [`StubbedEndpoint::and`].
impl CoderMock {
    /// Stubs the answer to `GET /api/v2/buildinfo`.
    pub fn build_info(&self) -> StubbedEndpoint<'_, BuildInfo> {
        self.endpoint("GET", "/api/v2/buildinfo", 200)
    }

    /// Stubs the answer to `GET /api/v2/users/me`.
    pub fn users_me(&self) -> StubbedEndpoint<'_, User> {
        self.endpoint("GET", "/api/v2/users/me", 200)
    }

    /// Stubs the answer to `GET /api/v2/workspaces`.
    pub fn list_workspaces(&self) -> StubbedEndpoint<'_, WorkspacePage> {
        self.endpoint("GET", "/api/v2/workspaces", 200)
    }

    /// Stubs the answer to `GET /api/v2/workspaces/{id}`.
    pub fn get_workspace(&self, id: WorkspaceId) -> StubbedEndpoint<'_, Workspace> {
        self.endpoint("GET", &format!("/api/v2/workspaces/{id}"), 200)
    }

    /// Stubs the answer to `POST /api/v2/users/me/workspaces`.
    pub fn create_workspace(&self) -> StubbedEndpoint<'_, Workspace> {
        self.endpoint("POST", "/api/v2/users/me/workspaces", 201)
    }

    /// Stubs the answer to `POST /api/v2/workspaces/{id}/builds`.
    pub fn create_build(&self, workspace: WorkspaceId) -> StubbedEndpoint<'_, WorkspaceBuild> {
        self.endpoint("POST", &format!("/api/v2/workspaces/{workspace}/builds"), 201)
    }

    /// Stubs the answer to `GET /api/v2/workspacebuilds/{id}/parameters`.
    pub fn build_parameters(&self, build: BuildId) -> StubbedEndpoint<'_, Vec<BuildParameter>> {
        self.endpoint("GET", &format!("/api/v2/workspacebuilds/{build}/parameters"), 200)
    }

    /// Stubs the answer to `POST /oauth2/tokens`.
    pub fn tokens(&self) -> StubbedEndpoint<'_, Value> {
        self.endpoint("POST", "/oauth2/tokens", 200)
    }

    /// Stubs the answer to `POST /oauth2/revoke`.
    pub fn revoke(&self) -> StubbedEndpoint<'_, ()> {
        self.endpoint("POST", "/oauth2/revoke", 200)
    }

    /// Stubs the endpoint of any call of `coder-client`: its method and path, whatever its query
    /// and body. The good answer is 201 to a `POST` and 200 to anything else.
    ///
    /// ```
    /// use coder_client::Client;
    /// use coder_client::operations::GetTemplate;
    /// use coder_core::{ReqwestTransport, World};
    /// use coder_testkit::{CoderMock, FakeCoder};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// let coder = FakeCoder::new();
    /// let id = coder.add_template("small").id();
    /// let get = GetTemplate::new(id);
    /// let mock = CoderMock::start().await;
    /// mock.operation(&get).answer(&coder.template(id)).expect(1).mount().await;
    ///
    /// let world = World::native(ReqwestTransport::new("test/1.0")?).unwrap();
    /// assert_eq!(Client::new(&world, mock.url()).send(&get).await?.name, "small");
    /// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// When the values of the operation make no request.
    #[track_caller]
    pub fn operation<O: Operation>(&self, operation: &O) -> StubbedEndpoint<'_, O::Output> {
        match operation.request(&self.url()) {
            Ok(request) => {
                let success = if request.method() == Method::POST { 201 } else { 200 };
                self.endpoint(request.method().as_str(), request.uri().path(), success)
            }
            Err(reason) => misuse(&format!("the operation makes no request: {reason}")),
        }
    }

    /// Stubs any other endpoint; `success` is the status of its good answer.
    pub fn endpoint<T>(&self, method: &str, path: &str, success: u16) -> StubbedEndpoint<'_, T> {
        StubbedEndpoint::new(self, method, path, success)
    }
}

impl<'a, T: Serialize> StubbedEndpoint<'a, T> {
    /// Answers each request with this value.
    pub fn answer(self, answer: &T) -> super::Stub<'a> {
        self.good(&json!(answer))
    }
}

impl<'a> StubbedEndpoint<'a, WorkspacePage> {
    /// Answers with these workspaces and their number.
    pub fn ok(self, workspaces: impl IntoIterator<Item = Workspace>) -> super::Stub<'a> {
        let workspaces: Vec<Workspace> = workspaces.into_iter().collect();
        self.good(&json!({ "count": workspaces.len(), "workspaces": workspaces }))
    }
}

impl<'a> StubbedEndpoint<'a, BuildInfo> {
    /// Answers each request with this value.
    pub fn ok(self, info: &BuildInfo) -> super::Stub<'a> {
        self.good(&json!(info))
    }
}

impl<'a> StubbedEndpoint<'a, User> {
    /// Answers with this user.
    pub fn ok(self, user: &User) -> super::Stub<'a> {
        self.good(&json!(user))
    }
}

impl<'a> StubbedEndpoint<'a, Workspace> {
    /// Answers with this workspace.
    pub fn ok(self, workspace: &Workspace) -> super::Stub<'a> {
        self.good(&json!(workspace))
    }
}

impl<'a> StubbedEndpoint<'a, WorkspaceBuild> {
    /// Answers with this build.
    pub fn ok(self, build: &WorkspaceBuild) -> super::Stub<'a> {
        self.good(&json!(build))
    }
}

impl<'a> StubbedEndpoint<'a, Vec<BuildParameter>> {
    /// Answers with these names and values.
    pub fn ok(self, parameters: &[(&str, &str)]) -> super::Stub<'a> {
        let parameters: Vec<Value> = parameters
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        self.good(&parameters.into())
    }
}

impl<'a> StubbedEndpoint<'a, Value> {
    /// Answers with this JSON.
    pub fn ok(self, answer: &Value) -> super::Stub<'a> {
        self.good(answer)
    }

    /// Answers as `POST /oauth2/tokens` does, with a pair that lives for a day.
    pub fn pair(self, access_token: &str, refresh_token: &str) -> super::Stub<'a> {
        self.good(&json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 86399,
            "refresh_token": refresh_token,
        }))
    }
}

impl<'a> StubbedEndpoint<'a, ()> {
    /// Answers with no body.
    pub fn ok(self) -> super::Stub<'a> {
        self.empty()
    }
}
