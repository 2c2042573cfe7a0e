//! Reading OAuth parameters as strictly as Coder does.

use url::Url;

use super::go_url::GoUrl;
use super::redirect_uri::{self, Callback};
use crate::model::App;
use crate::release::RedirectMatch;
use crate::wire::call::Pairs;
use crate::wire::input::repeated;
use crate::wire::reply::Reply;

/// A fault of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) field: String,
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// Parameters of which each may stand once. Each method reads one and remembers what is wrong with
/// it, in the order of the calls.
#[derive(Debug)]
pub(crate) struct Params<'a> {
    pairs: &'a Pairs,
    required: &'static [&'static str],
    known: Vec<&'static str>,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Params<'a> {
    /// Reads parameters of which those in `required` must not be empty.
    pub(crate) fn new(pairs: &'a Pairs, required: &'static [&'static str]) -> Self {
        Self { pairs, required, known: Vec::new(), faults: Vec::new() }
    }

    /// Reads the value of a parameter; an empty one counts as absent.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.push(name);
        let values: Vec<&'a str> = self
            .pairs
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .collect();
        match values.as_slice() {
            [] | [""] => {
                if self.required.contains(&name) {
                    let detail = format!("Query param \"{name}\" is required and cannot be empty");
                    self.faults.push(Fault::new(name, detail));
                }
                None
            }
            [value] => Some(value),
            several => {
                let detail = format!("Query param \"{name}\" {}", repeated(several.len()));
                self.faults.push(Fault::new(name, detail));
                None
            }
        }
    }

    /// Reads a parameter that is one of a few words; `None` when it is absent.
    pub(crate) fn word(&mut self, name: &'static str, words: &[&str]) -> Option<&'a str> {
        let value = self.text(name)?;
        if words.contains(&value) {
            return Some(value);
        }
        let detail =
            format!("Query param \"{name}\" has invalid value: \"{value}\" is not a valid value");
        self.faults.push(Fault::new(name, detail));
        None
    }

    /// Reads the redirect URI to use, and compares it with the ones of the application.
    ///
    /// # Errors
    ///
    /// 500 for a text that is not a URL at all: Coder breaks off there, before 2.38.
    pub(crate) fn redirect_uri(
        &mut self,
        app: &App,
        rule: RedirectMatch,
    ) -> Result<Callback, Reply> {
        let sent = self.text("redirect_uri");
        let Some(sent) = sent else { return Ok(Callback::registered(app)) };
        let chosen = match (GoUrl::parse(sent), rule) {
            (Ok(url), _) => redirect_uri::choose(app, sent, &url, rule),
            (Err(_), RedirectMatch::AnyExact) => {
                Err("Query param \"redirect_uri\" must be a valid url".to_owned())
            }
            (Err(_), RedirectMatch::Prefix | RedirectMatch::Exact) => {
                return Err(Reply::internal_error());
            }
        };
        match chosen {
            Ok(chosen) => Ok(chosen),
            Err(detail) => {
                self.faults.push(Fault::new("redirect_uri", detail));
                Ok(Callback::registered(app))
            }
        }
    }

    /// Checks a resource indicator (RFC 8707 §2): an absolute URI without a fragment.
    pub(crate) fn check_resource(&mut self, resource: Option<&str>) {
        if resource.is_some_and(|resource| !is_resource(resource)) {
            self.faults.push(Fault::new("resource", "must be an absolute URI without fragment"));
        }
    }

    /// Refuses every parameter that nobody has read.
    pub(crate) fn refuse_others(&mut self) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, _) in self.pairs {
            if !self.known.contains(&name.as_str()) && !seen.contains(&name.as_str()) {
                seen.push(name);
                let detail = format!("\"{name}\" is not a valid query param");
                self.faults.push(Fault::new(name, detail));
            }
        }
    }

    /// Tells whether something is wrong with a parameter.
    pub(crate) fn is_at_fault(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.field == name)
    }
}

/// Tells whether a text is an absolute URI without a fragment (RFC 8707 §2).
fn is_resource(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}
