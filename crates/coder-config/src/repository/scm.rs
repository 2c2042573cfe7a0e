//! The source-control systems that Backstage integrates.

/// A source-control system, as `integrations` of app-config names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scm {
    /// GitHub and GitHub Enterprise.
    GitHub,
    /// GitLab, at gitlab.com or another host.
    GitLab,
    /// Bitbucket Cloud, at bitbucket.org.
    BitbucketCloud,
    /// Bitbucket Server and Data Center.
    BitbucketServer,
    /// Azure DevOps and its Server.
    Azure,
    /// Gitea, or its fork Forgejo.
    Gitea,
    /// Gerrit, with Gitiles for its pages.
    Gerrit,
    /// Harness Code Repository, at app.harness.io.
    Harness,
    /// AWS CodeCommit, in any region.
    AwsCodeCommit,
}

impl Scm {
    /// Returns the key below `integrations`, as Backstage calls it.
    pub fn config_key(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::BitbucketCloud => "bitbucketCloud",
            Self::BitbucketServer => "bitbucketServer",
            Self::Azure => "azure",
            Self::Gitea => "gitea",
            Self::Gerrit => "gerrit",
            Self::Harness => "harness",
            Self::AwsCodeCommit => "awsCodeCommit",
        }
    }

    /// Returns the host of an item that names none.
    pub(crate) fn default_host(self) -> Option<&'static str> {
        match self {
            Self::GitHub => Some("github.com"),
            Self::BitbucketCloud => Some("bitbucket.org"),
            Self::Azure => Some("dev.azure.com"),
            _ => None,
        }
    }

    /// In the order in which Backstage asks them.
    pub(crate) const ALL: [Self; 9] = [
        Self::AwsCodeCommit,
        Self::Azure,
        Self::BitbucketCloud,
        Self::BitbucketServer,
        Self::Gerrit,
        Self::GitHub,
        Self::GitLab,
        Self::Gitea,
        Self::Harness,
    ];
}
