//! Links into a workspace.

use serde::Serialize;

/// Links into a workspace. None of them holds a token.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkspaceLinks {
    /// Coder's page about the workspace.
    pub(crate) dashboard: String,
    /// Coder's page about its last build, with the log.
    pub(crate) build: String,
    /// Coder's page with the settings of the workspace.
    pub(crate) settings: String,
    /// Links into the agents. An agent of a dev container follows the agent that it lives in.
    pub(crate) agents: Vec<AgentLinks>,
}

/// Links into an agent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentLinks {
    /// Name of the agent.
    pub(crate) name: String,
    /// Name of the agent that it lives in, when it serves a dev container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    /// URL of a terminal in the browser; null when the template does not offer one.
    pub(crate) terminal: Option<String>,
    /// Host to give to `ssh` after `coder config-ssh`; null when the template does not offer it.
    pub(crate) ssh_host: Option<String>,
    /// Editors on the desktop that the template offers.
    pub(crate) editors: Vec<EditorLink>,
    /// Apps that can be opened from outside.
    pub(crate) apps: Vec<AppLink>,
}

/// Link that opens an editor on the desktop.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EditorLink {
    /// Name of the editor, such as `vsCode`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) editor: coder_workspaces::Editor,
    /// URL that opens it.
    pub(crate) url: String,
}

/// Link that opens an app.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppLink {
    /// Name that is unique within the agent.
    pub(crate) slug: String,
    /// Name for people.
    pub(crate) name: String,
    /// URL that opens it.
    pub(crate) url: String,
    /// URL of its icon.
    pub(crate) icon: Option<String>,
    /// Heading that it belongs under.
    pub(crate) group: Option<String>,
    /// Health as Coder reports it, such as `healthy`.
    pub(crate) health: String,
    /// Window in which it is to be opened, such as `tab`.
    pub(crate) open_in: String,
}

impl From<coder_workspaces::WorkspaceLinks> for WorkspaceLinks {
    fn from(links: coder_workspaces::WorkspaceLinks) -> Self {
        Self {
            dashboard: links.dashboard.into(),
            build: links.build.into(),
            settings: links.settings.into(),
            agents: links.agents.into_iter().map(AgentLinks::from).collect(),
        }
    }
}

impl From<coder_workspaces::AgentLinks> for AgentLinks {
    fn from(links: coder_workspaces::AgentLinks) -> Self {
        let editors = links.editors.into_iter();
        Self {
            name: links.name,
            parent: links.parent,
            terminal: links.terminal.map(String::from),
            ssh_host: links.ssh_host,
            editors: editors
                .map(|link| EditorLink { editor: link.editor, url: link.url.into() })
                .collect(),
            apps: links.apps.into_iter().map(AppLink::from).collect(),
        }
    }
}

impl From<coder_workspaces::AppLink> for AppLink {
    fn from(link: coder_workspaces::AppLink) -> Self {
        Self {
            slug: link.slug,
            name: link.name,
            url: link.url.into(),
            icon: link.icon.map(String::from),
            group: link.group,
            health: link.health.to_string(),
            open_in: link.open_in.to_string(),
        }
    }
}
