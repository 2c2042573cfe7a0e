//! WebSockets, logs that are followed, metadata, and what goes wrong with streams.

use std::time::Duration;

use bytes::Bytes;
use coder_core::{
    Transport, TransportError, TransportErrorKind, WebSocket, WebSocketMessage, WebSocketResponse,
};
use coder_testkit::{FakeCoder, FakeUser, Fault, NewAgent, NewResource};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use http::Request;
use serde_json::{Value, json};

async fn ask(
    transport: &dyn Transport,
    coder: &FakeCoder,
    user: &FakeUser,
    path: &str,
) -> Result<WebSocketResponse, TransportError> {
    let request = Request::get(format!("{}{path}", coder.url()))
        .header("coder-session-token", user.session_token.expose())
        .body(())
        .unwrap();
    transport.open_web_socket(request).await
}

async fn open(coder: &FakeCoder, user: &FakeUser, path: &str) -> WebSocket {
    match ask(coder, coder, user, path).await.unwrap() {
        WebSocketResponse::Open(socket) => socket,
        other => panic!("{other:?}"),
    }
}

async fn refused(coder: &FakeCoder, user: &FakeUser, path: &str) -> u16 {
    match ask(coder, coder, user, path).await.unwrap() {
        WebSocketResponse::Refused(answer) => answer.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

fn json_of(message: WebSocketMessage) -> Value {
    match message {
        WebSocketMessage::Text(text) => serde_json::from_str(&text).unwrap(),
        WebSocketMessage::Close { code, .. } => json!({ "closed": code }),
        other => panic!("{other:?}"),
    }
}

/// Returns the messages that are there without waiting.
fn messages(socket: &mut WebSocket) -> Vec<Value> {
    let next = || socket.next().now_or_never().flatten();
    std::iter::from_fn(next).map(|message| json_of(message.unwrap())).collect()
}

fn with_workspace() -> (FakeCoder, FakeUser, coder_client::WorkspaceId) {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").stopped().create();
    (coder, alice, dev)
}

#[tokio::test]
async fn a_workspace_is_watched_over_a_socket_too() {
    let (coder, alice, dev) = with_workspace();
    let mut socket = open(&coder, &alice, &format!("/api/v2/workspaces/{dev}/watch-ws")).await;
    let seen = messages(&mut socket);
    assert_eq!(seen[0], json!({ "type": "ping", "data": null }));
    assert_eq!(seen[1]["data"]["latest_build"]["status"], "stopped");
    coder.advance(Duration::from_secs(3600));
    assert!(messages(&mut socket).is_empty(), "the protocol keeps the line alive");
    coder.start(dev);
    let seen = messages(&mut socket);
    assert_eq!(seen[0]["type"], "data");
    assert_eq!(seen[0]["data"]["latest_build"]["status"], "pending");
}

#[tokio::test]
async fn who_may_not_see_any_more_gets_an_error_event() {
    let (coder, alice, _) = with_workspace();
    let bob = coder.add_user("bob");
    let dev = coder.add_workspace(&alice, "shared").shared_with(&bob, "use").create();
    let mut socket = open(&coder, &bob, &format!("/api/v2/workspaces/{dev}/watch-ws")).await;
    messages(&mut socket);
    let path = format!("/api/v2/workspaces/{dev}/acl");
    let nobody = json!({ "user_roles": { bob.id.to_string(): "" } });
    let token = alice.session_token.expose();
    assert_eq!(crate::common::call(&coder, "PATCH", &path, token, &nobody).status, 204);
    assert_eq!(messages(&mut socket)[0]["type"], "error");
}

#[tokio::test]
async fn a_build_is_followed_line_by_line_until_it_is_over() {
    let (coder, alice, dev) = with_workspace();
    coder.start(dev);
    let build = coder.workspace(dev).latest_build.id;
    let path = format!("/api/v2/workspacebuilds/{build}/logs?follow");
    let mut socket = open(&coder, &alice, &path).await;
    assert!(messages(&mut socket).is_empty());
    coder.advance(Duration::from_secs(2));
    let begun = messages(&mut socket);
    let stages: Vec<&Value> = begun.iter().map(|line| &line["stage"]).collect();
    assert_eq!(stages, ["Setting up", "Planning Infrastructure", "Starting workspace"]);
    coder.advance(Duration::from_secs(60));
    let ended = messages(&mut socket);
    assert_eq!(ended[0]["output"], "Apply complete!");
    assert_eq!(ended[1]["stage"], "Cleaning Up");
    assert_eq!(ended[2], json!({ "closed": 1000 }));

    let last = ended[1]["id"].as_u64().unwrap();
    let mut late = open(&coder, &alice, &format!("{path}&after={}", last - 1)).await;
    assert_eq!(messages(&mut late), [ended[1].clone(), json!({ "closed": 1000 })]);
}

#[tokio::test]
async fn lines_of_an_agent_come_in_arrays_until_there_is_another_build() {
    let (coder, alice, dev) = with_workspace();
    coder.start(dev);
    coder.advance(Duration::from_secs(40));
    let agent = coder.workspace(dev).latest_build.resources[0].agents[0].id;
    let path = format!("/api/v2/workspaceagents/{agent}/logs?follow=true&after=0");
    let mut socket = open(&coder, &alice, &path).await;
    assert_eq!(messages(&mut socket), [json!([])], "not connected yet");
    coder.advance(Duration::from_secs(60));
    let seen = messages(&mut socket);
    assert_eq!(seen[0].as_array().unwrap().len(), 2);
    assert!(messages(&mut socket).is_empty());
    coder.stop(dev);
    assert_eq!(messages(&mut socket), [json!({ "closed": 1000 })]);
}

#[tokio::test]
async fn what_agents_tell_is_watched_both_ways() {
    let (coder, alice, _) = with_workspace();
    let dev = coder.add_workspace(&alice, "running").create();
    coder.set_agent_metadata(dev, "cpu", "12 %");
    let agent = coder.workspace(dev).latest_build.resources[0].agents[0].id;
    let path = format!("/api/v2/workspaceagents/{agent}/watch-metadata");
    let mut socket = open(&coder, &alice, &format!("{path}-ws")).await;
    let seen = messages(&mut socket);
    assert_eq!(seen[0]["data"][0]["result"]["value"], "12 %");
    coder.set_agent_metadata(dev, "cpu", "90 %");
    coder.set_agent_metadata(dev, "disk", "3 GiB");
    let seen = messages(&mut socket);
    assert_eq!(seen.last().unwrap()["data"].as_array().unwrap().len(), 2);

    let request = Request::get(&path)
        .header("coder-session-token", alice.session_token.expose())
        .body(Bytes::new())
        .unwrap();
    let mut events = coder.respond(request).into_body();
    let first = events.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: data\ndata: [{"));
    assert_eq!(events.next().await.unwrap().unwrap(), first, "Coder says it twice");
    assert!(events.next().now_or_never().is_none());
    coder.advance(Duration::from_secs(15));
    let again = events.next().await.unwrap().unwrap();
    assert!(again.starts_with(b"event: data\ndata: [{"), "and every few seconds");
    assert_eq!(events.next().await.unwrap().unwrap(), "event: ping\n\n");
}

#[tokio::test]
async fn a_datum_that_tells_a_value_keeps_the_description_of_its_template() {
    let (coder, alice, _) = with_workspace();
    let agent = NewAgent::new("main").metadata("load", "Load", "uptime");
    let pod = NewResource::new("kubernetes_pod", "main").agent(agent);
    coder.add_template("described").resources([pod]);
    let dev = coder.add_workspace(&alice, "described").template("described").create();
    coder.set_agent_metadata(dev, "load", "0.7");
    let agent = coder.workspace(dev).latest_build.resources[0].agents[0].id;
    let path = format!("/api/v2/workspaceagents/{agent}/watch-metadata-ws");
    let told = messages(&mut open(&coder, &alice, &path).await);
    let datum = &told[0]["data"][0];
    assert_eq!(datum["result"]["value"], "0.7");
    assert_eq!(datum["description"]["display_name"], "Load");
    assert_eq!(datum["description"]["script"], "uptime");
}

#[tokio::test]
async fn what_was_never_collected_is_of_the_year_one() {
    let (coder, alice, _) = with_workspace();
    let dev = coder.add_workspace(&alice, "new").connecting().create();
    coder.set_agent_metadata(dev, "count", "7");
    let agent = coder.workspace(dev).latest_build.resources[0].agents[0].id;
    let path = format!("/api/v2/workspaceagents/{agent}/watch-metadata-ws");
    let mut socket = open(&coder, &alice, &path).await;
    let never = json!({
        "collected_at": "0001-01-01T00:00:00Z", "age": 9_223_372_036_u64, "value": "", "error": "",
    });
    let seen = messages(&mut socket);
    assert_eq!(seen.len(), 2, "Coder says it twice");
    assert_eq!(seen[0]["data"][0]["result"], never);
    coder.advance(Duration::from_secs(60));
    assert_eq!(messages(&mut socket)[0]["data"][0]["result"]["value"], "7");
}

#[tokio::test]
async fn sockets_are_refused_as_requests_are() {
    let (coder, alice, dev) = with_workspace();
    let bob = coder.add_user("bob");
    let watch = format!("/api/v2/workspaces/{dev}/watch-ws");
    assert_eq!(refused(&coder, &bob, &watch).await, 404);
    let logs = format!(
        "/api/v2/workspacebuilds/{}/logs?follow&format=text",
        coder.workspace(dev).latest_build.id
    );
    assert_eq!(refused(&coder, &alice, &logs).await, 400);
    let plain = crate::common::get(&coder, &watch, alice.session_token.expose());
    assert_eq!(plain.status, 426, "no socket was asked for");
    coder.fail_next(Fault::bad_gateway());
    assert_eq!(refused(&coder, &alice, &watch).await, 502);
    coder.fail_next(Fault::request_lost());
    let lost = ask(&coder, &coder, &alice, &watch).await.unwrap_err();
    assert_eq!(lost.kind(), TransportErrorKind::Interrupted);
}

#[tokio::test]
async fn a_client_that_talks_is_shown_out() {
    let (coder, alice, dev) = with_workspace();
    let mut socket = open(&coder, &alice, &format!("/api/v2/workspaces/{dev}/watch-ws")).await;
    socket.send(WebSocketMessage::Text("hello".to_owned())).await.unwrap();
    assert_eq!(messages(&mut socket), [json!({ "closed": 1002 })]);
}

fn form_of(coder: &FakeCoder) -> String {
    let template = coder.add_template("go").parameter("cpu", "4");
    format!("/api/v2/templateversions/{}/dynamic-parameters", template.active_version_id())
}

fn text(json: &Value) -> WebSocketMessage {
    WebSocketMessage::Text(json.to_string())
}

/// Returns the id of a form and the value of its parameter.
fn id_and_value(form: &Value) -> (Option<i64>, Option<&str>) {
    (form["id"].as_i64(), form["parameters"][0]["value"]["value"].as_str())
}

#[tokio::test]
async fn a_form_comes_at_once_and_again_for_each_message_under_its_id() {
    let coder = FakeCoder::new();
    let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
    let form = form_of(&coder);
    for query in ["", "?user_id=me", &format!("?user_id={}", bob.id)] {
        let mut socket = open(&coder, &alice, &format!("{form}{query}")).await;
        let first = socket.next().await.unwrap().unwrap();
        let WebSocketMessage::Text(line) = &first else { panic!("{first:?}") };
        assert!(line.ends_with("}\n"), "{line}");
        assert_eq!(id_and_value(&json_of(first)), (Some(-1), Some("4")), "{query}");
        for (id, cpu) in [(1, "8"), (2, "6")] {
            let said = json!({ "id": id, "inputs": { "cpu": cpu } });
            socket.send(text(&said)).await.unwrap();
        }
        let answers = messages(&mut socket);
        let seen: Vec<_> = answers.iter().map(id_and_value).collect();
        assert_eq!(seen, [(Some(1), Some("8")), (Some(2), Some("6"))], "{query}");
    }
}

#[tokio::test]
async fn a_form_of_nobody_has_no_parameters_until_a_message_names_an_owner() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let nobody = coder.add_template("go").id();
    let form = format!("{}?user_id={nobody}", form_of(&coder));
    let mut socket = open(&coder, &alice, &form).await;
    let first = messages(&mut socket);
    assert_eq!(first[0]["parameters"], Value::Null);
    assert_eq!(first[0]["diagnostics"][0]["extra"]["code"], "owner_not_found");
    socket.send(text(&json!({ "id": 1, "owner_id": alice.id }))).await.unwrap();
    socket.send(text(&json!({ "id": 2 }))).await.unwrap();
    let answers = messages(&mut socket);
    let seen: Vec<_> = answers.iter().map(id_and_value).collect();
    assert_eq!(seen, [(Some(1), Some("4")), (Some(2), Some("4"))], "and it stays the owner");
}

#[tokio::test]
async fn a_form_that_does_not_understand_hangs_up() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let form = form_of(&coder);
    for wrong in [
        WebSocketMessage::Text("hello".to_owned()),
        text(&json!({ "inputs": { "cpu": 8 } })),
        WebSocketMessage::Binary(Bytes::from_static(b"{}")),
    ] {
        let mut socket = open(&coder, &alice, &form).await;
        messages(&mut socket);
        socket.send(wrong).await.unwrap();
        assert_eq!(messages(&mut socket), [json!({ "closed": 1001 })]);
    }
    let mut socket = open(&coder, &alice, &form).await;
    messages(&mut socket);
    coder.restart();
    assert_eq!(messages(&mut socket), [json!({ "closed": 1000 })]);
}

#[tokio::test]
async fn a_form_is_for_sockets_and_for_people_who_exist() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let form = form_of(&coder);
    let plain = crate::common::get(&coder, &form, alice.session_token.expose());
    assert_eq!(plain.status, 426);
    assert!(plain.text.contains("{\"message\":\"Failed to accept WebSocket.\""), "{}", plain.text);
    assert_eq!(refused(&coder, &alice, &format!("{form}?user_id=alice")).await, 400);
    coder.add_template("go").importing(true);
    assert_eq!(refused(&coder, &alice, &form).await, 425);
}

#[tokio::test]
async fn the_log_of_an_import_is_followed_to_its_end() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let template = coder.add_template("go").build_log(&[], &[]).active_version_id();
    let path = format!("/api/v2/templateversions/{template}/logs?follow&after=3");
    let mut socket = open(&coder, &alice, &path).await;
    let seen = messages(&mut socket);
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0]["stage"], "Detecting ephemeral resources");
    assert_eq!(seen[1]["stage"], "Cleaning Up");
    assert_eq!(seen[2], json!({ "closed": 1000 }));
}

