//! Takes a search text apart exactly as Coder does.
//!
//! The rules are few and surprising: everything is lower-cased; spaces outside quotes separate
//! elements; an element with a `:` is a filter; the elements without one are one free text; quotes
//! vanish only at the ends of a filter's two halves; there is no escape character.

/// One element of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// A filter of the form `key:value`.
    Filter { key: String, value: String },
    /// Everything that is not a filter, quotes included.
    Text(String),
}

/// The meaning of words without a `:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// The words are one text together.
    Together,
    /// Each a text of its own: releases before 2.29.
    Each,
}

/// Splits `search` into its elements.
///
/// # Errors
///
/// What is wrong with an element, in Coder's words.
pub(crate) fn lex(search: &str, words: Words) -> Result<Vec<Element>, String> {
    let search = search.to_lowercase();
    let (filters, texts): (Vec<&str>, Vec<&str>) =
        split(&search, ' ').into_iter().partition(|token| token.contains(':'));
    let mut elements = Vec::new();
    for filter in filters {
        if filter.starts_with(':') || filter.ends_with(':') {
            return Err(format!("Query element {filter:?} cannot start or end with ':'"));
        }
        elements.push(match split_unquoted(filter, ':').as_slice() {
            [_] => Element::Text(filter.to_owned()),
            [key, value] => Element::Filter { key: (*key).to_owned(), value: (*value).to_owned() },
            _ => return Err(format!("Query element {filter:?} can only contain 1 ':'")),
        });
    }
    match words {
        Words::Together if texts.is_empty() => {}
        Words::Together => elements.push(Element::Text(texts.join(" "))),
        Words::Each => {
            elements.extend(texts.into_iter().map(|text| Element::Text(text.to_owned())))
        }
    }
    Ok(elements)
}

/// Splits a text at the delimiters that stand outside quotes, without empty parts. A quote that is
/// never closed swallows the rest.
fn split(text: &str, delimiter: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter| {
        quoted ^= letter == '"';
        !quoted && letter == delimiter
    })
    .filter(|part| !part.is_empty())
    .collect()
}

/// Splits a text as [`split`] does, and removes the quotes at the ends of each part.
pub(crate) fn split_unquoted(text: &str, delimiter: char) -> Vec<&str> {
    split(text, delimiter).into_iter().map(|part| part.trim_matches('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::{Element, Words};

    fn lex(search: &str) -> Result<Vec<Element>, String> {
        super::lex(search, Words::Together)
    }

    #[test]
    fn each_word_was_a_text_of_its_own() {
        let each = super::lex("my owner:me dev", Words::Each).unwrap();
        assert_eq!(each, [filter("owner", "me"), text("my"), text("dev")]);
    }

    fn filter(key: &str, value: &str) -> Element {
        Element::Filter { key: key.to_owned(), value: value.to_owned() }
    }

    fn text(text: &str) -> Element {
        Element::Text(text.to_owned())
    }

    #[test]
    fn everything_is_lower_cased() {
        assert_eq!(lex("Owner:ME Dev").unwrap(), [filter("owner", "me"), text("dev")]);
    }

    #[test]
    fn words_without_a_colon_are_one_text_wherever_they_stand() {
        assert_eq!(
            lex("my owner:me   dev  box").unwrap(),
            [filter("owner", "me"), text("my dev box")]
        );
    }

    #[test]
    fn the_whole_value_is_quoted_after_the_key() {
        assert_eq!(lex(r#"param:"repo=https://x""#).unwrap(), [filter("param", "repo=https://x")]);
        assert_eq!(
            lex(r#"param:repo="https://x""#).unwrap(),
            [filter("param", "repo=\"https://x")],
            "a stray quote is kept inside"
        );
        assert_eq!(
            lex("param:repo=https://x").unwrap_err(),
            "Query element \"param:repo=https://x\" can only contain 1 ':'"
        );
    }

    #[test]
    fn a_filter_has_two_halves() {
        for broken in [":me", "owner:", ":"] {
            let error = lex(broken).unwrap_err();
            assert!(error.ends_with("cannot start or end with ':'"), "{error}");
        }
        assert_eq!(lex("owner::me").unwrap(), [filter("owner", "me")], "empty parts vanish");
        assert!(lex("a:b:c").unwrap_err().ends_with("can only contain 1 ':'"));
    }

    #[test]
    fn an_open_quote_swallows_the_rest() {
        assert_eq!(lex("name:\"dev owner:me").unwrap(), [filter("name", "dev owner:me")]);
    }

    #[test]
    fn a_quoted_colon_alone_makes_no_filter() {
        assert_eq!(lex("\"a:b\"").unwrap(), [text("\"a:b\"")]);
    }
}
