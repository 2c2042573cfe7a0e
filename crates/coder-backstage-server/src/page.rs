//! The portal page: HTML, CSS and JavaScript that are part of this binary.
//!
//! It is served where the portal's own pages would be, and only when they are at this server's
//! origin: beside a Backstage front end there is another page already.

use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use coder_config::AppConfig;
use coder_core::Origin;
use coder_portal::Compressible;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

const INDEX: &str = include_str!("../page/index.html");

/// Files that the index page refers to: path, media type and text.
const FILES: &[(&str, &str, &str)] = &[
    ("/page/colours.css", "text/css; charset=utf-8", include_str!("../page/colours.css")),
    ("/page/style.css", "text/css; charset=utf-8", include_str!("../page/style.css")),
    ("/page/main.js", "text/javascript; charset=utf-8", include_str!("../page/main.js")),
    ("/page/api.js", "text/javascript; charset=utf-8", include_str!("../page/api.js")),
    ("/page/session.js", "text/javascript; charset=utf-8", include_str!("../page/session.js")),
    ("/page/catalog.js", "text/javascript; charset=utf-8", include_str!("../page/catalog.js")),
    ("/page/workspace.js", "text/javascript; charset=utf-8", include_str!("../page/workspace.js")),
    ("/page/actions.js", "text/javascript; charset=utf-8", include_str!("../page/actions.js")),
    ("/page/live.js", "text/javascript; charset=utf-8", include_str!("../page/live.js")),
    ("/page/mine.js", "text/javascript; charset=utf-8", include_str!("../page/mine.js")),
    ("/page/dom.js", "text/javascript; charset=utf-8", include_str!("../page/dom.js")),
    ("/page/icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
];

/// Everything comes from this server, except pictures of people. No text becomes markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' https:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Values that the server writes into the page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    environment: String,
    origin: Origin,
    note: &'static str,
}

impl Page {
    /// Makes the page of this portal; `None` when its pages are at another origin than this
    /// backend.
    pub(crate) fn from_config(config: &AppConfig) -> Option<Self> {
        let origin = Origin::from_url(&config.app_base_url).ok()?;
        let ours =
            Origin::from_url(&config.backend.base_url).is_ok_and(|backend| backend == origin);
        let environment = config.auth.environment.to_string();
        ours.then_some(Self { environment, origin, note: "" })
    }

    /// Says something below the sign-in button.
    #[cfg(feature = "demo")]
    pub(crate) fn with_note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// Routes the page at `/`, and its parts below `/page`.
    pub(crate) fn router(&self) -> Router {
        let index = self.index();
        let index =
            Router::new().route("/", get(async move || file("text/html; charset=utf-8", index)));
        FILES.iter().fold(index, |router, &(path, kind, text)| {
            router.route(path, get(async move || file(kind, text)))
        })
    }

    fn index(&self) -> String {
        INDEX
            .replace("{{environment}}", &escape(&self.environment))
            .replace("{{origin}}", &escape(self.origin.as_str()))
            .replace("{{note}}", &escape(self.note))
    }
}

fn file(kind: &'static str, text: impl Into<String>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    (headers, Extension(Compressible), text.into()).into_response()
}

/// Escapes text so that it may stand in an element or a quoted attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(environment: &str) -> String {
        let origin = "http://localhost:7007".parse().unwrap();
        Page { environment: environment.to_owned(), origin, note: "a <note>" }.index()
    }

    #[test]
    fn what_the_page_is_told_cannot_become_markup() {
        let page = page("\"><script>");
        assert!(page.contains("data-environment=\"&quot;&gt;&lt;script&gt;\""), "{page}");
        assert!(page.contains("data-origin=\"http://localhost:7007\""));
        assert!(page.contains("a &lt;note&gt;"));
        assert!(!page.contains("{{"));
    }

    #[test]
    fn every_file_the_page_refers_to_is_served() {
        let served: Vec<&str> = FILES.iter().map(|(path, ..)| *path).collect();
        let in_page = INDEX.split('"').filter(|text| text.starts_with("/page/"));
        for path in in_page {
            assert!(served.contains(&path), "{path}");
        }
        for (path, _, text) in FILES {
            let imports = text.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next());
            for import in imports {
                let import = format!("/page/{import}");
                assert!(served.contains(&import.as_str()), "{path} imports {import}");
            }
        }
    }

    #[test]
    fn the_policy_has_nothing_to_refuse() {
        for forbidden in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
            assert!(!INDEX.contains(forbidden), "{forbidden}");
        }
        for (path, _, text) in FILES {
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                assert!(!text.contains(forbidden), "{forbidden} in {path}");
            }
        }
    }
}
