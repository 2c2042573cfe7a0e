//! `docs/coder-api-coverage.md`: every operation of Coder's API, with the operation of
//! `coder-client` for it or the reason why there is none.
//!
//! The operations that Coder has stand in `coder-operations.txt`, one `METHOD path` a line; `cargo
//! xtask swagger-coverage --swagger FILE` writes them down. What the client sends is told by the
//! snapshot of its requests. The reasons are below.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::command::root;

/// The reason why an operation has no counterpart, by what its path begins with; the first one that
/// fits counts. A `METHOD` may stand before the path.
const REASONS: &[(&str, &str)] = &[
    ("/api/experimental/", "experimental: it may change in each release"),
    ("/scim/", "for identity providers (SCIM)"),
    ("/api/v2/debug/health/settings", "running a deployment: dismissed health checks"),
    ("/api/v2/debug/", "for developers of Coder"),
    ("GET /api/v2/", "a greeting"),
    ("/api/v2/workspaceagents/me/", "for agents inside of a workspace"),
    ("/api/v2/workspaceagents/aws-", "for agents inside of a workspace"),
    ("/api/v2/workspaceagents/azure-", "for agents inside of a workspace"),
    ("/api/v2/workspaceagents/google-", "for agents inside of a workspace"),
    ("/api/v2/workspaceagents/connection", "tunnels"),
    ("/api/v2/workspaceagents/{workspaceagent}/connection", "tunnels"),
    ("/api/v2/workspaceagents/{workspaceagent}/coordinate", "tunnels"),
    ("/api/v2/workspaceagents/{workspaceagent}/pty", "terminals"),
    (
        "/api/v2/workspaceagents/{workspaceagent}/containers/watch",
        "a socket; `ListAgentContainers` asks the same once",
    ),
    ("/api/v2/workspaceagents/{workspaceagent}/startup-logs", "the old name of `ListAgentLogs`"),
    ("/api/v2/workspaceproxies/me/", "for workspace proxies themselves"),
    ("/api/v2/tailnet", "tunnels"),
    ("/api/v2/derp-map", "tunnels"),
    ("/api/v2/init-script/", "for agents inside of a workspace"),
    ("/api/v2/applications/auth-redirect", "a page for people"),
    ("/api/v2/applications/reconnecting-pty-signed-token", "terminals"),
    ("/api/v2/csp/reports", "for browsers that show the dashboard"),
    ("/api/v2/deployment/premium-funnel-events", "for the dashboard"),
    ("/api/v2/audit/testgenerate", "for tests of Coder"),
    ("/api/v2/agent-firewall/", AI),
    ("/api/v2/ai-gateway/", AI),
    ("/api/v2/ai/", AI),
    ("/api/v2/groups/{group}/ai/", AI),
    ("/api/v2/groups/{group}/members/ai/", AI),
    ("/api/v2/organizations/{organization}/ai/", AI),
    ("/api/v2/organizations/{organization}/groups/ai/", AI),
    ("/api/v2/organizations/{organization}/groups/{groupName}/members/ai/", AI),
    ("/api/v2/users/{user}/ai/", AI),
    ("PUT /api/v2/appearance", "running a deployment: set once in the dashboard"),
    ("/api/v2/settings/idpsync/", IDP),
    ("/api/v2/organizations/{organization}/settings/idpsync/", IDP),
    ("/api/v2/users/oidc-claims", IDP),
    (
        "/api/v2/organizations/{organization}/settings/workspace-sharing",
        "running a deployment: set once in the dashboard",
    ),
    (
        "POST /api/v2/organizations/{organization}/members/{user}/workspaces",
        "the same as `POST /api/v2/users/{user}/workspaces`",
    ),
    (
        "/api/v2/organizations/{organization}/members/{user}/workspaces/available-users",
        "for the dashboard's form; `ListOrganizationMembers` lists people",
    ),
    (
        "PUT /api/v2/organizations/{organization}/members/roles",
        "custom roles: made by an administrator in the dashboard",
    ),
    (
        "POST /api/v2/organizations/{organization}/members/roles",
        "custom roles: made by an administrator in the dashboard",
    ),
    (
        "DELETE /api/v2/organizations/{organization}/members/roles/{roleName}",
        "custom roles: made by an administrator in the dashboard",
    ),
    (
        "/api/v2/organizations/{organization}/paginated-groups",
        "`ListGroups` reads all groups at once",
    ),
    (
        "/api/v2/organizations/{organization}/groups/{groupName}/members",
        "the same as `ListGroupMembers`, by names",
    ),
    (
        "/api/v2/organizations/{organization}/provisionerdaemons/serve",
        "for provisioner daemons themselves",
    ),
    (
        "/api/v2/organizations/{organization}/templates/examples",
        "the old route of `ListTemplateExamples`",
    ),
    ("/api/v2/provisionerkeys/", "for provisioner daemons themselves"),
    ("/api/v2/templatebuilder/", "the dashboard's form for new templates"),
    (
        "/api/v2/templates/{template}/prebuilds/invalidate",
        "running a deployment: prebuilt workspaces",
    ),
    ("/api/v2/templateversions/{templateversion}/parameters", "removed; always empty"),
    ("/api/v2/templateversions/{templateversion}/schema", "removed; always empty"),
    (
        "/api/v2/templateversions/{templateversion}/dynamic-parameters",
        "a socket; `EvaluateDynamicParameters` asks the same, one question at a time",
    ),
    ("/api/v2/licenses/trial", "for the first page of a new deployment"),
    ("/api/v2/notifications/templates/{notification_template}/method", NOTIFICATIONS),
    ("/api/v2/notifications/templates/custom", NOTIFICATIONS),
    ("/api/v2/notifications/dispatch-methods", NOTIFICATIONS),
    ("/api/v2/notifications/test", NOTIFICATIONS),
    ("/api/v2/users/{user}/webpush/", "for browsers that show the dashboard"),
    ("/api/v2/users/oauth2/github/", "signing in at Coder's own login page"),
    ("/api/v2/users/oidc/callback", "signing in at Coder's own login page"),
    ("/api/v2/users/otp/", "signing in at Coder's own login page"),
    ("/api/v2/users/{user}/convert-login", "signing in at Coder's own login page"),
    ("/api/v2/users/{user}/appearance", "how the dashboard looks"),
    ("/api/v2/users/{user}/preferences", "how the dashboard looks"),
    (
        "/api/v2/workspace-quota/{user}",
        "the old route of `GetWorkspaceQuota`, without an organization",
    ),
    ("/api/v2/workspacebuilds/{workspacebuild}/state", "Terraform state, for repairs by hand"),
    ("/api/v2/workspaces/{workspace}/agent-connection-watch", "a socket"),
    ("/oauth2/authorize", "a page for people; `coder-auth` leads them there"),
    ("POST /oauth2/revoke", "signing people out: `coder-auth`"),
    ("POST /oauth2/tokens", "signing people in: `coder-auth`"),
];

