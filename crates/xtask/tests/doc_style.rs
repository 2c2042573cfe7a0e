//! Doc comments keep the rules that CONTRIBUTING gives them, as far as a program can tell.

use xtask::doc_style::{Fault, check_sources};

/// First paragraphs of three words or fewer. Some fields say the rest by their type.
const MOST_SHORT: usize = 60;
/// First paragraphs that begin with "who", "whose", "what", "that", "of" or "those".
const MOST_WEAK: usize = 20;

#[test]
fn doc_comments_begin_with_a_whole_sentence_that_has_its_subject() {
    let findings = check_sources().expect("the sources can be read");
    for (fault, most) in [(Fault::TooShort, MOST_SHORT), (Fault::WeakOpening, MOST_WEAK)] {
        let found: Vec<_> = findings
            .iter()
            .filter(|finding| finding.fault == fault)
            .map(ToString::to_string)
            .collect();
        assert!(
            found.len() <= most,
            "{} doc comments are {fault:?}, {most} may be:\n{}",
            found.len(),
            found.join("\n")
        );
    }
}
