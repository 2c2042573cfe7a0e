//! One form for all spellings of a repository's URL, for comparison and for search.

use coder_core::host_and_port;
use percent_encoding::percent_decode_str;
use url::Url;

use super::scp::Scp;
use super::server::{
    AZURE_CLOUD, AZURE_FORMER_CLOUD, AZURE_FORMER_COLLECTION, AZURE_FORMER_SSH, Server, public_name,
};
use super::{Scm, ScmIntegrations};

/// Canonical form of a repository's URL, without all that makes no difference.
#[derive(Clone, Debug)]
pub(super) struct Normalised {
    pub(super) server: Server,
    /// Place on the web that the path is below, such as `git.example.com:8443/gitlab`; `None` for
    /// a URL of SSH, which has ports of its own and no such path.
    pub(super) root: Option<String>,
    /// Decoded, without leading and trailing slash and `.git`.
    pub(super) path: String,
}

/// A URL, taken apart.
struct Address {
    /// Name before the host; an organization in former URLs of SSH at Azure DevOps.
    user: String,
    /// Host in lower case, with its port on the web.
    host: String,
    path: String,
    is_web: bool,
}

impl Normalised {
    pub(super) fn from_url(url: &str, integrations: &ScmIntegrations) -> Option<Self> {
        Self::parse(url, |address| {
            if address.is_web {
                integrations.web_server(&address.host)
            } else {
                integrations.ssh_server(&address.host)
            }
        })
    }

    /// Tells whether `url` is another spelling of `known`; `None` when it is not a repository's URL.
    pub(super) fn like(url: &str, known: &Self) -> Option<bool> {
        let found = Self::parse(url, |address| {
            if known.server.is_at(&address.host) {
                known.server.clone()
            } else {
                // The answer is no for every other server.
                Server::plain(&address.host, None)
            }
        });
        Some(found? == *known)
    }

    fn parse(text: &str, server_of: impl Fn(&Address) -> Server) -> Option<Self> {
        let address = Address::parse(text.trim())?;
        let server = server_of(&address);
        let path = percent_decode_str(&address.path).decode_utf8_lossy();
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let (root, path) = match server.below_root(&address.host, path) {
            // All roots of a server are the same place.
            Some((_, rest)) => (server.roots.first().cloned(), rest),
            None => (Some(public_name(&address.host).to_owned()), path),
        };
        let (base, path) = match server.scm {
            Some(Scm::BitbucketServer) => bitbucket_server(path),
            Some(Scm::Gerrit) => ("", path.strip_prefix("a/").unwrap_or(path).to_owned()),
            Some(Scm::Azure) => ("", azure(&address, path)),
            _ => ("", path.to_owned()),
        };
        let root = root.filter(|_| address.is_web).map(|root| match base {
            "" => root,
            base => format!("{root}/{base}"),
        });
        (!path.is_empty()).then_some(Self { server, root, path })
    }

    /// Tells whether letter case makes no difference in a path of this server.
    fn folds_case(&self) -> bool {
        match self.server.scm {
            Some(
                Scm::GitHub
                | Scm::GitLab
                | Scm::BitbucketCloud
                | Scm::BitbucketServer
                | Scm::Azure
                | Scm::Gitea,
            ) => true,
            Some(Scm::Gerrit | Scm::Harness | Scm::AwsCodeCommit) | None => false,
        }
    }
}

impl PartialEq for Normalised {
    fn eq(&self, other: &Self) -> bool {
        let roots = match (&self.root, &other.root) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        };
        let paths = if self.folds_case() || other.folds_case() {
            self.path.to_lowercase() == other.path.to_lowercase()
        } else {
            self.path == other.path
        };
        self.server.name() == other.server.name() && roots && paths
    }
}

impl Eq for Normalised {}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        if let Some(Scp { user, host, path }) = Scp::parse(text) {
            let (user, host) = (user.to_owned(), host.to_ascii_lowercase());
            return Some(Self { user, host, path: path.to_owned(), is_web: false });
        }
        if let Some((host, path)) = plain(text) {
            let (user, host) = (String::new(), host.to_ascii_lowercase());
            return Some(Self { user, host, path: path.to_owned(), is_web: true });
        }
        let url = Url::parse(text).ok()?;
        let is_web = match url.scheme() {
            "https" | "http" => true,
            "ssh" | "git+ssh" | "git" => false,
            _ => return None,
        };
        let host = if is_web { host_and_port(&url)? } else { url.host_str()?.to_owned() };
        let (user, host) = (url.username().to_owned(), host.to_ascii_lowercase());
        Some(Self { user, host, path: url.path().to_owned(), is_web })
    }

    /// Returns the organization at Azure DevOps that is not in the path: former URLs have it in the
    /// host, and those of SSH before it.
    fn azure_organization(&self) -> Option<&str> {
        match self.host.strip_suffix(AZURE_FORMER_CLOUD)? {
            AZURE_FORMER_SSH => Some(self.user.as_str()).filter(|user| !user.is_empty()),
            organization => Some(organization),
        }
    }
}

