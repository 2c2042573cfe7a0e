//! What each operation puts on the wire.

use coder_client::models::{AutomaticUpdates, BuildReason};
use coder_client::operations::*;
use coder_client::{Error, Operation, UserRef, WorkspaceFilter};
use coder_core::DeploymentUrl;
use insta::assert_snapshot;
use jiff::SignedDuration;

const ID: &str = "9da8cec4-f30f-4e0a-ae17-61e9264f5deb";

fn written(operation: &impl Operation) -> String {
    try_written(operation).unwrap()
}

fn try_written(operation: &impl Operation) -> Result<String, Error> {
    let deployment: DeploymentUrl = "https://coder.test".parse().unwrap();
    let request = operation.request(&deployment)?;
    let mut text = format!("{} {}", request.method(), request.uri());
    for (name, value) in request.headers() {
        text += &format!("\n{name}: {}", value.to_str().unwrap());
    }
    if !request.body().is_empty() {
        text += "\n";
        text += std::str::from_utf8(request.body()).unwrap();
    }
    Ok(text)
}

#[test]
fn reading() {
    assert_snapshot!(written(&GetBuildInfo), @"GET https://coder.test/api/v2/buildinfo");
    assert_snapshot!(written(&GetUser::me()), @"GET https://coder.test/api/v2/users/me");
    assert_snapshot!(written(&GetUser::new("a/b ü")), @"GET https://coder.test/api/v2/users/a%2Fb%20%C3%BC");
    assert_snapshot!(written(&GetWorkspace::new(ID.parse().unwrap())), @"GET https://coder.test/api/v2/workspaces/9da8cec4-f30f-4e0a-ae17-61e9264f5deb");
    assert_snapshot!(written(&GetWorkspace::new(ID.parse().unwrap()).include_deleted()), @"GET https://coder.test/api/v2/workspaces/9da8cec4-f30f-4e0a-ae17-61e9264f5deb?include_deleted=true");
    assert_snapshot!(
        written(&GetWorkspaceByName::new(UserRef::Me, "payments-api".parse().unwrap())), @"GET https://coder.test/api/v2/users/me/workspace/payments-api"
    );
    assert_snapshot!(written(&ListBuildParameters::new(ID.parse().unwrap())), @"GET https://coder.test/api/v2/workspacebuilds/9da8cec4-f30f-4e0a-ae17-61e9264f5deb/parameters");
}

#[test]
fn a_name_that_would_change_the_path_is_refused() {
    for name in ["", ".", ".."] {
        let error = try_written(&GetUser::new(name)).unwrap_err();
        assert_eq!(error.to_string(), format!("`{name}` cannot be part of a path"));
    }
}

#[test]
fn searching() {
    assert_snapshot!(written(&ListWorkspaces::default()), @"GET https://coder.test/api/v2/workspaces");
    let filter = WorkspaceFilter::new().mine().param("repo", "https://x.test/a b&c").unwrap();
    assert_snapshot!(written(&ListWorkspaces::matching(filter).page(25, 50)), @"GET https://coder.test/api/v2/workspaces?q=owner%3Ame+param%3A%22repo%3Dhttps%3A%2F%2Fx.test%2Fa+b%26c%22&limit=25&offset=50");
}

#[test]
fn creating_a_workspace() {
    let name = "new-svc".parse().unwrap();
    assert_snapshot!(written(&CreateWorkspace::from_template(ID.parse().unwrap(), name)), @r#"
    POST https://coder.test/api/v2/users/me/workspaces
    content-type: application/json
    {"template_id":"9da8cec4-f30f-4e0a-ae17-61e9264f5deb","name":"new-svc"}
    "#);
    let everything = CreateWorkspace::from_version(ID.parse().unwrap(), "new-svc".parse().unwrap())
        .for_user("dana")
        .parameter("cpu", "4")
        .preset(ID.parse().unwrap())
        .autostart("CRON_TZ=Europe/Berlin 30 8 * * 1-5")
        .ttl(SignedDuration::from_hours(8))
        .automatic_updates(AutomaticUpdates::Always);
    assert_snapshot!(written(&everything), @r#"
    POST https://coder.test/api/v2/users/dana/workspaces
    content-type: application/json
    {"template_version_id":"9da8cec4-f30f-4e0a-ae17-61e9264f5deb","name":"new-svc","autostart_schedule":"CRON_TZ=Europe/Berlin 30 8 * * 1-5","ttl_ms":28800000,"rich_parameter_values":[{"name":"cpu","value":"4"}],"automatic_updates":"always","template_version_preset_id":"9da8cec4-f30f-4e0a-ae17-61e9264f5deb"}
    "#);
}

#[test]
fn building_a_workspace() {
    let id = ID.parse().unwrap();
    assert_snapshot!(written(&CreateWorkspaceBuild::stop(id)), @r#"
    POST https://coder.test/api/v2/workspaces/9da8cec4-f30f-4e0a-ae17-61e9264f5deb/builds
    content-type: application/json
    {"transition":"stop"}
    "#);
    let everything = CreateWorkspaceBuild::start(id)
        .template_version(ID.parse().unwrap())
        .parameter("cpu", "4")
        .preset(ID.parse().unwrap())
        .reason(BuildReason::Dashboard);
    assert_snapshot!(written(&everything), @r#"
    POST https://coder.test/api/v2/workspaces/9da8cec4-f30f-4e0a-ae17-61e9264f5deb/builds
    content-type: application/json
    {"transition":"start","template_version_id":"9da8cec4-f30f-4e0a-ae17-61e9264f5deb","rich_parameter_values":[{"name":"cpu","value":"4"}],"template_version_preset_id":"9da8cec4-f30f-4e0a-ae17-61e9264f5deb","reason":"dashboard"}
    "#);
    assert_snapshot!(written(&CreateWorkspaceBuild::delete(id).orphan()), @r#"
    POST https://coder.test/api/v2/workspaces/9da8cec4-f30f-4e0a-ae17-61e9264f5deb/builds
    content-type: application/json
    {"transition":"delete","orphan":true}
    "#);
}

#[test]
fn favorites() {
    let id = ID.parse().unwrap();
    assert_snapshot!(written(&FavoriteWorkspace::new(id)), @"PUT https://coder.test/api/v2/workspaces/9da8cec4-f30f-4e0a-ae17-61e9264f5deb/favorite");
    assert_snapshot!(written(&UnfavoriteWorkspace::new(id)), @"DELETE https://coder.test/api/v2/workspaces/9da8cec4-f30f-4e0a-ae17-61e9264f5deb/favorite");
}
