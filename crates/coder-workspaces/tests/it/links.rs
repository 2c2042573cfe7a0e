//! Links into a workspace.

use coder_workspaces::{DeploymentHosts, Editor, WorkspaceLinks, port_link};
use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use crate::support::{fixture, workspace};
use crate::test;

fn places() -> DeploymentHosts {
    let mut places = DeploymentHosts::new("https://coder.test".parse().unwrap());
    places.wildcard_hostname = Some("*.apps.coder.test".to_owned());
    places
}

#[test]
fn every_page_terminal_and_app() {
    assert_json_snapshot!(WorkspaceLinks::new(&workspace(fixture("workspace_running")), &places()), @r#"
    {
      "dashboard": "https://coder.test/@dana/payments-api",
      "build": "https://coder.test/@dana/payments-api/builds/12",
      "settings": "https://coder.test/@dana/payments-api/settings",
      "agents": [
        {
          "name": "main",
          "terminal": "https://coder.test/@dana/payments-api.main/terminal",
          "sshHost": "main.payments-api.dana.coder",
          "editors": [
            {
              "editor": "vsCode",
              "url": "vscode://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test"
            },
            {
              "editor": "vsCodeInsiders",
              "url": "vscode-insiders://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test"
            }
          ],
          "apps": [
            {
              "slug": "code-server",
              "name": "code-server",
              "url": "https://code-server--payments-api--dana.apps.coder.test/",
              "icon": "https://coder.test/icon/code.svg",
              "group": null,
              "health": "healthy",
              "openIn": "slim-window"
            },
            {
              "slug": "preview",
              "name": "Preview",
              "url": "https://preview--payments-api--dana.apps.coder.test/",
              "icon": "https://coder.test/icon/widgets.svg",
              "group": "Web",
              "health": "initializing",
              "openIn": "tab"
            },
            {
              "slug": "htop",
              "name": "htop",
              "url": "https://coder.test/@dana/payments-api.main/terminal?command=htop",
              "icon": "https://coder.test/icon/terminal.svg",
              "group": null,
              "health": "disabled",
              "openIn": "slim-window"
            },
            {
              "slug": "cursor",
              "name": "Cursor",
              "url": "cursor://coder.coder-remote/open?owner=dana&workspace=payments-api&folder=%2Fhome%2Fcoder%2Fproject&openRecent=&url=https%3A%2F%2Fcoder.example.com",
              "icon": "https://coder.test/icon/cursor.svg",
              "group": null,
              "health": "disabled",
              "openIn": "slim-window"
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn without_a_wildcard_there_are_no_subdomain_apps() {
    let places = DeploymentHosts::new("https://coder.test/behind/a/path".parse().unwrap());
    let links = WorkspaceLinks::new(&workspace(fixture("workspace_running")), &places);
    assert_snapshot!(links.dashboard, @"https://coder.test/behind/a/path/@dana/payments-api");
    assert!(links.agents[0].apps.iter().all(|app| !app.url.as_str().contains("apps.coder.test")));
}

fn app(app: serde_json::Value) -> Option<String> {
    let mut json = fixture("workspace_running");
    let defaults = json!({
        "id": "00000000-0000-0000-0000-000000000001", "slug": "x", "external": true,
        "sharing_level": "owner", "health": "disabled", "open_in": "tab",
    });
    let mut app = app;
    for (key, value) in defaults.as_object().unwrap() {
        app.as_object_mut().unwrap().entry(key).or_insert(value.clone());
    }
    json["latest_build"]["resources"][0]["agents"][0]["apps"] = json!([app]);
    let links = WorkspaceLinks::new(&workspace(json), &places());
    links.agents[0].apps.first().map(|app| app.url.to_string())
}

#[test]
fn a_token_that_a_template_asks_for_stays_out_of_the_link() {
    let url = "vscode://coder.coder-remote/open?owner=dana&token=$SESSION_TOKEN&workspace=w";
    assert_snapshot!(app(json!({"url": url})).unwrap(), @"vscode://coder.coder-remote/open?owner=dana&workspace=w");
    assert_eq!(app(json!({"url": "https://evil.test/$SESSION_TOKEN"})), None);
}

#[test]
fn scripts_are_not_links() {
    assert_eq!(app(json!({"url": "javascript:alert(1)"})), None);
    assert_eq!(app(json!({"url": "data:text/html,x"})), None);
}

#[test]
fn hidden_apps_are_not_shown() {
    assert_eq!(app(json!({"url": "https://docs.test", "hidden": true})), None);
}

#[test]
fn a_command_opens_in_a_terminal() {
    assert_snapshot!(app(json!({"external": false, "command": "htop -d 5"})).unwrap(), @"https://coder.test/@dana/payments-api.main/terminal?command=htop+-d+5");
}

#[test]
fn an_app_below_a_path_keeps_its_slash() {
    assert_snapshot!(app(json!({"external": false, "slug": "jupyter"})).unwrap(), @"https://coder.test/@dana/payments-api.main/apps/jupyter/");
}

#[test]
fn a_port_has_a_host_name_of_its_own() {
    let workspace = workspace(fixture("workspace_running"));
    let agent = &workspace.latest_build.resources[0].agents[0];
    let url = port_link(&workspace, agent, 8443, true, &places()).unwrap();
    assert_snapshot!(url, @"https://8443s--main--payments-api--dana.apps.coder.test/");
}

#[test]
fn every_editor_has_its_link() {
    let workspace = workspace(fixture("workspace_running"));
    let agent = &workspace.latest_build.resources[0].agents[0];
    let all = [
        Editor::VsCode,
        Editor::VsCodeInsiders,
        Editor::VsCodium,
        Editor::Cursor,
        Editor::Windsurf,
        Editor::Kiro,
        Editor::Antigravity,
        Editor::Positron,
        Editor::JetBrainsToolbox,
        Editor::JetBrainsGateway,
        Editor::Zed,
    ];
    let links = all
        .map(|editor| format!("{}: {}", editor.name(), editor.link(&workspace, agent, &places())));
    assert_snapshot!(links.join("\n"), @r#"
    VS Code: vscode://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    VS Code Insiders: vscode-insiders://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    VSCodium: vscodium://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    Cursor: cursor://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    Windsurf: windsurf://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    Kiro: kiro://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    Antigravity: antigravity://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    Positron: positron://coder.coder-remote/open?owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    JetBrains Toolbox: jetbrains://gateway/coder?owner=dana&workspace=payments-api&agent_name=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    JetBrains Gateway: jetbrains-gateway://connect#type=coder&owner=dana&workspace=payments-api&agent=main&folder=%2Fhome%2Fcoder%2Fproject&url=https%3A%2F%2Fcoder.test
    Zed: zed://ssh/main.payments-api.dana.coder/home/coder/project
    "#);
}

#[test]
fn an_agent_of_a_dev_container_comes_after_the_one_it_lives_in_and_names_it() {
    let recorded = crate::states::recorded("sub-agent-ready").unwrap();
    let links = WorkspaceLinks::new(&workspace(recorded), &places());
    let told = links.agents.iter().map(|agent| (agent.name.as_str(), agent.parent.as_deref()));
    assert_eq!(told.collect::<Vec<_>>(), [("main", None), ("app", Some("main"))]);
    let json = serde_json::to_value(&links).unwrap();
    assert_eq!(json["agents"][1]["parent"], "main");
    assert_eq!(json["agents"][0].get("parent"), None);
}
