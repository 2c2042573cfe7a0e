//! Answers that real Coders gave, and that the fake gives as well.

use std::time::Duration;

use bytes::Bytes;
use coder_client::WorkspaceId;
use coder_testkit::{FakeCoder, FakeUser, NewAgent, NewResource, Pace, Version};
use http::Request;
use serde_json::{Value, json};

use crate::common::{call, get, send};

/// Returns what a real Coder of a release answered: status and body.
fn recorded(release: &str, name: &str) -> (u64, Value) {
    let folder = format!("../coder-conformance/recorded/{release}/operations");
    let file = format!("{}/{folder}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let answer: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    (answer["status"].as_u64().unwrap(), answer["body"].clone())
}

#[test]
fn a_member_may_not_ask_which_accounts_another_person_has_linked() {
    let (status, body) = recorded("2.36.0", "ListTemplateVersionExternalAuth.user.member");
    for version in Version::ALL {
        let coder = FakeCoder::builder().version(version).build();
        let (alice, bob, root) =
            (coder.add_user("alice"), coder.add_user("bob"), coder.add_owner("root"));
        let of = coder.add_template("go").active_version_id();
        let path = |user| format!("/api/v2/templateversions/{of}/external-auth?user_id={user}");
        let ask =
            |as_whom: &FakeUser, user| get(&coder, &path(user), as_whom.session_token.expose());
        assert_eq!(ask(&alice, alice.id).status, 200, "{version:?}");
        assert_eq!(ask(&root, alice.id).status, 200, "{version:?}");
        let answer = ask(&alice, bob.id);
        if version >= Version::V2_36 {
            assert_eq!(u64::from(answer.status.as_u16()), status, "{version:?}");
            assert_eq!(answer.json(), body, "{version:?}");
        } else {
            assert_eq!(answer.status, 200, "{version:?} does not look at the parameter");
        }
    }
}

#[test]
fn nothing_is_found_below_a_provider_that_the_deployment_does_not_have() {
    let (status, body) = recorded("2.31.14", "StartExternalAuthDevice");
    let coder = FakeCoder::builder().version(Version::V2_31).build();
    let alice = coder.add_user("alice");
    let token = alice.session_token.expose();
    let answer = get(&coder, "/api/v2/external-auth/stub/device", token);
    assert_eq!((u64::from(answer.status.as_u16()), answer.json()), (status, body));
    assert_eq!(get(&coder, "/api/v2/external-auth/stub/device", "nobody").status, 401);
}

#[test]
fn an_account_is_linked_by_a_device_code_where_the_provider_has_them() {
    let (status, body) = recorded("2.36.0", "StartExternalAuthDevice");
    let coder = FakeCoder::builder().version(Version::V2_36).build();
    let alice = coder.add_user("alice");
    coder.add_template("go").external_auth("forge", "Forge");
    let token = alice.session_token.expose();
    let device = |provider: &str| format!("/api/v2/external-auth/{provider}/device");
    let begun = get(&coder, &device("github"), token);
    assert_eq!((u64::from(begun.status.as_u16()), begun.json()), (status, body));
    let finish = |code: &Value| {
        let body = json!({ "device_code": code });
        call(&coder, "POST", &device("github"), token, &body)
    };
    let code = &begun.json()["device_code"];
    let early = finish(code);
    assert_eq!(
        (early.status.as_u16(), early.json()["detail"].as_str()),
        (400, Some("authorization_pending"))
    );
    coder.link_external_auth(&alice, "github");
    assert_eq!(finish(&json!("another")).status, 400);
    assert_eq!(finish(code).status, 204);
    let without = get(&coder, &device("forge"), token);
    assert_eq!(without.status, 400);
    assert_eq!(without.json()["message"], "Git auth provider does not support device flow.");
}

#[test]
fn every_answer_tells_the_moment_by_coders_clock() {
    let coder = FakeCoder::new();
    let dated = || send(&coder, Request::get("/api/v2/nothing").body(Bytes::new()).unwrap());
    assert_eq!(dated().header("date"), "Thu, 20 Aug 2026 09:30:00 GMT");
    coder.advance(Duration::from_secs(61));
    assert_eq!(dated().header("date"), "Thu, 20 Aug 2026 09:31:01 GMT");
}

#[test]
fn every_answer_gives_the_browser_its_csrf_cookie_unless_it_has_one_or_asks_in_advance() {
    let coder = FakeCoder::builder().url("http://127.0.0.1:3000").build();
    let ask = |request: http::request::Builder| {
        let answer = send(&coder, request.body(Bytes::new()).unwrap());
        answer.header("set-cookie").to_owned()
    };
    for path in ["/api/v2/users/me", "/api/v2/buildinfo", "/api/v2/nothing", "/oauth2/tokens"] {
        let cookie = ask(Request::get(path));
        assert!(cookie.starts_with("csrf_token="), "{path}: {cookie}");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{path}: {cookie}");
        assert_eq!(ask(Request::get(path).header("cookie", "csrf_token=known")), "", "{path}");
    }
    let preflight = Request::options("/api/v2/users/me")
        .header("origin", "https://portal.test")
        .header("access-control-request-method", "GET");
    assert_eq!(ask(preflight), "");
}

/// The releases with recordings of builds.
const BUILT: [(Version, &str); 3] =
    [(Version::V2_24, "2.24.6"), (Version::V2_31, "2.31.14"), (Version::V2_36, "2.36.0")];

fn latest_build(coder: &FakeCoder, user: &FakeUser, workspace: WorkspaceId) -> Value {
    let path = format!("/api/v2/workspaces/{workspace}");
    get(coder, &path, user.session_token.expose()).json()["latest_build"].clone()
}

fn cancel(coder: &FakeCoder, user: &FakeUser, build: &Value) {
    let path = format!("/api/v2/workspacebuilds/{}/cancel", build["id"].as_str().unwrap());
    let token = user.session_token.expose();
    assert_eq!(call(coder, "PATCH", &path, token, &Value::Null).status, 200);
}

/// Returns source, stage and text of each line of a log.
fn lines(log: &Value) -> Vec<[String; 3]> {
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    let fields = |line| ["log_source", "stage", "output"].map(|field| text(line, field));
    log.as_array().unwrap().iter().map(fields).collect()
}

fn log(coder: &FakeCoder, user: &FakeUser, build: &Value) -> Vec<[String; 3]> {
    let path = format!("/api/v2/workspacebuilds/{}/logs", build["id"].as_str().unwrap());
    lines(&get(coder, &path, user.session_token.expose()).json())
}

#[test]
fn a_build_that_is_canceled_half_way_fails_with_the_word_canceled() {
    for (version, release) in BUILT {
        let coder = FakeCoder::builder().version(version).pace(Pace::RECORDED).build();
        let alice = coder.add_user("alice");
        let dev = coder.add_workspace(&alice, "dev").starting().create();
        cancel(&coder, &alice, &latest_build(&coder, &alice, dev));
        let canceling = latest_build(&coder, &alice, dev);
        coder.advance(Duration::from_secs(60));
        let canceled = latest_build(&coder, &alice, dev);
        for (name, ours) in
            [("GetWorkspace.canceling", &canceling), ("GetWorkspace.canceled", &canceled)]
        {
            let theirs = &recorded(release, name).1["latest_build"];
            assert_eq!(ours["status"], theirs["status"], "{release} {name}");
            for field in ["status", "error", "error_code"] {
                assert_eq!(ours["job"][field], theirs["job"][field], "{release} {name} {field}");
            }
            let fields =
                |job: &Value| -> Vec<String> { job.as_object().unwrap().keys().cloned().collect() };
            assert_eq!(fields(&ours["job"]), fields(&theirs["job"]), "{release} {name}");
        }
    }
}

#[test]
fn a_build_that_is_canceled_while_it_waits_is_canceled() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let waiting = coder.add_workspace(&alice, "waiting").queued(2, 3).create();
    cancel(&coder, &alice, &latest_build(&coder, &alice, waiting));
    let set_up = coder.add_workspace(&alice, "set-up").canceled().create();
    for workspace in [waiting, set_up] {
        let build = latest_build(&coder, &alice, workspace);
        assert_eq!(
            (&build["status"], &build["job"]["status"]),
            (&json!("canceled"), &json!("canceled"))
        );
        assert_eq!(build["job"]["error"], Value::Null);
    }
}

