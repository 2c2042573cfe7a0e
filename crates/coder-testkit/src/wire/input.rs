//! What a request may hold: the rules of bodies and queries as data, and Coder's words for what
//! breaks them.
//!
//! A route declares a [`Shape`] (the Go struct that Coder reads its body into) or reads its query
//! with a [`Query`]. Both report errors the way Coder's own reader does, so no handler writes such
//! a text by hand.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::wire::call::Call;
use crate::wire::reply::Reply;

/// A JSON body that a route reads.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The name of Coder's type, for its error texts: `CreateWorkspaceRequest`.
    pub(crate) name: &'static str,
    /// The fields that are read. Others are ignored.
    pub(crate) fields: &'static [Field],
}

/// A field of a body.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) rules: &'static [Rule],
}

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    /// A text that Coder gives a type of its own: `codersdk.WorkspaceTransition`.
    Named(&'static str),
    Flag,
    Integer,
    /// A number of nanoseconds.
    Duration,
    Id,
    Time,
    /// A list of texts.
    Texts,
    /// A map of texts to texts.
    Map,
    /// A list of objects.
    Objects(&'static Shape),
    /// Anything: not read, or read by the handler.
    Any,
}

/// A rule that a field's value is held to after it was read. A name is the validator's tag.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// `required`: not the zero value of its type.
    Required,
    /// `oneof`: one of these texts.
    OneOf(&'static [&'static str]),
    /// Like [`Rule::OneOf`], and the empty text is accepted too (`omitempty`).
    OneOfIfGiven(&'static [&'static str]),
    /// `required_without`: given when the other field is not.
    RequiredWithout(&'static str),
    /// `excluded_with`: not given together with the other field.
    ExcludedWith(&'static str),
    /// A tag of Coder's own, with its predicate over the text.
    Tag(&'static str, fn(&str) -> bool),
}

/// Declares a field without rules.
pub(crate) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, rules: &[] }
}

/// Declares a field with rules.
pub(crate) const fn ruled(name: &'static str, kind: Kind, rules: &'static [Rule]) -> Field {
    Field { name, kind, rules }
}

/// A body that was read: every field has the type that its shape says, or is absent.
#[derive(Debug)]
pub(crate) struct Input(Map<String, Value>);

impl Shape {
    /// Reads the body of a call.
    ///
    /// # Errors
    ///
    /// 400, in Coder's words, when it is not JSON, a field has another type, or breaks a rule.
    pub(crate) fn read(&self, call: &Call) -> Result<Input, Reply> {
        let input = self.parse(&call.body).map_err(|detail| unreadable(&detail))?;
        let faults = self.faults(&input);
        if faults.is_empty() {
            return Ok(input);
        }
        Err(Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", faults))
    }

    /// Reads a body like [`Shape::read`], for routes that take no body as well.
    pub(crate) fn read_if_any(&self, call: &Call) -> Result<Input, Reply> {
        if call.body.is_empty() { Ok(Input(Map::new())) } else { self.read(call) }
    }

    /// Reads a text, be it of a body or of a WebSocket, without looking at rules.
    ///
    /// # Errors
    ///
    /// Coder's reason.
    pub(crate) fn parse(&self, body: &[u8]) -> Result<Input, String> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err("EOF".to_owned());
        }
        // Coder's decoder reads the first value and leaves the rest.
        let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) if error.is_eof() => return Err("unexpected EOF".to_owned()),
            Some(Err(_)) | None => return Err(syntax_error(body)),
        };
        match value {
            Value::Null => Ok(Input(Map::new())),
            Value::Object(object) => self.typed(object).map(Input),
            other => Err(format!(
                "json: cannot unmarshal {} into Go value of type codersdk.{}",
                kind_of(&other),
                self.name
            )),
        }
    }

    /// Checks the fields that are known, and returns them under their own names. Coder compares
    /// names without case.
    fn typed(&self, object: Map<String, Value>) -> Result<Map<String, Value>, String> {
        let mut typed = Map::new();
        // Coder goes on after a wrong type and tells the first one, but stops at a text that is
        // not what it should be.
        let mut wrong_type = None;
        for (name, value) in object {
            let Some(field) =
                self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name))
            else {
                continue;
            };
            match field.typed(self.name, field.name, value) {
                Ok(Some(value)) => {
                    typed.insert(field.name.to_owned(), value);
                }
                Ok(None) => {
                    typed.remove(field.name);
                }
                Err(Mistake::Type(text)) => wrong_type = wrong_type.or(Some(text)),
                Err(Mistake::Text(text)) => return Err(text),
            }
        }
        match wrong_type {
            Some(text) => Err(text),
            None => Ok(typed),
        }
    }

    fn faults(&self, input: &Input) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        for field in self.fields {
            for rule in field.rules {
                if let Some(tag) = rule.broken_by(field, input) {
                    let value = field.shown(input);
                    let text =
                        format!("Validation failed for tag \"{tag}\" with value: \"{value}\"");
                    faults.push((field.name.to_owned(), text));
                    break;
                }
            }
        }
        faults
    }
}

