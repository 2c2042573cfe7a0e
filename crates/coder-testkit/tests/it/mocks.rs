//! The fake through wiremock, and stubs per endpoint.

use std::time::Duration;

use bytes::Bytes;
use coder_client::models::BuildParameter;
use coder_client::operations::{
    CheckAuthorization, GetTemplate, GetUser, GetWorkspace, ListBuildParameters, ListWorkspaces,
};
use coder_client::{BuildId, Client, ClientError, Credential, WorkspaceFilter};
use coder_core::{DeploymentUrl, ReqwestTransport, Transport as _, World};
use coder_testkit::{CoderMock, FakeCoder, FakeServer, Fault};
use http::Request;
use serde_json::json;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(url: &DeploymentUrl) -> Client {
    let world = World::native(ReqwestTransport::new("test/1.0").unwrap()).unwrap();
    Client::new(&world, url.clone())
}

async fn status(url: &DeploymentUrl, path: &[&str]) -> u16 {
    let url = url.endpoint(path.iter().copied());
    let request = Request::get(url.as_str()).body(Bytes::new()).unwrap();
    let transport = ReqwestTransport::new("test/1.0").unwrap();
    transport.send(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_fake_answers_what_no_other_mock_does() {
    let server = MockServer::start().await;
    let coder = FakeCoder::builder().mount_on(&server).await;
    let alice = coder.add_user("alice");
    Mock::given(method("GET"))
        .and(path("/healthz"))
        .respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    assert_eq!(status(coder.url(), &["healthz"]).await, 503);
    let client =
        client(coder.url()).with_credential(Credential::SessionToken(alice.session_token.clone()));
    assert_eq!(client.send(&GetUser::me()).await.unwrap().username, "alice");
    assert_eq!(coder.count("GET", "/api/v2/users/me"), 1);
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_wiremock_cannot_do_is_said() {
    let server = MockServer::start().await;
    let coder = FakeCoder::builder().mount_on(&server).await;
    coder.fail_next(Fault::bad_gateway());
    assert_eq!(status(coder.url(), &["healthz"]).await, 502);
    let slow = Fault::delay(Duration::from_secs(1));
    for fault in [Fault::answer_lost(), Fault::silence(), Fault::body_stalls(), slow] {
        coder.fail_next(fault);
        assert_eq!(status(coder.url(), &["healthz"]).await, 501);
    }
}

#[tokio::test]
async fn stubs_answer_with_the_clients_models() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let mock = CoderMock::start().await;
    mock.users_me().ok(&coder.user(&alice)).mount().await;
    mock.list_workspaces()
        .and(query_param("q", "owner:me"))
        .ok([coder.workspace(dev)])
        .expect(1)
        .mount()
        .await;
    mock.get_workspace(dev).ok(&coder.workspace(dev)).mount().await;
    let build: BuildId = coder.workspace(dev).latest_build.id;
    mock.build_parameters(build).ok(&[("repo", "x")]).mount().await;

    let client = client(&mock.url());
    assert_eq!(client.send(&GetUser::me()).await.unwrap().id, alice.id);
    let mine = ListWorkspaces::new(WorkspaceFilter::new().mine());
    assert_eq!(client.send(&mine).await.unwrap().workspaces, [coder.workspace(dev)]);
    assert_eq!(client.send(&GetWorkspace::new(dev)).await.unwrap().name, "dev");
    let parameters = client.send(&ListBuildParameters::new(build)).await.unwrap();
    assert_eq!(parameters, [BuildParameter::new("repo", "x")]);
}

#[tokio::test]
async fn stubs_fail_as_coder_and_its_neighbours_do() {
    let all = || ListWorkspaces::new(WorkspaceFilter::new());
    let mock = CoderMock::start().await;
    let client = client(&mock.url());
    mock.list_workspaces().unauthorized().up_to(1).mount().await;
    mock.list_workspaces().rate_limited(99).up_to(1).mount().await;
    mock.list_workspaces().login_page().up_to(1).mount().await;
    mock.list_workspaces().not_found().up_to(1).mount().await;
    mock.list_workspaces().forbidden().up_to(1).mount().await;
    assert!(client.send(&all()).await.unwrap_err().is_unauthorized());
    let limited = client.send(&all()).await.unwrap_err();
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(99)));
    assert!(matches!(client.send(&all()).await.unwrap_err(), ClientError::NotJson(_)));
    assert!(client.send(&all()).await.unwrap_err().is_not_found());
    assert!(client.send(&all()).await.unwrap_err().is_forbidden());
}

#[tokio::test]
async fn a_request_without_a_stub_is_told_which_there_are() {
    let mock = CoderMock::start().await;
    mock.users_me().and(header("coder-session-token", "good")).error().up_to(1).mount().await;
    mock.tokens().pair("access", "refresh").mount().await;
    let request =
        Request::get(mock.url().endpoint(["api", "v2", "users", "me"]).as_str()).body(Bytes::new());
    let transport = ReqwestTransport::new("test/1.0").unwrap();
    let answer = transport.send(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 501);
    let body = answer.into_body().collect(4096).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        json,
        json!({
            "message": "No stub answers GET /api/v2/users/me.",
            "detail": "Mounted stubs: GET /api/v2/users/me, POST /oauth2/tokens. A stub that was \
                       asked too often answers no more.",
        })
    );
}

#[tokio::test]
async fn the_client_lists_the_same_through_every_door() {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let alice = server.coder().add_user("alice");
    server.coder().add_workspace(&alice, "dev").parameter("repo", "x").create();
    let credential = Credential::SessionToken(alice.session_token.clone());
    let filter = WorkspaceFilter::new().mine().param("repo", "x").unwrap();
    let over_the_wire = client(server.coder().url()).with_credential(credential.clone());
    let world = World::native(server.coder().clone()).unwrap();
    let in_process = Client::new(&world, server.coder().url().clone()).with_credential(credential);
    let question = ListWorkspaces::new(filter);
    let one = over_the_wire.send(&question).await.unwrap();
    assert_eq!(one.workspaces[0].name, "dev");
    assert_eq!(one, in_process.send(&question).await.unwrap());
}

#[tokio::test]
async fn every_operation_has_a_stub_with_a_typed_answer() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let id = coder.add_template("small").id();
    let mock = CoderMock::start().await;
    let (get, check) = (GetTemplate::new(id), CheckAuthorization::new());
    let rename = coder_client::operations::RenameWorkspace::new(
        coder.add_workspace(&alice, "dev").create(),
        "new-name".parse().unwrap(),
    );
    mock.operation(&get).answer(&coder.template(id)).expect(1).mount().await;
    let answer = [("create".to_owned(), true)].into();
    mock.operation(&check).answer(&answer).mount().await;
    mock.operation(&rename).ok().expect(1).mount().await;
    let client = client(&mock.url());
    assert_eq!(client.send(&get).await.unwrap().name, "small");
    assert_eq!(client.send(&check).await.unwrap(), answer);
    client.send(&rename).await.unwrap();
}
