//! `/workspaces`: the list.

use std::fmt::Write as _;

use http::StatusCode;

use super::frame::Visitor;
use super::html::escape;
use crate::api::workspaces::{WorkspaceSearch, find};
use crate::model::Workspace;
use crate::rules::search::SearchFault;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::Answer;

/// Answers `GET /workspaces?filter=…`, with the search language of the API.
pub(crate) fn show(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let visitor = Visitor::from_call(deployment, call)?;
    let filter = call.query("filter").unwrap_or("owner:me");
    let mut main = format!(
        "<form role=\"search\"><label for=\"filter\">Filter</label>\
         <input type=\"text\" id=\"filter\" name=\"filter\" value=\"{}\"></form>\n",
        escape(filter)
    );
    match WorkspaceSearch::read(filter, deployment) {
        Err(faults) => add_faults(&mut main, &faults),
        Ok(search) => add_table(&mut main, deployment, &find(deployment, &search, &visitor.caller)),
    }
    add_templates(&mut main, deployment);
    Ok(visitor.page(StatusCode::OK, "Workspaces", &main))
}

/// Adds what is wrong with the search.
fn add_faults(main: &mut String, faults: &[SearchFault]) {
    main.push_str("<div class=\"note error\" role=\"alert\"><ul>");
    for (_, reason) in faults {
        let _ = write!(main, "<li>{}</li>", escape(reason));
    }
    main.push_str("</ul></div>\n");
}

/// Adds the workspaces that were found, a row each.
fn add_table(main: &mut String, deployment: &Deployment<'_>, found: &[&Workspace]) {
    if found.is_empty() {
        main.push_str("<p>No workspaces.</p>\n");
        return;
    }
    main.push_str(
        "<table><thead><tr><th scope=\"col\">Workspace</th>\
         <th scope=\"col\">Template</th><th scope=\"col\">Status</th></tr></thead>\
         <tbody>\n",
    );
    let pace = &deployment.settings.pace;
    for workspace in found {
        let owner = deployment.state.username(workspace.owner);
        let template = deployment.state.template(workspace.template);
        let status = workspace.latest().map_or("", |build| build.status(pace, deployment.now));
        let _ = writeln!(
            main,
            "<tr><td><a href=\"/@{owner}/{name}\">{owner}/{name}</a></td><td>{}</td>\
             <td class=\"status {status}\">{status}</td></tr>",
            escape(template.map_or("", |template| &template.name)),
            owner = escape(&owner),
            name = escape(&workspace.name),
        );
    }
    main.push_str("</tbody></table>\n");
}

/// Adds a link to the form of each template.
fn add_templates(main: &mut String, deployment: &Deployment<'_>) {
    main.push_str("<h2>New workspace</h2>\n<ul class=\"plain row\">\n");
    for template in &deployment.state.templates {
        let _ = writeln!(
            main,
            "<li><a class=\"button quiet\" href=\"{}\">{}</a></li>",
            escape(&super::create::path(deployment, template)),
            escape(template.shown_name()),
        );
    }
    main.push_str("</ul>");
}