/// Reasons why a value is not one of its field.
enum Mistake {
    /// A JSON type that does not fit: reading goes on.
    Type(String),
    /// A text that does not parse: reading stops.
    Text(String),
}

impl Field {
    /// Checks the value against the field's type; `None` for null.
    fn typed(&self, shape: &str, path: &str, value: Value) -> Result<Option<Value>, Mistake> {
        let wrong = |value: &Value, go: &str| self.wrong_type(shape, path, value, go);
        let value = match (self.kind, value) {
            (_, Value::Null) => return Ok(None),
            (Kind::Any, value) => value,
            (Kind::Text | Kind::Named(_), Value::String(text)) => Value::String(text),
            (Kind::Flag, Value::Bool(flag)) => Value::Bool(flag),
            (Kind::Integer | Kind::Duration, Value::Number(number)) if number.is_i64() => {
                Value::Number(number)
            }
            (Kind::Id, Value::String(text)) => {
                Value::String(parse_id(&text).map_err(Mistake::Text)?.to_string())
            }
            (Kind::Time, Value::String(text)) => {
                Value::String(parse_time(&text).map_err(Mistake::Text)?.to_string())
            }
            (Kind::Texts, Value::Array(items)) => {
                all_texts(&items).map_err(|item| wrong(item, "string"))?;
                Value::Array(items)
            }
            (Kind::Map, Value::Object(map)) => {
                all_texts(map.values()).map_err(|item| wrong(item, "string"))?;
                Value::Object(map)
            }
            (Kind::Objects(inner), Value::Array(items)) => {
                let object = |item| match item {
                    Value::Object(map) => Ok(Value::Object(inner.nested(path, map)?)),
                    Value::Null => Ok(Value::Object(Map::new())),
                    other => Err(wrong(&other, &format!("codersdk.{}", inner.name))),
                };
                Value::Array(items.into_iter().map(object).collect::<Result<_, _>>()?)
            }
            (kind, other) => return Err(wrong(&other, &kind.go_name())),
        };
        Ok(Some(value))
    }

    /// Makes the mistake of a value that is not of the type `go`, in Go's words.
    fn wrong_type(&self, shape: &str, path: &str, value: &Value, go: &str) -> Mistake {
        let found = match value {
            Value::Number(number) if matches!(self.kind, Kind::Integer | Kind::Duration) => {
                format!("number {number}")
            }
            other => kind_of(other).to_owned(),
        };
        Mistake::Type(format!(
            "json: cannot unmarshal {found} into Go struct field {shape}.{path} of type {go}"
        ))
    }

    /// Returns the value as the validator prints it: the zero value when it is absent.
    fn shown(&self, input: &Input) -> String {
        match (self.kind, input.0.get(self.name)) {
            (_, Some(Value::String(text))) => text.clone(),
            (Kind::Id, _) => Uuid::nil().to_string(),
            (Kind::Time, _) => "0001-01-01 00:00:00 +0000 UTC".to_owned(),
            (Kind::Integer, None) => "0".to_owned(),
            (Kind::Duration, None) => "0s".to_owned(),
            (Kind::Flag, None) => "false".to_owned(),
            (Kind::Texts | Kind::Objects(_), None) => "[]".to_owned(),
            (Kind::Map, None) => "map[]".to_owned(),
            (_, None) => String::new(),
            (_, Some(other)) => other.to_string(),
        }
    }
}

/// Checks that all items are texts; the error is the first one that is not a text.
fn all_texts<'v>(items: impl IntoIterator<Item = &'v Value>) -> Result<(), &'v Value> {
    items.into_iter().find(|item| !item.is_string()).map_or(Ok(()), Err)
}

impl Shape {
    fn nested(&self, path: &str, map: Map<String, Value>) -> Result<Map<String, Value>, Mistake> {
        let mut typed = Map::new();
        for (name, value) in map {
            let Some(field) =
                self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name))
            else {
                continue;
            };
            let path = format!("{path}.{}", field.name);
            if let Some(value) = field.typed(self.name, &path, value)? {
                typed.insert(field.name.to_owned(), value);
            }
        }
        Ok(typed)
    }
}

