//! A filter in the words of the catalog's REST API.

use crate::EntityFilter;

/// Backstage does not index longer keys and values, so they cannot be searched for.
const MAX_INDEXED: usize = 200;

/// Top-level keys of an entity that Backstage does not index.
const NOT_INDEXED: [&str; 2] = ["attachments", "status"];

/// Returns the parameter `filter` (`kind=user,spec.profile.email=a@example.com`) that finds all
/// entities that pass `filter`, and as few others as can be said. `None` stands for no parameter,
/// which finds every entity.
///
/// The grammar has no quotes: a comma ends a condition, white space at the ends is dropped, two
/// values of one path mean either of them, and a path without a value finds texts and numbers but
/// no objects. A condition that would mean something else there is left out. So whoever asks has to
/// hold the answer against the filter, too; no value can then find more than it says.
pub(super) fn parameter(filter: &EntityFilter) -> Option<String> {
    let mut said: Vec<(String, &str)> = Vec::new();
    for (path, value) in filter.conditions() {
        let path = path.to_lowercase();
        let Some(value) = value.filter(|value| can_be_said(value)) else { continue };
        let root = path.split('.').next().unwrap_or_default();
        let is_key = can_be_said(&path) && !path.contains('=') && !path.starts_with('$');
        let is_said = said.iter().any(|(known, _)| *known == path);
        if is_key && !is_said && !NOT_INDEXED.contains(&root) {
            said.push((path, value));
        }
    }
    let conditions: Vec<String> =
        said.into_iter().map(|(path, value)| format!("{path}={value}")).collect();
    (!conditions.is_empty()).then(|| conditions.join(","))
}

fn can_be_said(text: &str) -> bool {
    // JavaScript has one character more that is white space.
    let is_space = |c: char| c.is_whitespace() || c == '\u{feff}';
    !text.is_empty()
        && !text.contains(',')
        && !text.starts_with(is_space)
        && !text.ends_with(is_space)
        && text.encode_utf16().count() <= MAX_INDEXED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(filter: &EntityFilter) -> String {
        parameter(filter).unwrap_or_default()
    }

    #[test]
    fn conditions_are_joined_with_commas() {
        let filter = EntityFilter::kind("User").with("spec.profile.email", "a+b@example.com");
        assert_eq!(said(&filter), "kind=User,spec.profile.email=a+b@example.com");
        assert_eq!(parameter(&EntityFilter::all()), None);
    }

    #[test]
    fn a_value_cannot_become_another_condition() {
        let by_email =
            |email: &str| said(&EntityFilter::kind("user").with("spec.profile.email", email));
        for email in
            ["a,kind=group@example.com", ",", "", " a@example.com", "a@example.com\u{feff}"]
        {
            assert_eq!(by_email(email), "kind=user", "{email:?}");
        }
        assert_eq!(by_email("a=b"), "kind=user,spec.profile.email=a=b");
        assert_eq!(by_email(&"a".repeat(201)), "kind=user", "it would find nobody");
    }

    #[test]
    fn a_condition_that_would_mean_something_else_is_left_out() {
        let users = || EntityFilter::kind("user");
        for filter in [
            users().having("spec.profile"),
            users().with("Kind", "group"),
            users().with("$all", "x"),
            users().with("a,b", "x"),
            users().with("a=b", "x"),
            users().with("status.items.level", "error"),
        ] {
            assert_eq!(said(&filter), "kind=user", "{filter:?}");
        }
    }
}
