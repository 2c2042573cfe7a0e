//! PostgreSQL's `ILIKE`.

/// Tells whether `text` is like `pattern`, without case: `_` stands for one character, `%` for any
/// number of them, and a backslash takes the meaning from the next one.
pub(crate) fn ilike(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    like(&text, &pattern)
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match (pattern, text) {
        ([], rest) => rest.is_empty(),
        (['%', pattern @ ..], _) => {
            (0..=text.len()).any(|skipped| like(text.get(skipped..).unwrap_or_default(), pattern))
        }
        (['_', pattern @ ..], [_, text @ ..]) => like(text, pattern),
        (['\\', literal, pattern @ ..] | [literal, pattern @ ..], [letter, text @ ..]) => {
            letter == literal && like(text, pattern)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::ilike;

    #[test]
    fn wildcards_and_case() {
        assert!(ilike("Repo_URL", "repo_url"));
        assert!(ilike("repo-url", "repo_url"), "`_` is any character");
        assert!(!ilike("repourl", "repo_url"));
        assert!(ilike("payments-api", "%MENTS%"));
        assert!(ilike("50%", r"50\%"));
        assert!(!ilike("501", r"50\%"));
        assert!(ilike("", "%"));
        assert!(!ilike("a", ""));
    }
}
