//! The deployment that the recorded answers speak of.
//!
//! Users `ada` (owner), `grace` and `linus`; templates `devcontainers` (parameters and presets),
//! `plain` (none) and `failing` (its builds fail); workspaces `acme-api` and `acme-web` of ada and
//! `grace-api` of grace from `devcontainers`, with two agents that never connect (the first and the
//! last of these are deleted on 2.29); `vm` of grace,
//! stopped; `broken` of linus, failed.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use coder_testkit::{
    FakeCoder, FakeTemplate, FakeUser, NewAgent, NewResource, NewWorkspaceApp, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The password of everybody in the world of a fake.
pub const PASSWORD: &str = "conformance-Passw0rd!";

/// Returns the key for web push notifications of the deployment that was recorded: each made its
/// own.
pub(crate) const fn web_push_key(version: Version, provider: bool) -> &'static str {
    match (version, provider) {
        (Version::V2_34, _) => {
            "BInX8wzCsgGuf5na5Ty_c2TWfoe10z6eDm5aSJuPZvNWYh1q56oRSMcaU0ny-v8LVhfyWC349L2SrIXLPD_HjZI"
        }
        (_, false) => {
            "BAvi8c2_sMU3n-naWc248q4-YMDPjKnWpQ-xA1NTlZkS928cPZg1kjNvhncwgo4daz-JMf-iTH_Pc3rtJyTLs4g"
        }
        (_, true) => {
            "BJY-h-_k64kaiIucsBeca25h1zbXxRHEbycsQE3virPqEu5GOzUMxNgRHaSoKnftSG2duR6RpTm9guYZiCWO8eM"
        }
    }
}

/// Parameters, presets and the parameter values of workspaces, as they were recorded.
#[derive(Debug, Deserialize)]
struct Recorded {
    rich: Vec<Value>,
    presets: Vec<RecordedPreset>,
    params: BTreeMap<String, Vec<NameAndValue>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordedPreset {
    name: String,
    parameters: Vec<PascalNameAndValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PascalNameAndValue {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct NameAndValue {
    name: String,
    value: String,
}

/// Names a server and what of the world is where: the seed file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seed {
    /// Whether it is the fake or a real Coder.
    pub kind: Kind,
    /// The URL of the deployment.
    pub base: String,
    /// The password of the users.
    pub password: String,
    /// The users of the world, by name.
    pub users: BTreeMap<String, SeedUser>,
    /// The ids of these things, by name.
    pub templates: BTreeMap<String, String>,
    /// Ids of the active versions, by the template's name.
    pub versions: BTreeMap<String, String>,
    /// The ids of these things, by name.
    pub workspaces: BTreeMap<String, String>,
    /// Ids of the first builds, by the workspace's name.
    pub builds: BTreeMap<String, String>,
    /// The id of the organization.
    pub org: String,
    /// The control door of a fake; by default on the port 1000 above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<SocketAddr>,
}

/// The kind of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// The fake of this repository: [`FakeCoder`].
    Fake,
    /// A Coder of somebody's own.
    Real,
}

/// A user of the world.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeedUser {
    /// The id at Coder.
    pub id: String,
    /// A session token. A real Coder needs none: the runner signs in with the password.
    #[serde(default)]
    pub token: String,
}

impl std::fmt::Debug for SeedUser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SeedUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Fills a fake with the world.
///
/// # Errors
///
/// When the recorded parameters cannot be read, which is a mistake in this crate.
pub fn build(coder: &FakeCoder) -> Result<Seed, serde_json::Error> {
    let recorded: Recorded = serde_json::from_str(include_str!("world.json"))?;
    let people = ["ada", "grace", "linus"].map(|name| {
        (name, if name == "ada" { coder.add_owner(name) } else { coder.add_user(name) })
    });
    for ((_, user), full_name) in people.iter().zip(["Ada L", "Grace H", ""]) {
        coder.set_full_name(user, full_name);
    }
    let [(_, ada), _, _] = &people;
    let templates = templates(coder, &recorded, ada);
    let mut seed = Seed {
        kind: Kind::Fake,
        base: coder.url().to_string(),
        password: PASSWORD.to_owned(),
        users: BTreeMap::new(),
        templates: BTreeMap::new(),
        versions: BTreeMap::new(),
        workspaces: BTreeMap::new(),
        builds: BTreeMap::new(),
        org: String::new(),
        control: None,
    };
    for template in &templates {
        let name = template.name().to_owned();
        seed.templates.insert(name.clone(), template.id().to_string());
        seed.versions.insert(name, template.active_version_id().to_string());
    }
    for (name, owner, template) in [
        ("acme-api", "ada", "devcontainers"),
        ("acme-web", "ada", "devcontainers"),
        ("grace-api", "grace", "devcontainers"),
        ("vm", "grace", "plain"),
        ("broken", "linus", "failing"),
    ] {
        let Some((_, owner)) = people.iter().find(|(known, _)| *known == owner) else { continue };
        add_workspace(coder, &recorded, &mut seed, (name, owner, template));
    }
    for (name, user) in people {
        seed.users.insert(name.to_owned(), seed_user(&user));
    }
    Ok(seed)
}

