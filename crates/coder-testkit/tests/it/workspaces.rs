//! Workspaces: finding, creating, building, and what the clock makes of them.

use std::time::Duration;

use crate::common::{call, get};
use coder_client::models::{Workspace, WorkspaceAgent, WorkspacePage};
use coder_core::Transport as _;
use coder_testkit::{FakeCoder, FakeUser, NewAgent, NewResource, NewWorkspaceApp, Version};
use serde_json::{Value, json};

const REPO: &str = "https://github.com/acme/payments";

fn alices() -> (FakeCoder, FakeUser) {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    (coder, alice)
}

/// Returns the names a search finds, or what is wrong with it.
fn search(coder: &FakeCoder, user: &FakeUser, q: &str) -> Result<Vec<String>, String> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
    let path = format!("/api/v2/workspaces?{query}");
    let answer = get(coder, &path, user.session_token.expose());
    if answer.status != 200 {
        assert_eq!(answer.error(), (400, "Invalid workspace search query.".to_owned()));
        let detail = answer.json()["validations"][0]["detail"].clone();
        return Err(detail.as_str().unwrap_or_default().to_owned());
    }
    let page: WorkspacePage = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(page.count, Some(page.workspaces.len() as u64));
    Ok(page.workspaces.into_iter().map(|workspace| workspace.name).collect())
}

