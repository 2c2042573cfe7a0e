//! What handlers read from a request: the query and the body.

use bytes::Bytes;
use coder_auth::RequestError;
use coder_auth::http::read_json;
use http::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::request_body::BodyKind;

/// The greatest length of a query, in bytes.
const MAX_QUERY: usize = 32 * 1024;

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
    serde_path_to_error::deserialize(Value::Object(values)).map_err(|error| ApiError::Parameter {
        name: error.path().to_string(),
        problem: error.into_inner().to_string(),
    })
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
