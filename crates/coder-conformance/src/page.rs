//! Forms and inputs of an HTML page.

use html5gum::{Token, Tokenizer};
use serde_json::{Map, Value};

/// The parts of a page that a program can use.
#[derive(Debug)]
pub(crate) struct Page {
    /// `id`, `method` and `action` of each form.
    pub(crate) forms: Value,
    /// `type`, `name` and `id` of each input.
    pub(crate) inputs: Value,
    /// The value of the input called `csrf_token`.
    pub(crate) csrf_token: Option<String>,
}

/// Parses the HTML of a page.
pub(crate) fn read(html: &str) -> Page {
    let (mut forms, mut inputs, mut csrf_token) = (Vec::new(), Vec::new(), None);
    for token in Tokenizer::new(html) {
        let Ok(Token::StartTag(tag)) = token else { continue };
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes())?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let attributes = |names: &[&str]| {
            let given =
                names.iter().filter_map(|name| Some(((*name).to_owned(), attribute(name)?)));
            Value::Object(given.map(|(name, value)| (name, value.into())).collect::<Map<_, _>>())
        };
        match &tag.name[..] {
            b"form" => forms.push(attributes(&["id", "method", "action"])),
            b"input" => {
                if attribute("name").as_deref() == Some("csrf_token") {
                    csrf_token = attribute("value");
                }
                inputs.push(attributes(&["type", "name", "id"]));
            }
            _ => {}
        }
    }
    Page { forms: forms.into(), inputs: inputs.into(), csrf_token }
}

/// Returns where the links of a page lead.
pub(crate) fn links(html: &str) -> Vec<String> {
    let mut links = Vec::new();
    for token in Tokenizer::new(html) {
        let Ok(Token::StartTag(tag)) = token else { continue };
        if &tag.name[..] == b"a"
            && let Some(link) = tag.attributes.get(b"href".as_slice())
        {
            links.push(String::from_utf8_lossy(link).into_owned());
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_and_inputs_are_read_in_their_order() {
        let page = read(
            "<form method=post action='/x?a=1&amp;b=2'><input type=hidden name=csrf_token value='a&amp;b'><input name=y></form>",
        );
        assert_eq!(page.forms, json!([{ "method": "post", "action": "/x?a=1&b=2" }]));
        assert_eq!(
            page.inputs,
            json!([{ "type": "hidden", "name": "csrf_token" }, { "name": "y" }])
        );
        assert_eq!(page.csrf_token.as_deref(), Some("a&b"));
    }
}
