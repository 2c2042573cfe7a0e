//! Links into a workspace: Coder's pages about it, its terminals, its apps and its ports.

use coder_client::models::{
    AppHealth, AppOpenIn, DisplayApp, Workspace, WorkspaceAgent, WorkspaceApp,
};
use serde::Serialize;
use url::Url;

use crate::ssh_host::ssh_host;
use crate::{AssetUrls, DeploymentHosts, Editor, agent_list};

/// Placeholder in the URLs of external apps, where Coder's dashboard puts a token.
const TOKEN_PLACEHOLDER: &str = "$SESSION_TOKEN";

/// Links into a workspace. None of them holds a token.
///
/// They are for a browser. Coder hands a `Coder-Session-Token` header on to the app behind a link,
/// so a program that fetches one must not send its session with it in that header.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WorkspaceLinks {
    /// Coder's page about the workspace.
    pub dashboard: Url,
    /// Coder's page about its last build, with the log.
    pub build: Url,
    /// Page with the workspace's settings.
    pub settings: Url,
    /// The links of the workspace's agents. The agents of dev containers are among them, each
    /// after the agent that it lives in.
    pub agents: Vec<AgentLinks>,
}

/// Links into an agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentLinks {
    /// Name of the agent.
    pub name: String,
    /// The name of the agent it lives in, when it serves a dev container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// A terminal in the browser; `None` when the template does not offer one.
    pub terminal: Option<Url>,
    /// The host to give to `ssh`, after `coder config-ssh`; `None` when the template does not
    /// offer it.
    pub ssh_host: Option<String>,
    /// The editors that the template offers. For others there is [`Editor::link`].
    pub editors: Vec<EditorLink>,
    /// The apps that are not hidden and can be opened from outside.
    pub apps: Vec<AppLink>,
}

/// Link that opens an editor on the desktop.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EditorLink {
    /// Editor that the link opens.
    pub editor: Editor,
    /// URL that opens it.
    pub url: Url,
}

/// Link that opens an app of a workspace.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppLink {
    /// Unique within the agent.
    pub slug: String,
    /// Display name of the app.
    pub name: String,
    /// URL that opens it.
    pub url: Url,
    /// URL of its icon.
    pub icon: Option<Url>,
    /// The heading it belongs under.
    pub group: Option<String>,
    /// Health as Coder reports it.
    pub health: AppHealth,
    /// Window in which the app is to be opened.
    pub open_in: AppOpenIn,
}

impl WorkspaceLinks {
    /// Builds the links into `workspace`.
    pub fn new(workspace: &Workspace, hosts: &DeploymentHosts) -> Self {
        let build = workspace.latest_build.build_number.to_string();
        let agents = agent_list::with_sub_agents(workspace).into_iter();
        Self {
            dashboard: page(workspace, hosts, []),
            build: page(workspace, hosts, ["builds", &build]),
            settings: page(workspace, hosts, ["settings"]),
            agents: agents
                .map(|(agent, parent)| AgentLinks {
                    parent: parent.map(|parent| parent.name.clone()),
                    ..agent_links(workspace, agent, hosts)
                })
                .collect(),
        }
    }
}

/// Builds the link that opens a port of a workspace in the browser; `None` when the deployment has
/// no host names for apps. `https` tells the protocol of the port itself.
pub fn port_link(
    workspace: &Workspace,
    agent: &WorkspaceAgent,
    port: u16,
    https: bool,
    hosts: &DeploymentHosts,
) -> Option<Url> {
    let secure = if https { "s" } else { "" };
    let (agent, name, owner) = (&agent.name, &workspace.name, &workspace.owner_name);
    hosts.subdomain(&format!("{port}{secure}--{agent}--{name}--{owner}"))
}

fn page<const N: usize>(workspace: &Workspace, hosts: &DeploymentHosts, rest: [&str; N]) -> Url {
    let owner = format!("@{}", workspace.owner_name);
    hosts.access_url.endpoint([owner.as_str(), &workspace.name].into_iter().chain(rest))
}

fn agent_links(
    workspace: &Workspace,
    agent: &WorkspaceAgent,
    hosts: &DeploymentHosts,
) -> AgentLinks {
    let offers = |app: &DisplayApp| agent.display_apps.contains(app);
    let editors = [
        (DisplayApp::Vscode, Editor::VsCode),
        (DisplayApp::VscodeInsiders, Editor::VsCodeInsiders),
    ];
    AgentLinks {
        name: agent.name.clone(),
        parent: None,
        terminal: offers(&DisplayApp::WebTerminal).then(|| terminal(workspace, agent, hosts)),
        ssh_host: offers(&DisplayApp::SshHelper).then(|| ssh_host(workspace, agent, hosts)),
        editors: editors
            .into_iter()
            .filter(|(app, _)| offers(app))
            .map(|(_, editor)| EditorLink { editor, url: editor.link(workspace, agent, hosts) })
            .collect(),
        apps: agent
            .apps
            .iter()
            .filter(|app| !app.hidden)
            .filter_map(|app| app_link(workspace, agent, app, hosts))
            .collect(),
    }
}

fn terminal(workspace: &Workspace, agent: &WorkspaceAgent, hosts: &DeploymentHosts) -> Url {
    let owner = format!("@{}", workspace.owner_name);
    let place = format!("{}.{}", workspace.name, agent.name);
    hosts.access_url.endpoint([owner.as_str(), &place, "terminal"])
}

fn app_link(
    workspace: &Workspace,
    agent: &WorkspaceAgent,
    app: &WorkspaceApp,
    hosts: &DeploymentHosts,
) -> Option<AppLink> {
    let name = app.display_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&app.slug);
    let assets = AssetUrls::from_deployment(&hosts.access_url);
    Some(AppLink {
        slug: app.slug.clone(),
        name: name.to_owned(),
        url: app_url(workspace, agent, app, hosts)?,
        icon: app.icon.as_deref().and_then(|icon| assets.icon(icon)),
        group: app.group.clone().filter(|group| !group.is_empty()),
        health: app.health.clone(),
        open_in: app.open_in.clone(),
    })
}

fn app_url(
    workspace: &Workspace,
    agent: &WorkspaceAgent,
    app: &WorkspaceApp,
    hosts: &DeploymentHosts,
) -> Option<Url> {
    if app.external {
        return external(app.url.as_deref()?);
    }
    if let Some(command) = app.command.as_deref().filter(|command| !command.is_empty()) {
        let mut url = terminal(workspace, agent, hosts);
        url.query_pairs_mut().append_pair("command", command);
        return Some(url);
    }
    if app.subdomain {
        return hosts.subdomain(app.subdomain_name.as_deref()?);
    }
    let owner = format!("@{}", workspace.owner_name);
    let place = format!("{}.{}", workspace.name, agent.name);
    // The empty segment is the slash at the end, without which relative links in the app break.
    Some(hosts.path_app_url.endpoint([owner.as_str(), &place, "apps", &app.slug, ""]))
}

/// Returns the URL of an external app without the token that it may ask for; `None` for a script.
///
/// The program that opens it asks the user to sign in.
fn external(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    if matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob" | "file" | "about") {
        return None;
    }
    if text.contains(TOKEN_PLACEHOLDER) {
        let harmless =
            |(_, value): &(_, std::borrow::Cow<'_, str>)| !value.contains(TOKEN_PLACEHOLDER);
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(harmless)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    (!url.as_str().contains("SESSION_TOKEN")).then_some(url)
}
