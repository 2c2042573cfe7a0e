//! What agents tell about themselves.

use jiff::Timestamp;
use serde_json::{Value, json};

/// The moment and the age that Coder gives to data that were never collected: the first moment of
/// Go's calendar, and the longest time that it knows in seconds.
const NEVER: (&str, i64) = ("0001-01-01T00:00:00Z", 9_223_372_036);

/// One thing an agent tells, as it was last collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadatum {
    pub(crate) display_name: String,
    pub(crate) script: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) collected_at: Timestamp,
}

impl Metadatum {
    pub(crate) fn json(&self, now: Timestamp, collected: bool) -> Value {
        let at = self.collected_at.to_string();
        let age = now.duration_since(self.collected_at).as_secs();
        let (at, age) = if collected { (at.as_str(), age) } else { NEVER };
        json!({
            "result": {
                "collected_at": at,
                "age": age,
                "value": if collected { self.value.as_str() } else { "" },
                "error": "",
            },
            "description": {
                "display_name": self.display_name,
                "key": self.key,
                "script": self.script,
                "interval": 10,
                "timeout": 1,
            },
        })
    }
}
