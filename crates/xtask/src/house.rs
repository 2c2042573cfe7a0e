//! The map of the house: which crate stands on which floor, and whom it may import.
//!
//! This is the table of `docs/architecture.md` as data. A new crate gets its line here first.

/// How high a crate stands. Everything up to [`Floor::Third`] is a core crate: it compiles for
/// wasm, and no type of a framework, an HTTP library or a parser is in its public API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Floor {
    /// Basic types that all crates share.
    Ground,
    /// Configuration, Coder's API, and the catalog.
    First,
    /// Login, and workspaces of an entity.
    Second,
    /// The portal, which joins login and workspaces.
    Third,
    /// Adapters: they convert, and hold no rule.
    Fourth,
    /// Crates that users depend on or start.
    Roof,
    /// Beside the house: tests, examples, chores.
    Aside,
}

/// One crate of the workspace.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Member {
    /// Name of the package.
    pub name: &'static str,
    /// Layer of the crate.
    pub floor: Floor,
    imports: Imports,
}

#[derive(Clone, Copy, Debug)]
enum Imports {
    Only(&'static [&'static str]),
    Anything,
}

impl Member {
    /// Tells whether this crate may depend on `other`, a crate of the house.
    pub fn may_import(&self, other: &str) -> bool {
        match self.imports {
            Imports::Only(names) => names.contains(&other),
            Imports::Anything => true,
        }
    }
}

/// Every crate of the workspace, bottom up.
pub const HOUSE: &[Member] = &[
    only("coder-core", Floor::Ground, &[]),
    only("coder-config", Floor::First, &["coder-core"]),
    only("coder-client", Floor::First, &["coder-core"]),
    only("backstage-catalog", Floor::First, &["coder-config", "coder-core"]),
    only("coder-auth", Floor::Second, &["coder-client", "backstage-catalog", "coder-core"]),
    only("coder-workspaces", Floor::Second, &["coder-client", "coder-config", "coder-core"]),
    only("coder-portal", Floor::Third, TO_SECOND_FLOOR),
    only("coder-axum", Floor::Fourth, TO_THIRD_FLOOR),
    only("coder-wasm", Floor::Fourth, TO_THIRD_FLOOR),
    only("coder-auth-sqlx", Floor::Fourth, &["coder-auth", "coder-core"]),
    anything("coder-backstage", Floor::Roof),
    anything("coder-backstage-server", Floor::Roof),
    only("coder-testkit", Floor::Aside, TO_SECOND_FLOOR),
    anything("coder-backstage-examples", Floor::Aside),
    anything("coder-conformance", Floor::Aside),
    anything("coder-simulation", Floor::Aside),
    anything("coder-wasm-conformance", Floor::Aside),
    anything("coder-measure", Floor::Aside),
    anything("xtask", Floor::Aside),
];

const TO_SECOND_FLOOR: &[&str] = &[
    "coder-core",
    "coder-config",
    "coder-client",
    "backstage-catalog",
    "coder-auth",
    "coder-workspaces",
];

const TO_THIRD_FLOOR: &[&str] = &[
    "coder-core",
    "coder-config",
    "coder-client",
    "backstage-catalog",
    "coder-auth",
    "coder-workspaces",
    "coder-portal",
];

const fn only(name: &'static str, floor: Floor, imports: &'static [&'static str]) -> Member {
    Member { name, floor, imports: Imports::Only(imports) }
}

const fn anything(name: &'static str, floor: Floor) -> Member {
    Member { name, floor, imports: Imports::Anything }
}

/// Finds the crate of this name, if it is on the map.
pub fn member(name: &str) -> Option<&'static Member> {
    HOUSE.iter().find(|member| member.name == name)
}

/// Returns the core crates: ground to third floor.
pub fn core() -> impl Iterator<Item = &'static Member> {
    HOUSE.iter().filter(|member| member.floor <= Floor::Third)
}
