//! Filters of workspaces.

use std::fmt;

use jiff::Timestamp;

use super::grammar::{FilterError, param_part, quotable, split};
use crate::WorkspaceId;
use crate::models::WorkspaceStatus;

/// A filter of workspaces: the `q` of `GET /api/v2/workspaces`.
///
/// Values are checked against the grammar, so none can change the meaning of the query. Setting a
/// filter a second time replaces its value, except for parameters: a workspace matches when **any**
/// of the `name=value` pairs matches and it has every parameter of
/// [`has_param`](WorkspaceFilter::has_param).
///
/// ```
/// use coder_client::WorkspaceFilter;
///
/// let filter = WorkspaceFilter::new()
///     .mine()
///     .param("repo", "https://github.com/acme/pay")?
///     .param("git_repo", "https://github.com/acme/pay")?;
/// assert_eq!(
///     filter.to_string(),
///     r#"owner:me param:"repo=https://github.com/acme/pay" param:"git_repo=https://github.com/acme/pay""#,
/// );
/// assert!(WorkspaceFilter::new().param("repo", r#"x" owner:"admin"#).is_err());
/// # Ok::<_, coder_client::FilterError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceFilter {
    written: Option<String>,
    terms: Vec<(String, String)>,
}

impl WorkspaceFilter {
    /// Creates a filter that every workspace matches.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a filter from a query that a person wrote in Coder's grammar. It is kept word for
    /// word; filters that are added come after it.
    ///
    /// # Errors
    ///
    /// [`FilterError::UnbalancedQuote`], since an open quote would swallow what comes after it.
    pub fn from_query(query: &str) -> Result<Self, FilterError> {
        if query.matches('"').count() % 2 == 1 {
            return Err(FilterError::UnbalancedQuote { query: query.to_owned() });
        }
        let written = Some(query.to_owned()).filter(|query| !query.is_empty());
        Ok(Self { written, terms: Vec::new() })
    }

    /// Requires the caller as the owner.
    #[must_use]
    pub fn mine(self) -> Self {
        self.set("owner", "me".to_owned())
    }

    /// Requires the owner with this username.
    ///
    /// # Errors
    ///
    /// See [`FilterError`]; so for the other filters that take a text.
    pub fn owner(self, username: &str) -> Result<Self, FilterError> {
        self.term("owner", username)
    }

    /// Requires this text in the name. `_` matches any one character, `%` any text.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn name(self, part: &str) -> Result<Self, FilterError> {
        self.term("name", part)
    }

    /// Requires a text as in Coder's search box: a part of a name, or `owner/part-of-a-name`.
    ///
    /// # Errors
    ///
    /// [`FilterError`] when the text would be read as something else: quotes, a colon, a second
    /// slash.
    pub fn text(self, text: &str) -> Result<Self, FilterError> {
        let (owner, name) = match text.split_once('/') {
            Some((owner, name)) => (Some(owner), name),
            None => (None, text),
        };
        for part in owner.iter().copied().chain([name]) {
            if let Some(character @ (':' | '/')) = part.chars().find(|c| matches!(c, ':' | '/')) {
                return Err(FilterError::Character { value: text.to_owned(), character });
            }
        }
        let named = self.name(name.trim_matches(' '))?;
        owner.map_or(Ok(named.clone()), |owner| named.owner(owner.trim_matches(' ')))
    }

    /// Requires the template with this name, in any organization.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn template(self, name: &str) -> Result<Self, FilterError> {
        self.term("template", name)
    }

    /// Requires this organization, by name or id.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn organization(self, name: &str) -> Result<Self, FilterError> {
        self.term("organization", name)
    }

    /// Requires this status of the latest build.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn status(self, status: &WorkspaceStatus) -> Result<Self, FilterError> {
        self.term("status", status.as_str())
    }

    /// Requires that the workspace is dormant.
    #[must_use]
    pub fn dormant(self) -> Self {
        self.set("dormant", "true".to_owned())
    }

    /// Requires that the workspace does not use the active version of its template (`true`), or
    /// that it does (`false`).
    #[must_use]
    pub fn outdated(self, outdated: bool) -> Self {
        self.set("outdated", outdated.to_string())
    }

    /// Requires one of these workspaces.
    #[must_use]
    pub fn ids(self, ids: impl IntoIterator<Item = WorkspaceId>) -> Self {
        let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        self.set("id", ids.join(","))
    }

    /// Requires a use after this moment.
    #[must_use]
    pub fn last_used_after(self, moment: Timestamp) -> Self {
        self.set("last_used_after", moment.to_string())
    }

    /// Requires that the last use was before this moment.
    #[must_use]
    pub fn last_used_before(self, moment: Timestamp) -> Self {
        self.set("last_used_before", moment.to_string())
    }

    /// Requires this parameter value in the latest build, without regard to case.
    ///
    /// Several pairs are alternatives. A parameter that is required by
    /// [`has_param`](Self::has_param) restricts them.
    ///
    /// # Errors
    ///
    /// [`FilterError`]: beside quotes, Coder cannot search for a `,` or a `=` in a value.
    pub fn param(mut self, name: &str, value: &str) -> Result<Self, FilterError> {
        let name = param_part(name)?;
        self.add_param(format!("{name}={}", param_part(value)?));
        Ok(self)
    }

    /// Requires this parameter in the latest build, with any value. `_` matches any one character.
    ///
    /// Beside pairs of [`param`](Self::param) it is a restriction: the workspace must have this
    /// parameter and one of the pairs.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn has_param(mut self, name: &str) -> Result<Self, FilterError> {
        let name = param_part(name)?;
        self.add_param(name.to_owned());
        Ok(self)
    }

    /// Sets a filter of Coder's grammar by its name, like `has-agent` with `connected`. It replaces
    /// an earlier value of this name.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn term(self, key: &str, value: &str) -> Result<Self, FilterError> {
        let well_formed = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_');
        if key.is_empty() || !key.bytes().all(well_formed) {
            return Err(FilterError::Key { key: key.to_owned() });
        }
        Ok(self.set(key, quotable(value)?.to_owned()))
    }

    /// Returns `true` when the filter has a parameter, so that a further [`param`](Self::param) may
    /// be an alternative instead of a restriction.
    pub fn has_params(&self) -> bool {
        self.written_params().next().is_some() || self.sets("param")
    }

    /// Returns `true` when every workspace matches.
    pub fn is_empty(&self) -> bool {
        self.written.as_deref().is_none_or(|written| written.trim().is_empty())
            && self.terms.is_empty()
    }

    /// Returns the values of `param` in the query that a person wrote.
    fn written_params(&self) -> impl Iterator<Item = &str> {
        let written = self.written.as_deref().unwrap_or_default();
        split(written, ' ').into_iter().filter_map(|element| match split(element, ':').as_slice() {
            [key, value] if key.trim_matches('"').eq_ignore_ascii_case("param") => {
                Some(value.trim_matches('"'))
            }
            _ => None,
        })
    }

    pub(super) fn set(mut self, key: &str, value: String) -> Self {
        self.terms.retain(|(present, _)| present != key);
        self.terms.push((key.to_owned(), value));
        self
    }

    /// Returns `true` when a filter of this name was added. The query that a person wrote does not
    /// count.
    pub(super) fn sets(&self, key: &str) -> bool {
        self.terms.iter().any(|(present, _)| present == key)
    }

    fn add_param(&mut self, value: String) {
        let term = ("param".to_owned(), value);
        if !self.terms.contains(&term) && !self.written_params().any(|written| written == term.1) {
            self.terms.push(term);
        }
    }
}

