//! How many of the selected workspaces there are of each kind.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use super::selection::Selection;

/// The greatest number of values of one facet.
const MAX_VALUES: usize = 100;

/// The numbers of workspaces, on all pages, by what they can be filtered by.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexFacets {
    owner: Vec<FacetValue>,
    template: Vec<FacetValue>,
    organization: Vec<FacetValue>,
    status: Vec<FacetValue>,
    /// References of entities. A workspace may belong to several of them, and to none.
    entity: Vec<FacetValue>,
}

/// A value with the number of workspaces that have it. The most frequent 100 are told.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FacetValue {
    value: String,
    count: usize,
}

impl IndexFacets {
    pub(super) fn new(selection: &Selection<'_>) -> Self {
        let workspaces = || selection.0.iter().map(|(workspace, _)| workspace);
        Self {
            owner: counted(workspaces().map(|one| one.owner_name.as_str())),
            template: counted(workspaces().map(|one| one.template_name.as_str())),
            organization: counted(workspaces().map(|one| one.organization_name.as_str())),
            status: counted(workspaces().map(|one| one.status.as_str())),
            entity: counted(
                selection.0.iter().flat_map(|(_, entity_refs)| entity_refs.iter().copied()),
            ),
        }
    }
}

fn counted<'a>(values: impl Iterator<Item = &'a str>) -> Vec<FacetValue> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    values.filter(|value| !value.is_empty()).for_each(|value| {
        *counts.entry(value).or_default() += 1;
    });
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|(value, count)| (Reverse(*count), *value));
    counts.truncate(MAX_VALUES);
    let values = counts.into_iter();
    values.map(|(value, count)| FacetValue { value: value.to_owned(), count }).collect()
}
