//! What docs/beside-backstage.md shows, and what a test has to put in its place.

/// An example of the page.
#[derive(Clone)]
pub(crate) struct Example(String);

impl Example {
    /// Returns the first nginx example.
    pub(crate) fn nginx() -> Self {
        Self(blocks("nginx").swap_remove(0))
    }

    /// Returns the first nginx example with the locations of the second one, which has a prefix.
    pub(crate) fn nginx_with_prefix() -> Self {
        let [whole, locations] = blocks("nginx").try_into().unwrap();
        let begin = whole.find("    location ").unwrap();
        Self(format!("{}{locations}}}\n", &whole[..begin]))
    }

    /// Returns the Caddyfile.
    pub(crate) fn caddy() -> Self {
        Self(blocks("caddyfile").swap_remove(0))
    }

    /// Returns the Caddyfile with both of its `handle` blocks below a prefix, as the page says.
    pub(crate) fn caddy_with_prefix() -> Self {
        let whole =
            Self::caddy().with("\thandle @coder", "\thandle_path /backstage/* {\n\thandle @coder");
        Self(whole.0 + "}\n")
    }

    /// Returns what the page writes into the app-config of this server.
    pub(crate) fn app_configs() -> Vec<Self> {
        let ours = |block: &String| block.starts_with("# app-config of this server");
        blocks("yaml").into_iter().filter(ours).map(Self).collect()
    }

    /// Replaces a text that the page must have, each time.
    pub(crate) fn with(self, text: &str, by: &str) -> Self {
        assert!(self.0.contains(text), "no `{text}` in\n{}", self.0);
        Self(self.0.replace(text, by))
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// Returns the fenced blocks of the page in this language.
fn blocks(language: &str) -> Vec<String> {
    let page = include_str!("../../../../docs/beside-backstage.md");
    let begin = format!("\n```{language}\n");
    let found: Vec<String> = page
        .split(&begin)
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0.to_owned())
        .collect();
    assert!(!found.is_empty(), "no example in {language}");
    found
}
