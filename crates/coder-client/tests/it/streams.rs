//! Subscriptions: over every channel, across broken connections, and when to give up.

use std::time::Duration;

use crate::async_test;
use crate::door::Door;
use coder_client::models::{Workspace, WorkspaceStatus};
use coder_client::subscriptions::{
    FollowAgentLogs, FollowBuildLogs, WatchAgentMetadata, WatchWorkspace,
};
use coder_client::{Channel, Client, ClientError, Credential, WorkspaceId};
use coder_core::{BoxStream, RetryPolicy, TransportErrorKind};
use coder_testkit::{FakeUser, Fault};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};

type Changes = BoxStream<'static, Result<Workspace, ClientError>>;

const CHANNELS: [Channel; 3] = [Channel::Events, Channel::WebSocket, Channel::Polling];

async fn status(changes: &mut Changes) -> String {
    changes.try_next().await.unwrap().unwrap().latest_build.status.to_string()
}

/// Opens a door, for somebody with a running workspace.
async fn running() -> (Door, FakeUser, WorkspaceId) {
    let door = Door::open().await;
    let alice = door.coder.add_user("alice");
    let dev = door.coder.add_workspace(&alice, "dev").create();
    (door, alice, dev)
}

#[async_test]
async fn a_workspace_is_watched_over_every_channel() {
    for channel in CHANNELS {
        let (door, alice, dev) = running().await;
        let mut changes = door.client(&alice).subscribe_over(channel, WatchWorkspace::new(dev));
        assert_eq!(status(&mut changes).await, "running", "{channel:?}");
        door.coder.stop(dev);
        if channel != Channel::Polling {
            assert_eq!(status(&mut changes).await, "pending", "{channel:?}");
            door.coder.advance(Duration::from_secs(2));
        }
        assert_eq!(status(&mut changes).await, "stopping", "five seconds later: {channel:?}");
        door.coder.advance(Duration::from_secs(60));
        assert_eq!(status(&mut changes).await, "stopped", "{channel:?}");
    }
}

#[async_test]
async fn a_watch_goes_on_after_its_connection_has_broken() {
    for (channel, fault) in [
        (Channel::Events, Fault::stream_cut(2)),
        (Channel::Events, Fault::body_cut()),
        (Channel::WebSocket, Fault::stream_cut(2)),
        (Channel::WebSocket, Fault::request_lost()),
        (Channel::Events, Fault::bad_gateway()),
        (Channel::WebSocket, Fault::bad_gateway()),
        (Channel::Events, Fault::rate_limited(30)),
    ] {
        let (door, alice, dev) = running().await;
        door.coder.fail_next(fault);
        let mut changes = door.client(&alice).subscribe_over(channel, WatchWorkspace::new(dev));
        assert_eq!(status(&mut changes).await, "running");
        door.coder.stop(dev);
        assert_eq!(status(&mut changes).await, "pending", "what has not changed is no news");
    }
}

#[async_test]
async fn events_that_come_in_pieces_are_put_together() {
    let (door, alice, dev) = running().await;
    door.coder.fail_next(Fault::body_in_pieces());
    let mut changes = door.client(&alice).subscribe_over(Channel::Events, WatchWorkspace::new(dev));
    assert_eq!(status(&mut changes).await, "running");
}

