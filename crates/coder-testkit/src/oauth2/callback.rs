//! Building the URL that leads back to the client.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::go_url::GoUrl;

/// The characters that Go's query encoder leaves as they are, beside letters and digits.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Names of an authorization response. A callback's own query must not hold them.
const RESERVED: [&str; 4] = ["code", "error", "error_description", "state"];

/// Adds parameters to `redirect_uri`. Its query is written anew, in the order of the names, as Go
/// does; its fragment stays at the end.
pub(crate) fn with_parameters(redirect_uri: &str, added: &[(&str, &str)]) -> String {
    let Ok(url) = GoUrl::parse(redirect_uri) else { return redirect_uri.to_owned() };
    let query = url.query.as_deref().unwrap_or_default();
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .filter(|(name, _)| !RESERVED.contains(&name.as_str()))
        .collect();
    pairs.extend(added.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let encoded: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    url.with_query(encoded.join("&")).to_string()
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string().replace("%20", "+")
}

/// Cleans a text for `error_description`, which may hold printable ASCII without `"` and `\` only
/// (RFC 6749 §4.1.2.1).
pub(crate) fn description(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|letter| match letter {
            '"' => '\'',
            ' '..='~' if letter != '\\' => letter,
            _ => '?',
        })
        .collect();
    match clean.char_indices().nth(2048) {
        Some((end, _)) => format!("{} (truncated)", clean.get(..end).unwrap_or_default()),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_own_query_is_kept_and_sorted() {
        assert_eq!(
            with_parameters(
                "https://portal.test/cb?z=1&a=b c",
                &[("state", "s+/="), ("code", "x")]
            ),
            "https://portal.test/cb?a=b+c&code=x&state=s%2B%2F%3D&z=1"
        );
    }

    #[test]
    fn a_callback_cannot_smuggle_a_code_of_its_own() {
        assert_eq!(
            with_parameters("https://portal.test/cb?code=evil&state=evil", &[("code", "good")]),
            "https://portal.test/cb?code=good"
        );
    }

    #[test]
    fn descriptions_hold_no_quotes_and_have_an_end() {
        assert_eq!(description("\"foo\" is bad\n"), "'foo' is bad?");
        assert!(description(&"x".repeat(3000)).ends_with("x (truncated)"));
    }
}
