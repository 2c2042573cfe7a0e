//! Where the repository of an entity is: every source-control system, every spelling.
#![cfg(test)]

use coder_config::{
    EDIT_URL, Entity, LocationRef, NoRepository, Repository, SOURCE_LOCATION, Scm, ScmIntegrations,
    parse_entities,
};

fn integrations() -> ScmIntegrations {
    let mut integrations = ScmIntegrations::default();
    for (host, scm) in [
        ("ghe.corp.example", Scm::GitHub),
        ("gitlab.corp.example:8443", Scm::GitLab),
        ("bb.corp.example", Scm::BitbucketServer),
        ("ado.corp.example", Scm::Azure),
        ("gitea.corp.example", Scm::Gitea),
    ] {
        integrations.add(host, scm);
    }
    let gitiles = Some("https://gerrit.corp.example/gitiles".to_owned());
    integrations.add_gerrit("gerrit.corp.example", gitiles);
    integrations
}

fn repository(url: &str) -> Repository {
    Repository::from_url(url, &integrations()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_page_of_a_repository_leads_to_the_url_that_clones_it() {
    for (page, root) in [
        ("https://github.com/o/r", "https://github.com/o/r"),
        ("https://github.com/o/r.git", "https://github.com/o/r"),
        ("https://github.com/o/r/tree/feature/x/services/pay/", "https://github.com/o/r"),
        (
            "https://github.com/o/r/blob/main/catalog-info.yaml?raw=true#L3",
            "https://github.com/o/r",
        ),
        ("https://user:token@github.com/o/r/tree/main/", "https://github.com/o/r"),
        ("https://raw.githubusercontent.com/o/r/main/catalog-info.yaml", "https://github.com/o/r"),
        ("https://ghe.corp.example/o/r/edit/main/x", "https://ghe.corp.example/o/r"),
        ("https://github.com/tree/main", "https://github.com/tree/main"),
        ("https://gitlab.com/g/s/t/p/-/blob/main/x.yaml", "https://gitlab.com/g/s/t/p"),
        ("https://gitlab.com/g/p/blob/main/x.yaml", "https://gitlab.com/g/p"),
        ("https://gitlab.corp.example:8443/g/p.git", "https://gitlab.corp.example:8443/g/p"),
        ("https://bitbucket.org/w/r/src/main/a/", "https://bitbucket.org/w/r"),
        (
            "https://bb.corp.example/projects/PAY/repos/r/browse/a?at=x",
            "https://bb.corp.example/scm/pay/r.git",
        ),
        (
            "https://bb.corp.example/users/jane/repos/r/browse",
            "https://bb.corp.example/scm/~jane/r.git",
        ),
        ("https://bb.corp.example/git/scm/pay/r.git", "https://bb.corp.example/git/scm/pay/r.git"),
        (
            "https://dev.azure.com/org/My%20Project/_git/repo?path=%2Fa&version=GBx",
            "https://dev.azure.com/org/My%20Project/_git/repo",
        ),
        (
            "https://org.visualstudio.com/DefaultCollection/p/_git/repo",
            "https://org.visualstudio.com/DefaultCollection/p/_git/repo",
        ),
        (
            "https://dev.azure.com/org/proj/_git/_optimized/repo?path=%2Fa",
            "https://dev.azure.com/org/proj/_git/repo",
        ),
        (
            "ssh://org@vs-ssh.visualstudio.com:22/DefaultCollection/My%20Project/_ssh/_full/repo",
            "git@ssh.dev.azure.com:v3/org/My%20Project/repo",
        ),
        (
            "ssh://org@vs-ssh.visualstudio.com:22/_ssh/repo",
            "git@ssh.dev.azure.com:v3/org/repo/repo",
        ),
        (
            "git@ssh.dev.azure.com:v3/org/proj/_optimized/repo",
            "git@ssh.dev.azure.com:v3/org/proj/repo",
        ),
        (
            "https://ado.corp.example/tfs/coll/proj/_git/repo?path=/",
            "https://ado.corp.example/tfs/coll/proj/_git/repo",
        ),
        ("https://gitea.corp.example/o/r/src/branch/main/", "https://gitea.corp.example/o/r"),
        ("https://codeberg.org/o/r/src/tag/v1/README.md", "https://codeberg.org/o/r"),
        (
            "https://gerrit.corp.example/gitiles/a/b/+/refs/heads/master/x",
            "https://gerrit.corp.example/a/b",
        ),
        ("https://gerrit.corp.example/c/a/b/+/1234", "https://gerrit.corp.example/a/b"),
        ("https://gerrit.corp.example/plugins/gitiles/a/b", "https://gerrit.corp.example/a/b"),
        (
            "https://app.harness.io/ng/account/A/module/code/orgs/O/projects/P/repos/R/files/main/~/x",
            "https://git.harness.io/A/O/P/R.git",
        ),
        (
            "https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/r/browse/refs/heads/main/--/catalog-info.yaml?region=eu-west-1",
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/r",
        ),
        (
            "https://console.aws.amazon.com/codesuite/codecommit/repositories/r/browse?region=us-east-1",
            "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/r",
        ),
        (
            "https://user:token@git-codecommit.us-east-1.amazonaws.com/v1/repos/r/",
            "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/r",
        ),
        ("https://git.example/o/r/src/main/x", "https://git.example/o/r"),
        ("https://git.example/deep/group/r.git/tree/x", "https://git.example/deep/group/r.git"),
        ("https://git.example/g/p/-/tree/main", "https://git.example/g/p"),
        ("ssh://git@github.com/o/r.git", "ssh://git@github.com/o/r.git"),
        (
            "ssh://git:secret@bb.corp.example:7999/pay/r.git/",
            "ssh://git@bb.corp.example:7999/pay/r.git",
        ),
        ("git@github.com:o/r.git", "git@github.com:o/r.git"),
        ("ssh://git@github.com:22/o/r.git", "ssh://git@github.com/o/r.git"),
        ("https://github.com:443/o/r", "https://github.com/o/r"),
        ("https://www.github.com/o/r/tree/main", "https://github.com/o/r"),
        ("https://api.github.com/repos/o/r/contents/x", "https://github.com/o/r"),
        ("https://gitea.corp.example/api/v1/repos/o/r", "https://gitea.corp.example/o/r"),
        ("https://git.example/%7Ejane/%63%20d", "https://git.example/~jane/c%20d"),
        ("ssh://jane@gerrit.corp.example:29418/x/y", "ssh://gerrit.corp.example:29418/x/y"),
    ] {
        assert_eq!(repository(page).clone_url(), root, "{page}");
    }
}

#[test]
fn all_spellings_of_one_repository_are_equal() {
    for spellings in [
        &[
            "https://github.com/Acme/Pay",
            "https://github.com/acme/pay.git",
            "https://user@GITHUB.com:443/acme/pay/",
            "http://github.com/acme/pay/",
            "git@github.com:acme/pay.git",
            "ssh://git@github.com/acme/pay",
            "ssh://git@github.com:22/acme/pay.git",
        ][..],
        &[
            "https://dev.azure.com/org/proj/_git/repo",
            "https://org@dev.azure.com/org/proj/_git/repo",
            "https://org.visualstudio.com/proj/_git/repo",
            "https://org.visualstudio.com/DefaultCollection/proj/_git/repo",
            "git@ssh.dev.azure.com:v3/org/proj/repo",
        ],
        &[
            "https://bb.corp.example/scm/pay/r.git",
            "https://bb.corp.example/scm/PAY/r",
            "ssh://git@bb.corp.example:7999/pay/r.git",
        ],
        &["https://dev.azure.com/org/_git/repo", "https://dev.azure.com/org/repo/_git/repo"],
        &["https://gerrit.corp.example/a/x/y", "ssh://jane@gerrit.corp.example:29418/x/y"],
        &["https://git.example/%7Ejane/r", "https://git.example/~jane/r.git"],
        &[
            "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/r",
            "ssh://APKAEXAMPLE@git-codecommit.us-east-1.amazonaws.com/v1/repos/r",
        ],
    ] {
        let first = repository(spellings[0]);
        for spelling in spellings {
            assert!(first.matches(spelling), "{spelling}");
            assert_eq!(repository(spelling), first, "{spelling}");
        }
        for spelling in first.spellings() {
            assert!(first.matches(&spelling), "{spelling}");
        }
    }
}

#[test]
fn other_repositories_are_not_equal() {
    let payments = repository("https://github.com/acme/payments");
    for other in [
        "https://github.com/acme/payments2",
        "https://github.com/other/payments",
        "https://gitlab.com/acme/payments",
        "https://github.com:8443/acme/payments",
        "https://github.com.evil.example/acme/payments",
        "acme/payments",
        "",
    ] {
        assert!(!payments.matches(other), "{other}");
    }
    assert!(!repository("https://git.example/a/R").matches("https://git.example/a/r"));
}

#[test]
fn a_search_covers_every_usual_spelling() {
    insta::assert_snapshot!(repository("https://github.com/acme/pay").spellings().join("\n"), @r"
    https://github.com/acme/pay
    https://github.com/acme/pay.git
    https://github.com/acme/pay/
    git@github.com:acme/pay.git
    git@github.com:acme/pay
    ssh://git@github.com/acme/pay.git
    ssh://git@github.com/acme/pay
    ssh://git@ssh.github.com:443/acme/pay.git
    ssh://git@ssh.github.com:443/acme/pay
    git@github.com:/acme/pay.git
    git@github.com:/acme/pay
    http://github.com/acme/pay
    http://github.com/acme/pay.git
    http://github.com/acme/pay/
    ");
    insta::assert_snapshot!(repository("git@github.com:acme/pay.git").spellings().join("\n"), @r"
    git@github.com:acme/pay.git
    https://github.com/acme/pay
    https://github.com/acme/pay.git
    https://github.com/acme/pay/
    git@github.com:acme/pay
    ssh://git@github.com/acme/pay.git
    ssh://git@github.com/acme/pay
    ssh://git@ssh.github.com:443/acme/pay.git
    ssh://git@ssh.github.com:443/acme/pay
    git@github.com:/acme/pay.git
    git@github.com:/acme/pay
    http://github.com/acme/pay
    http://github.com/acme/pay.git
    http://github.com/acme/pay/
    ");
    insta::assert_snapshot!(
        repository("https://dev.azure.com/org/proj/_git/repo").spellings().join("\n"),
        @r"
    https://dev.azure.com/org/proj/_git/repo
    https://dev.azure.com/org/proj/_git/repo/
    https://org@dev.azure.com/org/proj/_git/repo
    https://org@dev.azure.com/org/proj/_git/repo/
    https://org.visualstudio.com/proj/_git/repo
    https://org.visualstudio.com/proj/_git/repo/
    https://org.visualstudio.com/DefaultCollection/proj/_git/repo
    https://org.visualstudio.com/DefaultCollection/proj/_git/repo/
    git@ssh.dev.azure.com:v3/org/proj/repo
    org@vs-ssh.visualstudio.com:v3/org/proj/repo
    ssh://git@ssh.dev.azure.com/v3/org/proj/repo
    ssh://org@vs-ssh.visualstudio.com/v3/org/proj/repo
    ssh://org@vs-ssh.visualstudio.com:22/proj/_ssh/repo
    ssh://org@vs-ssh.visualstudio.com:22/DefaultCollection/proj/_ssh/repo
    https://dev.azure.com/org/proj/_git/_optimized/repo
    git@ssh.dev.azure.com:v3/org/proj/_optimized/repo
    https://dev.azure.com/org/proj/_git/_full/repo
    git@ssh.dev.azure.com:v3/org/proj/_full/repo
    ",
    );
}

#[test]
fn a_search_covers_every_name_of_a_repository_that_has_several() {
    for (url, others) in [
        (
            "https://org.visualstudio.com/DefaultCollection/proj/_git/repo",
            &[
                "https://dev.azure.com/org/proj/_git/repo",
                "https://org@dev.azure.com/org/proj/_git/repo",
                "https://org.visualstudio.com/proj/_git/repo",
                "git@ssh.dev.azure.com:v3/org/proj/repo",
            ][..],
        ),
        ("ssh://git@bb.corp.example:7999/pay/r.git", &["https://bb.corp.example/scm/pay/r.git"]),
        ("https://gerrit.corp.example/x/y", &["https://gerrit.corp.example/a/x/y"]),
    ] {
        let spellings = repository(url).spellings();
        for other in others {
            assert!(spellings.iter().any(|spelling| spelling == other), "{other}: {spellings:?}");
        }
    }
}

#[test]
fn what_is_no_repository_says_why() {
    let mut told = Vec::new();
    for url in [
        "",
        "./",
        "o/r",
        "not a url at all",
        "javascript:alert(1)",
        "data:text/html,<b>x</b>",
        "ftp://github.com/o/r",
        "https://github.com/o",
        "https://user:do-not-print@github.com/o",
        "https://gitlab.com/p",
        "https://dev.azure.com/org/proj",
        "https://bb.corp.example/dashboard",
        "https://git.example/",
        "https://files.example/x/catalog-info.yaml",
        "https://console.aws.amazon.com/codesuite/codecommit/repositories/r/browse",
        "https://eu-west-1.console.aws.amazon.com/ec2/home",
        "https://bucket.s3.eu-west-1.amazonaws.com/x/catalog-info.yaml",
        "https://s3-eu-west-1.amazonaws.com/bucket/catalog-info.yaml",
        "https://account.blob.core.windows.net/container/catalog-info.yaml",
        "https://storage.cloud.google.com/bucket/catalog-info.yaml",
        "ssh://git@github.com/",
        "https://github.com/o/r\" owner:\"admin",
    ] {
        let error = Repository::from_url(url, &integrations()).unwrap_err();
        told.push(error.to_string());
    }
    let told = told.join("\n");
    assert!(!told.contains("do-not-print"));
    insta::assert_snapshot!(told);
}

fn entity(annotations: &str) -> Entity {
    let text = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\n  \
         annotations: {{ {annotations} }}\n"
    );
    parse_entities("catalog-info.yaml", &text).remove(0).unwrap()
}

#[test]
fn the_file_an_entity_was_read_from_is_the_fallback() {
    let found = |annotations: &str| {
        let repository = entity(annotations).repository(&ScmIntegrations::default());
        repository.map(|repository| repository.clone_url().to_owned())
    };
    let managed = "backstage.io/managed-by-location: 'url:https://github.com/o/managed/blob/m/x'";
    assert_eq!(found(managed).unwrap(), "https://github.com/o/managed");
    let empty = format!("backstage.io/source-location: '', {managed}");
    assert_eq!(found(&empty).unwrap(), "https://github.com/o/managed");
    let own = format!("backstage.io/source-location: 'url:https://github.com/o/own/', {managed}");
    assert_eq!(found(&own).unwrap(), "https://github.com/o/own");
    let lost = format!("backstage.io/source-location: 'url:https://github.com/o/', {managed}");
    assert_eq!(found(&lost).unwrap(), "https://github.com/o/managed");
}

#[test]
fn an_annotation_without_its_type_is_explained() {
    let entity = entity("backstage.io/source-location: 'https://github.com/o/r'");
    let error = entity.repository(&ScmIntegrations::default()).unwrap_err();
    let NoRepository::Annotation { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(error.to_string(), "the annotation `backstage.io/source-location` cannot be read");
    assert_eq!(
        source.to_string(),
        "`https://github.com/o/r` is not `type:target`; write it like \
         `url:https://github.com/acme/payments`",
    );
}

#[test]
fn the_pages_of_a_registered_file_are_those_that_backstage_notes() {
    let mut integrations = integrations();
    integrations.add("eu-west-1.console.aws.amazon.com", Scm::AwsCodeCommit);
    let console = "https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories";
    for (target, edit, source) in [
        (
            format!("{console}/r/browse/refs/heads/main/--/a/x.yaml?region=eu-west-1"),
            format!("{console}/r/files/edit/refs/heads/main/--/a/x.yaml?region=eu-west-1"),
            format!("url:{console}/r/browse/refs/heads/main/--/a/?region=eu-west-1"),
        ),
        (
            "https://bitbucket.org/w/r/src/feature%2Fx/a/x.yaml".to_owned(),
            "https://bitbucket.org/w/r/src/feature%2Fx/a/x.yaml?mode=edit&at=feature".to_owned(),
            "url:https://bitbucket.org/w/r/src/feature%2Fx/a/".to_owned(),
        ),
    ] {
        let location = LocationRef::new("url", &target).unwrap();
        let annotations = integrations.annotations_of(&location, &location).unwrap();
        assert_eq!(annotations[EDIT_URL], edit);
        assert_eq!(annotations[SOURCE_LOCATION], source);
    }
}