/// Returns host and path of a URL on the web that has nothing else, and nothing that a parser of URLs
/// changes except letter case. Most URLs of repositories are such, and so need no parser.
pub(super) fn plain(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        // Two hyphens may begin a name that is encoded.
        bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && !label.contains("--")
    };
    // A last label that begins with a digit may make the host an address.
    let is_name =
        host.split('.').next_back()?.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_part = |part: &str| {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        part.bytes().all(is_plain) && !matches!(part, "." | "..")
    };
    (is_name && host.split('.').all(is_label) && path.split('/').all(is_part))
        .then_some((host, path))
}

/// Splits what is before `scm/` from the project and the name. SSH has neither.
fn bitbucket_server(path: &str) -> (&str, String) {
    match path.split_once("scm/") {
        Some(("", path)) => ("", path.to_owned()),
        Some((base, path)) if base.ends_with('/') => (base.trim_matches('/'), path.to_owned()),
        _ => ("", path.to_owned()),
    }
}

/// Returns `organization/project/_git/name` for all forms of the cloud. A server of one's own has a
/// collection for an organization, and perhaps `tfs` before it.
fn azure(address: &Address, path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let is_cloud = public_name(&address.host) == AZURE_CLOUD;
    let found = match parts.as_slice() {
        ["v3", organization, project, name @ ..] if is_cloud => {
            azure_name(name).map(|name| (vec![*organization, *project], name))
        }
        parts => azure_marker(parts)
            .and_then(|at| Some((parts.get(..at)?.to_vec(), azure_name(parts.get(at + 1..)?)?))),
    };
    let Some((mut before, name)) = found else { return path.to_owned() };
    if parts.first() != Some(&"v3")
        && let Some(organization) = address.azure_organization()
    {
        before.retain(|part| !part.eq_ignore_ascii_case(AZURE_FORMER_COLLECTION));
        before.insert(0, organization);
    }
    // A project's name may be left out for the repository that it begins with.
    if matches!(before.as_slice(), [_]) || (!is_cloud && matches!(before.as_slice(), ["tfs", _])) {
        before.push(name);
    }
    format!("{}/_git/{name}", before.join("/"))
}

/// Returns where the part is that begins a repository's name; SSH formerly had one of its own.
fn azure_marker(parts: &[&str]) -> Option<usize> {
    parts.iter().position(|part| matches!(*part, "_git" | "_ssh"))
}

/// Returns the name that is all of these parts, with or without the part that says which branches a
/// clone gets.
fn azure_name<'a>(parts: &[&'a str]) -> Option<&'a str> {
    match parts {
        ["_optimized" | "_full", name] | [name] => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_url_is_read_as_a_parser_of_urls_reads_it(
            text in r"https?://([a-zA-Z0-9%@:._~-]{0,12}|[a-zA-Z0-9]{1,4}(\.[a-zA-Z0-9-]{1,4}){0,3})(/[a-zA-Z0-9._~%-]{0,4}){0,4}",
        ) {
            if let Some((host, path)) = plain(&text) {
                let url = Url::parse(&text).unwrap();
                let (host, path) = (host.to_ascii_lowercase(), path.to_owned());
                prop_assert_eq!((host_and_port(&url), url.path()), (Some(host), &*path));
                prop_assert!(url.username().is_empty() && url.query().is_none());
            }
        }
    }

    #[test]
    fn what_a_parser_of_urls_changes_is_not_plain() {
        assert_eq!(plain("https://GitHub.com/acme/pay.git"), Some(("GitHub.com", "/acme/pay.git")));
        for text in [
            "https://127.0.0.1/a/b",
            "https://example.0x7f/a/b",
            "https://xn--bcher-kva.example/a/b",
            "https://me@example.com/a/b",
            "https://example.com:443/a/b",
            "https://example.com/a/../b",
            "https://example.com/a%2fb",
            "https://example.com/a/b?c",
            "https://example.com",
            "https:///a/b",
            "ssh://example.com/a/b",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