const AI: &str = "AI gateway, its budgets and firewall: young, and only in licensed deployments";
const IDP: &str = "running a deployment: what its identity provider decides";
const NOTIFICATIONS: &str = "running a deployment: how notifications are sent";

/// The comment before what is made here.
const MARK: &str = "<!-- From here on made by `cargo xtask swagger-coverage`. -->";

/// The head of the table.
const BEGIN: &str = "| method | path | operation | left out because |\n|---|---|---|---|\n";

/// Writes `docs/coder-api-coverage.md` anew. Returns whether every operation is accounted for.
pub fn write() -> bool {
    match text().and_then(|text| fs::write(page(), text).map_err(|error| error.to_string())) {
        Ok(()) => true,
        Err(fault) => {
            println!("{fault}");
            false
        }
    }
}

/// Compares `docs/coder-api-coverage.md` with what [`write()`] would write.
///
/// # Errors
///
/// What is wrong with it.
pub fn check() -> Result<(), String> {
    let there = fs::read_to_string(page()).map_err(|error| error.to_string())?;
    if there == text()? {
        Ok(())
    } else {
        Err("docs/coder-api-coverage.md is outdated; run `cargo xtask swagger-coverage`".into())
    }
}

/// Writes the operations of a description down.
pub(crate) fn keep_operations(description: &Value) -> Result<(), String> {
    let paths = description.get("paths").and_then(Value::as_object).ok_or("it has no paths")?;
    let lines = paths.iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().into_iter().flat_map(|methods| methods.keys());
        methods.map(move |method| format!("{} {path}\n", method.to_uppercase()))
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort_by(|one, other| one.split(' ').nth(1).cmp(&other.split(' ').nth(1)));
    fs::write(operations_file(), lines.concat()).map_err(|error| error.to_string())
}

fn page() -> PathBuf {
    root().join("docs/coder-api-coverage.md")
}

fn operations_file() -> PathBuf {
    root().join("crates/xtask/coder-operations.txt")
}

