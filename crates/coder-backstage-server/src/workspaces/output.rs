//! The tables of workspaces, and the progress while Coder is read.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use coder_core::cleaned;
use coder_workspaces::index::{
    Difference, IndexProgress, IndexedWorkspace, NoEntity, OwnershipReport,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::gaps::Gaps;
use crate::table::{columns, moment, print, print_json};

/// A workspace of an entity.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub(super) entity: &'a str,
    #[serde(flatten)]
    pub(super) workspace: &'a IndexedWorkspace,
}

/// The progress on standard error, if that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new() -> Self {
        let bar = if io::stderr().is_terminal() {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}");
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    pub(super) fn tell(&self, progress: IndexProgress) {
        let done = progress.indexed.max(progress.listed);
        self.0.set_length(progress.total.unwrap_or(done + progress.waiting).max(done) as u64);
        self.0.set_position(done as u64);
        self.0.set_message(format!("workspaces, {} builds to read", progress.waiting));
    }

    pub(super) fn pause(&self, pause: Duration) {
        self.0.set_message(format!("going on in {} seconds", pause.as_secs()));
    }

    /// Lets something else be written to the terminal.
    pub(super) fn suspend(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// The JSON of either table, with what may be missing.
#[derive(Serialize)]
struct Whole<T> {
    #[serde(flatten)]
    gaps: Gaps,
    #[serde(flatten)]
    told: T,
}

/// The JSON of the workspaces of entities.
#[derive(Serialize)]
struct Rows<'a> {
    workspaces: Vec<Row<'a>>,
}

/// Prints the workspaces of entities.
pub(super) fn table(rows: Vec<Row<'_>>, gaps: Gaps, json: bool) -> io::Result<()> {
    if json {
        return print_json(&Whole { gaps, told: Rows { workspaces: rows } });
    }
    let mut table = columns(["ENTITY", "WORKSPACE", "STATUS", "TEMPLATE", "LAST USED (UTC)"]);
    for Row { entity, workspace } in rows {
        table.add_row([
            cleaned(entity),
            full_name(&workspace.owner_name, &workspace.name),
            cleaned(workspace.status.as_str()),
            cleaned(&workspace.template_name),
            moment(workspace.last_used_at),
        ]);
    }
    print(&table)
}

/// Prints the report about entities and workspaces without a counterpart.
pub(super) fn report(report: OwnershipReport, gaps: Gaps, json: bool) -> io::Result<()> {
    if json {
        return print_json(&Whole { gaps, told: report });
    }
    let mut entities = columns(["ENTITIES WITHOUT WORKSPACES"]);
    for entity in &report.entities_without_workspaces {
        entities.add_row([cleaned(entity)]);
    }
    let mut orphans = columns(["WORKSPACES WITHOUT ENTITY", "REASON"]);
    for orphan in &report.workspaces_without_entity {
        let name = full_name(&orphan.workspace.owner_name, &orphan.workspace.name);
        orphans.add_row([name, cleaned(&reason(&orphan.reason))]);
    }
    let mut stale = columns(["STALE WORKSPACES", "LAST USED (UTC)"]);
    for workspace in &report.stale_workspaces {
        let name = full_name(&workspace.owner_name, &workspace.name);
        stale.add_row([name, moment(workspace.last_used_at)]);
    }
    print(&entities)?;
    print(&orphans)?;
    print(&stale)
}

fn reason(reason: &NoEntity) -> String {
    match reason {
        NoEntity::Unread { problem } => format!("the parameters could not be read: {problem}"),
        NoEntity::NoParameter => "no parameter holds a repository".to_owned(),
        NoEntity::NoRepository { parameter, value } => {
            format!("`{parameter}` holds `{value}`, which is no URL of a repository")
        }
        NoEntity::OtherParameter { parameter, entity } => {
            format!("`{entity}` has the repository, but does not look into `{parameter}`")
        }
        NoEntity::NotInCatalog { value, near_miss: None } => {
            format!("no entity has the repository `{value}`")
        }
        NoEntity::NotInCatalog { value, near_miss: Some(near) } => {
            let part = match near.difference {
                Difference::Host => "another server",
                Difference::Owner => "another owner",
                Difference::Name => "a name that is spelled differently",
            };
            let (entity, repository) = (&near.entity, &near.repository);
            format!("no entity has the repository `{value}`; `{entity}` has `{repository}`: {part}")
        }
    }
}

fn full_name(owner: &str, name: &str) -> String {
    cleaned(&format!("{owner}/{name}"))
}
