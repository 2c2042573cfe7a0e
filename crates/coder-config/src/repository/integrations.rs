//! Which source-control system runs on which host.

use coder_core::host_and_port;
use indexmap::IndexMap;
use url::Url;

use super::scm::Scm;
use super::server::{AZURE_FORMER_CLOUD, Server, name_of, public_name};

/// The hosts of `integrations`, and the public ones that need no configuration.
#[derive(Clone, Debug)]
pub struct ScmIntegrations {
    hosts: IndexMap<String, Host>,
    /// Hosts that keep files and no repositories.
    storages: IndexMap<String, Storage>,
}

/// Storage that keeps files of entities, but no repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    AwsS3,
    AzureBlobs,
    GoogleGcs,
}

impl Storage {
    pub(crate) const ALL: [Self; 3] = [Self::AwsS3, Self::AzureBlobs, Self::GoogleGcs];

    /// Returns the key below `integrations`, as Backstage calls it.
    pub(crate) fn config_key(self) -> &'static str {
        match self {
            Self::AwsS3 => "awsS3",
            Self::AzureBlobs => "azureBlobStorage",
            Self::GoogleGcs => "googleGcs",
        }
    }

    /// Returns the name by which people know the storage.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AwsS3 => "Amazon S3",
            Self::AzureBlobs => "Azure Blob Storage",
            Self::GoogleGcs => "Google Cloud Storage",
        }
    }

    /// Returns the storage that has this host wherever it is used.
    fn of_public_host(host: &str) -> Option<Self> {
        let is_s3 = |label: &str| label == "s3" || label.starts_with("s3-");
        match host {
            "storage.cloud.google.com" | "storage.googleapis.com" => Some(Self::GoogleGcs),
            _ if host.ends_with(".blob.core.windows.net") => Some(Self::AzureBlobs),
            _ => host.strip_suffix(".amazonaws.com")?.split('.').any(is_s3).then_some(Self::AwsS3),
        }
    }
}

#[derive(Clone, Debug)]
struct Host {
    scm: Scm,
    /// Whether Backstage has an integration for it. Others are known here all the same.
    integration: bool,
    /// Gerrit: where Gitiles is, when it is not below the host itself.
    gitiles: Option<String>,
    /// URLs below which its repositories are, the one to clone from first. Empty when they are
    /// below the host itself.
    roots: Vec<Url>,
}

impl Host {
    fn new(scm: Scm, integration: bool) -> Self {
        Self { scm, integration, gitiles: None, roots: Vec::new() }
    }
}

impl Default for ScmIntegrations {
    /// Returns the public hosts: those of Backstage (github.com, gitlab.com, bitbucket.org,
    /// dev.azure.com), app.harness.io, gitea.com and codeberg.org.
    fn default() -> Self {
        let mut integrations = Self { hosts: IndexMap::new(), storages: IndexMap::new() };
        for (host, scm) in [
            ("github.com", Scm::GitHub),
            ("gitlab.com", Scm::GitLab),
            ("bitbucket.org", Scm::BitbucketCloud),
            ("dev.azure.com", Scm::Azure),
        ] {
            integrations.add(host, scm);
        }
        for (host, scm) in [
            ("ssh.dev.azure.com", Scm::Azure),
            ("app.harness.io", Scm::Harness),
            ("gitea.com", Scm::Gitea),
            ("codeberg.org", Scm::Gitea),
        ] {
            integrations.hosts.insert(host.to_owned(), Host::new(scm, false));
        }
        integrations
    }
}

impl ScmIntegrations {
    /// Says that `host` (with its port, unless that is the default) runs this system.
    pub fn add(&mut self, host: &str, scm: Scm) {
        self.hosts.insert(host.to_ascii_lowercase(), Host::new(scm, true));
    }

    /// Says that `host` runs Gerrit and shows its code below the Gitiles URL `gitiles`.
    pub fn add_gerrit(&mut self, host: &str, gitiles: Option<String>) {
        let known = Host { gitiles, ..Host::new(Scm::Gerrit, true) };
        self.hosts.insert(host.to_ascii_lowercase(), known);
    }

    /// Says that the repositories of `host` are below `root`, which has a path or another host:
    /// `https://git.example.com/gitlab`. The first root of a host is the one to clone from.
    ///
    /// A host that [`add`](Self::add) or [`add_gerrit`](Self::add_gerrit) did not name is left out.
    pub fn add_root(&mut self, host: &str, root: Url) {
        if let Some(host) = self.hosts.get_mut(&host.to_ascii_lowercase()) {
            host.roots.push(root);
        }
    }

