//! Patterns of origins: whose pages may sign in, and whose may read.

use coder_core::is_loopback;
use url::Url;

use super::cors::CorsConfig;
use super::reader::{Reader, Value};
use crate::Notice;
use crate::message::shown;

const SIGN_IN: [&str; 2] = ["auth", "experimentalExtraAllowedOrigins"];
const READ: [&str; 3] = ["backend", "cors", "origin"];

/// How many alternatives (`{a,b}`) of a pattern are looked at. More of them are taken for all.
const MOST_ALTERNATIVES: usize = 64;

/// The origins that a pattern lets in, the widest last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// None: no origin looks like that.
    Nothing,
    /// Hosts that are named, or below a domain of two names or more, or on this machine.
    Named,
    /// Every host that ends like this, such as `.com`.
    EndingWith(String),
    /// Pattern that matches every host.
    All,
}

/// Analysis of an origin pattern.
struct Pattern {
    reach: Reach,
    /// Whether it lets in a page on plain http that another machine serves.
    is_plain_off_this_machine: bool,
}

impl<'a> Reader<'a> {
    /// Checks the origins whose pages may sign in: a page of one of them gets the tokens of a login.
    pub(super) fn origins_that_sign_in(&mut self, allow_http: bool) {
        for (value, text) in self.readable_patterns(&SIGN_IN) {
            let Pattern { reach, is_plain_off_this_machine } = pattern(text);
            let written = shown(text);
            match reach {
                Reach::Nothing => self.lets_in_nobody(&value, &written),
                Reach::Named if is_plain_off_this_machine && !allow_http => {
                    let problem = format!(
                        "is `{written}`: plain http is refused for hosts other than this machine, \
                         since everybody on the way to such a page can read the tokens of a \
                         login; use https, or allow it by \
                         `coder.session.dangerouslyAllowHttp: true`"
                    );
                    self.invalid(&value, problem);
                }
                Reach::Named => {}
                Reach::EndingWith(end) => {
                    let can = format!("pages of every host that ends with `{end}` can sign in");
                    self.lets_in_many(&value, &written, &can);
                }
                Reach::All => {
                    let problem = format!(
                        "is `{written}`: pages of every host could take part in logins and get \
                         their tokens; name a domain of yours, like `https://*.example.com`"
                    );
                    self.invalid(&value, problem);
                }
            }
        }
    }

    /// Checks the origins whose pages may read answers. Without cookies, they read what everybody
    /// can read.
    pub(super) fn origins_that_read(&mut self, cors: Option<&CorsConfig>) {
        let with_cookies = cors.is_some_and(|cors| cors.credentials);
        for (value, text) in self.readable_patterns(&READ) {
            let read = "may read answers with the browser's cookies";
            match pattern(text).reach {
                Reach::Nothing => self.lets_in_nobody(&value, &shown(text)),
                Reach::EndingWith(end) if with_cookies => {
                    let can = format!("pages of every host that ends with `{end}` {read}");
                    self.lets_in_many(&value, &shown(text), &can);
                }
                Reach::All if with_cookies => {
                    self.lets_in_many(&value, &shown(text), &format!("pages of every host {read}"));
                }
                Reach::Named | Reach::EndingWith(_) | Reach::All => {}
            }
        }
    }

    /// Returns the patterns that are compared here as Backstage compares them. Others are errors,
    /// since they would let in others than a person means.
    fn readable_patterns(&mut self, keys: &[&str]) -> Vec<(Value<'a>, &'a str)> {
        let mut readable = Vec::new();
        for (value, text) in self.patterns(keys) {
            let Some(part) = unreadable(text) else {
                readable.push((value, text));
                continue;
            };
            let problem = format!(
                "is `{}`, and {part} is not read here; write `*`, `?`, a class like `[0-9]`, or \
                 alternatives like `{{a,b}}`",
                shown(text)
            );
            self.invalid(&value, problem);
        }
        readable
    }

    fn patterns(&self, keys: &[&str]) -> Vec<(Value<'a>, &'a str)> {
        let items = self.at(keys).map(|value| value.items()).unwrap_or_default();
        let text = |value: Value<'a>| value.node.scalar_text().map(|text| (value, text));
        items.into_iter().filter_map(text).collect()
    }

    fn lets_in_nobody(&mut self, value: &Value<'a>, written: &str) {
        let message = format!(
            "`{}` is `{written}`, which no origin of a page looks like; write it like \
             `https://*.example.com`, without a path",
            value.path
        );
        self.notice_at(value, message);
    }

    fn lets_in_many(&mut self, value: &Value<'a>, written: &str, can: &str) {
        let message = format!(
            "`{}` is `{written}`, so {can}; name a domain of yours, like `https://*.example.com`",
            value.path
        );
        self.notice_at(value, message);
    }

    fn notice_at(&mut self, value: &Value<'a>, message: String) {
        let notice = Notice::new(value.path.clone(), message);
        self.notices.push(notice.at(value.node.provenance().clone()));
    }
}

/// Returns the part of a pattern that minimatch, which Backstage has for origins, reads and this
/// program does not.
fn unreadable(text: &str) -> Option<&'static str> {
    const GROUPS: [(&str, &str); 5] =
        [("+(", "`+(…)`"), ("@(", "`@(…)`"), ("!(", "`!(…)`"), ("?(", "`?(…)`"), ("*(", "`*(…)`")];
    if let Some((_, part)) = GROUPS.iter().find(|(start, _)| text.contains(start)) {
        return Some(part);
    }
    if text.starts_with('!') {
        return Some("`!` in front, which means every other origin,");
    }
    if text.contains("[:") {
        return Some("a class with a name, like `[[:digit:]]`,");
    }
    let ranges = text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    ranges.into_iter().any(|inner| inner.contains("..")).then_some("a range like `{1..3}`")
}

