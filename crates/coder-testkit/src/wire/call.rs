//! A request, taken apart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use percent_encoding::percent_decode_str;

/// The cookie of Coder's dashboard.
pub(crate) const SESSION_COOKIE: &str = "coder_session_token";

/// Names and values of a query or a form, in order, repeats included.
pub(crate) type Pairs = Vec<(String, String)>;

/// A request, with its parts parsed.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path below the deployment's own, and its query: `/oauth2/authorize?…`.
    pub(crate) target: String,
    /// The path's parts, percent-decoded.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Pairs,
    pub(crate) form: Pairs,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When it arrived, in the deployment's own order of things.
    pub(crate) arrived: u64,
}

impl Call {
    /// Takes `request` apart; `base` is the path of the deployment itself.
    pub(crate) fn read(request: Request<Bytes>, base: &str) -> Self {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let path = path.strip_prefix(base).unwrap_or(path);
        let query = head.uri.query();
        let is_form = head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        Self {
            method: head.method,
            target: query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")),
            segments: path
                .trim_start_matches('/')
                .split('/')
                .filter(|part| !part.is_empty())
                .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
                .collect(),
            query: pairs(query.unwrap_or_default().as_bytes()),
            form: if is_form { pairs(&body) } else { Pairs::new() },
            headers: head.headers,
            body,
            arrived: 0,
        }
    }

    /// Tells whether the path ends with a slash.
    pub(crate) fn has_closing_slash(&self) -> bool {
        self.target.split('?').next().is_some_and(|path| path.ends_with('/'))
    }

    /// Tells whether this is the beginning of a WebSocket (RFC 6455 §4.1).
    pub(crate) fn asks_for_web_socket(&self) -> bool {
        self.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    }

    /// Returns the first value of a header, when it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the first value of a parameter in the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// Returns the first value of a field of the form.
    pub(crate) fn form(&self, name: &str) -> Option<&str> {
        first(&self.form, name)
    }

    /// Returns the value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns user name and password of HTTP Basic authentication.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let decoded = STANDARD.decode(self.authorization("basic")?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// Returns the bearer token of `Authorization`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.authorization("bearer")
    }

    fn authorization(&self, scheme: &str) -> Option<&str> {
        let (given, value) = self.header("authorization")?.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| value.trim())
    }
}

fn pairs(encoded: &[u8]) -> Pairs {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// Returns the first non-empty value called `name`.
pub(crate) fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find_map(|(key, value)| (key == name && !value.is_empty()).then_some(&**value))
}
