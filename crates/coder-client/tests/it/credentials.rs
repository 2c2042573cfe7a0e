//! Providers of credentials, and where a credential goes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::async_test;
use crate::door::Door;
use crate::support::{Script, answer, json};
use async_trait::async_trait;
use coder_client::operations::{CreateWorkspace, GetUser};
use coder_client::subscriptions::{FollowBuildLogs, WatchWorkspace};
use coder_client::{
    BuildId, Channel, Client, ClientError, Credential, CredentialError, CredentialProvider,
    WorkspaceId,
};
use coder_core::{RetryPolicy, Secret};
use futures_util::{StreamExt as _, TryStreamExt as _};

/// Provider of a token, and of another one when that is refused.
#[derive(Default)]
struct Rotating {
    tokens: Mutex<Vec<Secret>>,
    renewed: AtomicUsize,
}

impl Rotating {
    fn through(tokens: impl IntoIterator<Item = Secret>) -> Arc<Self> {
        let mut tokens: Vec<Secret> = tokens.into_iter().collect();
        tokens.reverse();
        Arc::new(Self { tokens: tokens.into(), ..Self::default() })
    }

    fn current(&self) -> Option<Credential> {
        self.tokens.lock().unwrap().last().cloned().map(Credential::SessionToken)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl CredentialProvider for Rotating {
    async fn credential(&self) -> Result<Credential, CredentialError> {
        self.current().ok_or_else(|| CredentialError::needs_login("no token left"))
    }

    async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, CredentialError> {
        let Credential::SessionToken(refused) = refused else { panic!("not one of ours") };
        let mut tokens = self.tokens.lock().unwrap();
        assert!(tokens.pop().unwrap().matches(refused));
        self.renewed.fetch_add(1, Ordering::Relaxed);
        Ok(tokens.last().cloned().map(Credential::SessionToken))
    }
}

#[async_test]
async fn a_refused_credential_is_renewed_once_and_the_request_sent_again() {
    let door = Door::open().await;
    let alice = door.coder.add_user("alice");
    let dead = Secret::new("0123456789-0123456789012345678901");
    let provider = Rotating::through([dead, alice.session_token.clone()]);
    let client = door.visitor().with_credential_provider(provider.clone());
    let template = door.coder.add_template("small");
    let create = CreateWorkspace::from_template(template.id(), "dev".parse().unwrap());
    client.send(&create).await.unwrap();
    assert_eq!(door.coder.count("POST", "/api/v2/users/me/workspaces"), 2);
    client.send(&GetUser::me()).await.unwrap();
    assert_eq!(provider.renewed.load(Ordering::Relaxed), 1);
    assert_eq!(door.coder.count("GET", "/api/v2/users/me"), 1, "the fresher one is kept");
}

#[async_test]
async fn a_credential_that_cannot_be_renewed_leaves_the_refusal() {
    let door = Door::open().await;
    let dead = Secret::new("0123456789-0123456789012345678901");
    let client = door.visitor().with_credential_provider(Rotating::through([dead.clone()]));
    let error = client.send(&GetUser::me()).await.unwrap_err();
    assert!(error.is_unauthorized() && error.api().is_some());
    assert_eq!(door.coder.count("GET", "/api/v2/users/me"), 1);

    let twice = Rotating::through([dead.clone(), dead.clone(), dead]);
    let client = door.visitor().with_credential_provider(twice.clone());
    assert!(client.send(&GetUser::me()).await.unwrap_err().is_unauthorized());
    assert_eq!(twice.renewed.load(Ordering::Relaxed), 1, "once for a request");
}

#[async_test]
async fn without_a_credential_nothing_is_sent_and_the_reason_is_told() {
    let door = Door::open().await;
    let client = door.visitor().with_credential_provider(Rotating::through([]));
    let error = client.send(&GetUser::me()).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.may_have_been_processed());
    assert_eq!(error.to_string(), "there is no credential for coder any more; sign in again");
    let ClientError::Credential(reason) = &error else { panic!("{error:?}") };
    assert_eq!(std::error::Error::source(reason).unwrap().to_string(), "no token left");
    assert!(door.coder.requests().is_empty());
    let later = ClientError::from(CredentialError::unavailable("locked"));
    assert!(later.is_transient() && !later.is_unauthorized());
}

#[async_test]
async fn streams_renew_their_credential_too() {
    let door = Door::open().await;
    let alice = door.coder.add_user("alice");
    let dev = door.coder.add_workspace(&alice, "dev").create();
    for channel in [Channel::Events, Channel::WebSocket, Channel::Polling] {
        let dead = Secret::new("0123456789-0123456789012345678901");
        let provider = Rotating::through([dead, alice.session_token.clone()]);
        let client = door.visitor().with_credential_provider(provider);
        let mut changes = client.subscribe_over(channel, WatchWorkspace::new(dev));
        assert_eq!(changes.try_next().await.unwrap().unwrap().name, "dev", "{channel:?}");
    }
}

#[async_test]
async fn the_credential_of_a_stream_goes_to_the_deployment_and_follows_no_redirect() {
    let location = [("location", "https://evil.test/")];
    let script = Script::new([answer(302, &location, "")]);
    let client = bearer(&script.client());
    let dev: WorkspaceId = "9da8cec4-f30f-4e0a-ae17-61e9264f5deb".parse().unwrap();
    let watch = client.subscribe_over(Channel::Events, WatchWorkspace::new(dev));
    let error = watch.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(error, ClientError::Redirected { .. }), "{error}");

