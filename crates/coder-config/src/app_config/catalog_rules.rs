//! `catalog.rules`: which kinds of entities may come from which locations.

use super::reader::{Reader, Section, Value};
use crate::message::shown;

/// One item of `catalog.rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogRule {
    /// `allow`: the entities that the rule lets in. An empty list lets in none.
    pub allow: Vec<AllowedEntities>,
    /// `locations`: the locations that the rule holds for; `None` are all of them.
    pub locations: Option<Vec<RuleLocation>>,
}

/// One item of `catalog.rules[].allow`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllowedEntities {
    /// `kind` of the entities, compared without case.
    pub kind: String,
    /// `spec.type` of the entities, compared letter by letter; `None` is any.
    pub spec_type: Option<String>,
}

/// One item of `catalog.rules[].locations`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleLocation {
    /// `type` of the location: `file`, `url`, ….
    pub kind: String,
    /// `exact` or `pattern`; `None` matches every target.
    pub target: Option<RuleTarget>,
}

/// The target of a [`RuleLocation`]. A `file` location is compared by its absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every catalog has to decide about each of them")]
pub enum RuleTarget {
    /// The whole target, letter by letter.
    Exact(String),
    /// A pattern with `*`, `**`, `?`, `[…]` and `{…}`, compared without case.
    Pattern(String),
}

impl CatalogRule {
    /// Creates a rule that lets in these kinds from every location.
    pub fn new<K: Into<String>>(kinds: impl IntoIterator<Item = K>) -> Self {
        let allow = kinds.into_iter().map(AllowedEntities::new).collect();
        Self { allow, locations: None }
    }

    /// Sets the locations that the rule holds for, in place of all.
    #[must_use]
    pub fn locations(mut self, locations: impl IntoIterator<Item = RuleLocation>) -> Self {
        self.locations = Some(locations.into_iter().collect());
        self
    }
}

impl AllowedEntities {
    /// Creates the item for all entities of this kind.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), spec_type: None }
    }
}

impl RuleLocation {
    /// Creates the item for locations of the type `kind`. Without a `target` it matches all of them.
    pub fn new(kind: impl Into<String>, target: impl Into<Option<RuleTarget>>) -> Self {
        Self { kind: kind.into(), target: target.into() }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn catalog_rules(&mut self, catalog: &Section<'a>) -> Option<Vec<CatalogRule>> {
        self.value(catalog, "rules")?;
        let rules = self.sections(catalog, "rules");
        Some(rules.iter().map(|rule| self.catalog_rule(rule)).collect())
    }

    /// Reads a rule. A rule that is wrong somewhere lets nothing in, and the mistake is reported.
    fn catalog_rule(&mut self, rule: &Section<'a>) -> CatalogRule {
        self.only(rule, &["allow", "locations"]);
        let allow = self.allowed(rule, true);
        let locations = self.value(rule, "locations").map(|_| {
            let items = self.sections(rule, "locations");
            items.iter().filter_map(|item| self.rule_location(item)).collect()
        });
        CatalogRule { allow, locations }
    }

    /// Reads `rules` of a location. As in Backstage, its items are names of kinds.
    pub(super) fn kinds_of_location(&mut self, location: &Section<'a>) -> Vec<String> {
        let mut kinds = Vec::new();
        for rule in self.sections(location, "rules") {
            self.only(&rule, &["allow"]);
            kinds.extend(self.allowed(&rule, false).into_iter().map(|allowed| allowed.kind));
        }
        kinds
    }

    fn allowed(&mut self, rule: &Section<'a>, may_be_mapping: bool) -> Vec<AllowedEntities> {
        let Some(allow) = self.value(rule, "allow") else {
            let error = self.missing(rule, "allow");
            self.errors.push(error);
            return Vec::new();
        };
        if allow.node.as_list().is_none() {
            self.wrong(&allow, "a list of kinds");
            return Vec::new();
        }
        let mut allowed = Vec::new();
        for item in allow.items() {
            match item.node.as_str() {
                Some("") => self.invalid(&item, "is empty; write the name of a kind"),
                Some(kind) => allowed.push(AllowedEntities::new(kind)),
                None if may_be_mapping && item.node.as_map().is_some() => {
                    allowed.extend(self.allowed_mapping(&item));
                }
                None if may_be_mapping => self.wrong(&item, "a kind, or a mapping with `kind`"),
                None => self.wrong(&item, "the name of a kind"),
            }
        }
        allowed
    }

    fn allowed_mapping(&mut self, item: &Value<'a>) -> Option<AllowedEntities> {
        let section = item.section();
        self.only(&section, &["kind", "spec.type"]);
        let kind = self.required(&section, "kind")?.to_owned();
        // A condition that cannot be read must not let in what it was to keep out.
        let spec_type = match self.value(&section, "spec.type") {
            Some(_) => Some(self.required(&section, "spec.type")?.to_owned()),
            None => None,
        };
        Some(AllowedEntities { kind, spec_type })
    }

    fn rule_location(&mut self, item: &Section<'a>) -> Option<RuleLocation> {
        self.only(item, &["type", "exact", "pattern"]);
        let kind = self.required(item, "type")?.to_owned();
        let [exact, pattern] = ["exact", "pattern"].map(|key| self.value(item, key));
        let target = match (exact, pattern) {
            (Some(_), Some(pattern)) => {
                self.invalid(&pattern, "stands beside `exact`; a location has one of the two");
                return None;
            }
            (Some(_), None) => RuleTarget::Exact(self.required(item, "exact")?.to_owned()),
            (None, Some(_)) => {
                let text = self.required(item, "pattern")?;
                RuleTarget::Pattern(self.parse(item, "pattern", text, pattern_of_targets)?)
            }
            (None, None) => return Some(RuleLocation::new(kind, None)),
        };
        Some(RuleLocation::new(kind, target))
    }
}

/// Reads a pattern, and refuses what is not supported here: a rule that matches fewer or more
/// locations than in Backstage decides otherwise who may enter.
fn pattern_of_targets(text: &str) -> Result<String, String> {
    let extended = ["?(", "*(", "+(", "@(", "!(", "[:"].into_iter().find(|it| text.contains(it));
    match extended {
        Some(found) => Err(format!(
            "`{}` is not supported here; use `*`, `**`, `?`, `[…]` and `{{a,b}}`",
            shown(found)
        )),
        None if text.contains("..") && text.contains('{') => {
            Err("ranges like `{1..3}` are not supported here; write `{1,2,3}`".to_owned())
        }
        None if text.starts_with('#') => {
            Err("begins with `#`, and such a pattern matches nothing".to_owned())
        }
        None => Ok(text.to_owned()),
    }
}
