//! What the client writes into logs: enough to see what happened, and nothing that opens a door.
#![cfg(not(target_family = "wasm"))]

use std::sync::Arc;
use std::time::Duration;

use coder_client::operations::{
    CreateOAuth2App, CreateOAuth2AppSecret, GetUser, ListWorkspaces, OAuth2AppSettings,
};
use coder_client::subscriptions::WatchWorkspace;
use coder_client::{Channel, Client, Credential, WorkspaceFilter};
use coder_core::{BoxFuture, ReqwestTransport, Runtime, Secret, World};
use coder_testkit::{FakeCoder, FakeServer, Fault, LogBuffer, SeededRandom};
use futures_util::{StreamExt as _, TryStreamExt as _};

/// Nobody waits here.
struct AtOnce;

impl Runtime for AtOnce {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {}

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration == Duration::MAX {
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn logs_at_trace_tell_what_happened_and_no_secret() {
    let log = LogBuffer::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.writer())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let coder = server.coder();
    let root = coder.add_owner("root");
    let dev = coder.add_workspace(&root, "dev").create();
    let world = World {
        transport: Arc::new(ReqwestTransport::new("test/1.0").unwrap()),
        clock: coder.clock(),
        random: Arc::new(SeededRandom::new("logs")),
        runtime: Arc::new(AtOnce),
    };
    let token = &root.session_token;
    let visitor = Client::new(&world, coder.url().clone())
        .with_timeout(Duration::MAX)
        .with_deadline(Duration::MAX)
        .with_stream_idle_limit(Duration::MAX);
    let client = visitor.clone().with_credential(Credential::SessionToken(token.clone()));
    let bearer = visitor.clone().with_credential(Credential::Bearer(token.clone()));

    coder.fail_next(Fault::bad_gateway());
    let filter = WorkspaceFilter::new().param("repo", "canary-of-a-search").unwrap();
    client.send(&ListWorkspaces::new(filter)).await.unwrap();
    coder.fail_next(Fault::answer_lost());
    bearer.send(&GetUser::me()).await.unwrap();
    let app = OAuth2AppSettings::new("portal", "https://portal.test/canary-of-a-callback");
    let app = client.send(&CreateOAuth2App::new(app)).await.unwrap();
    let secret = client.send(&CreateOAuth2AppSecret::new(app.id)).await.unwrap();
    let dead = Credential::SessionToken(Secret::new("canary-of-a-dead-token"));
    let refused = visitor.with_credential(dead).send(&GetUser::me()).await.unwrap_err();
    for channel in [Channel::Events, Channel::WebSocket, Channel::Polling] {
        coder.fail_next(Fault::stream_cut(1));
        let mut changes = client.subscribe_over(channel, WatchWorkspace::new(dev));
        changes.next().await.unwrap().unwrap();
    }
    let lines = client.items(ListWorkspaces::default(), 1);
    lines.try_collect::<Vec<_>>().await.unwrap();

    let text = format!("{}{client:?}{bearer:?}{refused:?}{refused}", log.text());
    for secret in [token, &secret.client_secret_full] {
        assert!(!text.contains(secret.expose()), "{text}");
    }
    assert!(!text.contains("canary"), "{text}");
    for told in [
        "coder{method=GET path=\"/api/v2/workspaces\"}",
        "attempt=1 status=502",
        "attempt=2 status=200",
        "INFO coder{method=GET path=\"/api/v2/workspaces\"}: coder_client::client: trying again \
         error=\"did not receive JSON from coder, but status 502",
        "failed=1 pause=",
        "channel=WebSocket",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
}
