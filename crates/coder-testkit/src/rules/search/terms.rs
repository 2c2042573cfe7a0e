//! The filters of a search, by key.

use jiff::Timestamp;
use uuid::Uuid;

use super::lexer::{Element, Words, lex, split_unquoted};
use crate::release::Dialect;
use crate::wire::input::{parse_id, repeated};

/// The fault of a search: the field at fault and why.
pub(crate) type SearchFault = (String, String);

/// The field in which text without a key is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeText {
    /// A key; `name`, or `owner/name`, without one.
    key: Option<&'static str>,
    words: Words,
}

impl FreeText {
    pub(crate) fn of_key(key: &'static str, dialect: &Dialect) -> Self {
        Self { key: Some(key), words: Words::new(dialect) }
    }

    pub(crate) fn of_workspaces(dialect: &Dialect) -> Self {
        Self { key: None, words: Words::new(dialect) }
    }

    fn read(self, text: &str, values: &mut Vec<(String, String)>) -> Result<(), String> {
        if let Some(key) = self.key {
            values.push((key.to_owned(), text.to_owned()));
            return Ok(());
        }
        match split_unquoted(text, '/').as_slice() {
            [name] => values.push(("name".to_owned(), (*name).to_owned())),
            [owner, name] => {
                values.push(("owner".to_owned(), (*owner).to_owned()));
                values.push(("name".to_owned(), (*name).to_owned()));
            }
            _ => return Err(format!("Query element {text:?} can only contain 1 '/'")),
        }
        Ok(())
    }
}

impl Words {
    fn new(dialect: &Dialect) -> Self {
        if dialect.words_are_terms { Self::Each } else { Self::Together }
    }
}

/// How Go writes a layout of time.
const GO_TIME: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// The filters of a search. Reading a key takes it away; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Terms {
    values: Vec<(String, String)>,
    faults: Vec<SearchFault>,
}

impl Terms {
    /// Splits a search into its filters.
    ///
    /// # Errors
    ///
    /// What is wrong with an element.
    pub(crate) fn read(search: &str, free: FreeText) -> Result<Self, SearchFault> {
        let fault = |reason| ("q".to_owned(), reason);
        let mut values = Vec::new();
        for element in lex(search, free.words).map_err(fault)? {
            match element {
                Element::Filter { key, value } => values.push((key, value)),
                Element::Text(text) => free.read(&text, &mut values).map_err(fault)?,
            }
        }
        Ok(Self { values, faults: Vec::new() })
    }

    /// Takes every value of a key.
    pub(crate) fn all(&mut self, key: &str) -> Vec<String> {
        let (taken, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.values).into_iter().partition(|(name, _)| name == key);
        self.values = kept;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes every value of a key, split at commas.
    pub(crate) fn list(&mut self, key: &str) -> Vec<String> {
        let all = self.all(key);
        all.iter().flat_map(|value| value.split(',')).map(str::to_owned).collect()
    }

    /// Takes the value of a key that may stand once.
    pub(crate) fn one(&mut self, key: &str) -> Option<String> {
        let all = self.all(key);
        if all.len() > 1 {
            let reason = format!("Query param \"{key}\" {}", repeated(all.len()));
            self.fault(key, reason);
        }
        all.into_iter().next()
    }

    /// Takes a truth value, written as Go reads them.
    pub(crate) fn bool(&mut self, key: &str) -> Option<bool> {
        let value = self.one(key)?;
        match value.as_str() {
            "1" | "t" | "true" => Some(true),
            "0" | "f" | "false" => Some(false),
            _ => {
                let reason = format!("strconv.ParseBool: parsing {value:?}: invalid syntax");
                self.refuse(key, &format!("must be a valid boolean: {reason}"));
                None
            }
        }
    }

    /// Reads a filter whose value is a number.
    pub(crate) fn integer(&mut self, key: &str) -> Option<i64> {
        let value = self.one(key)?;
        let number = value.parse().ok();
        if number.is_none() {
            let reason = format!("strconv.ParseInt: parsing {value:?}: invalid syntax");
            self.refuse(key, &format!("must be a valid integer: {reason}"));
        }
        number
    }

    /// Takes a point in time (RFC 3339). Its letters are put back into upper case.
    pub(crate) fn time(&mut self, key: &str) -> Option<Timestamp> {
        let value = self.one(key)?.to_uppercase();
        let time = value.parse().ok();
        if time.is_none() {
            let reason = format!(
                "parsing time {value:?} as \"{GO_TIME}\": cannot parse {value:?} as \"2006\""
            );
            self.refuse(key, &format!("must be a valid date format ({GO_TIME}): {reason}"));
        }
        time
    }

    /// Takes ids, separated by commas.
    pub(crate) fn ids(&mut self, key: &str) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for value in self.list(key) {
            match parse_id(&value) {
                Ok(id) => ids.push(id),
                Err(reason) => self.refuse(key, &format!("has invalid values: {reason}")),
            }
        }
        ids
    }

    /// Takes a value that is one of a few words.
    pub(crate) fn word(&mut self, key: &str, known: &[&str]) -> Option<String> {
        let value = self.one(key)?;
        if known.contains(&value.as_str()) {
            return Some(value);
        }
        self.refuse(key, &format!("has invalid value: {value:?} is not a valid value"));
        None
    }

    /// Takes some of a few words, separated by commas.
    pub(crate) fn words(&mut self, key: &str, known: &[&str]) -> Vec<String> {
        let values = self.list(key);
        for unknown in values.iter().filter(|value| !known.contains(&value.as_str())) {
            self.refuse(key, &format!("has invalid values: {unknown:?} is not a valid value"));
        }
        values
    }

    /// Says what is wrong with a parameter: `Query param "owner" …`.
    pub(crate) fn refuse(&mut self, key: &str, reason: &str) {
        self.fault(key, format!("Query param {key:?} {reason}"));
    }

    /// Says that a thing that a filter names is not there for the caller.
    pub(crate) fn unknown(&mut self, key: &str, thing: &str, pronoun: &str) {
        self.refuse(
            key,
            &format!(
                "has invalid value: {thing} either does not exist, or you are unauthorized to \
                 view {pronoun}"
            ),
        );
    }

    fn fault(&mut self, key: &str, reason: impl Into<String>) {
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