/// Describes a user for the seed file.
pub(crate) fn seed_user(user: &FakeUser) -> SeedUser {
    SeedUser { id: user.id.to_string(), token: user.session_token.expose().to_owned() }
}

fn templates(coder: &FakeCoder, recorded: &Recorded, author: &FakeUser) -> Vec<FakeTemplate> {
    let template = |name: &str, display_name: &str| {
        let template = coder.add_template(name).display_name(display_name).icon("");
        template.created_by(author).provisioner("echo").version_name("v1").cancel_by_members(false)
    };
    let mut devcontainers =
        template("devcontainers", "Devcontainers").readme("# Devcontainers\n\nA template.");
    for parameter in &recorded.rich {
        devcontainers = devcontainers.rich_parameter(parameter.clone());
    }
    for preset in &recorded.presets {
        let values: Vec<(&str, &str)> = preset
            .parameters
            .iter()
            .map(|parameter| (parameter.name.as_str(), parameter.value.as_str()))
            .collect();
        devcontainers = devcontainers.preset(&preset.name, &values);
    }
    let devcontainers =
        devcontainers.resources(containers()).build_log(&["planning"], &["applying ünïcode"]);
    let plain = template("plain", "Plain");
    let plain = plain.no_other_parameters().build_log(&[], &[]).resources([NewResource::new(
        "aws_instance",
        "vm",
    )
    .listed_always()]);
    let failing = template("failing", "Failing");
    let failing = failing.build_log(&[], &[]).builds_fail("failed!", None);
    vec![devcontainers, plain, failing]
}

/// Describes the resources of a workspace of `devcontainers`.
fn containers() -> [NewResource; 2] {
    let container = NewResource::new("docker_container", "main")
        .icon("/icon/docker.svg")
        .metadata("image", "debian")
        .sensitive_metadata("secret", "s")
        .daily_cost(2)
        .agent(agent("main", ""))
        .agent(agent("db", "db-"));
    let volume = NewResource::new("docker_volume", "home").hidden().kept_when_stopped();
    [volume, container]
}

/// Makes an agent that nobody has started, with an app of each kind.
fn agent(name: &str, prefix: &str) -> NewAgent {
    let slug = |slug: &str| format!("{prefix}{slug}");
    let gateway = "jetbrains-gateway://connect#type=coder&token=$SESSION_TOKEN";
    NewAgent::new(name)
        .never_connects()
        .environment("LANG", "C.UTF-8")
        .troubleshooting_url("https://example.com/help")
        .display_apps(&[
            "vscode",
            "vscode_insiders",
            "ssh_helper",
            "port_forwarding_helper",
            "web_terminal",
        ])
        .blocking_script("Startup", "true", "/tmp/l", "/icon/x.svg")
        .metadata("cpu", "CPU", "echo 1")
        .app(NewWorkspaceApp::command(&slug("cmd"), "top").display_name("Cmd").icon(""))
        .app(
            NewWorkspaceApp::external(&slug("jb"), gateway)
                .display_name("Gateway")
                .icon("/icon/jetbrains.svg"),
        )
        .app(
            NewWorkspaceApp::subdomain(&slug("hid"))
                .display_name("Hidden")
                .icon("")
                .listens_at("http://localhost:1")
                .without_healthcheck()
                .sharing_level("authenticated")
                .hidden(),
        )
        .app(
            NewWorkspaceApp::path(&slug("code-server"))
                .display_name("code-server")
                .icon("/icon/code.svg")
                .listens_at("http://localhost:13337/?folder=/home/coder")
                .health("initializing"),
        )
}

fn add_workspace(
    coder: &FakeCoder,
    recorded: &Recorded,
    seed: &mut Seed,
    (name, owner, template): (&str, &FakeUser, &str),
) {
    let mut workspace = coder.add_workspace(owner, name).template(template);
    for parameter in recorded.params.get(name).into_iter().flatten() {
        workspace = workspace.parameter(&parameter.name, &parameter.value);
    }
    workspace = match name {
        "vm" => workspace.running(),
        "broken" => workspace.failed("failed!"),
        _ => workspace.connecting(),
    };
    // Both were gone when 2.29.19 was asked.
    if coder.version() == Version::V2_29 && ["acme-api", "grace-api"].contains(&name) {
        workspace = workspace.deleted();
    }
    let id = workspace.create();
    let made = coder.workspace(id);
    seed.workspaces.insert(name.to_owned(), id.to_string());
    seed.builds.insert(name.to_owned(), made.latest_build.id.to_string());
    seed.org = made.organization_id.map(|id| id.to_string()).unwrap_or_default();
    // The builds of the seed are those that the workspaces were created with.
    if name == "vm" {
        coder.stop(id);
    }
}
