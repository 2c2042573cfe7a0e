//! What becomes of builds: failures of a template, restarts in one request, questions of rights.

use std::time::Duration;

use crate::common::{call, get};
use coder_client::WorkspaceId;
use coder_testkit::{FakeCoder, FakeUser, Pace, Version};
use serde_json::{Value, json};

fn latest_build(coder: &FakeCoder, user: &FakeUser, id: WorkspaceId) -> Value {
    let path = format!("/api/v2/workspaces/{id}");
    get(coder, &path, user.session_token.expose()).json()["latest_build"].clone()
}

fn build(coder: &FakeCoder, user: &FakeUser, id: WorkspaceId, body: &Value) -> u16 {
    let path = format!("/api/v2/workspaces/{id}/builds");
    call(coder, "POST", &path, user.session_token.expose(), body).status.as_u16()
}

#[test]
fn a_template_whose_builds_fail_fails_new_workspaces_and_starts_but_no_stop() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let running = coder.add_workspace(&alice, "running").template("small").create();
    let template =
        coder.add_template("small").builds_fail("insufficient quota", Some("INSUFFICIENT_QUOTA"));
    let wish = json!({ "name": "dev", "template_id": template.id() });
    let token = alice.session_token.expose();
    let created = call(&coder, "POST", "/api/v2/users/me/workspaces", token, &wish);
    assert_eq!(created.status, 201, "the request succeeds, the job fails");
    let dev: WorkspaceId = created.json()["id"].as_str().unwrap().parse().unwrap();
    coder.advance(Duration::from_secs(60));
    let failed = latest_build(&coder, &alice, dev);
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["job"]["error"], "insufficient quota");
    assert_eq!(failed["job"]["error_code"], "INSUFFICIENT_QUOTA");

    coder.stop(running);
    coder.advance(Duration::from_secs(60));
    assert_eq!(latest_build(&coder, &alice, running)["status"], "stopped");
    assert_eq!(build(&coder, &alice, running, &json!({ "transition": "start" })), 201);
    coder.advance(Duration::from_secs(60));
    assert_eq!(latest_build(&coder, &alice, running)["status"], "failed");

    template.builds_succeed();
    coder.start(running);
    coder.advance(Duration::from_secs(60));
    assert_eq!(latest_build(&coder, &alice, running)["status"], "running");
}

#[test]
fn a_template_whose_deletions_fail_keeps_its_workspaces() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let template = coder.add_template("small").deletions_fail("volume is in use");
    let dev = coder.add_workspace(&alice, "dev").template("small").create();
    assert_eq!(build(&coder, &alice, dev, &json!({ "transition": "delete" })), 201);
    coder.advance(Duration::from_secs(60));
    let failed = latest_build(&coder, &alice, dev);
    assert_eq!((&failed["status"], &failed["transition"]), (&json!("failed"), &json!("delete")));
    assert_eq!(failed["job"]["error"], "volume is in use");
    coder.start(dev);
    coder.advance(Duration::from_secs(60));
    assert_eq!(latest_build(&coder, &alice, dev)["status"], "running");

    template.builds_succeed();
    coder.delete(dev);
    coder.advance(Duration::from_secs(60));
    let path = format!("/api/v2/workspaces/{dev}");
    assert_eq!(get(&coder, &path, alice.session_token.expose()).status, 410);
}

#[test]
fn a_template_and_its_workspaces_say_whether_the_active_version_is_required() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").template("small").create();
    let template = coder.add_template("small");
    let ask = |path: String| get(&coder, &path, alice.session_token.expose()).json();
    for required in [true, false] {
        let template = template.clone().require_active_version(required);
        let shown = ask(format!("/api/v2/templates/{}", template.id()));
        assert_eq!(shown["require_active_version"], required);
        let workspace = ask(format!("/api/v2/workspaces/{dev}"));
        assert_eq!(workspace["template_require_active_version"], required);
    }
}

#[test]
fn where_the_active_version_is_required_only_an_owner_starts_another_one() {
    let coder = FakeCoder::new();
    let (alice, root) = (coder.add_user("alice"), coder.add_owner("root"));
    let template = coder.add_template("small").require_active_version(true);
    let older = template.active_version_id();
    let dev = coder.add_workspace(&alice, "dev").template("small").stopped().create();
    let active = template.new_version("newer").active_version_id();
    let start = |as_whom: &FakeUser, body: Value| {
        let path = format!("/api/v2/workspaces/{dev}/builds");
        let answer = call(&coder, "POST", &path, as_whom.session_token.expose(), &body);
        coder.advance(Duration::from_secs(60));
        answer
    };
    let refused = start(&alice, json!({ "transition": "start" }));
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json()["detail"],
        "cannot use non-active version: unauthorized: rbac: forbidden"
    );
    let wish = json!({ "template_version_id": older, "name": "other" });
    let path = "/api/v2/users/me/workspaces";
    assert_eq!(call(&coder, "POST", path, alice.session_token.expose(), &wish).status, 403);
    let newest = json!({ "transition": "start", "template_version_id": active });
    assert_eq!(start(&alice, newest).status, 201);
    assert_eq!(start(&alice, json!({ "transition": "stop" })).status, 201);
    let old = json!({ "transition": "start", "template_version_id": older });
    assert_eq!(start(&root, old).status, 201);
}