#[tokio::test]
async fn streams_break_stall_and_come_in_pieces() {
    let (coder, alice, dev) = with_workspace();
    let watch = format!("/api/v2/workspaces/{dev}/watch-ws");
    coder.fail_next(Fault::stream_cut(1));
    let mut socket = open(&coder, &alice, &watch).await;
    assert!(socket.next().await.unwrap().is_ok());
    let error = socket.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert!(socket.next().await.is_none());

    coder.fail_next(Fault::stream_stalls(1));
    let mut socket = open(&coder, &alice, &watch).await;
    assert_eq!(messages(&mut socket).len(), 1);

    for fault in [Fault::body_cut(), Fault::body_stalls()] {
        coder.fail_next(fault);
        let mut socket = open(&coder, &alice, &watch).await;
        assert!(!matches!(socket.next().now_or_never(), Some(Some(Ok(_)))));
    }

    let request = || {
        Request::get(format!("{}/api/v2/workspaces/{dev}/watch", coder.url()))
            .header("coder-session-token", alice.session_token.expose())
            .body(Bytes::new())
            .unwrap()
    };
    coder.fail_next(Fault::body_in_pieces());
    let mut pieces = coder.send(request()).await.unwrap().into_body();
    assert_eq!(pieces.next().await.unwrap().unwrap(), "event: ");
    assert_eq!(pieces.next().await.unwrap().unwrap(), "ping\n\n");

    coder.fail_next(Fault::stream_cut(2));
    let cut = coder.send(request()).await.unwrap().into_body();
    let seen: Vec<_> = cut.map(|chunk| chunk.is_ok()).collect().await;
    assert_eq!(seen, [true, true, false]);
}

