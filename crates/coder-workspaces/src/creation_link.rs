//! Links to Coder's form for a new workspace.

use coder_client::{TemplateVersionId, WorkspaceFilter, WorkspaceName};
use coder_config::{CreationMode, TemplateRef};
use coder_core::DeploymentUrl;
use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use url::form_urlencoded::byte_serialize;

/// Characters that JavaScript's `encodeURIComponent` encodes, as the links of Coder's own plugin do.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A link to Coder's form for a new workspace, in every form that Coder takes:
/// `/templates/{template}/workspace?mode=…&param.{name}=…`.
///
/// With [`CreationMode::Auto`] Coder asks once more before it creates anything.
#[derive(Clone, Debug)]
pub struct CreationLink {
    access_url: DeploymentUrl,
    /// The form's page, without query.
    form: Url,
    /// Names and values, encoded as a form.
    query: String,
}

impl CreationLink {
    /// Creates a link to the form of `template`, filled in with `params`.
    pub fn new(
        access_url: &DeploymentUrl,
        template: &TemplateRef,
        mode: CreationMode,
        params: &IndexMap<String, String>,
    ) -> Self {
        let mut form = access_url.endpoint([]);
        let mut path = form.path().trim_end_matches('/').to_owned() + "/templates";
        for segment in template.organization().into_iter().chain([template.template()]) {
            path.push('/');
            path.extend(utf8_percent_encode(segment, COMPONENT));
        }
        form.set_path(&(path + "/workspace"));
        let access_url = access_url.clone();
        let link = Self { access_url, form, query: String::new() }.with("mode", mode.as_str());
        params.iter().fold(link, |link, (name, value)| link.with_parts(["param.", name], value))
    }

    /// Sets the name that the form suggests for the workspace.
    #[must_use]
    pub fn name(self, name: &WorkspaceName) -> Self {
        self.with("name", name.as_str())
    }

    /// Makes the link open one of the user's workspaces of this template that matches, instead of
    /// creating one.
    /// Works with [`CreationMode::Auto`] only.
    #[must_use]
    pub fn reuse(self, matching: &WorkspaceFilter) -> Self {
        self.with("match", &matching.to_string())
    }

    /// Selects this version of the template.
    #[must_use]
    pub fn version(self, version: TemplateVersionId) -> Self {
        self.with("version", &version.to_string())
    }

    /// Selects a preset by its name; its values win over the parameters. Coder takes it from 2.35 on.
    #[must_use]
    pub fn preset(self, name: &str) -> Self {
        self.with("preset", name)
    }

    /// Locks these parameters, so that the user cannot change them. Names with a comma, which
    /// Coder could not tell apart, are left out.
    #[must_use]
    pub fn lock<'a>(self, params: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = params.into_iter().filter(|name| !name.contains(',')).collect();
        if names.is_empty() { self } else { self.with("disable_params", &names.join(",")) }
    }

    /// Returns the link as a URL.
    pub fn url(&self) -> Url {
        let mut url = self.form.clone();
        url.set_query(Some(&self.query));
        url
    }

    /// Returns Coder's button "Open in Coder" with this link, as Markdown for a README.
    pub fn badge_markdown(&self) -> String {
        // A bracket would end the link.
        let link = self.url().as_str().replace('(', "%28").replace(')', "%29");
        format!("[![Open in Coder]({})]({link})", self.badge())
    }

    /// Returns Coder's button "Open in Coder" with this link, as HTML.
    pub fn badge_html(&self) -> String {
        let attribute = |url: Url| url.as_str().replace('&', "&amp;").replace('\'', "&#39;");
        let (link, picture) = (attribute(self.url()), attribute(self.badge()));
        format!(r#"<a href="{link}"><img alt="Open in Coder" src="{picture}"></a>"#)
    }

    fn badge(&self) -> Url {
        self.access_url.endpoint(["open-in-coder.svg"])
    }

    fn with(self, name: &str, value: &str) -> Self {
        self.with_parts([name], value)
    }

    /// Adds a value whose name has these parts.
    fn with_parts<'a>(mut self, name: impl IntoIterator<Item = &'a str>, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        let name = name.into_iter().flat_map(|part| byte_serialize(part.as_bytes()));
        self.query.extend(name);
        self.query.push('=');
        self.query.extend(byte_serialize(value.as_bytes()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(access_url: &str, template: &str, mode: CreationMode) -> CreationLink {
        let params = [("a b".to_owned(), "c&d~".to_owned())].into();
        let (access_url, template) = (access_url.parse().unwrap(), template.parse().unwrap());
        CreationLink::new(&access_url, &template, mode, &params)
    }

    #[test]
    fn path_and_query_have_encoders_of_their_own() {
        let link = link("https://c.test/", "it's 100% (mine)", CreationMode::Manual);
        insta::assert_snapshot!(link.url(), @"https://c.test/templates/it's%20100%25%20(mine)/workspace?mode=manual&param.a+b=c%26d%7E");
    }

    #[test]
    fn a_template_may_stand_in_an_organization_and_a_deployment_below_a_path() {
        let link = link("https://c.test/coder", "platform/dev", CreationMode::Manual);
        insta::assert_snapshot!(link.url(), @"https://c.test/coder/templates/platform/dev/workspace?mode=manual&param.a+b=c%26d%7E");
    }

    #[test]
    fn the_button_links_to_the_form() {
        let link = link("https://c.test", "dev's (new)", CreationMode::Manual);
        insta::assert_snapshot!(link.badge_markdown(), @"[![Open in Coder](https://c.test/open-in-coder.svg)](https://c.test/templates/dev's%20%28new%29/workspace?mode=manual&param.a+b=c%26d%7E)");
        insta::assert_snapshot!(link.badge_html(), @r#"<a href="https://c.test/templates/dev&#39;s%20(new)/workspace?mode=manual&amp;param.a+b=c%26d%7E"><img alt="Open in Coder" src="https://c.test/open-in-coder.svg"></a>"#);
    }

    #[test]
    fn every_form_that_coder_takes() {
        let filter = WorkspaceFilter::new().param("repo", "https://x.test/a").unwrap();
        let link = link("https://c.test", "dev", CreationMode::Auto)
            .name(&"pay-dev".parse().unwrap())
            .reuse(&filter)
            .version("992d214c-d909-410a-a5d1-37d0299f2e4e".parse().unwrap())
            .preset("EU standard")
            .lock(["repo", "a,b", "cpu"]);
        insta::assert_snapshot!(link.url(), @"https://c.test/templates/dev/workspace?mode=auto&param.a+b=c%26d%7E&name=pay-dev&match=param%3A%22repo%3Dhttps%3A%2F%2Fx.test%2Fa%22&version=992d214c-d909-410a-a5d1-37d0299f2e4e&preset=EU+standard&disable_params=repo%2Ccpu");
    }
}
