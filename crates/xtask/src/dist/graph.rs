//! The packages of a program.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId};

use crate::command::Failure;

/// The package of the server.
pub(super) const PACKAGE: &str = "coder-backstage-server";
/// The name of the program, and of what is installed with it.
pub(super) const PROGRAM: &str = "coder-backstage";

/// The packages that are compiled into the server, and which of them need which.
pub(super) struct Graph<'a> {
    packages: BTreeMap<&'a PackageId, &'a Package>,
    nodes: BTreeMap<&'a PackageId, &'a Node>,
    server: &'a Package,
}

impl<'a> Graph<'a> {
    pub(super) fn new(metadata: &'a Metadata) -> Result<Self, Failure> {
        let missing = |what: &str| Failure::NoMetadata(format!("cargo tells no {what}"));
        let packages: BTreeMap<_, _> =
            metadata.packages.iter().map(|package| (&package.id, package)).collect();
        let resolve = metadata.resolve.as_ref().ok_or_else(|| missing("dependencies"))?;
        let nodes = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
        let server = metadata.packages.iter().find(|package| package.name == PACKAGE);
        let server = server.ok_or_else(|| missing(PACKAGE))?;
        Ok(Self { packages, nodes, server })
    }

    pub(super) fn server(&self) -> &'a Package {
        self.server
    }

    /// Returns the packages that this one needs to run: not those of its tests and of its build.
    pub(super) fn below(&self, id: &PackageId) -> impl Iterator<Item = &'a Package> {
        let needed = self.nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let needed = needed.filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        });
        let needed = needed.filter_map(|dependency| self.packages.get(&dependency.pkg).copied());
        needed.collect::<Vec<_>>().into_iter()
    }

    /// Returns the server and all that it needs, in the order of their names.
    pub(super) fn packages(&self) -> Vec<&'a Package> {
        let mut found = BTreeSet::from([&self.server.id]);
        let mut open = vec![&self.server.id];
        while let Some(id) = open.pop() {
            for package in self.below(id) {
                if found.insert(&package.id) {
                    open.push(&package.id);
                }
            }
        }
        let mut packages: Vec<_> =
            found.iter().filter_map(|id| self.packages.get(id).copied()).collect();
        packages
            .sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        packages
    }
}