#[cfg(feature = "server")]
#[tokio::test]
async fn sockets_go_over_the_wire_and_break_there() {
    use coder_core::ReqwestTransport;
    use coder_testkit::FakeServer;

    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let coder = server.coder().clone();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let transport = ReqwestTransport::new("test/1.0").unwrap();
    let watch = format!("/api/v2/workspaces/{dev}/watch-ws");
    let open = async || match ask(&transport, &coder, &alice, &watch).await.unwrap() {
        WebSocketResponse::Open(socket) => socket,
        other => panic!("{other:?}"),
    };
    let mut socket = open().await;
    assert_eq!(json_of(socket.next().await.unwrap().unwrap())["type"], "ping");
    let first = json_of(socket.next().await.unwrap().unwrap());
    assert_eq!(first["data"]["latest_build"]["status"], "running");
    coder.stop(dev);
    let change = json_of(socket.next().await.unwrap().unwrap());
    assert_eq!(change["data"]["latest_build"]["status"], "pending");

    let build = coder.workspace(dev).latest_build.id;
    coder.advance(Duration::from_secs(3600));
    let logs = format!("/api/v2/workspacebuilds/{build}/logs?follow");
    let Ok(WebSocketResponse::Open(followed)) = ask(&transport, &coder, &alice, &logs).await else {
        panic!("not open")
    };
    let lines: Vec<Value> = followed.map(|line| json_of(line.unwrap())).collect().await;
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[5], json!({ "closed": 1000 }));

    let form = form_of(&coder);
    let Ok(WebSocketResponse::Open(mut form)) = ask(&transport, &coder, &alice, &form).await else {
        panic!("not open")
    };
    form.send(text(&json!({ "id": 1, "inputs": { "cpu": "8" } }))).await.unwrap();
    for wanted in [(Some(-1), Some("4")), (Some(1), Some("8"))] {
        let answer = json_of(form.next().await.unwrap().unwrap());
        assert_eq!(id_and_value(&answer), wanted);
    }

    coder.fail_next(Fault::stream_cut(1));
    let mut cut = open().await;
    assert!(cut.next().await.unwrap().is_ok());
    assert_eq!(cut.next().await.unwrap().unwrap_err().kind(), TransportErrorKind::Interrupted);

    socket.send(WebSocketMessage::Text("hello".to_owned())).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if let WebSocketMessage::Close { code, .. } = message {
            assert_eq!(code, 1002);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_page_of_another_origin_opens_no_socket_whatever_its_token() {
    let (coder, alice, dev) = with_workspace();
    let mut request = Request::get(
        coder.url().endpoint(["api", "v2", "workspaces", &dev.to_string(), "watch-ws"]).as_str(),
    )
    .header("coder-session-token", alice.session_token.expose())
    .body(())
    .unwrap();
    let own: http::HeaderValue = coder.url().to_string().parse().unwrap();
    request.headers_mut().insert("origin", own);
    assert!(matches!(coder.open_web_socket(request.clone()).await, Ok(WebSocketResponse::Open(_))));
    request.headers_mut().insert("origin", "https://portal.test".parse().unwrap());
    let Ok(WebSocketResponse::Refused(answer)) = coder.open_web_socket(request).await else {
        panic!("open")
    };
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn a_restart_ends_all_streams_in_peace_and_forgets_nothing() {
    let (coder, alice, dev) = with_workspace();
    coder.start(dev);
    coder.advance(Duration::from_secs(2));
    let build = coder.workspace(dev).latest_build.id;
    let path = format!("/api/v2/workspacebuilds/{build}/logs?follow");
    let mut log = open(&coder, &alice, &path).await;
    let begun = messages(&mut log);
    let last = begun.last().unwrap()["id"].to_string();
    coder.restart();
    assert_eq!(messages(&mut log), [json!({ "closed": 1000 })], "although the build goes on");
    let mut again = open(&coder, &alice, &format!("{path}&after={last}")).await;
    assert!(messages(&mut again).is_empty());
    coder.advance(Duration::from_secs(60));
    assert_eq!(messages(&mut again).len(), 3);
}
