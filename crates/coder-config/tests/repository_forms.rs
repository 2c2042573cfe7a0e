//! Repositories as each system writes them, on servers as people run them.
#![cfg(test)]

use std::collections::BTreeMap;

use coder_config::{AppConfig, ConfigSources, Environment, Repository, ScmIntegrations};
use proptest::prelude::*;

fn integrations() -> ScmIntegrations {
    let text = "
app: { baseUrl: https://portal.example.com }
backend: { baseUrl: https://portal.example.com }
auth: { providers: { coder: { development:
  { clientId: a, clientSecret: b, deploymentUrl: 'https://coder.example.com' } } } }
integrations:
  github:
    - { host: ghe.example, apiBaseUrl: https://ghe.example/api/v3 }
  gitlab:
    - { host: gl.example, apiBaseUrl: https://gl.example/gitlab/api/v4, baseUrl: https://gl.example/gitlab }
    - { host: 'port.example:8443', apiBaseUrl: 'https://port.example:8443/api/v4' }
  bitbucketServer:
    - { host: bb.example, apiBaseUrl: https://bb.example/stash/rest/api/1.0 }
    - { host: bitbucket.example, apiBaseUrl: https://bitbucket.example/rest/api/1.0 }
  azure: [{ host: ado.example }]
  gitea: [{ host: gitea.example, baseUrl: https://gitea.example/git/ }]
  gerrit:
    - host: gerrit.example
      baseUrl: https://gerrit.example/review
      gitilesBaseUrl: https://gerrit.example/gitiles
      cloneUrl: https://clone.example/r
    - { host: review.example, gitilesBaseUrl: https://review.example/plugins/gitiles }
";
    let files = BTreeMap::from([("app-config.yaml".to_owned(), text.to_owned())]);
    let loaded = ConfigSources::new(&files, &Environment::default()).load().unwrap();
    AppConfig::from_loaded(&loaded).unwrap().integrations
}

fn repository(url: &str) -> Repository {
    Repository::from_url(url, &integrations()).unwrap_or_else(|error| panic!("{error}"))
}

/// The forms of one repository in each system, as its documentation writes them: `{o}` is the
/// organization, `{p}` the project and `{r}` the name. A name that SSH writes encoded is `{%r}`.
const FORMS: &[(&str, &[&str])] = &[
    (
        "github.com",
        &[
            "https://github.com/{o}/{r}",
            "https://github.com/{o}/{r}.git",
            "https://github.com/{o}/{r}/",
            "http://github.com/{o}/{r}",
            "http://github.com/{o}/{r}.git",
            "git@github.com:{o}/{r}.git",
            "git@github.com:/{o}/{r}.git",
            "git@github.com:{o}/{r}",
            "ssh://git@github.com/{o}/{r}.git",
            "ssh://git@ssh.github.com:443/{o}/{r}.git",
        ],
    ),
    (
        "ghe.example",
        &[
            "https://ghe.example/{o}/{r}",
            "http://ghe.example/{o}/{r}.git",
            "git@ghe.example:{o}/{r}.git",
            "ssh://git@ghe.example/{o}/{r}",
        ],
    ),
    (
        "gitlab.com",
        &[
            "https://gitlab.com/{o}/{p}/{r}",
            "https://gitlab.com/{o}/{p}/{r}.git",
            "git@gitlab.com:{o}/{p}/{r}.git",
            "ssh://git@altssh.gitlab.com:443/{o}/{p}/{r}.git",
        ],
    ),
    (
        "gl.example",
        &[
            "https://gl.example/gitlab/{o}/{p}/{r}",
            "https://gl.example/gitlab/{o}/{p}/{r}.git",
            "http://gl.example/gitlab/{o}/{p}/{r}/",
            "git@gl.example:{o}/{p}/{r}.git",
            "ssh://git@gl.example/{o}/{p}/{r}.git",
        ],
    ),
    (
        "port.example",
        &[
            "https://port.example:8443/{o}/{r}",
            "https://port.example:8443/{o}/{r}.git",
            "git@port.example:{o}/{r}.git",
        ],
    ),
    (
        "bitbucket.org",
        &[
            "https://bitbucket.org/{o}/{r}",
            "https://bitbucket.org/{o}/{r}.git",
            "git@bitbucket.org:{o}/{r}.git",
            "ssh://git@altssh.bitbucket.org:443/{o}/{r}.git",
        ],
    ),
    (
        "bb.example",
        &[
            "https://bb.example/stash/scm/{o}/{r}.git",
            "https://bb.example/stash/scm/{o}/{r}",
            "ssh://git@bb.example:7999/{o}/{r}.git",
            "ssh://git@bb.example:7999/{o}/{r}",
        ],
    ),
    (
        "bitbucket.example",
        &[
            "https://bitbucket.example/scm/~{o}/{r}.git",
            "ssh://git@bitbucket.example:7999/~{o}/{r}.git",
            "ssh://git@bitbucket.example/~{o}/{r}.git",
        ],
    ),
    (
        "dev.azure.com",
        &[
            "https://dev.azure.com/{o}/{p}/_git/{r}",
            "https://{o}@dev.azure.com/{o}/{p}/_git/{r}",
            "https://{o}.visualstudio.com/{p}/_git/{r}",
            "https://{o}.visualstudio.com/DefaultCollection/{p}/_git/{r}",
            "git@ssh.dev.azure.com:v3/{o}/{p}/{r}",
            "{o}@vs-ssh.visualstudio.com:v3/{o}/{p}/{r}",
            "ssh://git@ssh.dev.azure.com/v3/{o}/{p}/{r}",
            "ssh://{o}@vs-ssh.visualstudio.com:22/{p}/_ssh/{r}",
            "ssh://{o}@vs-ssh.visualstudio.com:22/DefaultCollection/{p}/_ssh/{r}",
            "https://dev.azure.com/{o}/{p}/_git/_optimized/{r}",
            "git@ssh.dev.azure.com:v3/{o}/{p}/_full/{r}",
        ],
    ),
    (
        "a project's first repository at dev.azure.com",
        &[
            "https://dev.azure.com/{o}/{r}/_git/{r}",
            "https://dev.azure.com/{o}/_git/{r}",
            "https://{o}@dev.azure.com/{o}/_git/{r}",
            "https://{o}.visualstudio.com/_git/{r}",
            "https://{o}.visualstudio.com/DefaultCollection/_git/{r}",
            "git@ssh.dev.azure.com:v3/{o}/{r}/{r}",
            "{o}@vs-ssh.visualstudio.com:v3/{o}/{r}/{r}",
            "ssh://{o}@vs-ssh.visualstudio.com:22/_ssh/{r}",
        ],
    ),
    (
        "ado.example",
        &[
            "https://ado.example/tfs/{o}/{p}/_git/{r}",
            "ssh://ado.example:22/tfs/{o}/{p}/_git/{r}",
            "http://ado.example/tfs/{o}/{p}/_git/{r}",
            "ssh://ado.example:22/tfs/{o}/{p}/_ssh/{r}",
            "https://ado.example/tfs/{o}/{p}/_git/_optimized/{r}",
        ],
    ),
    (
        "a project's first repository at ado.example",
        &[
            "https://ado.example/tfs/{o}/{r}/_git/{r}",
            "https://ado.example/tfs/{o}/_git/{r}",
            "ssh://ado.example:22/tfs/{o}/_git/{r}",
        ],
    ),
    (
        "ado.example at its root",
        &[
            "https://ado.example/{o}/{r}/_git/{r}",
            "https://ado.example/{o}/_git/{r}",
            "ssh://ado.example:22/{o}/_ssh/{r}",
        ],
    ),
    (
        "gitea.example",
        &[
            "https://gitea.example/git/{o}/{r}.git",
            "https://gitea.example/git/{o}/{r}",
            "git@gitea.example:{o}/{r}.git",
            "ssh://git@gitea.example/{o}/{r}.git",
        ],
    ),
    (
        "gerrit.example",
        &[
            "https://clone.example/r/{o}/{r}",
            "https://clone.example/r/a/{o}/{r}",
            "https://gerrit.example/review/a/{o}/{r}",
            "ssh://gerrit.example:29418/{o}/{r}",
        ],
    ),
    (
        "review.example",
        &[
            "https://review.example/{o}/{r}",
            "https://review.example/a/{o}/{r}",
            "ssh://review.example:29418/{o}/{r}",
        ],
    ),
    (
        "CodeCommit",
        &[
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/{r}",
            "ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/{r}",
        ],
    ),
    (
        "a host that nobody configured",
        &[
            "https://git.unknown.example/{o}/{r}",
            "https://git.unknown.example/{o}/{r}.git",
            "git@git.unknown.example:{o}/{r}.git",
            "ssh://git@git.unknown.example/{o}/{r}.git",
        ],
    ),
];

const ORGANIZATIONS: [&str; 3] = ["acme", "initech", "Acme"];
const PROJECTS: [&str; 3] = ["my%20project", "core", "pay"];
const NAMES: [&str; 4] = ["pay", "Pay", "my%20pay", "p.a-y_2"];

fn written(form: &str, organization: &str, project: &str, name: &str) -> String {
    form.replace("{o}", organization).replace("{p}", project).replace("{r}", name)
}

fn contains(one: &Repository, other: &str) -> bool {
    one.spellings().iter().any(|spelling| spelling.eq_ignore_ascii_case(other))
}

#[test]
fn every_form_of_a_repository_is_among_the_spellings_of_every_other() {
    for (system, forms) in FORMS {
        for form in *forms {
            let (organization, project, name) = ("acme", "my%20project", "pay");
            let form = written(form, organization, project, name);
            let one = repository(&form);
            for other in *forms {
                let other = written(other, organization, project, name);
                assert!(one.matches(&other), "{system}: {form} is not {other}");
                assert!(contains(&one, &other), "{system}: {form} lacks {other}");
            }
        }
    }
}

fn any_form() -> impl Strategy<Value = String> {
    let forms: Vec<_> = FORMS.iter().flat_map(|(_, forms)| forms.iter().copied()).collect();
    (
        prop::sample::select(forms),
        prop::sample::select(&ORGANIZATIONS[..]),
        prop::sample::select(&PROJECTS[..]),
        prop::sample::select(&NAMES[..]),
    )
        .prop_map(|(form, organization, project, name)| written(form, organization, project, name))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn if_two_texts_name_the_same_repository_each_ones_spellings_contain_the_others(
        texts in prop::collection::vec(any_form(), 12),
    ) {
        let integrations = integrations();
        for one in &texts {
            let repository = Repository::from_url(one, &integrations).unwrap();
            for other in &texts {
                if repository.matches(other) {
                    prop_assert!(contains(&repository, other), "{one} lacks {other}");
                }
                let same = Repository::from_url(other, &integrations).unwrap();
                prop_assert_eq!(repository.matches(other), same.matches(one), "{} {}", one, other);
                prop_assert_eq!(repository == same, same == repository);
                prop_assert_eq!(repository.matches(other), repository == same, "{} {}", one, other);
            }
        }
    }
}

#[test]
fn repositories_of_a_server_below_a_path_are_cloned_from_there() {
    for (page, root) in [
        ("https://gl.example/gitlab/g/s/p/-/blob/main/x.yaml", "https://gl.example/gitlab/g/s/p"),
        ("https://gitea.example/git/o/r/src/branch/main/", "https://gitea.example/git/o/r"),
        (
            "https://bb.example/stash/projects/PAY/repos/r/browse",
            "https://bb.example/stash/scm/pay/r.git",
        ),
        ("https://gerrit.example/gitiles/a/b/+/refs/heads/main/x", "https://clone.example/r/a/b"),
        ("https://gerrit.example/review/c/a/b/+/1234", "https://clone.example/r/a/b"),
        ("https://gerrit.example/review/admin/repos/a/b", "https://clone.example/r/a/b"),
        ("https://clone.example/r/a/b", "https://clone.example/r/b"),
    ] {
        assert_eq!(repository(page).clone_url(), root, "{page}");
    }
}

#[test]
fn a_file_of_a_github_server_without_domains_for_its_parts_leads_to_its_repository() {
    for page in [
        "https://ghe.example/raw/acme/payments/main/x",
        "https://ghe.example/raw/acme/payments/refs/heads/main/catalog-info.yaml",
        "https://ghe.example/api/v3/repos/acme/payments/contents/x",
        "https://ghe.example/codeload/acme/payments/zip/main",
        "https://raw.ghe.example/acme/payments/main/x",
    ] {
        assert_eq!(repository(page).clone_url(), "https://ghe.example/acme/payments", "{page}");
    }
    let error = Repository::from_url("https://ghe.example/raw/acme", &integrations()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`https://ghe.example/raw/acme` names no repository of ghe.example; it should begin like \
         `https://ghe.example/owner/repository`",
    );
}

#[test]
fn other_places_of_one_host_are_other_repositories() {
    let other = |one: &str, another: &str| {
        let repository = repository(one);
        assert!(!repository.matches(another), "{one} {another}");
        assert!(!contains(&repository, another), "{one} {another}");
    };
    other("https://gl.example/gitlab/g/p", "https://gl.example/g/p");
    other("https://bb.example/stash/scm/pay/r", "https://bb.example/other/scm/pay/r");
    other("https://dev.azure.com/a/p/_git/r", "https://dev.azure.com/b/p/_git/r");
    other("https://dev.azure.com/a/p/_git/r", "https://dev.azure.com/a/_git/r");
    other("https://ado.example/tfs/c/p/_git/r", "https://ado.example/tfs/c/_git/r");
    other("https://port.example:8443/g/p", "https://port.example/g/p");
}