    /// Returns the server whose web pages are at `authority`, a host with its port.
    pub(super) fn web_server(&self, authority: &str) -> Server {
        let authority = authority.to_ascii_lowercase();
        let found = self.hosts.get_key_value(public_name(&authority)).or_else(|| {
            let is_root = |root: &Url| host_and_port(root).as_deref() == Some(&authority);
            self.hosts.iter().find(|(_, host)| host.roots.iter().any(is_root))
        });
        self.server(found, &authority)
    }

    /// Returns the server that is reached by SSH at a host name. Its port on the web is the one
    /// that `integrations` has.
    pub(super) fn ssh_server(&self, name: &str) -> Server {
        let name = name.to_ascii_lowercase();
        let found = self.hosts.get_key_value(public_name(&name)).or_else(|| {
            let is_root = |root: &Url| root.host_str() == Some(&name);
            self.hosts
                .iter()
                .find(|(host, _)| name_of(host) == name)
                .or_else(|| self.hosts.iter().find(|(_, host)| host.roots.iter().any(is_root)))
        });
        self.server(found, &name)
    }

    fn server(&self, found: Option<(&String, &Host)>, authority: &str) -> Server {
        let Some((authority, host)) = found else {
            return Server::plain(authority, self.scm_of(authority));
        };
        let mut server = Server::plain(authority, Some(host.scm));
        let place = |root: &Url| {
            let authority = host_and_port(root)?;
            Some(format!("{authority}{}", root.path().trim_end_matches('/')))
        };
        let roots: Vec<_> = host.roots.iter().filter_map(place).collect();
        if !roots.is_empty() {
            server.roots = roots;
        }
        server
    }

    /// Returns the URL to clone from that a host was given, without a slash at its end.
    pub(super) fn root_to_clone_from(&self, host: &str) -> Option<&str> {
        let root = self.hosts.get(&host.to_ascii_lowercase())?.roots.first()?;
        Some(root.as_str().trim_end_matches('/'))
    }

    /// Returns the system that Backstage has an integration for at the host and port of this URL.
    ///
    /// `None` means that Backstage reads no files there. [`scm_of`](Self::scm_of) also knows hosts
    /// that have no integration.
    pub fn integration_of(&self, url: &Url) -> Option<Scm> {
        let host = host_and_port(url)?;
        self.hosts.get(&host).filter(|host| host.integration).map(|host| host.scm)
    }

    /// Returns the system of a host, with or without an integration: it decides which URL clones a
    /// repository there. `None` for an unknown host.
    pub fn scm_of(&self, host: &str) -> Option<Scm> {
        let host = host.to_ascii_lowercase();
        if host.ends_with(AZURE_FORMER_CLOUD) {
            return Some(Scm::Azure);
        }
        if host == AWS_CONSOLE || aws_region(&host).is_some() {
            return Some(Scm::AwsCodeCommit);
        }
        self.hosts.get(&host).map(|host| host.scm)
    }

    /// Says that `host` keeps files.
    pub(crate) fn add_storage(&mut self, host: &str, storage: Storage) {
        self.storages.insert(host.to_ascii_lowercase(), storage);
    }

    /// Returns the storage at a host that is known to keep no repositories.
    pub(super) fn storage_of(&self, host: &str) -> Option<Storage> {
        let host = host.to_ascii_lowercase();
        // Accounts and buckets are names below the host.
        let is_at = |known: &str| {
            host.strip_suffix(known).is_some_and(|name| name.is_empty() || name.ends_with('.'))
        };
        let configured = self.storages.iter().find(|(known, _)| is_at(known));
        configured.map(|(_, storage)| *storage).or_else(|| Storage::of_public_host(&host))
    }

    /// Finds the host of Gerrit whose Gitiles URL begins this one, and returns what follows.
    pub(super) fn gitiles<'a>(&self, url: &'a str) -> Option<(&str, &'a str)> {
        self.hosts.iter().find_map(|(host, integration)| {
            let base = integration.gitiles.as_deref()?.trim_end_matches('/');
            let rest = url.strip_prefix(base)?;
            rest.starts_with('/').then_some((host.as_str(), rest))
        })
    }
}

/// Where people look at CodeCommit's repositories, in front of it the region.
const AWS_CONSOLE: &str = "console.aws.amazon.com";

/// Returns the region that is part of a host of AWS CodeCommit.
pub(super) fn aws_region(host: &str) -> Option<&str> {
    let console = host.strip_suffix(AWS_CONSOLE).and_then(|host| host.strip_suffix('.'));
    let git = host.strip_prefix("git-codecommit.").and_then(|h| h.strip_suffix(".amazonaws.com"));
    console.or(git).filter(|region| !region.is_empty() && !region.contains('.'))
}