#[test]
fn a_slow_deletion_runs_until_an_answer_has_told_so() {
    let coder = FakeCoder::builder().slow_deletions(true).pace(Pace::INSTANT).build();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    coder.delete(dev);
    coder.advance(Duration::from_secs(3600));
    let path = format!("/api/v2/workspaces/{dev}/builds");
    let newest = || get(&coder, &path, alice.session_token.expose()).json()[0].clone();
    let told = newest();
    assert_eq!((&told["status"], &told["job"]["completed_at"]), (&json!("deleting"), &Value::Null));
    assert_eq!(newest()["status"], "deleted");
    let gone = coder.add_workspace(&alice, "gone").deleted().create();
    assert_eq!(latest_build(&coder, &alice, gone), Value::Null, "what is gone awaits nobody");
}

#[test]
fn one_request_stops_and_starts_again() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let newer = coder.add_template("devcontainers").new_version("newer").active_version_id();
    let restart = json!({
        "transition": "stop",
        "on_success": { "transition": "start", "template_version_id": newer },
    });
    assert_eq!(build(&coder, &alice, dev, &restart), 201);
    coder.advance(Duration::from_secs(31));
    assert_eq!(latest_build(&coder, &alice, dev)["status"], "stopping");
    coder.advance(Duration::from_secs(2));
    let second = latest_build(&coder, &alice, dev);
    assert_eq!((&second["status"], &second["build_number"]), (&json!("pending"), &json!(3)));
    assert_eq!(second["template_version_id"], newer.to_string());
    coder.advance(Duration::from_secs(60));
    assert_eq!(latest_build(&coder, &alice, dev)["status"], "running");
}

#[test]
fn a_start_does_not_follow_a_stop_that_was_canceled() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let restart = json!({ "transition": "stop", "on_success": { "transition": "start" } });
    assert_eq!(build(&coder, &alice, dev, &restart), 201);
    let id = latest_build(&coder, &alice, dev)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/workspacebuilds/{id}/cancel");
    call(&coder, "PATCH", &path, alice.session_token.expose(), &Value::Null);
    coder.advance(Duration::from_secs(3600));
    assert_eq!(latest_build(&coder, &alice, dev)["id"], id);
}

#[test]
fn a_release_without_on_success_only_stops() {
    let coder = FakeCoder::builder().version(Version::V2_34).build();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let restart = json!({ "transition": "stop", "on_success": { "transition": "start" } });
    assert_eq!(build(&coder, &alice, dev, &restart), 201);
    coder.advance(Duration::from_secs(3600));
    assert_eq!(latest_build(&coder, &alice, dev)["status"], "stopped");
}

#[test]
fn what_follows_a_build_can_only_be_a_start() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let twice = json!({ "transition": "stop", "on_success": { "transition": "delete" } });
    assert_eq!(build(&coder, &alice, dev, &twice), 400);
}

#[test]
fn one_asks_what_one_may_do_before_doing_it() {
    let coder = FakeCoder::new();
    let (alice, bob, root) =
        (coder.add_user("alice"), coder.add_user("bob"), coder.add_owner("root"));
    let dev = coder.add_workspace(&alice, "dev").shared_with(&bob, "use").create();
    let ask = |user: &FakeUser| {
        let checks = json!({ "checks": {
            "create": { "object": { "resource_type": "workspace", "owner_id": "me", "any_org": true }, "action": "create" },
            "read": { "object": { "resource_type": "workspace", "resource_id": dev }, "action": "read" },
            "delete": { "object": { "resource_type": "workspace", "resource_id": dev }, "action": "delete" },
            "apps": { "object": { "resource_type": "oauth2_app" }, "action": "create" },
        }});
        let token = user.session_token.expose();
        call(&coder, "POST", "/api/v2/authcheck", token, &checks).json()
    };
    let answer = |create, read, delete, apps| json!({ "create": create, "read": read, "delete": delete, "apps": apps });
    assert_eq!(ask(&alice), answer(true, true, true, false));
    assert_eq!(ask(&bob), answer(true, true, false, false));
    assert_eq!(ask(&root), answer(true, true, true, true));
}
