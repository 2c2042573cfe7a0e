//! The workspaces that a query asks for, of those that its person is shown.

use std::cmp::Ordering;

use coder_config::ScmIntegrations;
use coder_workspaces::index::{IndexedWorkspace, WorkspaceIndex};

use super::entities::Entities;
use super::query::{Filters, Order, Sort};
use super::view::View;

/// The workspaces that a query asks for, each with the references of the entities that it belongs to.
pub(super) struct Selection<'a>(pub(super) Vec<(&'a IndexedWorkspace, Vec<&'a str>)>);

impl<'a> Selection<'a> {
    /// Selects what the filters ask for. A workspace that the person is not shown counts nowhere.
    pub(super) fn new(
        index: &'a WorkspaceIndex,
        view: &View,
        entities: &'a Entities,
        integrations: &ScmIntegrations,
        filters: &Filters,
    ) -> Self {
        let text = filters.q.as_ref().map(|text| text.to_lowercase());
        let is_meant = |workspace: &&IndexedWorkspace| {
            view.shows(workspace)
                && filters.owner.allow(&workspace.owner_name)
                && filters.template.allow(&workspace.template_name)
                && filters.organization.allow(&workspace.organization_name)
                && filters.status.allow(workspace.status.as_str())
                && text.as_ref().is_none_or(|text| {
                    let (owner, name) = (&workspace.owner_name, &workspace.name);
                    format!("{owner}/{name}").to_lowercase().contains(text)
                })
        };
        let meant: Vec<_> = view.candidates(index).filter(is_meant).collect();
        let mut of_workspaces = entities.of_workspaces(&meant, index, integrations);
        let with_entities = meant
            .into_iter()
            .map(|workspace| (workspace, of_workspaces.remove(&workspace.id).unwrap_or_default()))
            .filter(|(_, entity_refs)| filters.entity.allow(entity_refs));
        Self(with_entities.collect())
    }

    pub(super) fn sort(&mut self, sort: Sort, order: Order) {
        let compare = |one: &IndexedWorkspace, other: &IndexedWorkspace| match sort {
            Sort::Owner => Ordering::Equal,
            Sort::Name => one.name.cmp(&other.name),
            Sort::Template => one.template_name.cmp(&other.template_name),
            Sort::Organization => one.organization_name.cmp(&other.organization_name),
            Sort::Status => one.status.as_str().cmp(other.status.as_str()),
            Sort::LastUsedAt => one.last_used_at.cmp(&other.last_used_at),
        };
        let by_name = |one: &'a IndexedWorkspace, other: &'a IndexedWorkspace| {
            let key = |workspace: &'a IndexedWorkspace| {
                (&workspace.owner_name, &workspace.name, workspace.id)
            };
            key(one).cmp(&key(other))
        };
        self.0.sort_unstable_by(|(one, _), (other, _)| {
            let ordering = compare(one, other);
            let ordering = match (sort, order) {
                (Sort::Owner, Order::Desc) => return by_name(other, one),
                (_, Order::Asc) => ordering,
                (_, Order::Desc) => ordering.reverse(),
            };
            ordering.then_with(|| by_name(one, other))
        });
    }
}
