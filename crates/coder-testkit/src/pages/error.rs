//! The page that says what is wrong with a request.

use super::html::{escape, page};

/// `title` and each of `details` are text.
pub(crate) fn error(title: &str, details: &[String]) -> String {
    let items: String =
        details.iter().map(|detail| format!("<li>{}</li>", escape(detail))).collect();
    page(title, "", &format!("<div class=\"note error\"><ul>{items}</ul></div>"))
}
