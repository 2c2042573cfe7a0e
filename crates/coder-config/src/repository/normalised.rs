//! One form for all spellings of a repository's URL, for comparison and for search.

use percent_encoding::percent_decode_str;
use url::Url;

use super::{Scm, ScmIntegrations, clone_root::scp_like};

/// Where Azure DevOps is.
const AZURE_CLOUD: &str = "dev.azure.com";
/// Where each organization of it was before, and still is: `acme.visualstudio.com`.
const AZURE_FORMER_CLOUD: &str = ".visualstudio.com";

/// Canonical form of a repository's URL, without all that makes no difference.
#[derive(Clone, Debug)]
pub(super) struct Normalised {
    host: String,
    /// Port of an http(s) URL; `None` for ssh, which has ports of its own.
    web_port: Option<Option<u16>>,
    /// Decoded, without leading and trailing slash and `.git`.
    path: String,
    scm: Option<Scm>,
}

impl Normalised {
    pub(super) fn of(url: &str, integrations: &ScmIntegrations) -> Option<Self> {
        Self::parse(url, |host| integrations.scm_of(host))
    }

    /// Whether `url` is another spelling of `known`; `None` when it is no repository's URL.
    pub(super) fn like(url: &str, known: &Self) -> Option<bool> {
        // The same host runs the same system; on another host the answer is no anyway.
        Some(Self::parse(url, |_| known.scm)? == *known)
    }

    fn parse(text: &str, scm_of: impl Fn(&str) -> Option<Scm>) -> Option<Self> {
        let text = text.trim();
        let (host, port, path, web) = match scp_like(text) {
            Some(scp) => {
                let (authority, path) = scp.split_once(':')?;
                let host = authority.rsplit('@').next()?;
                (host.to_ascii_lowercase(), None, path.to_owned(), false)
            }
            None => {
                let url = Url::parse(text).ok()?;
                let web = match url.scheme() {
                    "https" | "http" => true,
                    "ssh" | "git+ssh" | "git" => false,
                    _ => return None,
                };
                let host = url.host_str()?.to_ascii_lowercase();
                (host, url.port(), url.path().to_owned(), web)
            }
        };
        let with_port = match port {
            Some(port) if web => format!("{host}:{port}"),
            _ => host.clone(),
        };
        let scm = scm_of(&with_port);
        let path = percent_decode_str(&path).decode_utf8_lossy();
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let (host, path) = canonical(host, path, scm);
        if path.is_empty() {
            return None;
        }
        Some(Self { host, web_port: web.then_some(port), path, scm })
    }