#[test]
fn the_log_of_a_build_that_failed_says_nothing_of_applying() {
    for (version, release) in BUILT {
        let coder = FakeCoder::builder().version(version).build();
        let alice = coder.add_user("alice");
        let dev = coder.add_workspace(&alice, "dev").failed("no more volumes").create();
        let ours = log(&coder, &alice, &latest_build(&coder, &alice, dev));
        assert_eq!(ours, lines(&recorded(release, "ListBuildLogs.failed").1), "{release}");
    }
}

#[test]
fn the_log_of_a_build_that_is_canceled_half_way_breaks_off() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").starting().create();
    let build = latest_build(&coder, &alice, dev);
    let before = log(&coder, &alice, &build);
    cancel(&coder, &alice, &build);
    coder.advance(Duration::from_secs(60));
    let mut after = log(&coder, &alice, &build);
    assert_eq!(after.pop().map(|[_, stage, _]| stage).as_deref(), Some("Cleaning Up"));
    assert_eq!(after, before);
}

#[test]
fn subdomains_name_the_agent_in_the_releases_that_did_so() {
    let subdomain = |build: &Value| -> String {
        let resources = build["resources"].as_array().unwrap();
        let apps = resources.iter().flat_map(|of| of["agents"].as_array().into_iter().flatten());
        let apps = apps.flat_map(|agent| agent["apps"].as_array().unwrap());
        let mut names = apps.filter_map(|app| app["subdomain_name"].as_str());
        names.next().unwrap().to_owned()
    };
    for (version, release) in BUILT {
        let coder = FakeCoder::builder().version(version).build();
        let alice = coder.add_user("alice");
        let dev = coder.add_workspace(&alice, "dev").create();
        let ours = subdomain(&latest_build(&coder, &alice, dev));
        let theirs = subdomain(&recorded(release, "GetBuild").1);
        let parts = |name: &str| name.matches("--").count();
        assert_eq!(parts(&ours), parts(&theirs), "{release}: {ours}, {theirs}");
        let agent = if version == Version::V2_24 { "main--" } else { "" };
        assert_eq!(ours, format!("code-server--{agent}dev--alice"));
    }
}

