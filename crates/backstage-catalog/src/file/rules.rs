//! Which entities may come from which locations, as Backstage decides it.

use std::path::{Path, PathBuf};

use coder_config::{
    AllowedEntities, CatalogConfig, CatalogLocation, CatalogRule, Entity, Provenance, RuleLocation,
    RuleTarget,
};

use super::pattern;

/// The kinds that may come from every location when there are no `catalog.rules`.
const DEFAULT_KINDS: [&str; 3] = ["Component", "API", "Location"];

/// A location of the configuration. Whatever is found through it originates there, as far as the
/// rules are concerned, `Location` entities included.
pub(super) struct Origin {
    pub(super) kind: String,
    /// The target as it is written.
    pub(super) written: String,
    /// The target as rules compare it: the path of a file is absolute.
    target: String,
    /// The folder that placeholders of its catalog files may read; `None` leaves each file its own
    /// folder.
    pub(super) folder: Option<PathBuf>,
    /// Where the location is written.
    pub(super) provenance: Option<Provenance>,
}

impl Origin {
    pub(super) fn new(directory: &Path, location: &CatalogLocation) -> Self {
        let written = location.target.clone();
        let target = match location.kind.as_str() {
            "file" => pattern::absolute(&directory.join(&written)).display().to_string(),
            _ => written.clone(),
        };
        // Where relative targets start from is what the server has, its configuration included.
        let folder = pattern::fixed_directory(Path::new(&target));
        let is_server = pattern::absolute(directory).starts_with(&folder);
        let folder = (location.kind == "file" && !is_server).then_some(folder);
        let provenance = location.provenance.clone();
        Self { kind: location.kind.clone(), written, target, folder, provenance }
    }
}

/// The rules of `catalog.rules` and of each location. One that lets an entity in is enough.
pub(super) struct Rules(Vec<CatalogRule>);

impl Rules {
    /// Creates the rules for these locations, whose origins are in the same order.
    pub(super) fn new(config: &CatalogConfig, origins: &[Origin]) -> Self {
        let default = || vec![CatalogRule::new(DEFAULT_KINDS)];
        let mut rules = config.rules.clone().unwrap_or_else(default);
        for (location, origin) in config.locations.iter().zip(origins) {
            let itself = RuleTarget::Exact(origin.target.clone());
            let only_here = [RuleLocation::new(&*location.kind, itself)];
            rules.push(CatalogRule::new(&location.allow).locations(only_here));
        }
        Self(rules)
    }

    /// Returns `true` when some rule lets this entity in from that location.
    pub(super) fn allow(&self, entity: &Entity, origin: &Origin) -> bool {
        self.from(origin).any(|allowed| {
            let spec_type = || entity.spec.get("type").and_then(serde_json::Value::as_str);
            is_kind(allowed, &entity.kind)
                && allowed.spec_type.as_deref().is_none_or(|wanted| spec_type() == Some(wanted))
        })
    }

    /// Returns `true` when entities of this kind may come from that location, of every kind when
    /// `kind` is `None`.
    pub(super) fn may_allow(&self, kind: Option<&str>, origin: &Origin) -> bool {
        self.from(origin).any(|allowed| kind.is_none_or(|kind| is_kind(allowed, kind)))
    }

    fn from(&self, origin: &Origin) -> impl Iterator<Item = &AllowedEntities> {
        let rules = self.0.iter().filter(|rule| match &rule.locations {
            Some(locations) => locations.iter().any(|location| matches(location, origin)),
            None => true,
        });
        rules.flat_map(|rule| &rule.allow)
    }
}

fn is_kind(allowed: &AllowedEntities, kind: &str) -> bool {
    allowed.kind.to_lowercase() == kind.to_lowercase()
}

fn matches(location: &RuleLocation, origin: &Origin) -> bool {
    location.kind == origin.kind
        && match &location.target {
            Some(RuleTarget::Exact(target)) => *target == origin.target,
            Some(RuleTarget::Pattern(pattern)) => {
                fast_glob::glob_match(pattern.to_lowercase(), origin.target.to_lowercase())
            }
            None => true,
        }
}
