//! Cookies of one host.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use http::HeaderMap;
use http::header::SET_COOKIE;

/// Values of cookies, by their names.
///
/// All belong to one host, and every path gets all of them. Of the attributes only `Max-Age=0`
/// counts.
///
/// ```
/// use coder_testkit::Cookies;
/// use http::HeaderMap;
///
/// let mut cookies = Cookies::default();
/// let set = |cookie: &'static str| {
///     HeaderMap::from_iter([(http::header::SET_COOKIE, http::HeaderValue::from_static(cookie))])
/// };
/// cookies.keep(&set("a=1=2; Path=/; HttpOnly"));
/// assert_eq!(cookies.header().as_deref(), Some("a=1=2"));
/// cookies.keep(&set("a=; Path=/; Max-Age=0"));
/// assert_eq!(cookies.header(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// Keeps the cookies that these headers set, and drops those that they clear.
    pub fn keep(&mut self, headers: &HeaderMap) {
        let set = headers.get_all(SET_COOKIE).iter().filter_map(|set| set.to_str().ok());
        for set in set {
            let mut parts = set.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Returns the value of the `Cookie` header; `None` without cookies.
    pub fn header(&self) -> Option<String> {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Deref for Cookies {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Cookies {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl IntoIterator for Cookies {
    type Item = (String, String);
    type IntoIter = std::collections::btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
