//! The audit log and the connection log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::User;
use crate::reading::{model, open_enum};
use crate::{AuditLogId, ConnectionLogId, List, OrganizationId, UserId, WorkspaceId};

model! {
    /// A page of the audit log: `GET /api/v2/audit`.
    // coder: codersdk.AuditLogResponse
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct AuditLogPage {
        /// The entries on this page, the newest first.
        pub audit_logs: List<AuditLog>,
        /// The number of entries on all pages, at most [`count_cap`](Self::count_cap).
        pub count: u64,
        /// The number at which Coder stops to count; 0 when it counts all.
        pub count_cap: u64,
    }
}

model! {
    /// An entry in the audit log.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct AuditLog {
        /// The id of the entry.
        pub id: AuditLogId = required,
        /// The id of the request, which Coder's own log names too.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub request_id: Option<Uuid>,
        /// The moment of the request.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub time: Option<Timestamp>,
        /// The address that the request came from.
        pub ip: String,
        /// The program that sent the request.
        pub user_agent: String,
        /// The type of the resource.
        pub resource_type: AuditResource,
        /// The id of the resource.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub resource_id: Option<Uuid>,
        /// The name of the resource.
        pub resource_target: String,
        /// The icon of the resource: a path of the deployment, or a URL.
        pub resource_icon: String,
        /// The path of the resource's page; empty when it has none.
        pub resource_link: String,
        /// `true` when the resource is deleted by now.
        pub is_deleted: bool,
        /// The action of the user.
        pub action: AuditAction,
        /// The fields that were changed, by their names.
        pub diff: BTreeMap<String, AuditDiffField>,
        /// The status of Coder's answer.
        pub status_code: i32,
        /// Further facts, which depend on the type of the resource.
        pub additional_fields: Value,
        /// A sentence about the action, with `{user}` and `{target}` in the places of their names.
        pub description: String,
        /// The organization of the resource.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization: Option<MinimalOrganization>,
        /// The id of that organization.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The user who acted; `None` when nobody was signed in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user: Option<User>,
    }
}

model! {
    /// A field that was changed.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct AuditDiffField {
        /// The value before; empty for a secret.
        pub old: Value,
        /// The value after; empty for a secret.
        pub new: Value,
        /// `true` when the values are not told.
        pub secret: bool,
    }
}

model! {
    /// An organization with its names only.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct MinimalOrganization {
        /// The id of the organization.
        pub id: OrganizationId = required,
        /// The name, which is unique in the deployment.
        pub name: String,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The icon: a path of the deployment, or a URL.
        pub icon: String,
    }
}

model! {
    /// A page of the connection log: `GET /api/v2/connectionlog`.
    // coder: codersdk.ConnectionLogResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ConnectionLogPage {
        /// The entries on this page, the newest first.
        pub connection_logs: List<ConnectionLog>,
        /// The number of entries on all pages, at most [`count_cap`](Self::count_cap).
        pub count: u64,
        /// The number at which Coder stops to count; 0 when it counts all.
        pub count_cap: u64,
    }
}

model! {
    /// A connection to a workspace.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ConnectionLog {
        /// The id of the entry.
        pub id: ConnectionLogId = required,
        /// The moment at which the connection began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub connect_time: Option<Timestamp>,
        /// The organization of the workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization: Option<MinimalOrganization>,
        /// The id of the workspace's owner.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_owner_id: Option<UserId>,
        /// The username of the workspace's owner.
        pub workspace_owner_username: String,
        /// The id of the workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The name of the workspace.
        pub workspace_name: String,
        /// The name of the agent.
        pub agent_name: String,
        /// The address that the connection came from.
        pub ip: String,
        /// The type of the connection.
        #[serde(rename = "type")]
        pub kind: ConnectionType,
        /// The facts of a connection to an app or a port.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub web_info: Option<ConnectionLogWebInfo>,
        /// The facts of a connection of SSH, an editor or a terminal.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ssh_info: Option<ConnectionLogSshInfo>,
    }
}

model! {
    /// The facts of a connection to an app or a port.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ConnectionLogWebInfo {
        /// The program that connected.
        pub user_agent: String,
        /// The user who connected; `None` when nobody was signed in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user: Option<User>,
        /// The name of the app, or the number of the port.
        pub slug_or_port: String,
        /// The status of the answer.
        pub status_code: i32,
    }
}

model! {
    /// The facts of a connection of SSH, an editor or a terminal.
    // coder: codersdk.ConnectionLogSSHInfo
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ConnectionLogSshInfo {
        /// The id of the connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub connection_id: Option<Uuid>,
        /// The moment at which the connection ended; `None` while it has not.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disconnect_time: Option<Timestamp>,
        /// The reason why the connection ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disconnect_reason: Option<String>,
        /// The exit code of the session.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub exit_code: Option<i32>,
    }
}

open_enum! {
    /// An action on a resource.
    AuditAction {
        /// The resource was created.
        Create = "create",
        /// The resource was changed.
        Write = "write",
        /// The resource was deleted.
        Delete = "delete",
        /// A workspace was started.
        Start = "start",
        /// A workspace was stopped.
        Stop = "stop",
        /// A user signed in.
        Login = "login",
        /// A user signed out.
        Logout = "logout",
        /// A user was registered.
        Register = "register",
        /// A user asked for a new password.
        RequestPasswordReset = "request_password_reset",
        /// A user connected to a workspace.
        Connect = "connect",
        /// A user disconnected from a workspace.
        Disconnect = "disconnect",
        /// A user opened an app.
        Open = "open",
        /// A user closed an app.
        Close = "close",
    }
}

open_enum! {
    /// The type of a resource in the audit log; types that are rare are `Other`.
    AuditResource {
        /// A template for workspaces.
        Template = "template",
        /// A version of a template.
        TemplateVersion = "template_version",
        /// A user of the deployment.
        User = "user",
        /// A workspace of a user.
        Workspace = "workspace",
        /// The build of a workspace.
        WorkspaceBuild = "workspace_build",
        /// The SSH key of a user.
        GitSshKey = "git_ssh_key",
        /// An API key or token.
        ApiKey = "api_key",
        /// A group of users.
        Group = "group",
        /// A licence of the deployment.
        License = "license",
        /// A workspace proxy of the deployment.
        WorkspaceProxy = "workspace_proxy",
        /// An organization of the deployment.
        Organization = "organization",
        /// A member of an organization.
        OrganizationMember = "organization_member",
        /// An OAuth2 app of the provider.
        OAuth2App = "oauth2_provider_app",
        /// A secret of an OAuth2 app.
        OAuth2AppSecret = "oauth2_provider_app_secret",
        /// An agent of a workspace.
        WorkspaceAgent = "workspace_agent",
        /// An app of a workspace.
        WorkspaceApp = "workspace_app",
        /// A secret of a user.
        UserSecret = "user_secret",
    }
}

open_enum! {
    /// The type of a connection to a workspace.
    ConnectionType {
        /// A session of SSH.
        Ssh = "ssh",
        /// VS Code or an editor that is made from it.
        VsCode = "vscode",
        /// An editor of JetBrains.
        JetBrains = "jetbrains",
        /// A terminal in the browser.
        ReconnectingPty = "reconnecting_pty",
        /// An app of the workspace.
        WorkspaceApp = "workspace_app",
        /// A port of the workspace.
        PortForwarding = "port_forwarding",
        /// A tunnel, which `coder` and Coder Desktop open.
        Tunnel = "tunnel",
    }
}
