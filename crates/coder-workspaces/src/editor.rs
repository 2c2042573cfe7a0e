//! Editors on the desktop that open a workspace.

use coder_client::models::{Workspace, WorkspaceAgent};
use serde::Serialize;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::DeploymentHosts;
use crate::ssh_host::ssh_host;

/// An editor on the desktop that opens a workspace, with Coder's extension or over SSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Editor {
    /// Visual Studio Code, through Coder's extension.
    VsCode,
    /// Visual Studio Code Insiders, through Coder's extension.
    VsCodeInsiders,
    /// VSCodium, through Coder's extension.
    VsCodium,
    /// Cursor, through Coder's extension.
    Cursor,
    /// Windsurf, through Coder's extension.
    Windsurf,
    /// Kiro, through Coder's extension.
    Kiro,
    /// Antigravity, through Coder's extension.
    Antigravity,
    /// Positron, through Coder's extension.
    Positron,
    /// JetBrains IDEs, through Toolbox.
    JetBrainsToolbox,
    /// JetBrains IDEs, through the older Gateway.
    JetBrainsGateway,
    /// Zed, which connects over SSH.
    Zed,
}

impl Editor {
    /// Returns the editor's display name.
    pub fn name(self) -> &'static str {
        match self {
            Self::VsCode => "VS Code",
            Self::VsCodeInsiders => "VS Code Insiders",
            Self::VsCodium => "VSCodium",
            Self::Cursor => "Cursor",
            Self::Windsurf => "Windsurf",
            Self::Kiro => "Kiro",
            Self::Antigravity => "Antigravity",
            Self::Positron => "Positron",
            Self::JetBrainsToolbox => "JetBrains Toolbox",
            Self::JetBrainsGateway => "JetBrains Gateway",
            Self::Zed => "Zed",
        }
    }

    /// Builds the link that opens the agent's directory in this editor.
    ///
    /// There is no token in it; the editor asks the user to sign in to Coder.
    pub fn link(
        self,
        workspace: &Workspace,
        agent: &WorkspaceAgent,
        hosts: &DeploymentHosts,
    ) -> Url {
        let folder = agent.expanded_directory.as_deref().filter(|folder| folder.starts_with('/'));
        let text = match self.scheme() {
            Scheme::Extension(scheme) => {
                let query = query(workspace, agent, hosts, "agent", folder);
                format!("{scheme}://coder.coder-remote/open?{query}")
            }
            Scheme::JetBrains => {
                let query = query(workspace, agent, hosts, "agent_name", folder);
                format!("jetbrains://gateway/coder?{query}")
            }
            Scheme::Gateway => {
                let query = query(workspace, agent, hosts, "agent", folder);
                format!("jetbrains-gateway://connect#type=coder&{query}")
            }
            Scheme::Zed => {
                let host = ssh_host(workspace, agent, hosts);
                format!("zed://ssh/{host}{}", folder.unwrap_or_default())
            }
        };
        // Each of these is a URL; the page about the workspace is there for the other arm, which
        // does not happen.
        Url::parse(&text).unwrap_or_else(|_| hosts.access_url.endpoint([]))
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::VsCode => Scheme::Extension("vscode"),
            Self::VsCodeInsiders => Scheme::Extension("vscode-insiders"),
            Self::VsCodium => Scheme::Extension("vscodium"),
            Self::Cursor => Scheme::Extension("cursor"),
            Self::Windsurf => Scheme::Extension("windsurf"),
            Self::Kiro => Scheme::Extension("kiro"),
            Self::Antigravity => Scheme::Extension("antigravity"),
            Self::Positron => Scheme::Extension("positron"),
            Self::JetBrainsToolbox => Scheme::JetBrains,
            Self::JetBrainsGateway => Scheme::Gateway,
            Self::Zed => Scheme::Zed,
        }
    }
}

enum Scheme {
    /// Coder's extension for VS Code and for the editors that are made from it.
    Extension(&'static str),
    JetBrains,
    Gateway,
    Zed,
}

fn query(
    workspace: &Workspace,
    agent: &WorkspaceAgent,
    hosts: &DeploymentHosts,
    agent_key: &str,
    folder: Option<&str>,
) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("owner", &workspace.owner_name);
    query.append_pair("workspace", &workspace.name);
    query.append_pair(agent_key, &agent.name);
    if let Some(folder) = folder {
        query.append_pair("folder", folder);
    }
    query.append_pair("url", hosts.access_url.as_str());
    query.finish()
}
