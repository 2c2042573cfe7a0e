//! The page that says what is wrong with a request, and the one for everything unknown.

use http::StatusCode;

use super::html::{escape, page};
use crate::wire::reply::Reply;

/// Renders a page with a link back to the deployment; `title`, each of `details` and `home` are
/// text.
pub(crate) fn error(title: &str, details: &[String], home: &str) -> String {
    let items: String =
        details.iter().map(|detail| format!("<li>{}</li>", escape(detail))).collect();
    let main = format!(
        "<div class=\"note error\"><ul>{items}</ul></div>\n<a href=\"{}\">Back to site</a>",
        escape(home)
    );
    page(title, "", &main)
}

/// Answers a path that Coder does not know: with its dashboard, which then says so.
pub(crate) fn dashboard() -> Reply {
    let main = "<p>There is no such page.</p>";
    Reply::html(StatusCode::OK, page("Coder", "", main)).with("referrer-policy", "no-referrer")
}