#[async_test]
async fn the_best_channel_that_is_to_be_had_is_taken() {
    let (door, alice, dev) = running().await;
    let token = Credential::SessionToken(alice.session_token.clone());
    let paths = |client: Client| {
        let client = client.with_credential(token.clone());
        let coder = door.coder.clone();
        async move {
            coder.forget_requests();
            let mut changes = client.subscribe(WatchWorkspace::new(dev));
            assert_eq!(status(&mut changes).await, "running");
            let id = dev.to_string();
            let paths = coder.requests().into_iter().map(|request| request.path);
            paths.map(|path| path.split_once(&id).unwrap().1.to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(paths(door.visitor()).await, ["/watch"]);
    assert_eq!(paths(door.over(door.without_web_sockets())).await, ["/watch"]);
    assert_eq!(paths(door.over(door.without_streams())).await, [""], "asked for, then");

    // A proxy that lets no WebSocket through.
    let build = door.coder.workspace(dev).latest_build.id;
    let refusal = Fault::answer(http::StatusCode::BAD_REQUEST, "text/plain", "no upgrade");
    door.coder.fail_next(refusal.on("/api/v2/workspacebuilds"));
    let lines = door.client(&alice).subscribe(FollowBuildLogs::new(build));
    assert_eq!(lines.try_collect::<Vec<_>>().await.unwrap().len(), 5);
}

#[async_test]
async fn a_stream_that_stays_broken_is_given_up_with_its_last_error() {
    for channel in CHANNELS {
        let (door, alice, dev) = running().await;
        door.coder.fail_next(Fault::request_lost().times(usize::MAX));
        let client = door.client(&alice).with_retry(RetryPolicy::NEVER);
        let mut changes = client.subscribe_over(channel, WatchWorkspace::new(dev));
        let began = door.coder.clock().now();
        let error = changes.next().await.unwrap().unwrap_err();
        let ClientError::Transport(error) = error else { panic!("{error:?}") };
        assert_eq!(error.kind(), TransportErrorKind::Interrupted);
        assert!(changes.next().await.is_none());
        let waited = door.coder.clock().now().duration_since(began);
        let waited = Duration::try_from(waited).unwrap();
        assert!(waited > Duration::from_secs(200), "{waited:?}");
        assert!(waited <= RetryPolicy::STREAM.budget, "{waited:?}");

        let impatient = client.with_stream_retry(RetryPolicy::NEVER);
        door.coder.forget_requests();
        let mut changes = impatient.subscribe_over(channel, WatchWorkspace::new(dev));
        assert!(changes.next().await.unwrap().is_err());
        assert_eq!(door.coder.requests().len(), 1);
    }
}

#[async_test]
async fn what_cannot_be_cured_ends_a_stream_at_once() {
    let (door, _, dev) = running().await;
    let bob = door.coder.add_user("bob");
    for channel in CHANNELS {
        let mut changes = door.client(&bob).subscribe_over(channel, WatchWorkspace::new(dev));
        assert!(changes.next().await.unwrap().unwrap_err().is_not_found(), "{channel:?}");
        assert!(changes.next().await.is_none());
    }
    door.coder.fail_next(Fault::login_page());
    let mut changes = door.client(&bob).subscribe_over(Channel::Events, WatchWorkspace::new(dev));
    let error = changes.next().await.unwrap().unwrap_err();
    assert!(matches!(error, ClientError::NotJson(_)), "a page is no stream: {error}");
}

#[async_test]
async fn an_error_among_the_events_is_cleared_up_by_asking_again() {
    for channel in [Channel::Events, Channel::WebSocket] {
        let door = Door::open().await;
        let (alice, bob) = (door.coder.add_user("alice"), door.coder.add_user("bob"));
        let dev = door.coder.add_workspace(&alice, "dev").shared_with(&bob, "use").create();
        let mut changes = door.client(&bob).subscribe_over(channel, WatchWorkspace::new(dev));
        assert_eq!(status(&mut changes).await, "running");
        let unshare = coder_client::operations::UnshareWorkspace::new(dev);
        door.client(&alice).send(&unshare).await.unwrap();
        assert!(changes.next().await.unwrap().unwrap_err().is_not_found(), "{channel:?}");
    }
}

#[async_test]
async fn a_build_is_followed_to_its_end_over_every_channel_and_across_breaks() {
    for (channel, fault) in [
        (Channel::WebSocket, None),
        (Channel::WebSocket, Some(Fault::stream_cut(1))),
        (Channel::Polling, None),
        (Channel::Polling, Some(Fault::body_cut())),
    ] {
        let (door, alice, dev) = running().await;
        door.coder.stop(dev);
        door.coder.advance(Duration::from_secs(2));
        let build = door.coder.workspace(dev).latest_build.id;
        fault.into_iter().for_each(|fault| door.coder.fail_next(fault));
        let client = door.client(&alice);
        let mut lines = client.subscribe_over(channel, FollowBuildLogs::new(build));
        let first = lines.try_next().await.unwrap().unwrap();
        assert_eq!(first.stage, "Setting up");
        for stage in ["Planning Infrastructure", "Stopping workspace"] {
            assert_eq!(lines.try_next().await.unwrap().unwrap().stage, stage);
        }
        door.coder.advance(Duration::from_secs(60));
        let rest: Vec<_> = lines.try_collect().await.unwrap();
        let stages: Vec<_> = rest.iter().map(|line| line.stage.as_str()).collect();
        assert_eq!(stages, ["Stopping workspace", "Cleaning Up"], "{channel:?}");

        let after = FollowBuildLogs::new(build).after(first.id);
        let late: Vec<_> = client.subscribe_over(channel, after).try_collect().await.unwrap();
        assert_eq!(late.len(), 4);
    }
}

#[async_test]
async fn a_break_is_taken_up_after_the_last_line() {
    let (door, alice, dev) = running().await;
    door.coder.stop(dev);
    door.coder.advance(Duration::from_secs(60));
    let build = door.coder.workspace(dev).latest_build.id;
    door.coder.fail_next(Fault::stream_cut(1));
    let lines = door.client(&alice).subscribe(FollowBuildLogs::new(build));
    let ids: Vec<i64> = lines.map_ok(|line| line.id).try_collect().await.unwrap();
    assert_eq!(ids, [2001, 2002, 2003, 2004, 2005]);
    let queries: Vec<_> = door.coder.requests().into_iter().map(|asked| asked.query).collect();
    // Closed properly, it asks for the build, and for what is left of its log.
    assert_eq!(queries, ["follow=true", "follow=true&after=2001", "", "after=2005"]);
}

#[async_test]
async fn an_agents_log_is_followed_until_there_is_another_build() {
    let (door, alice, dev) = running().await;
    let agent = door.coder.workspace(dev).latest_build.resources[0].agents[0].id;
    let follow = FollowAgentLogs::new(agent);
    let mut lines = door.client(&alice).subscribe(follow.clone());
    assert_eq!(lines.try_next().await.unwrap().unwrap().output, "Running the startup script");
    assert_eq!(lines.try_next().await.unwrap().unwrap().output, "The startup script is done");
    let mut asked = door.client(&alice).subscribe_over(Channel::Polling, follow.after(1));
    assert_eq!(asked.try_next().await.unwrap().unwrap().id, 2);
    door.coder.stop(dev);
    assert!(lines.try_next().await.unwrap().is_none());
    assert!(asked.try_next().await.unwrap_err().is_not_found());
}

#[async_test]
async fn a_restart_of_coder_is_not_the_end_of_a_build_s_log() {
    let stages = [
        "Setting up",
        "Planning Infrastructure",
        "Stopping workspace",
        "Stopping workspace",
        "Cleaning Up",
    ];
    for after in [0, 1, 2] {
        let (door, alice, dev) = running().await;
        door.coder.stop(dev);
        door.coder.advance(Duration::from_secs(2));
        let build = door.coder.workspace(dev).latest_build.id;
        // It closes what is open, and does not answer at once.
        door.coder.fail_next(Fault::stream_closed(after));
        door.coder.fail_next(Fault::connection_refused().times(4));
        let mut lines = door.client(&alice).subscribe(FollowBuildLogs::new(build));
        let mut told = Vec::new();
        while told.len() < 2 {
            told.push(lines.try_next().await.unwrap().expect("the build runs").stage);
        }
        door.coder.advance(Duration::from_secs(60));
        let rest: Vec<_> = lines.map_ok(|line| line.stage).try_collect().await.unwrap();
        told.extend(rest);
        assert_eq!(told, stages, "closed after {after}");
    }
}

#[async_test]
async fn a_build_that_ends_while_its_log_is_closed_is_told_to_its_end() {
    let (door, alice, dev) = running().await;
    door.coder.stop(dev);
    door.coder.advance(Duration::from_secs(2));
    let build = door.coder.workspace(dev).latest_build.id;
    door.coder.fail_next(Fault::stream_closed(1));
    let mut lines = door.client(&alice).subscribe(FollowBuildLogs::new(build));
    assert_eq!(lines.try_next().await.unwrap().unwrap().stage, "Setting up");
    door.coder.advance(Duration::from_secs(60));
    let rest: Vec<_> = lines.map_ok(|line| line.stage).try_collect().await.unwrap();
    let stages =
        ["Planning Infrastructure", "Stopping workspace", "Stopping workspace", "Cleaning Up"];
    assert_eq!(rest, stages);
}

#[async_test]
async fn a_restart_of_coder_is_not_the_end_of_an_agent_s_log() {
    let door = Door::open().await;
    let alice = door.coder.add_user("alice");
    let dev = door.coder.add_workspace(&alice, "dev").connecting().create();
    door.coder.advance(Duration::from_secs(10));
    let agent = door.coder.workspace(dev).latest_build.resources[0].agents[0].id;
    let log = "/api/v2/workspaceagents/";
    door.coder.fail_next(Fault::stream_closed(1).on(log));
    door.coder.fail_next(Fault::bad_gateway().on(log).times(4));
    let mut lines = door.client(&alice).subscribe(FollowAgentLogs::new(agent));
    assert_eq!(lines.try_next().await.unwrap().unwrap().output, "Running the startup script");
    door.coder.advance(Duration::from_secs(60));
    let next = lines.try_next().await.unwrap().expect("the agent is there");
    assert_eq!(next.output, "The startup script is done");
    door.coder.fail_next(Fault::connection_refused());
    door.coder.stop(dev);
    assert!(lines.try_next().await.unwrap().is_none(), "now it has gone");
}

#[async_test]
async fn a_log_whose_agent_has_gone_while_the_stream_was_broken_ends() {
    let (door, alice, dev) = running().await;
    let agent = door.coder.workspace(dev).latest_build.resources[0].agents[0].id;
    door.coder.fail_next(Fault::stream_cut(1).on("/api/v2/workspaceagents/"));
    let mut lines = door.client(&alice).subscribe(FollowAgentLogs::new(agent));
    assert_eq!(lines.try_next().await.unwrap().unwrap().output, "Running the startup script");
    door.coder.stop(dev);
    let rest: Vec<_> = lines.map_ok(|line| line.output).try_collect().await.unwrap();
    assert_eq!(rest, ["The startup script is done"]);
    let mut never = door.client(&alice).subscribe(FollowAgentLogs::new(agent));
    assert!(never.try_next().await.unwrap_err().is_not_found(), "it was not there to begin with");
}

#[async_test]
async fn a_restart_of_coder_is_not_the_end_of_a_watch() {
    for channel in [Channel::Events, Channel::WebSocket] {
        let (door, alice, dev) = running().await;
        door.coder.fail_next(Fault::stream_closed(2));
        door.coder.fail_next(Fault::connection_refused().times(3));
        let mut changes = door.client(&alice).subscribe_over(channel, WatchWorkspace::new(dev));
        assert_eq!(status(&mut changes).await, "running");
        door.coder.stop(dev);
        // The clock has moved while Coder was away.
        assert_eq!(status(&mut changes).await, "stopping", "{channel:?}");
    }
}

#[async_test]
async fn what_an_agent_tells_is_watched() {
    for channel in [Channel::Events, Channel::WebSocket] {
        let (door, alice, dev) = running().await;
        let agent = door.coder.workspace(dev).latest_build.resources[0].agents[0].id;
        let mut told = door.client(&alice).subscribe_over(channel, WatchAgentMetadata::new(agent));
        assert_eq!(told.try_next().await.unwrap().unwrap(), []);
        door.coder.set_agent_metadata(dev, "cpu", "12 %");
        let all = told.try_next().await.unwrap().unwrap();
        assert_eq!(
            (all[0].description.key.as_str(), all[0].result.value.as_str()),
            ("cpu", "12 %")
        );
        // The fake tells it again every five seconds, as Coder does.
        door.coder.advance(Duration::from_secs(5));
        assert!(told.next().now_or_never().is_none(), "that is no news");
        door.coder.set_agent_metadata(dev, "cpu", "13 %");
        assert_eq!(told.try_next().await.unwrap().unwrap()[0].result.value, "13 %");
    }
    let (door, alice, dev) = running().await;
    let agent = door.coder.workspace(dev).latest_build.resources[0].agents[0].id;
    let token = Credential::SessionToken(alice.session_token.clone());
    let client = door.over(door.without_streams()).with_credential(token);
    let mut told = client.subscribe(WatchAgentMetadata::new(agent));
    let ClientError::Transport(error) = told.try_next().await.unwrap_err() else {
        panic!("over what?")
    };
    assert_eq!(error.kind(), TransportErrorKind::Unsupported);
}

#[async_test]
async fn a_created_workspace_is_followed_until_it_is_ready() {
    let door = Door::open().await;
    let alice = door.coder.add_user("alice");
    let template = door.coder.add_template("small");
    let client = door.client(&alice);
    let create = coder_client::operations::CreateWorkspace::from_template(
        template.id(),
        "dev".parse().unwrap(),
    );
    let dev = client.send(&create).await.unwrap();
    let mut changes = client.subscribe_over(Channel::Polling, WatchWorkspace::new(dev.id));
    while let Some(workspace) = changes.try_next().await.unwrap() {
        if workspace.latest_build.status == WorkspaceStatus::Running && workspace.health.healthy {
            return;
        }
    }
    panic!("a watch does not end");
}

/// Checks that nothing is read before it is wanted: a stream that nobody polls asks for nothing,
/// and a message is taken only when the one before has been given away.
#[async_test]
async fn a_slow_reader_is_not_run_over() {
    let (door, alice, dev) = running().await;
    let in_process = door.over(std::sync::Arc::new(door.coder.clone()));
    let client = in_process.with_credential(Credential::SessionToken(alice.session_token.clone()));
    let mut changes = client.subscribe(WatchWorkspace::new(dev));
    assert!(door.coder.requests().is_empty());
    assert_eq!(status(&mut changes).await, "running");
    for _ in 0..3 {
        door.coder.stop(dev);
        door.coder.advance(Duration::from_secs(60));
        door.coder.start(dev);
        door.coder.advance(Duration::from_secs(60));
    }
    // The fake tells what there is when it is asked: all that happened meanwhile is one change.
    let changed = changes.try_next().await.unwrap().unwrap();
    assert_eq!(changed.latest_build.build_number, 7);
    assert!(changes.next().now_or_never().is_none());
}

/// Makes a client without a socket, so that what has not come will not come.
fn in_process(door: &Door, user: &FakeUser) -> Client {
    let client = door.over(std::sync::Arc::new(door.coder.clone()));
    client
        .with_credential(Credential::SessionToken(user.session_token.clone()))
        .with_stream_idle_limit(Duration::from_secs(60))
}

#[async_test]
async fn a_stream_that_says_nothing_any_more_is_opened_again_and_nothing_is_lost_or_repeated() {
    for channel in [Channel::Events, Channel::WebSocket] {
        let (door, alice, dev) = running().await;
        door.coder.fail_next(Fault::stream_stalls(2));
        let watch = WatchWorkspace::new(dev);
        let mut changes = in_process(&door, &alice).subscribe_over(channel, watch);
        assert_eq!(status(&mut changes).await, "running");
        let began = door.coder.clock().now();
        door.coder.stop(dev);
        assert_eq!(status(&mut changes).await, "stopped", "{channel:?}");
        let waited = door.coder.clock().now().duration_since(began).as_secs();
        assert!((60..70).contains(&waited), "{waited}");
    }
    let (door, alice, dev) = running().await;
    door.coder.stop(dev);
    door.coder.advance(Duration::from_secs(60));
    let build = door.coder.workspace(dev).latest_build.id;
    door.coder.fail_next(Fault::stream_stalls(2));
    let lines = in_process(&door, &alice).subscribe(FollowBuildLogs::new(build));
    let ids: Vec<i64> = lines.map_ok(|line| line.id).try_collect().await.unwrap();
    assert_eq!(ids, [2001, 2002, 2003, 2004, 2005]);
}

#[async_test]
async fn a_stream_that_never_says_anything_is_left_for_another_channel_or_given_up() {
    let (door, alice, dev) = running().await;
    let stalls = || Fault::stream_stalls(0).times(usize::MAX);
    door.coder.fail_next(stalls().on(&format!("/api/v2/workspaces/{dev}/watch")));
    let mut changes = in_process(&door, &alice).subscribe(WatchWorkspace::new(dev));
    assert_eq!(status(&mut changes).await, "running", "asked for");
    let watch = WatchWorkspace::new(dev);
    let mut changes = in_process(&door, &alice).subscribe_over(Channel::WebSocket, watch);
    let error = changes.next().await.unwrap().unwrap_err();
    insta::assert_snapshot!(coder_core::with_causes(&error), @"coder could not be reached: no answer in time: nothing came over the stream for 60 seconds");
    assert!(changes.next().await.is_none());
}

#[async_test]
async fn an_error_inside_of_coder_and_a_stranger_s_answer_end_no_stream() {
    let json = || {
        let body = r#"{"message": "Internal error.", "detail": "pq: connection refused"}"#;
        Fault::answer(http::StatusCode::INTERNAL_SERVER_ERROR, "application/json", body)
    };
    let page = || Fault::answer(http::StatusCode::NOT_FOUND, "text/plain", "404 page not found");
    for channel in CHANNELS {
        for fault in [json(), page()] {
            let (door, alice, dev) = running().await;
            door.coder.fail_next(fault.times(3));
            let mut changes = door.client(&alice).subscribe_over(channel, WatchWorkspace::new(dev));
            assert_eq!(status(&mut changes).await, "running", "{channel:?}");
        }
    }
    // A proxy that never lets the stream through.
    let (door, alice, dev) = running().await;
    let watch = format!("/api/v2/workspaces/{dev}/watch");
    door.coder.fail_next(page().on(&watch).times(usize::MAX));
    let mut changes = door.client(&alice).subscribe(WatchWorkspace::new(dev));
    assert_eq!(status(&mut changes).await, "running", "over another channel");
}

#[async_test]
async fn a_stream_that_is_closed_again_and_again_is_opened_less_and_less_often() {
    let (door, alice, dev) = running().await;
    let watch = format!("/api/v2/workspaces/{dev}/watch");
    door.coder.fail_next(Fault::stream_cut(2).on(&watch).times(usize::MAX));
    let client = door.client(&alice);
    let mut only = client.subscribe_over(Channel::Events, WatchWorkspace::new(dev));
    assert_eq!(status(&mut only).await, "running");
    while only.next().await.expect("it is given up with an error").is_ok() {}
    let opened = door.coder.count("GET", &watch);
    let most = RetryPolicy::STREAM.max_attempts as usize;
    assert!((5..=most).contains(&opened), "{opened}");
    // Over the next channel that works it goes on.
    let mut changes = client.subscribe(WatchWorkspace::new(dev));
    assert_eq!(status(&mut changes).await, "running");
    door.coder.stop(dev);
    while status(&mut changes).await != "stopped" {}
}
