//! No value can change the meaning of a search: what Coder reads is what was meant.

use coder_client::WorkspaceFilter;
use proptest::prelude::*;

/// Reads a query as Coder's lexer does: its filters in order, and its free text.
fn coder_reads(query: &str) -> Result<(Vec<(String, String)>, String), String> {
    let (mut filters, mut free) = (Vec::new(), Vec::new());
    for element in fields(&query.to_lowercase(), ' ') {
        if !element.contains(':') {
            free.push(element);
            continue;
        }
        if element.starts_with(':') || element.ends_with(':') {
            return Err(format!("{element} cannot start or end with ':'"));
        }
        match fields(&element, ':').as_slice() {
            [text] => filters.push(("name".to_owned(), text.trim_matches('"').to_owned())),
            [key, value] => {
                filters
                    .push((key.trim_matches('"').to_owned(), value.trim_matches('"').to_owned()));
            }
            _ => return Err(format!("{element} can only contain 1 ':'")),
        }
    }
    Ok((filters, free.join(" ")))
}

/// Splits a text as Go's `strings.FieldsFunc` does, with quotes.
fn fields(text: &str, delimiter: char) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        quoted ^= character == '"';
        if !quoted && character == delimiter {
            fields.push(std::mem::take(&mut field));
        } else {
            field.push(character);
        }
    }
    fields.push(field);
    fields.retain(|field| !field.is_empty());
    fields
}

/// Generates texts full of what has a meaning in the grammar.
fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("([a-zA-Z0-9/._@-]|[\"':=, \\\\\n\t]|owner:me|param:|é){0,12}")
        .unwrap()
}

proptest! {
    #[test]
    fn a_value_stays_one_value(owner in text(), name in text(), param in text(), value in text()) {
        let filter = WorkspaceFilter::new();
        let mut meant = Vec::new();
        let filter = match filter.clone().owner(&owner) {
            Ok(longer) => { meant.push(("owner".to_owned(), owner.to_lowercase())); longer }
            Err(_) => filter,
        };
        let filter = match filter.clone().name(&name) {
            Ok(longer) => { meant.push(("name".to_owned(), name.to_lowercase())); longer }
            Err(_) => filter,
        };
        let filter = match filter.clone().param(&param, &value) {
            Ok(longer) => {
                let pair = format!("{param}={value}").to_lowercase();
                // Coder splits lists on `,` and pairs on `=`.
                prop_assert_eq!(pair.split(',').count(), 1);
                prop_assert_eq!(pair.split('=').count(), 2);
                meant.push(("param".to_owned(), pair));
                longer
            }
            Err(_) => filter,
        };
        prop_assert_eq!(coder_reads(&filter.to_string()), Ok((meant, String::new())));
    }

    #[test]
    fn what_a_person_wrote_means_the_same_with_a_filter_behind_it(written in text(), value in text()) {
        let Ok(filter) = WorkspaceFilter::from_query(&written) else { return Ok(()) };
        let Ok(longer) = filter.param("repo", &value) else { return Ok(()) };
        let added = ("param".to_owned(), format!("repo={value}").to_lowercase());
        match (coder_reads(&written), coder_reads(&longer.to_string())) {
            (Ok((mut filters, free)), Ok(read)) => {
                if !filters.contains(&added) {
                    filters.push(added);
                }
                prop_assert_eq!((filters, free), read);
            }
            (Err(_), Err(_)) => {}
            (alone, together) => prop_assert!(false, "{alone:?} became {together:?}"),
        }
    }
}
