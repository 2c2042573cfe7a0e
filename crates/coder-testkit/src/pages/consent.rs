//! The page on which a person allows an application to act for them.

use super::html::{escape, page};

/// The content of the consent page.
#[derive(Debug)]
pub(crate) struct Consent<'a> {
    pub(crate) app: &'a str,
    pub(crate) username: &'a str,
    /// Empty in releases that do not negotiate scopes.
    pub(crate) scopes: &'a [String],
    /// The URL that "Cancel" leads to.
    pub(crate) cancel: &'a str,
    /// Absent in releases that do not protect the form.
    pub(crate) csrf_token: Option<&'a str>,
    /// Whether form, button and link have ids.
    pub(crate) has_ids: bool,
}

/// Renders the consent page. Its form posts to the page's own URL, query included, as Coder's does.
pub(crate) fn consent(consent: &Consent<'_>) -> String {
    let app = escape(consent.app);
    let username = escape(consent.username);
    let wish = if consent.scopes.is_empty() {
        "<p>It will be able to do everything you can do here.</p>".to_owned()
    } else {
        let items: String = consent
            .scopes
            .iter()
            .map(|scope| format!("<li><code>{}</code></li>", escape(scope)))
            .collect();
        format!("<p>It asks for:</p>\n<ul>{items}</ul>")
    };
    let csrf = consent.csrf_token.map_or_else(String::new, |token| {
        format!("<input type=\"hidden\" name=\"csrf_token\" value=\"{}\">\n", escape(token))
    });
    let id = |id: &str| if consent.has_ids { format!(" id=\"{id}\"") } else { String::new() };
    let main = format!(
        "<p>You are signed in as <strong>{username}</strong>. <strong>{app}</strong> would like \
         to act for you.</p>\n{wish}\n<form{form} method=\"POST\">\n{csrf}\
         <div class=\"actions\"><button type=\"submit\"{button}>Allow</button>\n\
         <a class=\"button quiet\"{link} href=\"{cancel}\">Cancel</a></div>\n</form>",
        form = id("allow-form"),
        button = id("allow-button"),
        link = id("cancel-link"),
        cancel = escape(consent.cancel),
    );
    page(&format!("Authorize {}", consent.app), "", &main)
}
