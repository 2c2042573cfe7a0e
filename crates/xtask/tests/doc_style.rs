//! Doc comments keep the rules that CONTRIBUTING gives them, as far as a program can tell.

use xtask::doc_style::{Fault, check_sources};

#[test]
fn doc_comments_begin_with_a_whole_sentence_a_verb_for_a_function_a_noun_for_a_type() {
    let findings = check_sources().expect("the sources can be read");
    for fault in Fault::ALL {
        let most = fault.most();
        let found: Vec<_> = findings
            .iter()
            .filter(|finding| finding.fault == fault)
            .map(ToString::to_string)
            .collect();
        assert!(
            found.len() <= most,
            "{} doc comments are {fault:?}, {most} may be: {}:\n{}",
            found.len(),
            fault.rule(),
            found.join("\n")
        );
    }
}
