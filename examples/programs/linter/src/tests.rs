//! What a person sees.

use super::*;

#[test]
fn a_remark_stands_above_the_line_it_is_about() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("catalog-info.yaml");
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: payments }\n\
                spec: { type: service, lifecycle: production, owner: a, coder: { modus: auto } }\n";
    std::fs::write(&file, text).unwrap();
    let remarks = lint_catalog_info(file.to_str().unwrap(), text);
    let shown = shown(&remarks[0]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].contains("`spec.coder.modus` is not known"), "{shown}");
    assert_eq!(lines[2].find('^'), lines[1].find("modus"), "{shown}");
    assert_eq!(lines[2].matches('^').count(), "modus".len(), "{shown}");
}