/// Makes the page: what stands before the table now, and the table.
fn text() -> Result<String, String> {
    let read = |path: PathBuf| {
        fs::read_to_string(&path).map_err(|error| format!("`{}`: {error}", path.display()))
    };
    let page = read(page())?;
    let (before, _) = page.split_once(BEGIN).ok_or("the page has no table")?;
    let before = before.split(MARK).next().unwrap_or(before).trim_end();
    let snapshot = "crates/coder-client/tests/it/snapshots/\
                    it__requests__every_request_as_it_is_sent.snap";
    let operations = read(operations_file())?;
    let requests = read(root().join(snapshot))?;
    let table = Table::new(&operations, &requests)?;
    let (covered, all) = (table.covered(), table.rows.len());
    let left_out = all - covered;
    Ok(format!(
        "{before}\n\n{MARK}\n\nOf the {all} operations of \
         the description, the client has {covered}; {left_out} are left out.\n\n{BEGIN}{}",
        table.text()
    ))
}

/// The table, by the operations of the description.
struct Table<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    method: &'a str,
    path: &'a str,
    operations: Vec<&'a str>,
}

impl<'a> Table<'a> {
    /// Finds the route of each request in a snapshot.
    fn new(operations: &'a str, snapshot: &'a str) -> Result<Self, String> {
        let rows = operations.lines().filter_map(|line| line.split_once(' '));
        let mut rows: Vec<Row<'_>> =
            rows.map(|(method, path)| Row { method, path, operations: Vec::new() }).collect();
        let mut unknown = BTreeMap::new();
        for (name, method, path) in requests(snapshot) {
            let fitting = rows.iter_mut().filter(|row| row.fits(method, path));
            match fitting.min_by_key(|row| row.path.matches('{').count()) {
                Some(row) if row.operations.contains(&name) => {}
                Some(row) => row.operations.push(name),
                None => drop(unknown.insert(name, format!("{method} {path}"))),
            }
        }
        if unknown.is_empty() {
            Ok(Self { rows })
        } else {
            Err(format!("not in Coder's description: {unknown:?}"))
        }
    }

    fn covered(&self) -> usize {
        self.rows.iter().filter(|row| !row.operations.is_empty()).count()
    }

    fn text(&self) -> String {
        self.rows.iter().map(Row::text).collect()
    }
}

impl Row<'_> {
    fn fits(&self, method: &str, path: &str) -> bool {
        let (sent, route) = (path.split('/'), self.path.split('/'));
        self.method == method
            && sent.clone().count() == route.clone().count()
            && sent.zip(route).all(|(sent, route)| route.starts_with('{') || sent == route)
    }

    fn text(&self) -> String {
        let operations: Vec<String> =
            self.operations.iter().map(|name| format!("`{name}`")).collect();
        let reason = if operations.is_empty() { self.reason() } else { "" };
        format!("| {} | `{}` | {} | {reason} |\n", self.method, self.path, operations.join(", "))
    }

    /// Returns the reason why there is no operation.
    fn reason(&self) -> &'static str {
        let fits = |begin: &str| match begin.split_once(' ') {
            Some((method, path)) => method == self.method && path == self.path,
            None => self.path.starts_with(begin),
        };
        let reason = REASONS.iter().find(|(begin, _)| fits(begin));
        reason.map_or(NOT_YET, |(_, reason)| reason)
    }
}

/// The reason where none was given.
const NOT_YET: &str = "not modelled yet; `Call` sends it";

/// Returns name, method and path of each request in the snapshot.
fn requests(snapshot: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    snapshot.lines().filter_map(|line| {
        let (name, request) = line.split_once(": ")?;
        let (method, target) = request.split_once(' ')?;
        let is_request = target.starts_with('/') && method.bytes().all(|b| b.is_ascii_uppercase());
        let path = target.split('?').next()?;
        is_request.then_some((name, method, path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_belongs_to_the_route_with_the_fewest_open_parts() {
        let operations = "GET /api/v2/users/first\nGET /api/v2/users/{user}\nPOST /api/v2/users\n";
        let snapshot = "GetUser: GET /api/v2/users/me\n\nFirst: GET /api/v2/users/first?a=b\n";
        let table = Table::new(operations, snapshot).unwrap();
        assert_eq!(
            table.text(),
            "| GET | `/api/v2/users/first` | `First` |  |\n\
             | GET | `/api/v2/users/{user}` | `GetUser` |  |\n\
             | POST | `/api/v2/users` |  | not modelled yet; `Call` sends it |\n"
        );
        assert_eq!(table.covered(), 2);
    }

    #[test]
    fn a_request_that_coder_does_not_describe_is_told() {
        let fault = Table::new("GET /a\n", "Odd: PUT /a\n").err().unwrap();
        assert_eq!(fault, r#"not in Coder's description: {"Odd": "PUT /a"}"#);
    }
}