#[test]
fn a_build_has_the_fields_about_ai_that_its_release_has() {
    for (version, release) in BUILT {
        let coder = FakeCoder::builder().version(version).build();
        let alice = coder.add_user("alice");
        let dev = coder.add_workspace(&alice, "dev").create();
        let (ours, theirs) = (latest_build(&coder, &alice, dev), recorded(release, "GetBuild").1);
        for field in ["has_ai_task", "has_external_agent"] {
            assert_eq!(ours.get(field), theirs.get(field), "{release} {field}");
        }
    }
}

#[test]
fn the_log_of_the_oldest_release_tells_what_a_build_costs() {
    for (version, release) in BUILT {
        let coder = FakeCoder::builder().version(version).build();
        let alice = coder.add_user("alice");
        let server = NewResource::new("docker_container", "server")
            .daily_cost(2)
            .agent(NewAgent::new("main"));
        coder.add_template("go").resources([server]);
        let dev = coder.add_workspace(&alice, "dev").template("go").create();
        let quota = |lines: Vec<[String; 3]>| -> Vec<[String; 3]> {
            lines.into_iter().filter(|[_, stage, _]| stage == "Commit quota").collect()
        };
        let ours = quota(log(&coder, &alice, &latest_build(&coder, &alice, dev)));
        assert_eq!(ours, quota(lines(&recorded(release, "ListBuildLogs").1)), "{release}");
    }
}
