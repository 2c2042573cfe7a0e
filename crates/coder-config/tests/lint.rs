//! What editors and linters are told about a file: everything, with the place apart.
#![cfg(test)]
#![expect(clippy::string_slice, reason = "a span that lies between characters is what is tested")]

use std::io;

use coder_config::{
    ConfigSources, Diagnostic, DiagnosticCode, Environment, lint_app_config, lint_catalog_info,
};
use proptest::prelude::*;

const SEED: &str = include_str!("fixtures/app-config.yaml");

fn lint_one_app_config(text: &str, resolvers: &[&str]) -> Vec<Diagnostic> {
    let files = |path: &str| match path {
        "app-config.yaml" => Ok(text.to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let environment = Environment::from_iter([
        ("CODER_OAUTH_CLIENT_ID", "backstage"),
        ("CODER_OAUTH_CLIENT_SECRET", "do-not-print"),
        ("CODER_DEPLOYMENT_URL", "https://coder.example.com/"),
    ]);
    lint_app_config(&ConfigSources::new(&files, &environment), resolvers)
}

/// Shows each remark as an editor does: what is underlined, and the text.
fn underlined(text: &str, diagnostics: &[Diagnostic]) -> String {
    let lines = diagnostics.iter().map(|diagnostic| {
        let span = diagnostic.span().map(|span| &text[span]);
        format!("{:?} {span:?}\n    {}", diagnostic.severity, diagnostic.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn one_call_tells_everything_about_a_catalog_file() {
    let text = "\
# no YAML
a: [1
---
# no entity
kind: Component
---
# refused by the catalog, with a mistyped key, and values that are ignored
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotatons: { a: b }
spec:
  type: service
  owner: team-a
  coder:
    templatesName: devcontainer
    mode: sometimes
    params: [1]
---
---
# nothing to say
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { memberOf: [] }
";
    insta::assert_snapshot!(underlined(text, &lint_catalog_info("catalog-info.yaml", text)));
}

#[test]
fn one_call_tells_everything_about_app_config() {
    let text = SEED
        .replace("usernameMatchingUserEntityName", "usernameMatchingUserEntityNames")
        .replace("allowedMethods:", "allowMethods:")
        .replace("${GITHUB_TOKEN}", "x");
    insta::assert_snapshot!(underlined(&text, &lint_one_app_config(&text, &[])));
}

#[test]
fn a_resolver_of_the_program_is_no_mistake() {
    let text = SEED.replace("usernameMatchingUserEntityName", "badgeNumber");
    let of = |resolvers: &[&str]| {
        let diagnostics = lint_one_app_config(&text, resolvers);
        diagnostics.iter().any(|diagnostic| diagnostic.message.contains("badgeNumber"))
    };
    assert!(of(&[]));
    assert!(!of(&["badgeNumber"]));
}

#[test]
fn an_unknown_resolver_is_told_beside_other_errors() {
    let text = SEED
        .replace("usernameMatchingUserEntityName", "badgeNumber")
        .replace("clientId: ${CODER_OAUTH_CLIENT_ID}", "clientID: x");
    let told: Vec<_> =
        lint_one_app_config(&text, &[]).iter().map(|told| told.message.clone()).collect();
    assert!(told.iter().any(|message| message.contains("clientId")), "{told:?}");
    assert!(told.iter().any(|message| message.contains("badgeNumber")), "{told:?}");
}

#[test]
fn a_value_that_is_ignored_has_a_remedy() {
    for coder in ["[]", "{ templateName: [] }", "{ mode: a }", "{ params: [1] }"] {
        let text = format!(
            "{{ apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {{ name: pay }}, \
             spec: {{ type: service, lifecycle: production, owner: team, coder: {coder} }} }}"
        );
        let [remark] = &lint_catalog_info("catalog-info.yaml", &text)[..] else {
            panic!("{coder}")
        };
        assert!(remark.problem().ends_with("and is ignored"), "{remark}");
        let help = remark.help().expect("it says what to write");
        assert!(help.starts_with("write ") || help.starts_with("it must be "), "{remark}");
    }
}

#[test]
fn a_missing_value_is_told_at_the_place_to_mend() {
    for (right, wrong, marked) in [
        // The text that refers to a variable, the mapping to add to, the mistyped key.
        ("${CODER_OAUTH_CLIENT_SECRET}", "${NOBODY}", "${NOBODY}"),
        ("        clientId: ${CODER_OAUTH_CLIENT_ID}\n", "", "production"),
        ("clientId:", "clientID:", "clientID"),
    ] {
        let text = SEED.replace(right, wrong);
        let diagnostics = lint_one_app_config(&text, &[]);
        let span = diagnostics[0].span().expect("the place is in the file");
        assert_eq!(&text[span], marked, "{}", diagnostics[0]);
    }
}

#[test]
fn a_remark_has_a_kind_and_tells_the_remedy_apart() {
    let text = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: payments }
spec: { type: service, lifecycle: production, owner: team, coder: { mode: a; b, modes: x } }
---
a: 1
a: 2
";
    let diagnostics = lint_catalog_info("catalog-info.yaml", text);
    let told: Vec<_> =
        diagnostics.iter().map(|told| (told.code, told.problem(), told.help())).collect();
    let notice = DiagnosticCode::Notice;
    assert_eq!(
        told,
        [
            (
                notice,
                "`spec.coder.mode` is `a; b` and is ignored",
                Some("it must be `manual` or `auto`"),
            ),
            (notice, "`spec.coder.modes` is not known and ignored", Some("did you mean `mode`?"),),
            (
                DiagnosticCode::DuplicateKey,
                "duplicate key `a`, first written at catalog-info.yaml:6:1",
                None,
            ),
        ],
    );
}

proptest! {
    #[test]
    fn each_place_in_a_damaged_file_can_be_underlined(
        at in 0..SEED.len(),
        removed in 0_usize..40,
        added in "[ -~\n\t\u{e9}\u{1}]{0,6}",
    ) {
        let boundary = |mut at: usize| { while !SEED.is_char_boundary(at) { at += 1; } at };
        let (start, end) = (boundary(at), boundary((at + removed).min(SEED.len())));
        let text = [&SEED[..start], &added, &SEED[end..]].concat();
        let app_config = lint_one_app_config(&text, &[]);
        let of_catalog = lint_catalog_info("app-config.yaml", &text);
        for diagnostic in app_config.iter().chain(&of_catalog) {
            let Some(location) = diagnostic.location() else { continue };
            let span = location.span().expect("a place of a file that was read has a span");
            prop_assert!(text.get(span.clone()).is_some(), "{span:?} of {diagnostic}");
            // The place and the span are two words for one point.
            let line = text[..span.start].matches('\n').count() + 1;
            let begin = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
            let column = text[begin..span.start].chars().count() + 1;
            prop_assert_eq!(location.to_string(), format!("app-config.yaml:{line}:{column}"));
        }
    }
}
