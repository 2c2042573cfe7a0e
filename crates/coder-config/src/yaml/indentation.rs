//! Where npm's `yaml` wants more space than our parser: what stands in brackets or quotes inside
//! a block must be indented more than the block.

/// Where a value may begin when it is the first on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// Anywhere: the parser has looked at it already.
    Anywhere,
    /// In the column of the block or behind it, as closing brackets may.
    AtTheBlock,
    /// Behind the column of the block.
    Inside,
}

/// Whether a value that begins in `column` and is written as `text` is indented too little
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
        ] {
            assert!(document("x", refused).is_err(), "{refused}");
        }
    }
}
