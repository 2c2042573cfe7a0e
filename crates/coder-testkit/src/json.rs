//! Small help with JSON values.

use serde_json::Value;

/// Reading and extending JSON objects without indexing.
pub(crate) trait Json {
    /// Sets a field of an object; anything else is left as it is.
    fn set(&mut self, field: &str, value: impl Into<Value>);

    /// Returns a field that is a text, and not an empty one.
    fn text(&self, field: &str) -> Option<&str>;
}

impl Json for Value {
    fn set(&mut self, field: &str, value: impl Into<Self>) {
        if let Some(object) = self.as_object_mut() {
            object.insert(field.to_owned(), value.into());
        }
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.get(field)?.as_str().filter(|text| !text.is_empty())
    }
}
