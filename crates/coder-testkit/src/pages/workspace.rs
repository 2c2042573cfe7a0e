//! `/@owner/workspace`: one workspace, with its buttons; and the places its links lead to.

use std::fmt::Write as _;

use http::{Method, StatusCode};
use uuid::Uuid;

use super::frame::Visitor;
use super::html::escape;
use crate::model::{Transition, Workspace};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// Answers every request below `/@owner/workspace`.
pub(crate) fn route(
    deployment: &mut Deployment<'_>,
    call: &Call,
    owner: &str,
    name: &str,
    rest: &[&str],
) -> Answer {
    let visitor = Visitor::from_call(deployment, call)?;
    // `workspace.agent` names an agent.
    let (name, agent) = name.split_once('.').unwrap_or((name, ""));
    let Some(workspace) = find(deployment, &visitor, owner, name) else {
        let main = "<p>This workspace does not exist, or it is not yours to see.</p>";
        return Err(visitor.page(StatusCode::NOT_FOUND, "Not found", main));
    };
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(show(deployment, &visitor, &workspace)),
        (&Method::POST, []) => press(deployment, call, &visitor, &workspace),
        (&Method::GET, ["terminal"]) => Ok(place(&visitor, &workspace, agent, "Terminal")),
        (&Method::GET, ["apps", slug, ..]) => Ok(place(&visitor, &workspace, agent, slug)),
        _ => Err(visitor.page(StatusCode::NOT_FOUND, "Not found", "<p>No such page.</p>")),
    }
}

fn find(
    deployment: &Deployment<'_>,
    visitor: &Visitor,
    owner: &str,
    name: &str,
) -> Option<Workspace> {
    let owner: Uuid = match owner {
        "me" => visitor.caller.user.id,
        name => deployment.state.user_named(name)?.id,
    };
    deployment
        .state
        .workspaces
        .values()
        .filter(|workspace| workspace.owner == owner && workspace.name.eq_ignore_ascii_case(name))
        .filter(|workspace| workspace.is_visible_to(&visitor.caller.user))
        .max_by_key(|workspace| workspace.created_at)
        .cloned()
}

fn show(deployment: &Deployment<'_>, visitor: &Visitor, workspace: &Workspace) -> Reply {
    let pace = &deployment.settings.pace;
    let template = deployment.state.template(workspace.template);
    let Some(build) = workspace.latest() else { return Reply::not_found() };
    let status = build.status(pace, deployment.now);
    let mut main = format!(
        "<dl><dt>Status</dt><dd class=\"status {status}\" id=\"status\">{status}</dd>\
         <dt>Owner</dt><dd>{}</dd><dt>Template</dt><dd>{}</dd>",
        escape(&deployment.state.username(workspace.owner)),
        escape(template.map_or("", |template| template.shown_name())),
    );
    for (agent, state) in build.agents_now(deployment) {
        let _ = write!(
            main,
            "<dt>Agent {}</dt><dd>{}, {}</dd>",
            escape(&agent.plan.name),
            state.status,
            state.lifecycle
        );
    }
    main.push_str("</dl>\n");
    if !build.parameters.is_empty() {
        main.push_str("<h2>Parameters</h2>\n<dl>");
        for (name, value) in &build.parameters {
            let _ = write!(main, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
        }
        main.push_str("</dl>\n");
    }
    match status {
        "running" => add_buttons(&mut main, visitor, &[("stop", "Stop")]),
        "stopped" => add_buttons(&mut main, visitor, &[("start", "Start"), ("delete", "Delete")]),
        "failed" | "canceled" => {
            add_buttons(&mut main, visitor, &[("start", "Start again"), ("delete", "Delete")]);
        }
        "deleted" => {}
        _ => main.push_str("<p><a href=\"\">Look again</a> to see how far it is.</p>\n"),
    }
    visitor.page(StatusCode::OK, &workspace.name, &main)
}

/// Adds a form with a button for each of these transitions, which have a label.
fn add_buttons(main: &mut String, visitor: &Visitor, buttons: &[(&str, &str)]) {
    let _ = write!(main, "<form method=\"POST\">{}<div class=\"actions\">", visitor.csrf_field());
    for (transition, label) in buttons {
        let quiet = if *transition == "start" { "" } else { " class=\"quiet\"" };
        let _ = write!(
            main,
            "<button name=\"transition\" value=\"{transition}\"{quiet}>{label}</button>"
        );
    }
    main.push_str("</div></form>");
}

/// Begins the build of the button that was pressed. If it cannot begin now, the page shows the
/// workspace as it is.
fn press(
    deployment: &mut Deployment<'_>,
    call: &Call,
    visitor: &Visitor,
    workspace: &Workspace,
) -> Answer {
    deployment.check_csrf(call)?;
    let pace = deployment.settings.pace;
    let transition = call.form("transition").and_then(Transition::parse);
    let idle = workspace.latest().is_some_and(|build| !build.is_active(&pace, deployment.now));
    if let Some(transition) = transition.filter(|_| {
        idle && workspace.owner == visitor.caller.user.id
            && !workspace.is_deleted(&pace, deployment.now)
    }) {
        deployment.rebuild(workspace.id, transition);
    }
    Ok(Reply::redirect(StatusCode::SEE_OTHER, &call.target))
}

/// Renders the page that stands where an app or a terminal would be.
fn place(visitor: &Visitor, workspace: &Workspace, agent: &str, what: &str) -> Reply {
    let of = if agent.is_empty() { String::new() } else { format!(" on agent {}", escape(agent)) };
    let main = format!(
        "<p>A real Coder would open <strong>{}</strong> of <strong>{}</strong>{of} here.</p>",
        escape(what),
        escape(&workspace.name)
    );
    visitor.page(StatusCode::OK, what, &main)
}