fn show(coder: &FakeCoder, user: &FakeUser, id: impl std::fmt::Display) -> Workspace {
    let answer = get(coder, &format!("/api/v2/workspaces/{id}"), user.session_token.expose());
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

fn agents(workspace: &Workspace) -> Vec<&WorkspaceAgent> {
    let resources = workspace.latest_build.resources.iter();
    resources.flat_map(|resource| resource.agents.iter()).collect()
}

#[test]
fn a_repository_is_found_whatever_its_parameter_is_called() {
    let (coder, alice) = alices();
    coder.add_workspace(&alice, "one").parameter("repo", REPO).create();
    coder.add_workspace(&alice, "two").parameter("repo_url", REPO).create();
    coder.add_workspace(&alice, "other").parameter("repo", "https://github.com/acme/x").create();
    let both = format!("owner:me param:\"repo={REPO}\" param:\"repo_url={REPO}\"");
    assert_eq!(search(&coder, &alice, &both).unwrap(), ["one", "two"]);
    let upper = format!("param:\"REPO={}\"", REPO.to_uppercase());
    assert_eq!(search(&coder, &alice, &upper).unwrap(), ["one"]);
    let any = search(&coder, &alice, "param:repo").unwrap();
    assert_eq!(any, ["one", "other"], "a bare name is a pattern for the whole name");
    assert_eq!(search(&coder, &alice, "param:repo_ur_").unwrap(), ["two"]);
    let and = format!("param:repo param:\"repo_url={REPO}\"");
    assert!(search(&coder, &alice, &and).unwrap().is_empty(), "names and values are and-ed");
}

#[test]
fn what_the_search_grammar_cannot_say_is_an_error() {
    let (coder, alice) = alices();
    for (q, reason) in [
        ("param:repo=https://x", "Query element \"param:repo=https://x\" can only contain 1 ':'"),
        ("param:\"repo=a=b\"", "can only contain 1 '='"),
        ("param:\"repo=\"", "has an empty value"),
        ("deleted:true", "\"deleted\" is not a valid query param"),
        ("favorite:true", "\"favorite\" is not a valid query param"),
        ("owner:me owner:alice", "provided more than once"),
        ("status:asleep", "has invalid value"),
        ("outdated:maybe", "must be a valid boolean"),
        ("id:x", "invalid UUID length: 1"),
        ("organization:nowhere", "either does not exist"),
        ("organization:default", "either does not exist"),
        ("a/b/c", "can only contain 1 '/'"),
        ("last_used_after:yesterday", "must be a valid date format"),
    ] {
        let error = search(&coder, &alice, q).unwrap_err();
        assert!(error.contains(reason), "{q}: {error}");
    }
}

#[test]
fn values_are_split_at_commas() {
    let (coder, alice) = alices();
    coder.add_workspace(&alice, "list").parameter("tags", "a,b").create();
    coder.add_workspace(&alice, "plain").parameter("tags", "a").create();
    assert_eq!(search(&coder, &alice, "param:\"tags=a,tags=z\"").unwrap(), ["plain"]);
    let both = search(&coder, &alice, "param:\"tags=a,b\"").unwrap();
    assert!(both.is_empty(), "read as: tags is `a`, and there is a parameter called `b`");
}

#[test]
fn every_filter_finds_its_own() {
    let (coder, alice) = alices();
    let id = coder.add_workspace(&alice, "up").template("go").create();
    coder.add_workspace(&alice, "down").stopped().create();
    coder.add_workspace(&alice, "lost").agents_lost().create();
    coder.add_workspace(&alice, "asleep").stopped().dormant().create();
    coder.add_workspace(&alice, "broken").failed("no").create();
    coder.add_workspace(&alice, "old").template("rust").outdated().create();
    coder.add_workspace(&alice, "gone").deleted().create();
    for (q, names) in [
        ("", vec!["lost", "old", "up", "asleep", "broken", "down"]),
        ("status:running", vec!["lost", "old", "up"]),
        ("status:failed", vec!["broken"]),
        ("status:deleted", vec![]),
        ("template:go", vec!["up"]),
        ("template:g", vec![]),
        ("name:O", vec!["lost", "old", "broken", "down"]),
        ("alice/up", vec!["up"]),
        ("up", vec!["up"]),
        ("owner:nobody", vec![]),
        ("has-agent:connected", vec!["old", "up"]),
        ("has-agent:disconnected,timeout", vec!["lost"]),
        ("healthy:false", vec!["lost"]),
        ("healthy:true", vec!["old", "up"]),
        ("outdated:true", vec!["old"]),
        ("dormant:true", vec!["asleep"]),
        ("organization:coder template:go", vec!["up"]),
        ("last_used_after:\"2026-08-20T08:40:00Z\"", vec![]),
        ("last_used_before:\"2026-08-20T08:40:00Z\" status:stopped", vec!["asleep", "down"]),
        ("shared:true", vec![]),
        ("has-ai-task:true", vec![]),
    ] {
        assert_eq!(search(&coder, &alice, q).unwrap(), names, "{q}");
    }
    assert_eq!(search(&coder, &alice, &format!("id:{id}")).unwrap(), ["up"]);
}

#[test]
fn newer_keys_are_unknown_to_older_releases() {
    for (q, since) in [
        ("shared:false", Version::V2_29),
        ("healthy:true", Version::V2_31),
        ("include_agent_metadata:cpu", Version::V2_37),
    ] {
        for version in Version::ALL {
            let coder = FakeCoder::builder().version(version).build();
            let alice = coder.add_user("alice");
            assert_eq!(search(&coder, &alice, q).is_ok(), version >= since, "{q} {version}");
        }
    }
}

#[test]
fn favorites_come_first_then_what_runs_then_owner_and_name() {
    let (coder, alice) = alices();
    let root = coder.add_owner("Root");
    coder.add_workspace(&alice, "zebra").create();
    coder.add_workspace(&alice, "Ant").stopped().create();
    coder.add_workspace(&alice, "bee").stopped().favorite().create();
    coder.add_workspace(&root, "ape").create();
    assert_eq!(search(&coder, &alice, "").unwrap(), ["bee", "zebra", "Ant"]);
    let all = search(&coder, &root, "").unwrap();
    assert_eq!(all, ["zebra", "ape", "Ant", "bee"], "others' favorites do not count");
}

#[test]
fn a_page_is_cut_from_the_whole_and_counts_it() {
    let (coder, alice) = alices();
    for number in 0..5 {
        coder.add_workspace(&alice, &format!("w{number}")).create();
    }
    let token = alice.session_token.expose();
    let page = |query: &str| {
        let json = get(&coder, &format!("/api/v2/workspaces?{query}"), token).json();
        let names = json["workspaces"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|w| w["name"].as_str().unwrap().to_owned()).collect();
        (names, json["count"].as_u64().unwrap())
    };
    assert_eq!(page("limit=2&offset=1"), (vec!["w1".to_owned(), "w2".to_owned()], 5));
    assert_eq!(page("limit=0").0.len(), 5, "no limit");
    assert_eq!(page("offset=9"), (vec![], 5));
    let bad = get(&coder, "/api/v2/workspaces?limit=-1", token);
    assert_eq!(bad.error(), (400, "Query parameters have invalid values.".to_owned()));
}

#[test]
fn others_workspaces_are_not_there_unless_shared() {
    let (coder, alice) = alices();
    let bob = coder.add_user("bob");
    let shared = coder.add_workspace(&alice, "shared").shared_with(&bob, "use").create();
    let secret = coder.add_workspace(&alice, "secret").create();
    assert_eq!(search(&coder, &bob, "").unwrap(), ["shared"]);
    assert_eq!(search(&coder, &bob, "shared_with_user:me").unwrap(), ["shared"]);
    assert!(search(&coder, &bob, "owner:me").unwrap().is_empty());
    coder.set_full_name(&bob, "Bob B");
    assert_eq!(show(&coder, &bob, shared).shared_with[0].name, "Bob B");
    let hidden = get(&coder, &format!("/api/v2/workspaces/{secret}"), bob.session_token.expose());
    let missing =
        get(&coder, &format!("/api/v2/workspaces/{}", bob.id), bob.session_token.expose());
    assert_eq!(hidden.status, 404);
    assert_eq!(hidden.text, missing.text, "hidden and absent look the same");
}

#[test]
fn ids_are_uuids_and_deleted_workspaces_are_gone() {
    let (coder, alice) = alices();
    let token = alice.session_token.expose();
    let bad = get(&coder, "/api/v2/workspaces/dev", token);
    assert_eq!(bad.error(), (400, "Invalid UUID \"dev\".".to_owned()));
    let gone = coder.add_workspace(&alice, "gone").deleted().create();
    let answer = get(&coder, &format!("/api/v2/workspaces/{gone}"), token);
    assert_eq!(answer.status, 410);
    let path = format!("/api/v2/workspaces/{gone}?include_deleted=true");
    assert_eq!(get(&coder, &path, token).json()["latest_build"]["status"], "deleted");
    assert_eq!(get(&coder, "/api/v2/users/me/workspace/gone", token).status, 404);
}

#[test]
fn a_created_workspace_goes_from_pending_to_ready_by_the_clock() {
    let (coder, alice) = alices();
    let template = coder.add_template("devcontainers").required_parameter("repo");
    let token = alice.session_token.expose();
    let body = json!({
        "name": "dev",
        "template_id": template.id(),
        "rich_parameter_values": [{ "name": "repo", "value": REPO }],
    });
    let created = call(&coder, "POST", "/api/v2/users/me/workspaces", token, &body);
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let seen = |seconds: u64| {
        coder.advance(Duration::from_secs(seconds));
        let workspace = show(&coder, &alice, &id);
        let agent = agents(&workspace).first().map(|agent| {
            format!(" {} {} {}", agent.status, agent.lifecycle_state, agent.health.healthy)
        });
        format!("{}{}", workspace.latest_build.status, agent.unwrap_or_default())
    };
    assert_eq!(seen(0), "pending");
    assert_eq!(seen(2), "starting");
    assert_eq!(seen(30), "running connecting created false");
    assert_eq!(seen(10), "running connected starting true");
    assert_eq!(seen(10), "running connected ready true");
    let build = show(&coder, &alice, &id).latest_build.id;
    let parameters = get(&coder, &format!("/api/v2/workspacebuilds/{build}/parameters"), token);
    assert_eq!(parameters.json(), json!([{ "name": "repo", "value": REPO }]));
}

#[test]
fn agents_that_fail_say_how() {
    let (coder, alice) = alices();
    let cases = [
        (
            coder.add_workspace(&alice, "a").agents_never_connect().connecting().create(),
            "connecting created",
            Some("agent has not yet connected"),
        ),
        (
            coder.add_workspace(&alice, "b").agents_never_connect().create(),
            "timeout created",
            Some("agent is taking too long to connect"),
        ),
        (
            coder.add_workspace(&alice, "c").agents_lost().create(),
            "disconnected ready",
            Some("agent has lost connection"),
        ),
        (
            coder.add_workspace(&alice, "d").startup_failed().create(),
            "connected start_error",
            Some("agent startup script exited with an error"),
        ),
        (
            coder.add_workspace(&alice, "e").startup_timed_out().create(),
            "connected start_timeout",
            None,
        ),
        (
            coder.add_workspace(&alice, "f").agents_shutting_down().create(),
            "connected shutting_down",
            Some("agent is shutting down"),
        ),
    ];
    for (id, state, reason) in cases {
        let workspace = show(&coder, &alice, id);
        let agent = agents(&workspace)[0];
        assert_eq!(format!("{} {}", agent.status, agent.lifecycle_state), state);
        assert_eq!(agent.health.reason.as_deref(), reason);
        assert_eq!(workspace.health.healthy, reason.is_none());
        assert_eq!(workspace.health.failing_agents.len(), usize::from(reason.is_some()));
    }
    let stopped = coder.add_workspace(&alice, "g").stopped().create();
    assert!(show(&coder, &alice, stopped).health.healthy, "no agents, no complaints");
}

#[test]
fn agents_and_apps_are_what_the_test_wants() {
    let (coder, alice) = alices();
    let id = coder
        .add_workspace(&alice, "dev")
        .agents(&["main", "gpu"])
        .app(NewWorkspaceApp::external("docs", "https://docs.example.com"))
        .create();
    let workspace = show(&coder, &alice, id);
    let agents = agents(&workspace);
    assert_eq!(agents.iter().map(|agent| agent.name.as_str()).collect::<Vec<_>>(), ["main", "gpu"]);
    let slugs: Vec<_> = agents[0].apps.iter().map(|app| app.slug.as_str()).collect();
    assert_eq!(slugs, ["code-server", "docs"]);
    let path = format!("/api/v2/workspaceagents/{}", agents[1].id);
    let ask = |path: &str| get(&coder, path, alice.session_token.expose()).json();
    assert_eq!(ask(&path)["name"], "gpu");
    assert_eq!(ask(&format!("{path}/listening-ports"))["ports"][0]["port"], 3000);
    let logs = ask(&format!("{path}/logs?after=1"));
    assert_eq!(logs[0]["output"], "The startup script is done");
}

#[test]
fn one_build_at_a_time() {
    let (coder, alice) = alices();
    let id = coder.add_workspace(&alice, "dev").stopped().create();
    let token = alice.session_token.expose();
    let build = |transition: &str| {
        let path = format!("/api/v2/workspaces/{id}/builds");
        call(&coder, "POST", &path, token, &json!({ "transition": transition }))
    };
    let started = build("start");
    assert_eq!(started.status, 201);
    assert_eq!(started.json()["build_number"], 3);
    assert_eq!(started.json()["template_version_name"], "");
    assert_eq!(build("stop").error(), (409, "A workspace build is already active.".to_owned()));
    coder.advance(Duration::from_secs(60));
    assert_eq!(build("delete").status, 201);
    coder.advance(Duration::from_secs(60));
    assert_eq!(build("start").error(), (409, "Cannot start a deleted workspace!".to_owned()));
    assert_eq!(build("explode").error(), (400, "Validation failed.".to_owned()));
    let builds = get(&coder, &format!("/api/v2/workspaces/{id}/builds"), token).json();
    let numbers: Vec<_> =
        builds.as_array().unwrap().iter().map(|b| b["build_number"].clone()).collect();
    assert_eq!(numbers, [4, 3, 2, 1], "newest first");
}

#[test]
fn starting_wakes_a_dormant_workspace() {
    let (coder, alice) = alices();
    let id = coder.add_workspace(&alice, "dev").stopped().dormant().create();
    assert!(show(&coder, &alice, id).dormant_at.is_some());
    coder.start(id);
    assert!(show(&coder, &alice, id).dormant_at.is_none());
    coder.advance(Duration::from_secs(60));
    assert_eq!(show(&coder, &alice, id).latest_build.status.as_str(), "running");
    coder.stop(id);
    coder.advance(Duration::from_secs(60));
    assert_eq!(show(&coder, &alice, id).latest_build.status.as_str(), "stopped");
}

#[test]
fn a_build_can_be_canceled_while_it_lasts() {
    let (coder, alice) = alices();
    let id = coder.add_workspace(&alice, "dev").starting().create();
    let token = alice.session_token.expose();
    let build = show(&coder, &alice, id).latest_build.id;
    let cancel = |query: &str| {
        let path = format!("/api/v2/workspacebuilds/{build}/cancel{query}");
        call(&coder, "PATCH", &path, token, &Value::Null)
    };
    assert_eq!(cancel("?expect_status=pending").status, 412);
    assert_eq!(cancel("?expect_status=running").status, 200);
    assert_eq!(show(&coder, &alice, id).latest_build.status.as_str(), "canceling");
    coder.advance(Duration::from_secs(5));
    assert_eq!(show(&coder, &alice, id).latest_build.status.as_str(), "failed");
    assert_eq!(cancel("").error(), (400, "Job has already completed!".to_owned()));
}

#[test]
fn a_creation_is_refused_with_a_reason() {
    let (coder, alice) = alices();
    let bob = coder.add_user("bob");
    let template = coder.add_template("devcontainers").required_parameter("repo");
    let old = coder.add_template("old").deprecated("use devcontainers");
    let locked = coder.add_template("locked").external_auth("primary-github", "GitHub");
    let busy = coder.add_template("busy").importing(true);
    coder.add_workspace(&alice, "taken").template("free").create();
    let create = |user: &str, body: Value| {
        let token = alice.session_token.expose();
        call(&coder, "POST", &format!("/api/v2/users/{user}/workspaces"), token, &body).error()
    };
    let from = |template: &coder_testkit::FakeTemplate, name: &str| json!({ "name": name, "template_id": template.id() });
    let free = coder.add_template("free");
    let cases: [(Value, u16, &str); 8] = [
        (from(&free, "bad name"), 400, "Validation failed."),
        (from(&free, "new"), 400, "Validation failed."),
        (from(&free, "TAKEN"), 409, "Workspace \"TAKEN\" already exists."),
        (from(&template, "x"), 400, "Unable to validate parameters"),
        (
            from(&old, "x"),
            400,
            "Template \"old\" has been deprecated, and cannot be used to create a new workspace.",
        ),
        (
            from(&locked, "x"),
            403,
            "External authentication is required to create a workspace with this template.",
        ),
        (from(&busy, "x"), 406, "The provided template version is still importing."),
        (
            json!({ "name": "x", "template_id": alice.id }),
            400,
            &format!("Template \"{}\" doesn't exist.", alice.id),
        ),
    ];
    for (body, status, message) in cases {
        assert_eq!(create("me", body), (status, message.to_owned()));
    }
    let for_bob = create(&bob.username, from(&free, "x"));
    assert_eq!(for_bob, (403, "Unauthorized to create workspace.".to_owned()));
    assert_eq!(create("nobody", from(&free, "x")).0, 404);

    coder.link_external_auth(&alice, "primary-github");
    let token = alice.session_token.expose();
    let body = from(&locked, "x");
    let created = call(&coder, "POST", "/api/v2/users/me/workspaces", token, &body);
    assert_eq!(created.status, 201, "{}", created.text);
}

#[test]
fn scopes_limit_what_a_token_may_do_with_workspaces() {
    let setting = crate::common::setting(Version::V2_38);
    let template = setting.coder.add_template("devcontainers");
    let dev = setting.coder.add_workspace(&setting.alice, "dev").stopped().create();
    let token = |scope: &str| {
        let url = crate::common::authorize_url(&setting.coder, &setting.app, &[("scope", scope)]);
        let callback = setting.coder.approve(url, &setting.alice).unwrap();
        let code = crate::common::parameter(&callback, "code").unwrap();
        crate::common::pair_of(&setting.exchange(&code, &[])).0
    };
    let personal = token("user:read_personal");
    assert_eq!(get(&setting.coder, "/api/v2/workspaces", &personal).json()["count"], 0);
    assert_eq!(get(&setting.coder, &format!("/api/v2/workspaces/{dev}"), &personal).status, 404);

    let operate = token("coder:workspaces.operate");
    let body = json!({ "name": "x", "template_id": template.id() });
    let refused = call(&setting.coder, "POST", "/api/v2/users/me/workspaces", &operate, &body);
    assert_eq!(refused.error(), (403, "Unauthorized to create workspace.".to_owned()));
    let builds = format!("/api/v2/workspaces/{dev}/builds");
    let refused =
        call(&setting.coder, "POST", &builds, &operate, &json!({ "transition": "delete" }));
    assert_eq!(refused.status, 403);
    let started =
        call(&setting.coder, "POST", &builds, &operate, &json!({ "transition": "start" }));
    assert_eq!(started.status, 201);

    let create = token("coder:workspaces.create");
    let created = call(&setting.coder, "POST", "/api/v2/users/me/workspaces", &create, &body);
    assert_eq!(created.status, 201);
}

#[test]
fn switches_of_a_workspace() {
    let (coder, alice) = alices();
    let id = coder.add_workspace(&alice, "dev").time_to_live(Duration::from_secs(7200)).create();
    let token = alice.session_token.expose();
    let put = |what: &str, body: Value| {
        call(&coder, "PUT", &format!("/api/v2/workspaces/{id}/{what}"), token, &body)
    };
    assert_eq!(put("favorite", Value::Null).status, 204);
    assert!(show(&coder, &alice, id).favorite);
    assert_eq!(put("autostart", json!({ "schedule": "30 9 * * 1-5" })).status, 204);
    assert_eq!(put("ttl", json!({ "ttl_ms": 3_600_000 })).status, 204);
    assert_eq!(put("autoupdates", json!({ "automatic_updates": "always" })).status, 204);
    let extended = put("extend", json!({ "deadline": "2026-08-20T12:00:00Z" }));
    assert_eq!(extended.status, 200);
    let workspace = show(&coder, &alice, id);
    assert_eq!(workspace.autostart_schedule.as_deref(), Some("30 9 * * 1-5"));
    assert_eq!(workspace.ttl_ms, Some(3_600_000));
    assert_eq!(workspace.latest_build.deadline.unwrap().to_string(), "2026-08-20T12:00:00Z");
    assert_eq!(put("extend", json!({ "deadline": "2026-08-20T09:40:00Z" })).status, 400);
    assert_eq!(put("dormant", json!({ "dormant": true })).status, 200);
    assert_eq!(put("dormant", json!({ "dormant": true })).status, 304);
    let path = format!("/api/v2/workspaces/{id}");
    let renamed = call(&coder, "PATCH", &path, token, &json!({ "name": "x" }));
    assert_eq!(renamed.error(), (400, "Workspace renames are not allowed.".to_owned()));
}

#[test]
fn logs_grow_with_the_build_and_can_be_continued() {
    let (coder, alice) = alices();
    let id = coder.add_workspace(&alice, "dev").pending().create();
    let token = alice.session_token.expose();
    let build = show(&coder, &alice, id).latest_build.id;
    let ids = |after: u64| -> Vec<u64> {
        let path = format!("/api/v2/workspacebuilds/{build}/logs?after={after}");
        let logs = get(&coder, &path, token).json();
        logs.as_array().unwrap().iter().map(|line| line["id"].as_u64().unwrap()).collect()
    };
    assert!(ids(0).is_empty());
    coder.advance(Duration::from_secs(5));
    assert_eq!(ids(0), [1001, 1002, 1003]);
    coder.advance(Duration::from_secs(60));
    assert_eq!(ids(1003), [1004, 1005]);
}

#[test]
fn a_workspace_is_shared_with_others_and_its_ports_too() {
    let (coder, alice) = alices();
    let bob = coder.add_user("bob");
    let id = coder.add_workspace(&alice, "dev").create();
    let token = alice.session_token.expose();
    let acl = format!("/api/v2/workspaces/{id}/acl");
    let share = json!({ "user_roles": { bob.id.to_string(): "use" } });
    assert_eq!(call(&coder, "PATCH", &acl, token, &share).status, 204);
    assert_eq!(search(&coder, &bob, "").unwrap(), ["dev"]);
    assert_eq!(get(&coder, &acl, token).json()["users"][0]["role"], "use");
    let wrong = json!({ "user_roles": { bob.id.to_string(): "king" } });
    assert_eq!(call(&coder, "PATCH", &acl, token, &wrong).status, 400);
    assert_eq!(call(&coder, "DELETE", &acl, token, &Value::Null).status, 204);
    assert!(search(&coder, &bob, "").unwrap().is_empty());

    let ports = format!("/api/v2/workspaces/{id}/port-share");
    let port =
        json!({ "agent_name": "main", "port": 3000, "share_level": "public", "protocol": "http" });
    assert_eq!(call(&coder, "POST", &ports, token, &port).status, 200);
    assert_eq!(get(&coder, &ports, token).json()["shares"][0]["share_level"], "public");
    let unknown = json!({ "agent_name": "gone", "port": 3000, "share_level": "public" });
    assert_eq!(call(&coder, "POST", &ports, token, &unknown).status, 400);
    assert_eq!(call(&coder, "DELETE", &ports, token, &port).status, 200);
    assert_eq!(call(&coder, "DELETE", &ports, token, &port).status, 404);
}

#[tokio::test]
async fn of_two_creations_at_once_the_database_refuses_one() {
    let coder = FakeCoder::builder().races(1).build();
    let alice = coder.add_user("alice");
    let template = coder.add_template("plain");
    let create = || {
        let body = json!({ "name": "dev", "template_id": template.id() }).to_string();
        let url = coder.url().endpoint(["api", "v2", "users", "me", "workspaces"]);
        let request = http::Request::post(url.as_str())
            .header("coder-session-token", alice.session_token.expose())
            .body(body.into())
            .unwrap();
        coder.send(request)
    };
    let (one, other) = futures_util::join!(create(), create());
    assert_eq!((one.unwrap().status().as_u16(), other.unwrap().status().as_u16()), (201, 500));
    assert_eq!(create().await.unwrap().status(), 409, "one after the other");
}

#[test]
fn an_administrator_decides_on_cancels_and_renames() {
    let coder = FakeCoder::builder().workspace_renames(true).build();
    let (alice, root) = (coder.add_user("alice"), coder.add_owner("root"));
    coder.add_template("devcontainers").cancel_by_members(false);
    let dev = coder.add_workspace(&alice, "dev").starting().create();
    let build = coder.workspace(dev).latest_build.id;
    let cancel = |user: &FakeUser| {
        let path = format!("/api/v2/workspacebuilds/{build}/cancel?expect_status=running");
        call(&coder, "PATCH", &path, user.session_token.expose(), &Value::Null).status
    };
    assert_eq!([cancel(&alice), cancel(&root)], [403, 200]);
    let rename = |name: &str| {
        let path = format!("/api/v2/workspaces/{dev}");
        call(&coder, "PATCH", &path, alice.session_token.expose(), &json!({ "name": name })).status
    };
    assert_eq!([rename("a b"), rename("new-name")], [400, 204]);
    assert_eq!(coder.workspace(dev).name, "new-name");
}

#[test]
fn a_deleted_workspace_still_takes_its_switches() {
    let (coder, alice) = alices();
    let gone = coder.add_workspace(&alice, "gone").deleted().create();
    let token = alice.session_token.expose();
    let ask = |method: &str, knob: &str, body: &Value| {
        call(&coder, method, &format!("/api/v2/workspaces/{gone}/{knob}"), token, body).status
    };
    assert_eq!(ask("PUT", "favorite", &Value::Null), 204);
    assert_eq!(ask("PUT", "ttl", &json!({ "ttl_ms": 60_000 })), 204);
    assert_eq!(ask("PUT", "autostart", &json!({ "schedule": null })), 204);
    assert_eq!(ask("POST", "usage", &json!({})), 204);
    assert_eq!(ask("POST", "builds", &json!({ "transition": "start" })), 409);
    assert_eq!(ask("POST", "builds", &json!({ "transition": "delete" })), 201);
}

#[test]
fn a_workspace_is_made_of_what_its_template_describes() {
    let (coder, alice) = alices();
    let agent = NewAgent::new("gpu").app(NewWorkspaceApp::command("top", "top").icon(""));
    coder.add_template("rich").resources([
        NewResource::new("docker_volume", "home").hidden().kept_when_stopped(),
        NewResource::new("docker_container", "main").daily_cost(2).agent(agent),
    ]);
    let dev = coder.add_workspace(&alice, "dev").template("rich").create();
    let resources = coder.workspace(dev).latest_build.resources;
    let names: Vec<&str> = resources.iter().map(|resource| resource.name.as_str()).collect();
    assert_eq!(names, ["main", "home"], "those with agents come first");
    assert_eq!(resources[0].agents[0].name, "gpu");
    coder.stop(dev);
    coder.advance(Duration::from_secs(60));
    assert_eq!(coder.workspace(dev).latest_build.resources.len(), 1);
}