    // A deployment is left alone when somebody's own subscription points elsewhere.
    let script = Script::default();
    let error = bearer(&script.client())
        .subscribe_over(Channel::Events, Astray)
        .try_collect::<Vec<()>>()
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Request(coder_client::RequestError::ForeignOrigin)));
    let error = bearer(&script.client())
        .subscribe_over(Channel::WebSocket, Astray)
        .try_collect::<Vec<()>>()
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Request(coder_client::RequestError::ForeignOrigin)));
    assert!(script.requests().is_empty());
}

fn bearer(client: &Client) -> Client {
    client.clone().with_credential(Credential::Bearer(Secret::new("canary")))
}

/// A subscription of somebody's own, which points elsewhere.
struct Astray;

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl coder_client::Subscription for Astray {
    type Item = ();

    fn channels(&self) -> &'static [Channel] {
        &[Channel::Events]
    }

    fn request(
        &self,
        _deployment: &coder_core::DeploymentUrl,
        _channel: Channel,
    ) -> Result<Option<http::Request<bytes::Bytes>>, ClientError> {
        let request = http::Request::get("https://evil.test/watch").body(bytes::Bytes::new());
        Ok(Some(request.unwrap()))
    }

    fn read(&mut self, _message: &str) -> Result<Vec<()>, ClientError> {
        Ok(vec![()])
    }

    async fn poll(&mut self, _client: &Client) -> Result<coder_client::Polled<()>, ClientError> {
        Ok(coder_client::Polled::last(Vec::new()))
    }
}

#[async_test]
async fn a_dead_credential_ends_a_stream() {
    let door = Door::open().await;
    let client = door.visitor().with_credential(Credential::SessionToken(Secret::new("dead")));
    let build: BuildId = "9da8cec4-f30f-4e0a-ae17-61e9264f5deb".parse().unwrap();
    let mut lines = client.subscribe(FollowBuildLogs::new(build));
    assert!(lines.try_next().await.unwrap_err().is_unauthorized());
    assert!(lines.try_next().await.unwrap().is_none());
}

#[async_test]
async fn a_token_that_a_peer_sends_back_gets_into_no_error() {
    let token = "canary-0123456789-abcdef";
    // The token stands where the text of an error is cut.
    let echo = format!("{}Coder-Session-Token: {token}", "x".repeat(160));
    let escaped = |message: &str, detail: &str| {
        serde_json::json!({ "message": message, "detail": detail, "error": message,
            "validations": [{ "field": token, "detail": echo }] })
        .to_string()
    };
    let page = format!("<html>{echo}</html>");
    let headers = [("content-type", token), ("x-coder-request-id", token)];
    let html = [("content-type", "text/html")];
    let all = || {
        [
            answer(502, &html, page.clone()),
            answer(404, &headers, page.clone()),
            answer(200, &html, page.clone()),
            answer(200, &[], page.clone()),
            json(400, &escaped(&echo, token)),
            json(500, &escaped(token, &echo)),
        ]
    };
    for credential in [Credential::SessionToken, Credential::Bearer] {
        for said in all() {
            let credential = credential(Secret::new(token));
            let script = Script::new([said]);
            let client = script.client().with_retry(RetryPolicy::NEVER);
            let error = client.with_credential(credential).send(&GetUser::me()).await.unwrap_err();
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.contains("canary"), "{shown}");
            }
        }
    }
}

#[async_test]
async fn a_token_that_a_peer_sends_back_gets_into_no_error_of_a_stream() {
    let token = "canary-0123456789-abcdef";
    let body = format!(r#"{{"message": "no: {token}"}}"#);
    let stream = [("content-type", "text/event-stream")];
    for said in [json(400, &body), answer(200, &stream, format!("event: error\ndata: {body}\n\n"))]
    {
        let client = Script::new([said]).client().with_stream_retry(RetryPolicy::NEVER);
        let client = client.with_credential(Credential::SessionToken(Secret::new(token)));
        let watch = WatchWorkspace::new("9da8cec4-f30f-4e0a-ae17-61e9264f5deb".parse().unwrap());
        let error =
            client.subscribe_over(Channel::Events, watch).next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("no: "), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}
