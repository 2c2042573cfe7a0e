//! One form for all spellings of a repository's URL, for comparison and for search.

use coder_core::host_and_port;
use percent_encoding::percent_decode_str;
use url::Url;

use super::clone_root::scp_like;
use super::server::{AZURE_CLOUD, AZURE_FORMER_CLOUD, Server, public_name};
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

    /// Whether `url` is another spelling of `known`; `None` when it is no repository's URL.
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
            Some(Scm::Azure) => ("", azure(&address.host, path)),
            _ => ("", path.to_owned()),
        };
        let root = root.filter(|_| address.is_web).map(|root| match base {
            "" => root,
            base => format!("{root}/{base}"),
        });
        (!path.is_empty()).then_some(Self { server, root, path })
    }

    /// Whether letter case makes no difference in a path of this server.
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
        if let Some(scp) = scp_like(text) {
            let (authority, path) = scp.split_once(':')?;
            let host = authority.rsplit('@').next()?.to_ascii_lowercase();
            return Some(Self { host, path: path.to_owned(), is_web: false });
        }
        let url = Url::parse(text).ok()?;
        let is_web = match url.scheme() {
            "https" | "http" => true,
            "ssh" | "git+ssh" | "git" => false,
            _ => return None,
        };
        let host = if is_web { host_and_port(&url)? } else { url.host_str()?.to_owned() };
        Some(Self { host: host.to_ascii_lowercase(), path: url.path().to_owned(), is_web })
    }
}

/// Splits what is before `scm/` from the project and the name. SSH has neither.
fn bitbucket_server(path: &str) -> (&str, String) {
    match path.split_once("scm/") {
        Some(("", path)) => ("", path.to_owned()),
        Some((base, path)) if base.ends_with('/') => (base.trim_matches('/'), path.to_owned()),
        _ => ("", path.to_owned()),
    }
}

/// `organization/project/_git/name`, from all forms of the cloud; a server of one's own has
/// directories before it.
fn azure(host: &str, path: &str) -> String {
    if public_name(host) != AZURE_CLOUD {
        return match path.split('/').collect::<Vec<_>>().as_slice() {
            ["tfs", collection, "_git", name] => format!("tfs/{collection}/{name}/_git/{name}"),
            _ => path.to_owned(),
        };
    }
    if let Some(rest) = path.strip_prefix("v3/")
        && let [organization, project, name] = rest.split('/').collect::<Vec<_>>().as_slice()
    {
        return format!("{organization}/{project}/_git/{name}");
    }
    let path = match host.strip_suffix(AZURE_FORMER_CLOUD) {
        Some(organization) => {
            let path = path.strip_prefix("DefaultCollection/").unwrap_or(path);
            format!("{organization}/{path}")
        }
        None => path.to_owned(),
    };
    match path.split('/').collect::<Vec<_>>().as_slice() {
        // Short for the repository that a project begins with.
        [organization, "_git", name] => format!("{organization}/{name}/_git/{name}"),
        _ => path,
    }
}
