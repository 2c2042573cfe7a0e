//! The input of handlers: the query and the body of a request.

use bytes::Bytes;
use coder_auth::RequestError;
use coder_auth::http::read_json;
use coder_core::with_causes;
use http::Request;
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{ApiError, MAX_VALUE, MAX_VALUES};
use crate::request_body::BodyKind;

/// The greatest length of a query, in bytes.
const MAX_QUERY: usize = 32 * 1024;

/// Checks the number and the length of values for a template's parameters.
///
/// # Errors
///
/// When there are more than 200, or a value is longer than 8 kB.
pub(crate) fn check_values(values: &IndexMap<String, String>) -> Result<(), ApiError> {
    if values.len() > MAX_VALUES || values.values().any(|value| value.len() > MAX_VALUE) {
        return Err(ApiError::TooManyValues);
    }
    Ok(())
}

/// A type with a schema, which only the description needs.
#[cfg(test)]
pub(crate) trait Described: schemars::JsonSchema {}
#[cfg(test)]
impl<T: schemars::JsonSchema> Described for T {}
#[cfg(not(test))]
pub(crate) trait Described {}
#[cfg(not(test))]
impl<T> Described for T {}

/// No parameter in the query, except `env`, which each route has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NoQuery {}

/// Reads the query of a request as a `Q`: each parameter is a text, which the type of its field
/// reads.
///
/// An unknown parameter is ignored. An empty one is not there.
///
/// # Errors
///
/// When the query is too long, when a parameter has two values, or a value that its field does not
/// take.
pub(super) fn query<Q: DeserializeOwned + Described>(
    request: &Request<Bytes>,
) -> Result<Q, ApiError> {
    let query = request.uri().query().unwrap_or_default();
    if query.len() > MAX_QUERY {
        return Err(RequestError::TooLong.into());
    }
    let mut values = Map::new();
    let given = form_urlencoded::parse(query.as_bytes());
    for (name, value) in given.filter(|(_, value)| !value.is_empty()) {
        if values.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            return Err(RequestError::RepeatedParameter(name.into_owned()).into());
        }
    }
    let whole = Value::Object(values.clone());
    serde_path_to_error::deserialize(whole).map_err(|error| {
        let (name, problem) = (error.path().to_string(), error.into_inner().to_string());
        let name = refused_alone::<Q>(&values, &problem).unwrap_or(name);
        let missing =
            problem.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        match missing {
            Some(name) => {
                ApiError::Parameter { name: name.to_owned(), problem: "is missing; add it".into() }
            }
            None => ApiError::Parameter { name, problem },
        }
    })
}

/// Returns the parameter that is refused with this problem when it is alone: the path of an error does not
/// tell those of a flattened part.
fn refused_alone<Q: DeserializeOwned>(
    values: &Map<String, Value>,
    problem: &str,
) -> Option<String> {
    let refused = |(name, value): &(&String, &Value)| {
        let alone = Map::from_iter([((*name).clone(), (*value).clone())]);
        let read: Result<Q, _> = serde_json::from_value(Value::Object(alone));
        read.is_err_and(|error| with_causes(&error) == problem)
    };
    values.iter().find(refused).map(|(name, _)| name.clone())
}

/// The body of a request.
pub(crate) trait FromBody: Sized {
    const KIND: BodyKind;

    fn from_body(request: &Request<Bytes>) -> Result<Self, ApiError>;

    /// Returns the schema of the body, and whether it must be there.
    #[cfg(test)]
    fn schema(schemas: &mut schemars::SchemaGenerator) -> Option<(schemars::Schema, bool)>;
}

/// A request without a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoBody;

impl FromBody for NoBody {
    const KIND: BodyKind = BodyKind::Nothing;

    fn from_body(_: &Request<Bytes>) -> Result<Self, ApiError> {
        Ok(Self)
    }

    #[cfg(test)]
    fn schema(_: &mut schemars::SchemaGenerator) -> Option<(schemars::Schema, bool)> {
        None
    }
}

/// A body in JSON.
#[derive(Clone, Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Described> FromBody for JsonBody<T> {
    const KIND: BodyKind = BodyKind::Json;

    fn from_body(request: &Request<Bytes>) -> Result<Self, ApiError> {
        Ok(Self(read_json(request)?))
    }

    #[cfg(test)]
    fn schema(schemas: &mut schemars::SchemaGenerator) -> Option<(schemars::Schema, bool)> {
        Some((schemas.subschema_for::<T>(), true))
    }
}

/// A body in JSON, or none, which stands for the default.
#[derive(Clone, Debug)]
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Described + Default> FromBody for OptionalJsonBody<T> {
    const KIND: BodyKind = BodyKind::Json;

    fn from_body(request: &Request<Bytes>) -> Result<Self, ApiError> {
        if request.body().is_empty() {
            Ok(Self(T::default()))
        } else {
            Ok(Self(read_json(request)?))
        }
    }

    #[cfg(test)]
    fn schema(schemas: &mut schemars::SchemaGenerator) -> Option<(schemars::Schema, bool)> {
        Some((schemas.subschema_for::<T>(), false))
    }
}
