//! What older releases of Coder do not have, or tell in other words.

use coder_client::models::{AllowListTarget, JobStatus, LoginType};
use coder_client::operations::{
    CancelBuild, CreateOAuth2App, CreateToken, CreateUser, CreateWorkspaceBuild, GetBuildInfo,
    GetExternalAuth, GetOAuth2ServerMetadata, GetPreviousTemplateVersion, GetUser, GetWorkspaceAcl,
    ListOAuth2Apps, ListScopes, ListTemplateVersionExternalAuth, ListUsers, OAuth2AppSettings,
    UnlinkExternalAuth,
};
use coder_client::{Capability, ClientError, Conflict, Operation, UserFilter, UserRef};
use coder_core::{RetryPolicy, TransportError, TransportErrorKind};
use jiff::SignedDuration;
use serde_json::Value;

use crate::answers::{labelled, one};
use crate::async_test;
use crate::refusals::error_of;
use crate::support::{Answer, Script, answer, json};

const ID: &str = "5ef1f3fe-6e9c-4f0a-bb5e-0a2b2b0a8c11";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    ID.parse().unwrap()
}

/// Answers `buildinfo` as a release does.
fn release(version: &str) -> Answer {
    json(200, &format!(r#"{{"version": "{version}+f00"}}"#))
}

fn limited() -> CreateToken {
    let day = SignedDuration::from_hours(24);
    CreateToken::new(UserRef::Me, "portal", day).scope("workspace:read")
}

/// Sends the operation to a Coder of this release, which refuses nothing.
async fn asked<O: Operation>(
    version: &str,
    operation: &O,
) -> (Result<O::Output, ClientError>, usize) {
    let script = Script::new([release(version), json(201, "{}")]);
    let outcome = script.client().send(operation).await;
    (outcome, script.requests().len() - 1)
}

#[async_test]
async fn a_limited_token_is_not_asked_of_a_release_that_would_make_it_all_powerful() {
    // 2.24.6 answers 201 to it, and this is the token it has made.
    let made: Value =
        serde_json::from_slice(&one("2.24.6/operations/GetTokenByName.scoped").body).unwrap();
    assert_eq!((&made["scope"], made.get("scopes")), (&Value::from("all"), None));

    let (outcome, sent) = asked("v2.24.6", &limited()).await;
    let error = outcome.unwrap_err();
    assert!(error.is_unsupported() && !error.may_have_been_processed());
    assert_eq!(sent, 0);
    insta::assert_snapshot!(error, @"`CreateToken` with limits needs coder 2.31.0 or later, and this one is 2.24.6; nothing was sent");

    let day = SignedDuration::from_hours(24);
    let target = AllowListTarget::new("workspace", "*");
    let listed = CreateToken::new(UserRef::Me, "portal", day).allow(target);
    assert!(asked("v2.24.6", &listed).await.0.unwrap_err().is_unsupported());
}

#[async_test]
async fn a_limited_token_is_not_asked_of_a_release_that_is_not_known() {
    let (outcome, sent) = asked("v0.0.0-devel", &limited()).await;
    insta::assert_snapshot!(outcome.unwrap_err(), @"`CreateToken` with limits needs coder 2.31.0 or later, and this one does not tell its release; nothing was sent");
    assert_eq!(sent, 0);
}

#[async_test]
async fn what_every_release_understands_is_sent_without_asking_for_the_release() {
    let script = Script::new([json(201, r#"{"key": "k"}"#)]);
    let day = SignedDuration::from_hours(24);
    script.client().send(&CreateToken::new(UserRef::Me, "portal", day)).await.unwrap();
    assert_eq!(script.requests().len(), 1);
}

#[async_test]
async fn the_release_is_asked_for_once() {
    let key = || json(201, r#"{"key": "k"}"#);
    let script = Script::new([release("v2.36.0"), key(), key()]);
    let client = script.client();
    client.send(&limited()).await.unwrap();
    client.clone().send(&limited()).await.unwrap();
    assert_eq!(script.requests().len(), 3);
}

#[async_test]
async fn what_an_older_release_would_ignore_is_not_sent_to_it() {
    async fn refused<O: Operation>(version: &str, operation: O) -> String {
        let (outcome, sent) = asked(version, &operation).await;
        assert_eq!(sent, 0);
        outcome.err().unwrap().to_string()
    }
    let conditional = CancelBuild::new(id()).expect_status(JobStatus::Pending);
    let app = || OAuth2AppSettings::new("portal", "https://portal.test/cb");
    let all = [
        refused("v2.24.6", conditional).await,
        refused("v2.34.6", CreateWorkspaceBuild::restart(id(), None)).await,
        refused("v2.34.6", ListTemplateVersionExternalAuth::new(id()).for_user(id())).await,
        refused("v2.36.0", CreateOAuth2App::new(app().redirect_uri("https://portal.test/other")))
            .await,
        refused("v2.36.0", CreateOAuth2App::new(app().scope("workspace:read"))).await,
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    `CancelBuild` on a condition needs coder 2.31.0 or later, and this one is 2.24.6; nothing was sent
    `CreateWorkspaceBuild` with a start after it needs coder 2.36.0 or later, and this one is 2.34.6; nothing was sent
    `ListTemplateVersionExternalAuth` for somebody else needs coder 2.36.0 or later, and this one is 2.34.6; nothing was sent
    `CreateOAuth2App` with several redirect URIs needs coder 2.38.0 or later, and this one is 2.36.0; nothing was sent
    `CreateOAuth2App` with a scope needs coder 2.38.0 or later, and this one is 2.36.0; nothing was sent
    ");
}

#[async_test]
async fn a_restart_in_one_request_is_sent_to_a_release_that_does_it() {
    // What the releases made of a stop with `on_success`.
    for (release, status) in [("2.31.14", "stopped"), ("2.34.6", "stopped"), ("2.36.0", "running")]
    {
        let after = labelled(&format!("{release}/workspaces"), "build/plain/after-on-success");
        let after: Value = serde_json::from_slice(&after.body).unwrap();
        assert_eq!(after["latest_build"]["status"], status);
        let restart = CreateWorkspaceBuild::restart(id(), None);
        let (_, sent) = asked(&format!("v{release}"), &restart).await;
        assert_eq!(sent, usize::from(status == "running"), "{release}");
    }
}

#[async_test]
async fn an_operation_that_is_not_there_names_itself_the_release_that_has_it_and_this_one() {
    async fn told<O: Operation>(operation: O, recorded: &str) -> String {
        let script = Script::new([one(recorded).answer()]);
        let error = script.client().send(&operation).await.err().unwrap();
        assert!(
            error.is_unsupported() && !error.is_not_found() && !error.is_forbidden(),
            "{error}"
        );
        error.to_string()
    }
    let all = [
        told(ListScopes, "2.24.6/operations/ListScopes").await,
        told(GetOAuth2ServerMetadata, "2.24.6/operations/GetOAuth2ServerMetadata").await,
        told(ListOAuth2Apps::new(), "2.24.6/operations/ListOAuth2Apps").await,
        told(GetWorkspaceAcl::new(id()), "2.24.6/operations/GetWorkspaceAcl").await,
        told(coder_client::operations::GetOAuth2Settings, "2.36.0/operations/GetOAuth2Settings")
            .await,
        told(coder_client::operations::GetEntitlements, "2.36.0/operations/GetEntitlements").await,
        told(
            coder_client::operations::ListAgentContainers::new(id()),
            "2.36.0/live/ready-containers",
        )
        .await,
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    `ListScopes` needs coder 2.29.0 or later, and this one is 2.24.6
    `GetOAuth2ServerMetadata` needs coder 2.25.0 or later, and this one is 2.24.6
    `ListOAuth2Apps` needs coder 2.25.0 or later, and this one is 2.24.6
    `GetWorkspaceAcl` needs coder 2.29.0 or later, and this one is 2.24.6
    `GetOAuth2Settings` needs coder 2.38.0 or later, and this one is 2.36.0
    `GetEntitlements` is not available at this coder (2.36.0): it came later, is switched off, or is not part of this build
    `ListAgentContainers` is not available at this coder (2.36.0): Dev Container feature not enabled: To enable this feature, set CODER_AGENT_DEVCONTAINERS_ENABLE=true in your template.
    ");
}

#[async_test]
async fn a_method_that_a_route_does_not_have_is_an_operation_that_is_not_there() {
    // What a build without the enterprise part answers to `POST /api/v2/organizations`.
    let script = Script::new([answer(405, &[("x-coder-build-version", "v2.36.0+f00")], "")]);
    let create = coder_client::operations::CreateOrganization::new("acme");
    let error = script.client().send(&create).await.unwrap_err();
    insta::assert_snapshot!(error, @"`CreateOrganization` is not available at this coder (2.36.0): it came later, is switched off, or is not part of this build");
    assert!(error.is_unsupported());
}

#[async_test]
async fn a_provider_that_is_off_is_no_lack_of_rights() {
    for release in ["2.31.14", "2.36.0"] {
        let off =
            labelled(&format!("{release}-off/off"), "off/GET /api/v2/oauth2-provider/apps owner");
        let error = error_of(&off);
        assert!(error.is_unsupported() && !error.is_forbidden());
        assert!(error.to_string().contains("requires enabling the 'oauth2' experiment"), "{error}");
    }
}

#[async_test]
async fn the_page_of_a_wrong_address_is_not_taken_for_an_old_release() {
    let page = [("content-type", "text/html; charset=utf-8")];
    let script = Script::new([answer(200, &page, "<title>Sign in</title>")]);
    let error = script.client().send(&ListScopes).await.unwrap_err();
    assert!(!error.is_unsupported(), "{error}");
}

#[async_test]
async fn an_unknown_user_is_not_found_on_every_release() {
    for release in ["2.24.6", "2.31.14", "2.36.0"] {
        let none = one(&format!("{release}/operations/GetUser.none"));
        let script = Script::new([none.answer()]);
        let error = script.client().send(&GetUser::new("nobody")).await.unwrap_err();
        assert!(error.is_not_found(), "{release}: {error}");
    }
}

#[async_test]
async fn the_first_version_of_a_template_has_none_before_it_on_every_release() {
    let previous = || GetPreviousTemplateVersion::new("default", "devcontainers", "v1");
    for release in ["2.24.6", "2.31.14", "2.36.0"] {
        let first = one(&format!("{release}/operations/GetPreviousTemplateVersion"));
        let script = Script::new([first.answer()]);
        assert_eq!(script.client().send(&previous()).await.unwrap(), None, "{release}");
    }
    let hidden = r#"{"message": "Resource not found or you do not have access to this resource"}"#;
    let script = Script::new([json(404, hidden)]);
    assert!(script.client().send(&previous()).await.unwrap_err().is_not_found());
}

#[async_test]
async fn a_link_is_removed_on_every_release() {
    let unlink = UnlinkExternalAuth::new("github".to_owned());
    // What 2.24.6 answers.
    let script = Script::new([json(200, r#""OK""#)]);
    assert!(!script.client().send(&unlink).await.unwrap().token_revoked);
    let script = Script::new([json(200, r#"{"token_revoked": true}"#)]);
    assert!(script.client().send(&unlink).await.unwrap().token_revoked);
}

fn users() -> Answer {
    let user = |name: &str, email: &str| {
        format!(
            r#"{{"id": "{ID}", "username": "{name}", "email": "{email}", "created_at": "2026-11-26T23:12:58Z", "updated_at": "2026-11-26T23:12:58Z", "last_seen_at": "2026-11-26T23:12:58Z", "status": "active", "login_type": "password"}}"#
        )
    };
    let found = [
        user("grace-hopper", "hopper@example.com"),
        user("Grace", "grace@example.com"),
        user("dana", "grace@other.example.com"),
    ];
    json(200, &format!(r#"{{"users": [{}], "count": 3}}"#, found.join(", ")))
}

#[async_test]
async fn an_exact_username_is_searched_for_and_compared_here() {
    for (filter, query, expected) in [
        (UserFilter::new().username("grace").unwrap(), "q=search%3Agrace", "Grace"),
        (
            UserFilter::new().email("GRACE@other.example.com").unwrap(),
            "q=search%3AGRACE%40other.example.com",
            "dana",
        ),
        (
            UserFilter::new().search("hop").unwrap().username("grace-hopper").unwrap(),
            "q=search%3Ahop",
            "grace-hopper",
        ),
    ] {
        let script = Script::new([users()]);
        let list = ListUsers::new(filter).limit(1);
        let page = script.client().send(&list).await.unwrap();
        let names: Vec<&str> = page.users.iter().map(|user| &*user.username).collect();
        assert_eq!(names, [expected]);
        // Coder cuts its pages from all who have it as a part of a name.
        assert_eq!(script.requests()[0].uri().query(), Some(query));
    }
    let list = ListUsers::new(UserFilter::new().username("gr").unwrap());
    assert!(Script::new([users()]).client().send(&list).await.unwrap().users.is_empty());
}

#[async_test]
async fn somebody_without_a_login_is_made_as_a_service_account() {
    let deployment = "https://coder.test".parse().unwrap();
    let body = |create: CreateUser| -> Value {
        serde_json::from_slice(create.request(&deployment).unwrap().body()).unwrap()
    };
    let without_login = body(CreateUser::new("builder", "builder@example.com", LoginType::None));
    assert_eq!(without_login["service_account"], true);
    let service_account = body(CreateUser::service_account("builder"));
    assert_eq!(service_account["login_type"], "none");
    assert_eq!(service_account.get("email"), None);
    let person = body(CreateUser::new("dana", "dana@example.com", LoginType::Oidc));
    assert_eq!(person.get("service_account"), None);
}

#[async_test]
async fn a_build_that_is_over_is_too_late_to_cancel() {
    for release in ["2.31.14", "2.34.6", "2.36.0"] {
        let over = labelled(&format!("{release}/workspaces"), "ws/cancel-done");
        let script = Script::new([over.answer()]);
        let error = script.client().send(&CancelBuild::new(id())).await.unwrap_err();
        assert!(error.is_too_late(), "{error}");
    }
}

#[async_test]
async fn a_conflict_says_what_stands_in_the_way() {
    for (label, expected) in
        [("create/taken", Conflict::NameTaken), ("build/plain/start-deleted", Conflict::Deleted)]
    {
        let error = error_of(&labelled("2.36.0/workspaces", label));
        assert_eq!(error.conflict(), Some(expected));
        assert_eq!(error.is_gone(), expected == Conflict::Deleted);
    }
    // Two creations of one name at once.
    let raced = r#"{"message": "Internal error creating workspace.", "detail": "insert workspace: pq: duplicate key value violates unique constraint \"workspaces_owner_id_lower_idx\""}"#;
    let start = CreateWorkspaceBuild::start(id());
    let error = Script::new([json(500, raced)]).client().send(&start).await.unwrap_err();
    assert_eq!(error.conflict(), Some(Conflict::NameTaken));
    assert!(error.is_conflict() && !error.is_outcome_unknown());

    let active = json(409, r#"{"message": "A workspace build is already active."}"#);
    let error = Script::new([active]).client().send(&start).await.unwrap_err();
    assert_eq!(error.conflict(), Some(Conflict::BuildActive));
}

#[async_test]
async fn what_only_reads_never_has_an_unknown_outcome() {
    let broken = || one("2.36.0/operations/GetExternalAuth.device");
    let reading = GetExternalAuth::new("opt".to_owned());
    let never = |script: Script| script.client().with_retry(RetryPolicy::NEVER);
    let error = never(Script::new([broken().answer()])).send(&reading).await.unwrap_err();
    assert!(!error.is_outcome_unknown() && error.status().unwrap() == 500);
    let lost = || Err(TransportError::new(TransportErrorKind::Timeout));
    let error = never(Script::new([lost()])).send(&reading).await.unwrap_err();
    assert!(!error.is_outcome_unknown() && error.is_transient());
    let proxy = answer(502, &[("content-type", "text/html")], "<html>");
    let error = never(Script::new([proxy])).send(&GetBuildInfo).await.unwrap_err();
    assert!(!error.is_outcome_unknown());

    let start = CreateWorkspaceBuild::start(id());
    assert!(never(Script::new([lost()])).send(&start).await.unwrap_err().is_outcome_unknown());
    let error = never(Script::new([broken().answer()])).send(&start).await.unwrap_err();
    assert!(error.is_outcome_unknown());
}

#[test]
fn the_reason_is_told_with_all_that_coder_says() {
    let told = [
        labelled("2.36.0/api", "keys/make-scope-bad"),
        labelled("2.36.0/workspaces", "create/no-body"),
        labelled("2.36.0/workspaces", "create/full-defaults"),
        one("2.36.0/operations/ListOAuth2AppSecrets.member"),
    ]
    .map(|recorded| error_of(&recorded).to_string());
    insta::assert_snapshot!(told.join("\n"), @r#"
    coder answered 400: Failed to create API key: invalid or unsupported API key scope: "no:such"
    coder answered 400: Request body must be valid JSON: EOF
    coder answered 400: Unable to validate parameters; `git_repo`: Required parameter not provided; parameter value is null
    coder answered 500: Internal error getting OAuth2 client secrets: unauthorized: rbac: forbidden
    "#);
}

#[test]
fn a_long_reason_is_cut() {
    let detail = "x".repeat(10_000);
    let script = Script::new([json(400, &format!(r#"{{"message": "m", "detail": "{detail}"}}"#))]);
    let error = futures_executor::block_on(script.client().send(&GetUser::me())).unwrap_err();
    assert_eq!(error.api().unwrap().detail, Some("x".repeat(200) + "…"));
}

#[test]
fn the_releases_were_seen_with_and_without_it() {
    for (capability, without, with) in [
        (Capability::ScopeCatalog, "2.24.6", "2.29.19"),
        (Capability::KeyExpiry, "2.29.19", "2.31.14"),
        (Capability::RestartInOneRequest, "2.34.6", "2.36.0"),
        (Capability::OAuth2, "2.24.6", "2.29.19"),
    ] {
        let since = capability.since();
        let includes =
            |release: &str| release.parse::<coder_client::CoderVersion>().unwrap().includes(since);
        assert!(!includes(without) && includes(with), "{capability:?}");
    }
}