impl fmt::Display for WorkspaceFilter {
    /// Writes the query in Coder's grammar.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(written) = &self.written {
            formatter.write_str(written)?;
            separator = " ";
        }
        for (key, value) in &self.terms {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@,".contains(&byte);
            let quote = if value.bytes().all(plain) { "" } else { "\"" };
            write!(formatter, "{separator}{key}:{quote}{value}{quote}")?;
            separator = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_query_is_kept_word_for_word() {
        let filter = WorkspaceFilter::from_query("status:running  My Text").unwrap();
        let filter = filter.param("repo", "u").unwrap();
        assert_eq!(filter.to_string(), r#"status:running  My Text param:"repo=u""#);
    }

    #[test]
    fn an_open_quote_cannot_swallow_what_follows() {
        let error = WorkspaceFilter::from_query(r#"owner:"me"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"the search `owner:\"me` opens a double quote and does not close it"#
        );
    }

    #[test]
    fn a_filter_of_a_single_value_is_replaced_and_parameters_add_up() {
        let filter = WorkspaceFilter::new().owner("dana").unwrap().mine();
        let filter = filter.param("a", "1").unwrap().param("a", "1").unwrap();
        let filter = filter.param("a", "2").unwrap().has_param("b").unwrap();
        assert_eq!(filter.to_string(), r#"owner:me param:"a=1" param:"a=2" param:b"#);
    }

    #[test]
    fn what_the_grammar_cannot_say_is_refused() {
        let new = WorkspaceFilter::new;
        for refused in [
            new().param("repo", "a\"b"),
            new().param("re\"po", "a"),
            new().param("repo", "a\nb"),
            new().param("repo", ""),
            new().param("", "a"),
            new().owner("\" owner:\"admin"),
            new().term("owner:x", "y"),
            new().text("owner:admin"),
            new().text("a/b/c"),
            new().text(" "),
        ] {
            assert!(!refused.unwrap_err().is_inexpressible());
        }
        for inexpressible in [new().param("repo", "a=b"), new().param("repo", "a,b")] {
            assert!(inexpressible.unwrap_err().is_inexpressible());
        }
    }

    #[test]
    fn free_text_may_name_the_owner() {
        let filter = WorkspaceFilter::new().text("dana/pay ments").unwrap();
        assert_eq!(filter.to_string(), r#"name:"pay ments" owner:dana"#);
    }

    #[test]
    fn moments_are_quoted_because_they_contain_colons() {
        let filter =
            WorkspaceFilter::new().last_used_after("2026-08-20T09:31:20Z".parse().unwrap());
        assert_eq!(filter.to_string(), r#"last_used_after:"2026-08-20T09:31:20Z""#);
    }

    #[test]
    fn parameters_are_noticed_where_they_are_written_too() {
        for (query, expected) in [
            ("owner:me", false),
            (r#""param:x""#, false),
            ("PARAM:repo", true),
            (r#"a b param:"repo=x""#, true),
            (r#""param":x"#, true),
        ] {
            assert_eq!(WorkspaceFilter::from_query(query).unwrap().has_params(), expected);
        }
    }
}
