//! What each operation puts on the wire.

use coder_client::models::*;
use coder_client::operations::*;
use coder_client::subscriptions::*;
use coder_client::{
    AgentId, BuildId, ClientError, DevcontainerId, GroupId, JobId, OAuth2AppId, Operation,
    OrganizationRef, Subscription, TemplateFilter, TemplateId, TemplateVersionId, UserFilter,
    UserId, UserRef, WorkspaceFilter, WorkspaceId, WorkspaceName,
};
use coder_core::{DeploymentUrl, Secret};

use crate::support::fixture;
use jiff::{SignedDuration, Timestamp};

const ID: &str = "9da8cec4-f30f-4e0a-ae17-61e9264f5deb";

/// An operation's name, and its request as text.
pub(crate) struct Written {
    pub(crate) name: &'static str,
    pub(crate) request: String,
}

fn written(operation: &impl Operation) -> Result<String, ClientError> {
    let deployment: DeploymentUrl = "https://coder.test".parse().unwrap();
    let request = operation.request(&deployment)?;
    let path = request.uri().path_and_query().unwrap();
    let mut text = format!("{} {path}", request.method());
    if !operation.needs_credential() {
        text += "\n(for anyone)";
    }
    for (name, value) in request.headers() {
        text += &format!("\n{name}: {}", value.to_str().unwrap());
    }
    if !request.body().is_empty() {
        text += "\n";
        text += std::str::from_utf8(request.body()).unwrap();
    }
    Ok(text.replace(ID, "<id>"))
}

macro_rules! every {
    ($($name:ident $(::$constructor:ident($($argument:expr),*))? $(.$method:ident($($value:expr),*))*,)+) => {
        vec![$(Written {
            name: stringify!($name),
            request: written(&$name $(::$constructor($($argument),*))? $(.$method($($value),*))*)
                .unwrap(),
        },)+]
    };
}

fn me() -> UserRef {
    UserRef::Me
}

fn organization() -> OrganizationRef {
    OrganizationRef::Default
}

