//! A server with repositories: its host, its system, and the places where it shows them.

use super::scm::Scm;

/// A server with repositories, and the places where it shows them.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) scm: Option<Scm>,
    /// The host, with its port unless that is the default.
    pub(super) host: String,
    /// Places on the web, without scheme and trailing slash, the one to clone from first:
    /// `gitlab.example.com:8443/gitlab`.
    pub(super) roots: Vec<String>,
}

impl Server {
    /// Makes a server that shows its repositories at `authority` (a host with its port) and has
    /// that name.
    pub(super) fn plain(authority: &str, scm: Option<Scm>) -> Self {
        Self { scm, host: authority.to_owned(), roots: vec![authority.to_owned()] }
    }

    /// Returns the host name without a port, as it stands in URLs of SSH.
    pub(super) fn name(&self) -> &str {
        name_of(&self.host)
    }

    /// Returns the root among the server's own that a path at `authority` is below, and the rest of
    /// the path without a slash at its start.
    pub(super) fn below_root<'a>(&self, authority: &str, path: &'a str) -> Option<(&str, &'a str)> {
        let path = path.trim_start_matches('/');
        let found = self.roots.iter().filter_map(|root| {
            let (at, base) = root.split_once('/').unwrap_or((root, ""));
            let rest = path.strip_prefix(base).filter(|_| at == authority)?;
            let rest = if base.is_empty() { rest } else { rest.strip_prefix('/')? };
            Some((root.as_str(), rest))
        });
        found.max_by_key(|(root, _)| root.len())
    }

    /// Tells whether this is the server that a URL with this authority leads to.
    pub(super) fn is_at(&self, authority: &str) -> bool {
        let name = name_of(public_name(authority));
        self.name() == name || self.roots.iter().any(|root| name_of(root) == name)
    }
}

/// Returns the host name of an authority, possibly with a port and a path behind it.
pub(super) fn name_of(place: &str) -> &str {
    let authority = place.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

/// Returns the host that a public system is known by, for one of its further names: those for SSH
/// through a firewall, and the former ones of Azure DevOps.
pub(super) fn public_name(host: &str) -> &str {
    if host.ends_with(AZURE_FORMER_CLOUD) {
        return AZURE_CLOUD;
    }
    let host = web_name(host).unwrap_or(host);
    let alias = SSH_ALIASES.iter().find(|(_, alias)| *alias == host);
    alias.map_or(host, |(host, _)| host)
}

/// Returns the host that a public system is known by, for the further name that it has on the web.
pub(super) fn web_name(host: &str) -> Option<&str> {
    let name = host.strip_prefix("www.")?;
    matches!(name, "github.com" | "gitlab.com" | "bitbucket.org").then_some(name)
}

/// Hosts that answer SSH at port 443, for networks that let nothing else through.
pub(super) const SSH_ALIASES: [(&str, &str); 4] = [
    ("github.com", "ssh.github.com"),
    ("gitlab.com", "altssh.gitlab.com"),
    ("bitbucket.org", "altssh.bitbucket.org"),
    (AZURE_CLOUD, "ssh.dev.azure.com"),
];

/// Where Azure DevOps is.
pub(super) const AZURE_CLOUD: &str = "dev.azure.com";
/// Where each organization of it was before, and still is: `acme.visualstudio.com`.
pub(super) const AZURE_FORMER_CLOUD: &str = ".visualstudio.com";
/// The host below [`AZURE_FORMER_CLOUD`] that answers SSH for all organizations.
pub(super) const AZURE_FORMER_SSH: &str = "vs-ssh";
/// A part of the path that former URLs may have before the project.
pub(super) const AZURE_FORMER_COLLECTION: &str = "DefaultCollection";