impl Kind {
    /// Returns the type's name in Go.
    fn go_name(self) -> String {
        match self {
            Self::Text => "string".to_owned(),
            Self::Named(name) => name.to_owned(),
            Self::Flag => "bool".to_owned(),
            Self::Integer => "int64".to_owned(),
            Self::Duration => "time.Duration".to_owned(),
            Self::Id => "uuid.UUID".to_owned(),
            Self::Time => "time.Time".to_owned(),
            Self::Texts => "[]string".to_owned(),
            Self::Map => "map[string]string".to_owned(),
            Self::Objects(shape) => format!("[]codersdk.{}", shape.name),
            Self::Any => "interface {}".to_owned(),
        }
    }
}

impl Rule {
    /// Returns the tag of the rule, when a value breaks it.
    fn broken_by(self, field: &Field, input: &Input) -> Option<&'static str> {
        let text = input.text(field.name).unwrap_or_default();
        let (tag, holds) = match self {
            Self::Required => ("required", input.is_given(field.name)),
            Self::OneOf(words) => ("oneof", words.contains(&text)),
            Self::OneOfIfGiven(words) => ("oneof", text.is_empty() || words.contains(&text)),
            Self::RequiredWithout(other) => {
                ("required_without", input.is_given(field.name) || input.is_given(other))
            }
            Self::ExcludedWith(other) => {
                ("excluded_with", !(input.is_given(field.name) && input.is_given(other)))
            }
            Self::Tag(tag, holds) => (tag, holds(text)),
        };
        (!holds).then_some(tag)
    }
}

impl Input {
    /// Returns a text that is not empty.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.as_str().filter(|text| !text.is_empty())
    }

    /// Returns a flag; an absent one is false.
    pub(crate) fn flag(&self, field: &str) -> bool {
        self.0.get(field).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn integer(&self, field: &str) -> Option<i64> {
        self.0.get(field)?.as_i64()
    }

    /// Returns an id that is not the nil one.
    pub(crate) fn id(&self, field: &str) -> Option<Uuid> {
        self.text(field).and_then(|text| Uuid::try_parse(text).ok()).filter(|id| !id.is_nil())
    }

    pub(crate) fn time(&self, field: &str) -> Option<Timestamp> {
        self.text(field)?.parse().ok()
    }

    /// Returns the texts of a list; an absent list has none.
    pub(crate) fn texts(&self, field: &str) -> Vec<String> {
        let items = self.0.get(field).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns the value of a field as it was sent, when it is not null.
    pub(crate) fn value(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// Tells whether a field holds more than the zero value of its type.
    pub(crate) fn is_given(&self, field: &str) -> bool {
        match self.0.get(field) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.is_empty() && text != NIL,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(_)) => true,
        }
    }
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// Refuses a body that cannot be read.
pub(crate) fn unreadable(detail: &str) -> Reply {
    let message = "Request body must be valid JSON.";
    Reply::error_with_detail(StatusCode::BAD_REQUEST, message, detail)
}

/// Parses an id as Coder does.
///
/// # Errors
///
/// Coder's reason.
pub(crate) fn parse_id(text: &str) -> Result<Uuid, String> {
    match (Uuid::try_parse(text), text.len()) {
        (Ok(id), _) => Ok(id),
        (Err(_), 32 | 36 | 38 | 45) => Err("invalid UUID format".to_owned()),
        (Err(_), length) => Err(format!("invalid UUID length: {length}")),
    }
}

/// Parses a time as Coder does.
///
/// # Errors
///
/// Coder's reason.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        format!(
            "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""
        )
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Returns Go's text for the first character that cannot begin a value.
fn syntax_error(body: &[u8]) -> String {
    let first = body.iter().copied().find(|byte| !byte.is_ascii_whitespace()).unwrap_or(b' ');
    format!("invalid character '{}' looking for beginning of value", char::from(first))
}

/// Returns Coder's words for a parameter that stands more than once.
pub(crate) fn repeated(count: usize) -> String {
    format!(
        "provided more than once, found {count} times. Only provide 1 instance of this query param."
    )
}

/// Reads the parameters of a query, and collects what is wrong with them.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    call: &'a Call,
    known: Vec<&'static str>,
    faults: Vec<(String, String)>,
}

impl<'a> Query<'a> {
    pub(crate) fn new(call: &'a Call) -> Self {
        Self { call, known: Vec::new(), faults: Vec::new() }
    }