/// Writes every operation, and those that differ by what they are told.
pub(crate) fn every_operation() -> Vec<Written> {
    let agent: AgentId = ID.parse().unwrap();
    let app: OAuth2AppId = ID.parse().unwrap();
    let build: BuildId = ID.parse().unwrap();
    let container: DevcontainerId = ID.parse().unwrap();
    let group: GroupId = ID.parse().unwrap();
    let job: JobId = ID.parse().unwrap();
    let template: TemplateId = ID.parse().unwrap();
    let user: UserId = ID.parse().unwrap();
    let version: TemplateVersionId = ID.parse().unwrap();
    let workspace: WorkspaceId = ID.parse().unwrap();
    let name: WorkspaceName = "new-svc".parse().unwrap();
    let secret = || Secret::new("s3cret");
    let moment: Timestamp = "2026-08-20T09:31:20Z".parse().unwrap();
    let hours = SignedDuration::from_hours(8);
    let client = || OAuth2ClientMetadata::new(["https://portal.test/callback".to_owned()]);
    let settings = || OAuth2AppSettings::new("portal", "https://portal.test/callback");
    let filter = WorkspaceFilter::new().mine().param("repo", "https://x.test/a b&c").unwrap();
    every![
        GetBuildInfo,
        GetAppearance,
        GetAppHost,
        GetDeploymentConfig,
        GetSshConfig,
        GetDeploymentStats,
        GetEntitlements,
        ListExperiments,
        ListAvailableExperiments,
        ListRegions,
        ListScopes,
        CheckForUpdate,
        ListAuthMethods,
        CheckAuthorization::new()
            .permission(
                "create",
                Permission::new("create", "workspace")
                    .owner("me")
                    .organization(ID.parse().unwrap())
            )
            .permission("any", Permission::new("read", "template").any_organization())
            .permission("this", Permission::new("update", "workspace").resource(workspace)),
        GetUser::me(),
        GetUser::new("a?b ü"),
        ListUsers::new(UserFilter::new().search("dana").unwrap()).limit(25).offset(50),
        ListUsers::new(UserFilter::new().username("dana").unwrap()).limit(25).offset(50),
        CreateUser::from_password("dana", "dana@example.com", secret())
            .name("Dana Osei")
            .organization(ID.parse().unwrap())
            .status(UserStatus::Active),
        CreateUser::new("dana", "dana@example.com", LoginType::Oidc),
        CreateUser::service_account("builder"),
        DeleteUser::new(me()),
        UpdateProfile::new(me(), "dana", "Dana Osei").avatar_url("https://x.test/a.png"),
        GetUserLoginType::new(me()),
        ListAutofillParameters::new(me(), template),
        SuspendUser::new("dana"),
        ActivateUser::new("dana"),
        ListSiteRoles,
        GetUserRoles::new(me()),
        SetUserRoles::new("dana", ["template-admin", "auditor"]),
        SetPassword::new("dana", "n3w"),
        SetPassword::new(me(), "n3w").old_password("0ld"),
        ValidatePassword::new("n3w"),
        GetGitSshKey::new(me()),
        RegenerateGitSshKey::new(me()),
        ListUserSecrets::new(me()),
        GetUserSecret::new(me(), "npm"),
        CreateUserSecret::new(me(), "npm", "s3cret")
            .description("x")
            .env_name("NPM_TOKEN")
            .file_path("~/.npmrc"),
        UpdateUserSecret::new(me(), "npm").value("n3w").enabled(false),
        DeleteUserSecret::new(me(), "npm"),
        ImportUserSecrets::new(me(), SecretsFormat::Env, "NPM_TOKEN=s3cret"),
        GetQuietHours::new(me()),
        SetQuietHours::new(me(), "CRON_TZ=Europe/Berlin 0 2 * * *"),
        CheckFirstUser,
        CreateFirstUser::new("dana", "dana@example.com", secret()),
        LoginWithPassword::new("dana@example.com", secret()),
        Logout,
        CreateApiKey::new(me()),
        ListTokens::new(me()),
        ListTokens::new("dana").include_expired(true),
        CreateToken::new(me(), "portal", hours)
            .scope("workspace:read")
            .allow(AllowListTarget::new("workspace", "*")),
        GetTokenConfig::new(me()),
        GetTokenByName::new(me(), "portal".to_owned()),
        GetApiKey::new(me(), "tBmVN5G1Ao".to_owned()),
        DeleteApiKey::new(me(), "tBmVN5G1Ao".to_owned()),
        ExpireApiKey::new(me(), "tBmVN5G1Ao".to_owned()),
        ListOrganizations,
        CreateOrganization::new("platform")
            .display_name("Platform")
            .description("x")
            .icon("/icon/x.svg"),
        GetOrganization::new(organization()),
        UpdateOrganization::new("platform").name("base").display_name("Base"),
        DeleteOrganization::new("platform"),
        ListOrganizationMembers::new(organization()),
        ListPaginatedMembers::new(organization()).limit(25).offset(50),
        GetOrganizationMember::new(organization(), "dana"),
        AddOrganizationMember::new("platform", "dana"),
        RemoveOrganizationMember::new("platform", "dana"),
        ListOrganizationRoles::new("platform"),
        SetMemberRoles::new("platform", "dana", ["organization-template-admin"]),
        ListGroups::new(),
        ListGroups::new().organization("platform").has_member("dana"),
        ListOrganizationGroups::new("platform"),
        GetGroup::new(group),
        GetGroup::new(group).exclude_members(true),
        GetGroupByName::new("platform", "backend"),
        ListGroupMembers::new(group).limit(25).offset(50),
        CreateGroup::new("platform", "backend").display_name("Backend").quota_allowance(10),
        UpdateGroup::new(group).add_user(user).remove_user(user).name("back"),
        DeleteGroup::new(group),
        GetTemplateAcl::new(template),
        ListTemplateAclCandidates::new(template),
        ShareTemplate::new(template).user(user, TemplateRole::Admin).remove_group(group),
        GetWorkspaceQuota::new(organization(), me()),
        ListProvisionerDaemons::new(organization()),
        ListUserOrganizations::new(me()),
        GetUserOrganization::new(me(), "platform".to_owned()),
        ListTemplates::default(),
        ListTemplates::new(TemplateFilter::new().exact_name("dev").unwrap()),
        ListOrganizationTemplates::new(organization()),
        GetTemplateByName::new(organization(), "dev".to_owned()),
        GetTemplate::new(template),
        DeleteTemplate::new(template),
        CreateTemplate::new(organization(), "dev", version)
            .display_name("Dev")
            .description("x")
            .icon("/icon/k8s.png")
            .default_ttl_ms(3_600_000)
            .max_port_share_level(SharingLevel::Organization),
        UpdateTemplate::new(&serde_json::from_str(fixture("template.json")).unwrap())
            .name("go")
            .deprecation_message("use rust")
            .autostop_requirement(AutostopRequirement::new(["monday"], 2))
            .autostart_requirement(AutostartRequirement::new(["friday"])),
        PromoteTemplateVersion::new(template, version),
        ArchiveTemplateVersions::new(template).all(true),
        ListTemplateExamples,
        GetTemplateDailyActiveUsers::new(template),
        UploadFile::tar("a tar archive"),
        UploadFile::zip("a zip archive"),
        DownloadFile::new(ID.parse().unwrap()),
        DownloadFile::new(ID.parse().unwrap()).format(ArchiveFormat::Zip),
        CreateTemplateVersion::new(organization(), ID.parse().unwrap())
            .template(template)
            .name("v2")
            .message("clones over SSH")
            .tag("scope", "organization")
            .variable("registry", "ghcr.io"),
        CreateTemplateVersion::from_example("platform", "docker"),
        UpdateTemplateVersion::new(version).name("v3").message("x"),
        CancelTemplateVersion::new(version),
        ArchiveTemplateVersion::new(version),
        UnarchiveTemplateVersion::new(version),
        CreateDryRun::new(version, "dev").parameter("cpu", "4").variable("registry", "ghcr.io"),
        GetDryRun::new(version, job),
        CancelDryRun::new(version, job),
        ListDryRunLogs::new(version, job).after(7),
        ListDryRunResources::new(version, job),
        GetDryRunProvisioners::new(version, job),
        ListTemplateVersions::new(template),
        ListTemplateVersions::new(template).include_archived(true).limit(10).offset(0),
        GetTemplateVersionByName::new(template, "v1".to_owned()),
        GetTemplateVersionByNames::new(organization(), "dev".to_owned(), "v1".to_owned()),
        GetPreviousTemplateVersion::new(organization(), "dev", "v1"),
        GetTemplateVersion::new(version),
        ListTemplateVersionResources::new(version),
        ListTemplateVersionParameters::new(version),
        ListTemplateVersionVariables::new(version),
        ListTemplateVersionLogs::new(version).after(7),
        ListPresets::new(version),
        ListTemplateVersionExternalAuth::new(version),
        ListTemplateVersionExternalAuth::new(version).for_user(user),
        EvaluateDynamicParameters::new(version).input("region", "eu").for_user(user),
        ListWorkspaces::default(),
        ListWorkspaces::new(filter).limit(25).offset(50),
        GetWorkspace::new(workspace),
        GetWorkspace::new(workspace).include_deleted(true),
        GetWorkspaceByName::new(me(), name.clone()),
        CreateWorkspace::from_template(template, name.clone()),
        CreateWorkspace::from_version(version, name.clone())
            .for_user("dana")
            .parameter("cpu", "4")
            .preset(ID.parse().unwrap())
            .autostart("CRON_TZ=Europe/Berlin 30 8 * * 1-5")
            .ttl(hours)
            .automatic_updates(AutomaticUpdates::Always),
        ListBuilds::new(workspace),
        ListBuilds::new(workspace).since(moment).limit(10).offset(0),
        CreateWorkspaceBuild::stop(workspace),
        CreateWorkspaceBuild::start(workspace)
            .template_version(version)
            .parameter("cpu", "4")
            .preset(ID.parse().unwrap())
            .reason(BuildReason::Dashboard),
        CreateWorkspaceBuild::restart(workspace, Some(version)),
        CreateWorkspaceBuild::delete(workspace).orphan(),
        GetBuild::new(build),
        GetBuildByNumber::new(me(), name.clone(), 12),
        CancelBuild::new(build),
        CancelBuild::new(build).expect_status(JobStatus::Pending),
        ListBuildLogs::new(build),
        ListBuildLogs::new(build).after(90_211),
        ListBuildParameters::new(build),
        ListBuildResources::new(build),
        GetBuildTimings::new(build),
        GetWorkspaceTimings::new(workspace),
        RenameWorkspace::new(workspace, name),
        SetAutostart::new(workspace, Some("CRON_TZ=UTC 0 9 * * *".to_owned())),
        SetAutostart::new(workspace, None),
        SetAutomaticUpdates::new(workspace, AutomaticUpdates::Never),
        ExtendWorkspace::new(workspace, moment),
        SetTtl::new(workspace, Some(hours)),
        SetTtl::new(workspace, None),
        SetDormancy::sleep(workspace),
        SetDormancy::wake(workspace),
        FavoriteWorkspace::new(workspace),
        UnfavoriteWorkspace::new(workspace),
        ResolveAutostart::new(workspace),
        ReportUsage::new(workspace),
        ReportUsage::new(workspace).app(agent, UsageApp::ReconnectingPty),
        GetExternalAgentCredentials::new(workspace, "main".to_owned()),
        GetWorkspaceAcl::new(workspace),
        ShareWorkspace::new(workspace).user(user, WorkspaceRole::Use).remove_group(group),
        UnshareWorkspace::new(workspace),
        ListPortShares::new(workspace),
        SharePort::new(workspace, "main", 8443, SharingLevel::Organization).https(),
        UnsharePort::new(workspace, "main", 8443),
        GetAgent::new(agent),
        ListListeningPorts::new(agent),
        ListAgentContainers::new(agent).label("a=b").label("c=d"),
        DeleteDevcontainer::new(agent, container),
        RecreateDevcontainer::new(agent, container),
        ListAgentLogs::new(agent).after(7),
        ListExternalAuth,
        GetExternalAuth::new("primary-github".to_owned()),
        UnlinkExternalAuth::new("primary-github".to_owned()),
        StartExternalAuthDevice::new("primary-github".to_owned()),
        FinishExternalAuthDevice::new("primary-github", secret()),
        ListOAuth2Apps::new(),
        ListOAuth2Apps::new().user(user),
        CreateOAuth2App::new(settings()),
        UpdateOAuth2App::new(
            app,
            settings()
                .icon("/icon/widgets.svg")
                .redirect_uri("http://localhost:7007/callback")
                .scope("coder:workspaces.create")
        ),
        GetOAuth2App::new(app),
        DeleteOAuth2App::new(app),
        ListOAuth2AppSecrets::new(app),
        CreateOAuth2AppSecret::new(app),
        DeleteOAuth2AppSecret::new(app, ID.parse().unwrap()),
        GetOAuth2Settings,
        UpdateOAuth2Settings::dynamic_client_registration(true),
        ListAuditLogs::new().limit(25).offset(50).q("action:delete"),
        ListConnectionLogs::new().limit(25).q("type:ssh"),
        GetDailyActiveUsers::new(2),
        GetUserStatusCounts::new().timezone("Europe/Berlin").tz_offset(2),
        GetUserActivity::new(moment, moment),
        GetUserLatency::new(moment, moment).template(template).template(template),
        GetTemplateInsights::new(moment, moment).interval(InsightsInterval::Day),
        GetHealth::new(),
        GetHealth::new().force(true),
        ListReplicas,
        ListLicenses,
        AddLicense::new("a signed text"),
        DeleteLicense::new(7),
        RefreshEntitlements,
        ListWorkspaceProxies,
        GetWorkspaceProxy::new(ID.parse().unwrap()),
        CreateWorkspaceProxy::new("eu").display_name("Europe").icon("/icon/eu.svg"),
        UpdateWorkspaceProxy::new(
            &serde_json::from_str(&format!(r#"{{"id": "{ID}", "name": "eu"}}"#)).unwrap()
        )
        .display_name("Europe")
        .regenerate_token(true),
        DeleteWorkspaceProxy::new(ID.parse().unwrap()),
        GetPrebuildsSettings,
        SetPrebuildsSettings::new(true),
        ListProvisionerJobs::new(organization()),
        ListProvisionerJobs::new(organization())
            .status(JobStatus::Pending)
            .status(JobStatus::Running)
            .job(job)
            .tag("scope", "organization")
            .limit(50),
        GetProvisionerJob::new(organization(), job),
        ListProvisionerKeys::new(organization()),
        ListProvisionerKeyDaemons::new(organization()),
        CreateProvisionerKey::new(organization(), "builders").tag("zone", "eu"),
        DeleteProvisionerKey::new(organization(), "builders"),
        ListInbox::new(),
        ListInbox::new().read_status("unread").starting_before(ID.parse().unwrap()),
        MarkNotification::new(ID.parse().unwrap(), true),
        MarkAllNotificationsRead,
        GetNotificationSettings,
        SetNotificationSettings::new(true),
        ListNotificationTemplates,
        ListNotificationPreferences::new(me()),
        SetNotificationPreferences::new(me()).disable(ID.parse().unwrap()),
        SendCustomNotification::new("Deployed", "payments is live"),
        GetOAuth2ServerMetadata,
        GetOAuth2ResourceMetadata,
        RevokeOAuth2Consent::new(app),
        RegisterOAuth2Client::new(client()),
        GetOAuth2Client::new(app, secret()),
        UpdateOAuth2Client::new(app, secret(), client()),
        DeleteOAuth2Client::new(app, secret()),
    ]
}

/// Writes every subscription, over each channel that begins with a request.
pub(crate) fn every_subscription() -> Vec<Written> {
    let build: BuildId = ID.parse().unwrap();
    let agent: AgentId = ID.parse().unwrap();
    let mut all = opened("WatchWorkspace", &WatchWorkspace::new(ID.parse().unwrap()));
    all.extend(opened("FollowBuildLogs", &FollowBuildLogs::new(build)));
    all.extend(opened("FollowBuildLogs", &FollowBuildLogs::new(build).after(7)));
    let follow = FollowTemplateVersionLogs::new(ID.parse().unwrap());
    all.extend(opened("FollowTemplateVersionLogs", &follow));
    all.extend(opened("FollowTemplateVersionLogs", &follow.after(7)));
    all.extend(opened("FollowAgentLogs", &FollowAgentLogs::new(agent)));
    all.extend(opened("FollowAgentLogs", &FollowAgentLogs::new(agent).after(7)));
    all.extend(opened("WatchInbox", &WatchInbox::new()));
    all.extend(opened("WatchAgentMetadata", &WatchAgentMetadata::new(agent)));
    all
}

fn opened(name: &'static str, subscription: &impl Subscription) -> Vec<Written> {
    let deployment: DeploymentUrl = "https://coder.test".parse().unwrap();
    let channels = subscription.channels().iter();
    let requests = channels.filter_map(|channel| {
        let request = subscription.request(&deployment, *channel).unwrap()?;
        let path = request.uri().path_and_query().unwrap();
        let request = format!("{} {path}", request.method()).replace(ID, "<id>");
        Some(Written { name, request })
    });
    requests.collect()
}

#[test]
fn every_request_as_it_is_sent() {
    let all: Vec<String> = every_operation()
        .into_iter()
        .chain(every_subscription())
        .map(|Written { name, request }| format!("{name}: {request}"))
        .collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_name_that_would_change_the_path_is_refused() {
    for name in ["", ".", "..", "a/b"] {
        let error = written(&GetUser::new(name)).unwrap_err();
        let told =
            "cannot be part of a path; a name is neither empty, `.` nor `..`, and holds no `/`";
        assert_eq!(error.to_string(), format!("`{name}` {told}"));
    }
}