    /// The clone URL and its other spellings, each once.
    pub(super) fn spellings(&self, clone_url: &str) -> Vec<String> {
        let mut all = vec![clone_url.to_owned()];
        let web = Url::parse(clone_url).ok().filter(|url| url.scheme().starts_with("http"));
        let origin = match &web {
            Some(url) => url.origin().ascii_serialization(),
            None => format!("https://{}", self.host),
        };
        // The clone URL's own path keeps what a browser would encode.
        let path = match &web {
            Some(url) => {
                let path = url.path().trim_matches('/');
                path.strip_suffix(".git").unwrap_or(path).to_owned()
            }
            None if self.scm == Some(Scm::BitbucketServer) => {
                encoded(&origin, &format!("scm/{}", self.path))
            }
            None => encoded(&origin, &self.path),
        };
        let (host, ssh_path) = (&self.host, &self.path);
        if self.scm == Some(Scm::Azure) {
            all.extend([format!("{origin}/{path}"), format!("{origin}/{path}/")]);
            if let Some((organization, rest)) = ssh_path.split_once('/')
                && let Some((project, name)) = rest.split_once("/_git/")
                && host == AZURE_CLOUD
            {
                let rest = encoded(&origin, rest);
                let former = format!("https://{organization}{AZURE_FORMER_CLOUD}");
                all.extend([
                    format!("https://{host}/{organization}/{rest}"),
                    format!("https://{organization}@{host}/{organization}/{rest}"),
                    format!("{former}/{rest}"),
                    format!("{former}/DefaultCollection/{rest}"),
                    format!("git@ssh.{host}:v3/{organization}/{project}/{name}"),
                ]);
            }
        } else if self.scm == Some(Scm::AwsCodeCommit) {
            all.extend([
                format!("{origin}/{path}"),
                format!("{origin}/{path}/"),
                format!("ssh://{host}/{ssh_path}"),
            ]);
        } else {
            all.extend([
                format!("{origin}/{path}"),
                format!("{origin}/{path}.git"),
                format!("{origin}/{path}/"),
                format!("git@{host}:{ssh_path}.git"),
                format!("git@{host}:{ssh_path}"),
                format!("ssh://git@{host}/{ssh_path}.git"),
                format!("ssh://git@{host}/{ssh_path}"),
            ]);
            match self.scm {
                Some(Scm::BitbucketServer) => {
                    all.push(format!("ssh://git@{host}:7999/{ssh_path}.git"));
                }
                Some(Scm::Gerrit) => all.push(format!("{origin}/a/{path}")),
                _ => {}
            }
        }
        let mut seen = std::collections::HashSet::new();
        // Odd characters do not survive in every form.
        all.retain(|spelling| {
            (spelling == clone_url || Self::like(spelling, self) == Some(true))
                && seen.insert(spelling.clone())
        });
        all
    }
}

impl PartialEq for Normalised {
    fn eq(&self, other: &Self) -> bool {
        let ports = match (self.web_port, other.web_port) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        };
        let folds = |scm| {
            matches!(
                scm,
                Some(
                    Scm::GitHub
                        | Scm::GitLab
                        | Scm::BitbucketCloud
                        | Scm::BitbucketServer
                        | Scm::Azure
                        | Scm::Gitea
                )
            )
        };
        let paths = if folds(self.scm) || folds(other.scm) {
            self.path.to_lowercase() == other.path.to_lowercase()
        } else {
            self.path == other.path
        };
        self.host == other.host && ports && paths
    }
}

impl Eq for Normalised {}

/// `path` as a browser writes it below `origin`.
fn encoded(origin: &str, path: &str) -> String {
    match Url::parse(origin) {
        Ok(mut url) => {
            url.set_path(path);
            url.path().trim_matches('/').to_owned()
        }
        Err(_) => path.to_owned(),
    }
}

/// Where one system has several names for one repository.
fn canonical(host: String, path: &str, scm: Option<Scm>) -> (String, String) {
    match scm {
        Some(Scm::BitbucketServer) => (host, path.strip_prefix("scm/").unwrap_or(path).to_owned()),
        Some(Scm::Gerrit) => (host, path.strip_prefix("a/").unwrap_or(path).to_owned()),
        Some(Scm::Azure) => azure(host, path),
        _ => (host, path.to_owned()),
    }
}

fn azure(host: String, path: &str) -> (String, String) {
    if let Some(rest) = path.strip_prefix("v3/")
        && let [organization, project, name] = rest.split('/').collect::<Vec<_>>().as_slice()
    {
        return (AZURE_CLOUD.to_owned(), format!("{organization}/{project}/_git/{name}"));
    }
    if let Some(organization) = host.strip_suffix(AZURE_FORMER_CLOUD) {
        let path = path.strip_prefix("DefaultCollection/").unwrap_or(path);
        return (AZURE_CLOUD.to_owned(), with_project(&format!("{organization}/{path}")));
    }
    if host == AZURE_CLOUD {
        return (host, with_project(path));
    }
    (host, path.to_owned())
}

/// `org/_git/name` is short for `org/name/_git/name`.
fn with_project(path: &str) -> String {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [organization, "_git", name] => format!("{organization}/{name}/_git/{name}"),
        _ => path.to_owned(),
    }
}
