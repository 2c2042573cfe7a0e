//! Which templates a search finds.

use uuid::Uuid;

use crate::model::Template;
use crate::rules::authentication::Caller;
use crate::rules::search::{FreeText, SearchFault, Terms, ilike};
use crate::store::Deployment;

/// The filters of a search for templates.
#[derive(Debug)]
pub(crate) struct TemplateSearch {
    organization: Option<Uuid>,
    exact_name: Option<String>,
    exact_display_name: Option<String>,
    name: Option<String>,
    display_name: Option<String>,
    ids: Vec<Uuid>,
    deprecated: bool,
    author: Option<String>,
    /// The search asks for something that no template of the fake is.
    nothing: bool,
}

impl TemplateSearch {
    /// Parses the search text `q`.
    pub(crate) fn read(
        search: &str,
        deployment: &Deployment<'_>,
    ) -> Result<Self, Vec<SearchFault>> {
        let dialect = deployment.dialect();
        let free = FreeText::of_key(dialect.template_text, dialect);
        let mut terms = Terms::read(search, free).map_err(|fault| vec![fault])?;
        let mut found = Self {
            organization: deployment.searched_organization(&mut terms),
            exact_name: terms.one("exact_name"),
            exact_display_name: None,
            name: terms.one("name"),
            display_name: None,
            ids: terms.ids("ids"),
            deprecated: terms.bool("deprecated").unwrap_or(false),
            author: None,
            nothing: [terms.bool("deleted"), terms.bool("has-ai-task")].contains(&Some(true)),
        };
        if dialect.searches_authors {
            found.exact_display_name = terms.one("exact_display_name");
            found.display_name = terms.one("display_name");
            found.author = terms.one("author");
            found.nothing |= terms.bool("has_external_agent") == Some(true);
        }
        if dialect.has(crate::release::TemplateField::AgentsAllowed) {
            found.nothing |= terms.bool("agents-allowed") == Some(false);
        }
        terms.finish()?;
        Ok(found)
    }

    /// Tells whether `caller` finds a template by this search.
    pub(crate) fn finds(
        &self,
        deployment: &Deployment<'_>,
        template: &Template,
        caller: &Caller,
    ) -> bool {
        let equal = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.to_lowercase() == text.to_lowercase())
        };
        let contains = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| ilike(text, &format!("%{wanted}%")))
        };
        let by = |author: &str| match author {
            "me" => Some(caller.user.id),
            name => deployment.state.user_named(name).map(|user| user.id),
        };
        !self.nothing
            && self.organization.is_none_or(|wanted| template.organization == wanted)
            && self.deprecated != template.deprecation.is_empty()
            && (self.ids.is_empty() || self.ids.contains(&template.id))
            && equal(&self.exact_name, &template.name)
            && equal(&self.exact_display_name, &template.display_name)
            && contains(&self.name, &template.name)
            && contains(&self.display_name, template.shown_name())
            && self.author.as_deref().is_none_or(|author| {
                let author = by(author);
                author.is_some() && author == template.created_by
            })
    }
}
