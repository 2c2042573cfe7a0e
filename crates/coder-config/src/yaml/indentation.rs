//! Where npm's `yaml` is stricter with space than our parser: what stands in brackets or quotes
//! inside a block must be indented more than the block, and tabs do not indent.

/// The columns in which a value may begin when it is the first on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// Anywhere: the parser has looked at it already.
    Anywhere,
    /// In the column of the block or behind it, as closing brackets may.
    AtTheBlock,
    /// Behind the column of the block.
    Inside,
}

/// Tells whether a value that begins in `column` and is written as `text` is indented too little
/// somewhere. `block` is the column of the innermost block collection. Columns count from 0.
pub(super) fn is_outdented(text: &str, column: usize, block: usize, begins: Begins) -> bool {
    let least = match begins {
        Begins::Anywhere => 0,
        Begins::AtTheBlock => block,
        Begins::Inside => block + 1,
    };
    column < least
        || text.split('\n').skip(1).any(|line| {
            let content = line.trim_start_matches(' ');
            let blank = content.is_empty() || content == "\r";
            !blank && line.len() - content.len() <= block
        })
}

/// Kind of the token behind an indentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// A list or mapping without brackets.
    Block,
    /// A list or mapping in brackets.
    Flow,
    /// A scalar that is a key.
    Key,
    /// Any other kind of scalar.
    Scalar,
}

/// Finds a tab that indents, in `line`, the part of a line before a value. Columns count from 0;
/// `block` is the column of the innermost block collection.
pub(super) fn indenting_tab(line: &str, block: Option<usize>, first: First) -> Option<usize> {
    let content = line.find(is_no_space).unwrap_or(line.len());
    if let Some(tab) = line.get(..content)?.find('\t') {
        let is_first = content == line.len();
        let allowed = match (first, block) {
            (First::Block | First::Key, _) => false,
            (First::Flow, None) => true,
            (First::Scalar, None) => tab > 0,
            (First::Flow | First::Scalar, Some(block)) => tab > block,
        };
        return (!is_first || !allowed).then_some(tab);
    }
    // Behind a dash or a question mark a block would begin in a column that nobody can see.
    let space = line.trim_end_matches([' ', '\t']);
    let tab = line.get(space.len()..)?.find('\t')?;
    (first == First::Block && space.ends_with(['-', '?', ':']))
        .then(|| line.get(..space.len() + tab).unwrap_or_default().chars().count())
}

/// Tells whether a character is neither a space nor a tab.
pub(super) fn is_no_space(c: char) -> bool {
    !matches!(c, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use crate::yaml::document;

    #[test]
    fn brackets_and_quotes_in_a_block_are_indented_except_their_end() {
        for accepted in [
            "a: [\n  x,\n  y\n]\n",
            "a: {\n  x: 1\n}\n",
            "- a: [\n    x\n  ]\n",
            "[\nx\n]\n",
            "a: 1\n\"b\": 2\n",
            "a: \"x\n\n  y\"\n",
            "a: [x, # c\n# c\n  y]\n",
            "a:\n- [b,\n  c]\n",
            "a:\n# c\n- \"b\n  c\"\n- d\n",
            "- a:\n  - { b: 1,\n    c: 2 }\n",
            "a:\n- b:\n  - 'c\n    d'\n",
        ] {
            assert!(document("x", accepted).is_ok(), "{accepted}");
        }
        for refused in [
            "a: [\nx\n]\n",
            "- a: [\n  x\n  ]\n",
            "a: \"x\ny\"\n",
            "a: 'x\n'\n",
            "a: {x: [\n]\n}\n",
            "a: [b\nc]\n",
            "a:\n- [b,\nc]\n",
            "- a:\n  - [b,\n  c]\n",
        ] {
            assert!(document("x", refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_list_begins_at_its_first_dash() {
        for (text, place) in [
            ("a:\n- b\n", "x:2:1"),
            ("a:\n-   # c\n  b\n", "x:2:1"),
            ("a:\n  b:\n  -\n", "x:3:3"),
            ("a:\n  - b\n", "x:2:3"),
            ("a:\n- - b\n", "x:2:1"),
        ] {
            let document = document("x", text).unwrap();
            let a = document.get("a").unwrap();
            let list = a.get("b").unwrap_or(a);
            assert_eq!(list.location().to_string(), place, "{text}");
        }
    }

    #[test]
    fn tabs_separate_and_do_not_indent() {
        for accepted in [
            "a:\t1\n",
            "a: \t1\n",
            "a:\n \t1\n",
            "a: x\n \ty\n",
            "?\ta\n:\tb\n",
            "-\ta\n",
            "a: 1\n\t# c\n\t\nb: 2\n",
            "\t{\n\t\"a\":\t1\n}\n",
            "a:\n - [b,\n \t\tc]\n",
            " \tb\n",
        ] {
            assert!(document("x", accepted).is_ok(), "{accepted:?}");
        }
        for (refused, place) in [
            ("\ta: 1\n", "x:1:1"),
            ("  \ta: 1\n", "x:1:3"),
            ("\tb\n", "x:1:1"),
            ("a:\n \tb: 1\n", "x:2:2"),
            ("a:\n \t- b\n", "x:2:2"),
            ("-\ta: 1\n", "x:1:2"),
            ("- \ta: 1\n", "x:1:3"),
            ("a:\n  -\tb: 1\n", "x:2:4"),
        ] {
            let error = document("x", refused).unwrap_err().to_string();
            assert_eq!(error, format!("{place}: a tab stands where only spaces indent"));
        }
    }
}
