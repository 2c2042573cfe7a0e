//! The frame around every page, and escaping.

/// Escapes text so that it may stand in an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Renders a whole page. `title` is text, `navigation` and `main` are HTML.
pub(crate) fn page(title: &str, navigation: &str, main: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Coder (fake)</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><span class=\"mark\" aria-hidden=\"true\">C</span> Coder \
         <span class=\"badge\">fake</span>{navigation}</header>\n\
         <main>\n<h1>{title}</h1>\n{main}\n</main>\n</body>\n</html>\n"
    )
}

const STYLE: &str = include_str!("style.css");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(
            escape("<script a=\"b\" c='d'>&</script>"),
            "&lt;script a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;&lt;/script&gt;"
        );
        assert!(page("</title><script>", "", "").contains("&lt;/title&gt;&lt;script&gt;"));
    }
}
