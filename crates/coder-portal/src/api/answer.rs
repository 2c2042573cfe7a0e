//! The answers of handlers.

use coder_auth::http::json;
use coder_core::Body;
use http::{Response, StatusCode};
use serde::Serialize;

use super::input::Described;

/// The answer of a handler.
pub(crate) trait Answer: Sized {
    /// The statuses that the answer may have.
    #[cfg(test)]
    const STATUSES: &'static [u16];

    /// Whether a request with `Last-Event-ID` gets what was missed since that event.
    #[cfg(test)]
    const RESUMES: bool = false;

    fn into_response(self) -> Response<Body>;

    /// Returns the media type and the schema of the body; `None` for an answer without one.
    #[cfg(test)]
    fn content(schemas: &mut schemars::SchemaGenerator)
    -> Option<(&'static str, schemars::Schema)>;
}

/// An answer in JSON (200).
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize + Described> Answer for Json<T> {
    #[cfg(test)]
    const STATUSES: &'static [u16] = &[200];

    fn into_response(self) -> Response<Body> {
        json(StatusCode::OK, &self.0)
    }

    #[cfg(test)]
    fn content(
        schemas: &mut schemars::SchemaGenerator,
    ) -> Option<(&'static str, schemars::Schema)> {
        Some(("application/json", schemas.subschema_for::<T>()))
    }
}

/// An answer in JSON about something that may be new.
#[derive(Debug)]
pub(crate) enum Made<T> {
    /// The thing was there already (200).
    Found(T),
    /// This request has made it (201).
    Created(T),
}

impl<T: Serialize + Described> Answer for Made<T> {
    #[cfg(test)]
    const STATUSES: &'static [u16] = &[200, 201];

    fn into_response(self) -> Response<Body> {
        match self {
            Self::Found(body) => json(StatusCode::OK, &body),
            Self::Created(body) => json(StatusCode::CREATED, &body),
        }
    }

    #[cfg(test)]
    fn content(
        schemas: &mut schemars::SchemaGenerator,
    ) -> Option<(&'static str, schemars::Schema)> {
        <Json<T> as Answer>::content(schemas)
    }
}

/// An answer in JSON about something that may take its time.
#[derive(Debug)]
pub(crate) enum Asked<T> {
    /// The thing is as it was wanted (200).
    Done(T),
    /// Coder was asked for it, and it is still to come (202).
    Accepted(T),
}

impl<T: Serialize + Described> Answer for Asked<T> {
    #[cfg(test)]
    const STATUSES: &'static [u16] = &[200, 202];

    fn into_response(self) -> Response<Body> {
        match self {
            Self::Done(body) => json(StatusCode::OK, &body),
            Self::Accepted(body) => json(StatusCode::ACCEPTED, &body),
        }
    }

    #[cfg(test)]
    fn content(
        schemas: &mut schemars::SchemaGenerator,
    ) -> Option<(&'static str, schemars::Schema)> {
        <Json<T> as Answer>::content(schemas)
    }
}

/// An answer without content (204), of a route that answers its request itself.
#[cfg(test)]
pub(crate) struct Empty;

#[cfg(test)]
impl Answer for Empty {
    const STATUSES: &'static [u16] = &[204];

    fn into_response(self) -> Response<Body> {
        coder_auth::http::empty(StatusCode::NO_CONTENT)
    }

    fn content(_: &mut schemars::SchemaGenerator) -> Option<(&'static str, schemars::Schema)> {
        None
    }
}
