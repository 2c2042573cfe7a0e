//! Repositories on every source-control system: the pages that entities point at, and what people
//! paste from the button "Clone".

use coder_config::{Scm, ScmIntegrations};

/// One repository. Which one it is, is said by its place in the table and by no rule.
pub(crate) struct Known {
    /// Where entities say they live.
    pub(crate) pages: &'static [&'static str],
    /// What workspaces were made with.
    pub(crate) clones: &'static [&'static str],
    /// Whether Coder's search has words for all of its spellings.
    pub(crate) can_be_said: bool,
}

const fn said(pages: &'static [&'static str], clones: &'static [&'static str]) -> Known {
    Known { pages, clones, can_be_said: true }
}

const fn unsaid(pages: &'static [&'static str], clones: &'static [&'static str]) -> Known {
    Known { pages, clones, can_be_said: false }
}

pub(crate) fn integrations() -> ScmIntegrations {
    let mut integrations = ScmIntegrations::default();
    for (host, scm) in [
        ("ghe.test", Scm::GitHub),
        ("gitlab.test:8443", Scm::GitLab),
        ("bitbucket.test", Scm::BitbucketServer),
        ("azure.test", Scm::Azure),
        ("gitea.test", Scm::Gitea),
        ("gerrit.test", Scm::Gerrit),
        ("harness.test", Scm::Harness),
    ] {
        integrations.add(host, scm);
    }
    integrations.add_gerrit("review.test", Some("https://code.test/gitiles".to_owned()));
    integrations
}

