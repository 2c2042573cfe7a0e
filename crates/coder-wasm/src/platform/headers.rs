//! Headers as a list of texts, in which names and values alternate. Each character of a value stands
//! for one byte, as JavaScript has it.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Writes headers for JavaScript.
pub(crate) fn flat_headers(headers: &HeaderMap) -> Vec<String> {
    let texts = headers.iter().map(|(name, value)| [name.as_str().to_owned(), header_text(value)]);
    texts.flatten().collect()
}

/// Writes the value of a header for JavaScript.
pub(crate) fn header_text(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// Reads headers of JavaScript; `None` if one is no header of HTTP.
pub(crate) fn read_headers(flat: &[String]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for pair in flat.chunks(2) {
        let [name, value] = pair else { return None };
        let value: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(char).ok()).collect();
        let value = HeaderValue::from_bytes(&value?).ok()?;
        headers.append(HeaderName::try_from(name).ok()?, value);
    }
    Some(headers)
}