/// Reads a glob of origins. Letter case does not matter, and no star reaches over a `/`.
fn pattern(text: &str) -> Pattern {
    let Some(alternatives) = alternatives(text.to_lowercase()) else {
        return Pattern { reach: Reach::All, is_plain_off_this_machine: true };
    };
    let each: Vec<_> = alternatives.iter().map(|text| plain_pattern(text)).collect();
    Pattern {
        reach: each.iter().map(|pattern| &pattern.reach).max().cloned().unwrap_or(Reach::Nothing),
        is_plain_off_this_machine: each.iter().any(|pattern| pattern.is_plain_off_this_machine),
    }
}

/// Reads a pattern without alternatives.
fn plain_pattern(text: &str) -> Pattern {
    let nothing = Pattern { reach: Reach::Nothing, is_plain_off_this_machine: false };
    let Some((scheme, authority)) = text.split_once("://") else { return nothing };
    let is_scheme = matches!(scheme, "http" | "https") || scheme.contains(is_wild);
    if !is_scheme || authority.is_empty() || authority.contains(['/', '@']) {
        return nothing;
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit() || is_wild(c)) => host,
        _ => authority,
    };
    let (reach, is_local) = match host.rfind(is_wild).and_then(|at| host.get(at + 1..)) {
        None => (Reach::Named, is_this_machine(host)),
        Some(end) if end.ends_with(".localhost") => (Reach::Named, true),
        // The name that the star stands in belongs to whoever registers it.
        Some(end) => match end.split('.').skip(1).filter(|name| !name.is_empty()).count() {
            0 => (Reach::All, false),
            1 => (Reach::EndingWith(end.to_owned()), false),
            _ => (Reach::Named, false),
        },
    };
    Pattern { reach, is_plain_off_this_machine: scheme != "https" && !is_local }
}

/// Tells whether a character stands for others in a glob; alternatives are resolved before.
fn is_wild(character: char) -> bool {
    matches!(character, '*' | '?' | '[' | ']' | '!')
}

fn is_this_machine(host: &str) -> bool {
    Url::parse(&format!("http://{host}")).is_ok_and(|url| is_loopback(&url))
}

/// Resolves the alternatives (`{a,b}`) of a pattern; `None` when there are too many.
fn alternatives(text: String) -> Option<Vec<String>> {
    let mut open = vec![text];
    let mut resolved = Vec::new();
    while let Some(text) = open.pop() {
        match first_alternatives(&text) {
            None => resolved.push(text),
            Some((before, inner, after)) => {
                open.extend(inner.into_iter().map(|one| format!("{before}{one}{after}")));
            }
        }
        if open.len() + resolved.len() > MOST_ALTERNATIVES {
            return None;
        }
    }
    Some(resolved)
}

/// Splits at the first `{…}`: what stands before, its alternatives, what stands behind.
fn first_alternatives(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (mut depth, mut start, mut inner) = (0_usize, 0, Vec::new());
    for (at, character) in rest.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                inner.push(rest.get(start..at)?);
                start = at + 1;
                if character == '}' {
                    return Some((before, inner, rest.get(start..)?));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_each_looked_at() {
        let all = |text: &str| {
            let mut all = alternatives(text.to_owned()).unwrap();
            all.sort();
            all.join(" ")
        };
        assert_eq!(all("a{b,c{d,e}}f"), "abf acdf acef");
        assert_eq!(all("{a,b}{c,d}"), "ac ad bc bd");
        assert_eq!(all("a{b"), "a{b");
        assert_eq!(alternatives("{a,b}".repeat(10)), None);
    }

    #[test]
    fn what_only_backstage_reads_in_a_pattern_is_found() {
        for text in [
            "https://pr-+([0-9]).example.com",
            "https://@(a|b).example.com",
            "https://!(evil).example.com",
            "https://?(www.)example.com",
            "https://*(a).example.com",
            "https://pr-{1..3}.example.com",
            "https://{x,{a..c}}.example.com",
            "https://pr-[[:digit:]].example.com",
            "!https://evil.example",
        ] {
            assert!(unreadable(text).is_some(), "{text}");
        }
        for text in [
            "https://Portal.Example.COM",
            "https://*.Sub.example.com",
            "https://pr-[0-9].example.com",
            "https://pr-[!0-9].example.com",
            "https://{a,b}.example.com",
            "https://pr-?.example.com:*",
        ] {
            assert_eq!(unreadable(text), None, "{text}");
        }
    }

    #[test]
    fn a_pattern_reaches_as_far_as_its_widest_alternative() {
        let reach = |text: &str| pattern(text).reach;
        assert_eq!(reach("https://{portal.example.com,*}"), Reach::All);
        assert_eq!(reach("https://{a,b}.*.com"), Reach::EndingWith(".com".to_owned()));
        assert_eq!(reach("https://*.{com,example.de}"), Reach::EndingWith(".com".to_owned()));
        assert_eq!(reach("HTTPS://*.Example.com"), Reach::Named);
        assert_eq!(reach(&"{a,b}".repeat(10)), Reach::All);
    }
}