pub(crate) const REPOSITORIES: &[Known] = &[
    // GitHub: a monorepo with its directories and branches, forks, names that begin alike.
    said(
        &[
            "https://github.com/acme/payments",
            "https://github.com/Acme/Payments.git",
            "https://github.com/acme/payments/tree/main/services/ledger/",
            "https://github.com/acme/payments/tree/feature/new-ledger/",
            "https://github.com/acme/payments/blob/main/catalog-info.yaml?raw=true#L3",
            "https://github.com/acme/payments/edit/main/services/ledger/catalog-info.yaml",
            "https://user:token@github.com/acme/payments/tree/main/",
            "https://raw.githubusercontent.com/acme/payments/main/catalog-info.yaml",
            "git@github.com:acme/payments.git",
            "ssh://git@github.com/acme/payments.git",
        ],
        &[
            "https://github.com/acme/payments.git",
            "https://github.com/acme/payments",
            "https://github.com/ACME/payments/",
            "git@github.com:acme/payments.git",
            "ssh://git@github.com/acme/payments.git",
        ],
    ),
    said(
        &[
            "https://github.com/dana/payments/blob/main/catalog-info.yaml",
            "https://github.com/dana/payments/tree/main/services/ledger/",
        ],
        &["https://github.com/dana/payments.git", "git@github.com:dana/payments.git"],
    ),
    said(
        &["https://github.com/acme/payments-old/tree/main/"],
        &["https://github.com/acme/payments-old.git"],
    ),
    said(&["https://github.com/tree/main"], &["https://github.com/tree/main.git"]),
    said(
        &["https://ghe.test/acme/payments/edit/main/x", "https://ghe.test/acme/payments"],
        &["https://ghe.test/acme/payments.git", "git@ghe.test:acme/payments.git"],
    ),
    // GitLab: groups nest.
    said(
        &[
            "https://gitlab.com/group/sub/project/-/tree/main/",
            "https://gitlab.com/group/sub/project/-/blob/main/deep/catalog-info.yaml",
            "https://gitlab.com/group/sub/project/blob/main/catalog-info.yaml",
            "https://gitlab.com/group/sub/project.git",
        ],
        &[
            "https://gitlab.com/group/sub/project.git",
            "git@gitlab.com:group/sub/project.git",
            "https://gitlab.com/group/sub/project",
        ],
    ),
    said(&["https://gitlab.com/group/project"], &["https://gitlab.com/group/project.git"]),
    said(
        &["https://gitlab.test:8443/group/project/-/tree/main/docs/"],
        &["https://gitlab.test:8443/group/project.git", "git@gitlab.test:group/project.git"],
    ),
    // Bitbucket Cloud.
    said(
        &["https://bitbucket.org/team/tool/src/main/", "https://bitbucket.org/team/tool"],
        &["https://bitbucket.org/team/tool.git", "git@bitbucket.org:team/tool.git"],
    ),
    // Bitbucket Server: pages and clones are at different paths, ssh at a port of its own.
    said(
        &[
            "https://bitbucket.test/projects/KEY/repos/tool/browse/src?at=refs%2Fheads%2Fmain",
            "https://bitbucket.test/scm/key/tool.git",
            "ssh://git@bitbucket.test:7999/key/tool.git",
        ],
        &[
            "https://bitbucket.test/scm/key/tool.git",
            "https://bitbucket.test/scm/KEY/tool.git",
            "ssh://git@bitbucket.test:7999/key/tool.git",
        ],
    ),
    said(
        &["https://bitbucket.test/users/dana/repos/tool/browse"],
        &[
            "https://bitbucket.test/scm/~dana/tool.git",
            "ssh://git@bitbucket.test:7999/~dana/tool.git",
        ],
    ),
    // Azure DevOps: one repository has names of two hosts, and a third for ssh.
    said(
        &[
            "https://dev.azure.com/org/project/_git/repository?path=%2Fsrc&version=GBmain",
            "https://dev.azure.com/org/project/_git/repository",
            "https://org.visualstudio.com/project/_git/repository",
            "https://org.visualstudio.com/DefaultCollection/project/_git/repository?path=/",
        ],
        &[
            "https://dev.azure.com/org/project/_git/repository",
            "https://org@dev.azure.com/org/project/_git/repository",
            "https://org.visualstudio.com/project/_git/repository",
            "git@ssh.dev.azure.com:v3/org/project/repository",
        ],
    ),
    said(
        &["https://dev.azure.com/org/other/_git/repository"],
        &["https://org@dev.azure.com/org/other/_git/repository"],
    ),
    said(
        &["https://dev.azure.com/org/My%20Project/_git/repository?path=%2F"],
        &["https://org@dev.azure.com/org/My%20Project/_git/repository"],
    ),
    said(
        &["https://azure.test/tfs/collection/project/_git/repository?path=/"],
        &["https://azure.test/tfs/collection/project/_git/repository"],
    ),
    // Gitea and Forgejo.
    said(
        &["https://gitea.test/acme/site/src/branch/main/", "https://gitea.test/acme/site"],
        &["https://gitea.test/acme/site.git", "git@gitea.test:acme/site.git"],
    ),
    said(
        &["https://codeberg.org/acme/site/src/tag/v1/README.md"],
        &["https://codeberg.org/acme/site.git"],
    ),
    // Gerrit: projects nest, and `a` asks for a login.
    said(
        &[
            "https://gerrit.test/plugins/gitiles/tools/deploy/+/refs/heads/main/x",
            "https://gerrit.test/c/tools/deploy/+/1234",
            "https://gerrit.test/admin/repos/tools/deploy",
            "https://gerrit.test/tools/deploy",
        ],
        &["https://gerrit.test/tools/deploy", "https://gerrit.test/a/tools/deploy"],
    ),
    said(
        &["https://code.test/gitiles/tools/deploy/+/refs/heads/main/docs/"],
        &["https://review.test/tools/deploy", "https://review.test/a/tools/deploy"],
    ),
    // Harness: the cloud clones from a host of its own.
    said(
        &[
            "https://app.harness.io/ng/account/AC/module/code/orgs/ORG/projects/PRJ/repos/api/files/main/~/x",
            "https://git.harness.io/AC/ORG/PRJ/api.git",
        ],
        &["https://git.harness.io/AC/ORG/PRJ/api.git", "git@git.harness.io:AC/ORG/PRJ/api.git"],
    ),
    said(
        &["https://harness.test/ng/account/AC/module/code/orgs/ORG/projects/PRJ/repos/api"],
        &["https://harness.test/code/git/AC/ORG/PRJ/api.git"],
    ),
    // AWS CodeCommit: the console's pages name the region, and each region clones from its host.
    said(
        &[
            "https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/pay/browse/refs/heads/main/--/catalog-info.yaml?region=eu-west-1",
            "https://console.aws.amazon.com/codesuite/codecommit/repositories/pay/browse?region=eu-west-1",
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/pay",
        ],
        &[
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/pay",
            "ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/pay",
        ],
    ),
    said(
        &[
            "https://us-east-1.console.aws.amazon.com/codesuite/codecommit/repositories/pay/browse?region=us-east-1",
        ],
        &["https://git-codecommit.us-east-1.amazonaws.com/v1/repos/pay"],
    ),
    // A host that nobody configured.
    said(
        &["https://git.test/team/thing/src/main/x", "https://git.test/team/thing.git"],
        &["https://git.test/team/thing.git", "git@git.test:team/thing.git"],
    ),
    // What Coder's search has no words for.
    unsaid(
        &["https://git.test/team=a/thing"],
        &["https://git.test/team=a/thing.git", "https://git.test/team=a/thing"],
    ),
    unsaid(
        &["https://github.com/acme/a,b/tree/main/"],
        &["https://github.com/acme/a,b.git", "https://github.com/acme/a,b"],
    ),
];
