//! Inputs that are meant to hurt: each ends in an error that names the limit, or is read.
#![cfg(test)]

use std::collections::BTreeMap;

use coder_config::{
    CoderSpec, ConfigSources, EntityRef, Environment, LocationRef, Repository, ScmIntegrations,
    TemplateRef, parse_entities, yaml,
};
use proptest::prelude::*;

/// Returns what reading the text ends in: `read`, or the first error.
fn end(text: &str) -> String {
    match yaml::document("x.yaml", text) {
        Ok(_) => "read".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn laughs(levels: usize, each: usize) -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..levels {
        let items = vec![format!("*a{}", level - 1); each].join(", ");
        text += &format!("a{level}: &a{level} [{items}]\n");
    }
    text
}

#[test]
fn hostile_documents_are_refused_with_the_limit_they_exceed() {
    let inputs = [
        ("billion laughs", laughs(9, 9)),
        ("a long scalar, repeated", {
            let scalar = "x".repeat(100_000);
            format!("a: &a {scalar}\nb: [{}]\n", vec!["*a"; 10_000].join(", "))
        }),
        ("a long scalar, repeated a few times", {
            let scalar = "x".repeat(100_000);
            format!("a: &a {scalar}\nb: [{}]\n", vec!["*a"; 50].join(", "))
        }),
        ("many brackets", "[".repeat(10_000)),
        ("many dashes", "- ".repeat(200_000)),
        ("many braces", "{a: ".repeat(10_000)),
        ("closed brackets", format!("{}{}", "[".repeat(65), "]".repeat(65))),
        ("many anchors", {
            (0..60_000).map(|index| format!("- &a{index} x\n")).collect::<String>()
        }),
        ("nested anchors", {
            let open: String =
                (0..60).map(|index| format!("- &a{index}\n{}", " ".repeat(index + 1))).collect();
            format!("{open}[{}]\n", vec!["x"; 2_000].join(","))
        }),
        ("many values", "- x\n".repeat(60_000)),
        ("a huge scalar", format!("a: {}\n", "x".repeat(2 << 20))),
        ("a huge file", " ".repeat((4 << 20) + 1)),
        ("an alias of itself", "a: &a [1, *a]\n".to_owned()),
        ("an alias of nothing", "a: *nowhere\n".to_owned()),
        ("a mapping in itself", "&a { *a : 1 }\n".to_owned()),
        ("a lone carriage return", "a: 1\rb: 2\r".to_owned()),
        ("a long key", format!("{}: 1\n", "k".repeat(1100))),
    ];
    let ends: Vec<_> = inputs.iter().map(|(name, text)| format!("{name}: {}", end(text))).collect();
    insta::assert_snapshot!(ends.join("\n"));
}

#[test]
fn what_is_merely_large_is_read() {
    let nested = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert_eq!(end(&nested), "read");
    assert_eq!(end(&format!("a: {}\n", "x".repeat(1 << 20))), "read");
    assert_eq!(end(&format!("a: &a x\nb: [{}]\n", vec!["*a"; 99].join(","))), "read");
    assert_eq!(end(&format!("# {}\n", "x".repeat(4_000_000))), "read");
    let entity = "apiVersion: v1\nkind: Component\nmetadata: { name: n }\n---\n";
    let entities = parse_entities("x.yaml", &entity.repeat(1_500));
    assert_eq!(entities.len(), 1_500);
    assert!(entities.iter().all(Result::is_ok));
}

#[test]
fn a_file_of_very_many_documents_ends() {
    let documents = yaml::documents("x.yaml", &"---\na\n".repeat(50_000));
    assert!(documents.len() <= yaml::MAX_DOCUMENTS + 1);
    insta::assert_snapshot!(
        documents.last().unwrap().as_ref().unwrap_err(),
        @"x.yaml:20000:1: too many documents in one file; at most 10000 are accepted"
    );
}

fn load(files: &[(&str, &str)]) -> String {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    match ConfigSources::new(&files, &Environment::default()).load() {
        Ok(_) => "read".to_owned(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn an_include_that_includes_itself_is_told_with_its_way() {
    let told = [
        load(&[
            ("app-config.yaml", "v: { $include: x.yaml }"),
            ("x.yaml", "a: { $include: x.yaml }"),
        ]),
        load(&[
            ("app-config.yaml", "v:\n  $include: x.yaml"),
            ("x.yaml", "a: { $include: './y.yaml#b' }"),
            ("y.yaml", "b: [{ $include: x.yaml }]"),
        ]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn includes_that_multiply_are_refused() {
    let level = |next: &str| -> String {
        (0..30).map(|index| format!("k{index}: {{ $include: {next}.yaml }}\n")).collect()
    };
    let (a, b, c, d) = (level("a"), level("b"), level("c"), level("d"));
    let leaf: String = (0..30).map(|index| format!("k{index}: x\n")).collect();
    let files = [
        ("app-config.yaml", a.as_str()),
        ("a.yaml", b.as_str()),
        ("b.yaml", c.as_str()),
        ("c.yaml", d.as_str()),
        ("d.yaml", leaf.as_str()),
    ];
    insta::assert_snapshot!(
        load(&files),
        @"d.yaml:1:5: too many included files; at most 1000 are accepted"
    );
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "(?s).{0,200}") {
        for document in yaml::documents("x.yaml", &text).into_iter().flatten() {
            let _ = CoderSpec::from_node(&document);
        }
        let _ = parse_entities("x.yaml", &text);
        let _ = load(&[("app-config.yaml", &text)]);
        let _ = EntityRef::parse_with_defaults(&text, "component", "default");
        let _ = LocationRef::parse(&text);
        let _ = TemplateRef::parse(&text);
        let _ = Repository::from_url(&text, &ScmIntegrations::default());
    }

    #[test]
    fn no_yaml_like_text_makes_a_reader_panic(text in r#"([-:?\[\]{},#&*!|>'"%@`~ \n\t]|[a-c1]|\$\{|\}|<<|---\n|\\u|\$env|\$include){0,80}"#) {
        let _ = parse_entities("x.yaml", &text);
        let _ = load(&[("app-config.yaml", &text), ("a", &text)]);
    }

    #[test]
    fn no_url_makes_a_repository_panic(
        host in "(github\\.com|gitlab\\.com|dev\\.azure\\.com|bitbucket\\.org|app\\.harness\\.io|x\\.visualstudio\\.com|git\\.example)",
        path in "([/.@:?#%]|[a-z]{1,3}|_git|-|tree|scm|repos|projects|\\.git|%2e|é){0,12}",
    ) {
        let integrations = ScmIntegrations::default();
        for url in [format!("https://{host}/{path}"), format!("git@{host}:{path}"), format!("ssh://{host}/{path}")] {
            if let Ok(repository) = Repository::from_url(&url, &integrations) {
                prop_assert!(repository.matches(repository.clone_url()));
                for spelling in repository.spellings() {
                    prop_assert!(repository.matches(&spelling), "{} of {}", spelling, url);
                }
            }
        }
    }
}
