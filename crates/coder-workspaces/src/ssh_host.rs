//! The name of an agent for SSH.

use coder_client::models::{Workspace, WorkspaceAgent};

use crate::DeploymentHosts;

/// Returns the host that `coder config-ssh` makes known to SSH.
pub(crate) fn ssh_host(
    workspace: &Workspace,
    agent: &WorkspaceAgent,
    hosts: &DeploymentHosts,
) -> String {
    let (name, owner) = (&workspace.name, &workspace.owner_name);
    format!("{}.{name}.{owner}.{}", agent.name, hosts.ssh_suffix)
}
