//! The filters of a search, by key.

use jiff::Timestamp;
use uuid::Uuid;

use super::lexer::{Element, lex, split_unquoted};

/// What is wrong with a search: the field at fault and why.
pub(crate) type SearchFault = (String, String);

/// The filters of a search. Reading a key takes it away; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Terms {
    values: Vec<(String, String)>,
    faults: Vec<SearchFault>,
}

impl Terms {
    /// Reads a search whose free text is `name` or `owner/name`.
    pub(crate) fn of_workspaces(search: &str) -> Result<Self, SearchFault> {
        Self::read(search, |text, values| {
            match split_unquoted(text, '/').as_slice() {
                [name] => values.push(("name".to_owned(), (*name).to_owned())),
                [owner, name] => {
                    values.push(("owner".to_owned(), (*owner).to_owned()));
                    values.push(("name".to_owned(), (*name).to_owned()));
                }
                _ => return Err(format!("Query element {text:?} can only contain 1 '/'")),
            }
            Ok(())
        })
    }

    /// Reads a search whose free text is looked for in `key`.
    pub(crate) fn with_default_key(search: &str, key: &str) -> Result<Self, SearchFault> {
        Self::read(search, |text, values| {
            values.push((key.to_owned(), text.trim_matches('"').to_owned()));
            Ok(())
        })
    }

    fn read(
        search: &str,
        free: impl Fn(&str, &mut Vec<(String, String)>) -> Result<(), String>,
    ) -> Result<Self, SearchFault> {
        let fault = |reason| ("q".to_owned(), reason);
        let mut values = Vec::new();
        for element in lex(search).map_err(fault)? {
            match element {
                Element::Filter { key, value } => values.push((key, value)),
                Element::Text(text) => free(&text, &mut values).map_err(fault)?,
            }
        }
        Ok(Self { values, faults: Vec::new() })
    }

    /// Every value of a key.
    pub(crate) fn all(&mut self, key: &str) -> Vec<String> {
        let (taken, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.values).into_iter().partition(|(name, _)| name == key);
        self.values = kept;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Every value of a key, split at commas.
    pub(crate) fn list(&mut self, key: &str) -> Vec<String> {
        let all = self.all(key);
        all.iter().flat_map(|value| value.split(',')).map(str::to_owned).collect()
    }

    /// The value of a key that may stand once.
    pub(crate) fn one(&mut self, key: &str) -> Option<String> {
        let all = self.all(key);
        if all.len() > 1 {
            let reason = format!(
                "Query param \"{key}\" provided more than once, found {} times. Only provide 1 \
                 instance of this query param.",
                all.len()
            );
            self.fault(key, reason);
        }
        all.into_iter().next()
    }

    /// A truth value, written as Go reads them.
    pub(crate) fn bool(&mut self, key: &str) -> Option<bool> {
        let value = self.one(key)?;
        match value.as_str() {
            "1" | "t" | "true" => Some(true),
            "0" | "f" | "false" => Some(false),
            _ => {
                self.fault(key, format!("Query param \"{key}\" must be a valid boolean"));
                None
            }
        }
    }

    /// A point in time (RFC 3339). Its letters are put back into upper case.
    pub(crate) fn time(&mut self, key: &str) -> Option<Timestamp> {
        let value = self.one(key)?;
        let time = value.to_uppercase().parse().ok();
        if time.is_none() {
            self.fault(key, format!("Query param \"{key}\" must be a valid date format"));
        }
        time
    }

    /// Ids, separated by commas.
    pub(crate) fn ids(&mut self, key: &str) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for value in self.list(key) {
            match Uuid::try_parse(&value) {
                Ok(id) => ids.push(id),
                Err(_) => self.fault(key, format!("Query param \"{key}\" must be a valid uuid")),
            }
        }
        ids
    }

    /// One of a few words.
    pub(crate) fn word(&mut self, key: &str, known: &[&str]) -> Option<String> {
        let value = self.one(key)?;
        if known.contains(&value.as_str()) {
            return Some(value);
        }
        self.fault(key, format!("Query param \"{key}\" has invalid value: {value:?}"));
        None
    }

    pub(crate) fn fault(&mut self, key: &str, reason: impl Into<String>) {
        self.faults.push((key.to_owned(), reason.into()));
    }

    /// Ends the reading: faults so far, and every key that nobody has asked for.
    pub(crate) fn finish(mut self) -> Result<(), Vec<SearchFault>> {
        for (key, _) in &self.values {
            let fault = (key.clone(), format!("\"{key}\" is not a valid query param"));
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}