    /// Reads a text; absent is empty. A second value is a fault, unless the first one is empty.
    pub(crate) fn text(&mut self, name: &'static str) -> &'a str {
        self.known.push(name);
        let mut values = self.call.query.iter().filter(|(key, _)| key == name);
        let first = values.next().map_or("", |(_, value)| value);
        let count = values.count() + 1;
        if count == 1 || first.is_empty() {
            return first;
        }
        self.fault(name, &repeated(count));
        ""
    }

    /// Reads a number from zero to 2³¹ − 1; an absent one is zero.
    pub(crate) fn count(&mut self, name: &'static str) -> usize {
        let text = self.text(name);
        if text.is_empty() {
            return 0;
        }
        let reason = match text.parse::<i128>() {
            Err(_) => format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"),
            Ok(number) if number < 0 => "value is negative".to_owned(),
            Ok(number) => match i32::try_from(number) {
                Ok(number) => return usize::try_from(number).unwrap_or_default(),
                Err(_) => format!("strconv.ParseInt: parsing \"{text}\": value out of range"),
            },
        };
        self.fault(name, &format!("must be a valid 32-bit positive integer: {reason}"));
        0
    }

    /// Reads an id; `None` when it is absent.
    pub(crate) fn id(&mut self, name: &'static str) -> Option<Uuid> {
        let text = self.text(name);
        let id = Uuid::try_parse(text).ok();
        if id.is_none() && !text.is_empty() {
            self.fault(name, "must be a valid uuid");
        }
        id
    }

    /// Refuses a parameter that is missing or empty.
    pub(crate) fn require(&mut self, name: &'static str) {
        self.known.push(name);
        let mut values = self.call.query.iter().filter(|(key, _)| key == name);
        if values.next().is_none_or(|(_, value)| value.is_empty()) {
            self.fault(name, "is required and cannot be empty");
        }
    }

    /// Tells what is wrong with a parameter: `Query param "limit" …`.
    pub(crate) fn fault(&mut self, name: &str, reason: &str) {
        self.faults.push((name.to_owned(), format!("Query param \"{name}\" {reason}")));
    }

    /// Refuses parameters that were not read.
    pub(crate) fn refuse_others(&mut self) {
        for (name, _) in &self.call.query {
            if !self.known.contains(&name.as_str()) {
                self.faults.push((name.clone(), format!("\"{name}\" is not a valid query param")));
            }
        }
    }

    /// Ends the reading of the query.
    ///
    /// # Errors
    ///
    /// 400 with this message and what is wrong.
    pub(crate) fn finish(self, message: &str) -> Result<(), Reply> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Reply::invalid(StatusCode::BAD_REQUEST, message, self.faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        name: "CreateWorkspaceRequest",
        fields: &[
            ruled("template_id", Kind::Id, &[Rule::RequiredWithout("version_id")]),
            field("version_id", Kind::Id),
            field("ttl_ms", Kind::Integer),
            ruled(
                "transition",
                Kind::Named("codersdk.WorkspaceTransition"),
                &[Rule::OneOfIfGiven(&["start"])],
            ),
            field("values", Kind::Objects(&VALUE)),
        ],
    };
    const VALUE: Shape =
        Shape { name: "WorkspaceBuildParameter", fields: &[field("value", Kind::Text)] };

    fn told(body: &str) -> String {
        let request = http::Request::post("/x").body(bytes::Bytes::from(body.to_owned())).unwrap();
        let call = Call::read(request, "");
        SHAPE.read(&call).err().map(Reply::reason_with_detail).unwrap_or_default()
    }

    #[test]
    fn a_body_is_refused_in_coders_words() {
        for (body, words) in [
            ("", "EOF"),
            ("{", "unexpected EOF"),
            (
                "[]",
                "json: cannot unmarshal array into Go value of type codersdk.CreateWorkspaceRequest",
            ),
            (r#"{"template_id":"abc"}"#, "invalid UUID length: 3"),
            (
                r#"{"ttl_ms":"1h"}"#,
                "json: cannot unmarshal string into Go struct field CreateWorkspaceRequest.ttl_ms of type int64",
            ),
            (
                r#"{"values":[{"value":5}]}"#,
                "json: cannot unmarshal number into Go struct field WorkspaceBuildParameter.values.value of type string",
            ),
            (
                r#"{"values":{}}"#,
                "json: cannot unmarshal object into Go struct field CreateWorkspaceRequest.values of type []codersdk.WorkspaceBuildParameter",
            ),
            (
                r#"{"transition":1}"#,
                "json: cannot unmarshal number into Go struct field CreateWorkspaceRequest.transition of type codersdk.WorkspaceTransition",
            ),
            (
                "{}",
                "Validation failed for tag \"required_without\" with value: \"00000000-0000-0000-0000-000000000000\"",
            ),
        ] {
            assert!(told(body).contains(words), "{body}: {}", told(body));
        }
        assert_eq!(told(r#"{"version_id":"3f9f6d3c-1111-4222-8333-944445555666","other":1}"#), "");
    }
}
