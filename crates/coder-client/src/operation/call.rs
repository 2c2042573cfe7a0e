//! Calls of routes that this crate does not model.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::{Method, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::response::{check_status, read_json};
use super::{MAX_ANSWER, Operation, RequestBuilder};
use crate::ClientError;

/// A call of any route of Coder's API, for routes that have no operation in
/// [`operations`](crate::operations).
///
/// `T` is the type that the JSON document of the answer is read into; `()` is an answer without
/// content, and `Option<…>` one that may be without.
///
/// ```
/// use coder_client::{Call, Client, ClientError};
///
/// #[derive(serde::Deserialize)]
/// struct SshKey {
///     public_key: String,
/// }
///
/// async fn public_key(client: &Client) -> Result<String, ClientError> {
///     let call = Call::<SshKey>::get(["users", "me", "gitsshkey"]);
///     Ok(client.send(&call).await?.public_key)
/// }
///
/// async fn suspend(client: &Client, username: &str) -> Result<(), ClientError> {
///     client.send(&Call::put(["users", username, "status", "suspend"])).await
/// }
/// ```
#[doc(alias = "raw")]
#[doc(alias = "custom request")]
#[must_use]
pub struct Call<T> {
    builder: RequestBuilder,
    needs_credential: bool,
    is_repeatable: Option<bool>,
    max_answer: usize,
    output: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Call<T> {
    /// Creates a `GET` of the path below `/api/v2` that these segments make, each
    /// percent-encoded.
    pub fn get<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::GET, segments)
    }

    /// Creates a `POST` of a path below `/api/v2`.
    pub fn post<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::POST, segments)
    }

    /// Creates a `PUT` of a path below `/api/v2`.
    pub fn put<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::PUT, segments)
    }

    /// Creates a `PATCH` of a path below `/api/v2`.
    pub fn patch<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::PATCH, segments)
    }

    /// Creates a `DELETE` of a path below `/api/v2`.
    pub fn delete<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::DELETE, segments)
    }

    /// Creates a call with any method.
    pub fn new<S: Into<String>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        Self {
            builder: RequestBuilder::new(method, segments),
            needs_credential: true,
            is_repeatable: None,
            max_answer: MAX_ANSWER,
            output: PhantomData,
        }
    }

    /// Puts the path directly below the deployment instead of below `/api/v2`.
    pub fn at_root(self) -> Self {
        Self { builder: self.builder.at_root(), ..self }
    }

    /// Adds a parameter to the query.
    pub fn query(self, name: impl Into<String>, value: impl ToString) -> Self {
        Self { builder: self.builder.query(name.into(), Some(value)), ..self }
    }

    /// Makes this value, as JSON, the body.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        Self { builder: self.builder.json(body), ..self }
    }

    /// Makes these bytes the body, with this `Content-Type`.
    pub fn body(self, content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { builder: self.builder.bytes(content_type.into(), bytes.into()), ..self }
    }

    /// Makes the request one without the client's credential.
    pub fn without_credential(self) -> Self {
        Self { needs_credential: false, ..self }
    }

    /// Sets whether the request may be sent again although the outcome of the first try is unknown,
    /// by default `true` for `GET`, `HEAD` and `PUT`.
    pub fn repeatable(self, is_repeatable: bool) -> Self {
        Self { is_repeatable: Some(is_repeatable), ..self }
    }

    /// Sets the greatest size of the answer's body in bytes, by default [`MAX_ANSWER`].
    pub fn max_answer(self, bytes: usize) -> Self {
        Self { max_answer: bytes, ..self }
    }
}

impl<T: DeserializeOwned + coder_core::MaybeSend> Operation for Call<T> {
    type Output = T;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        self.builder.clone().build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<T, ClientError> {
        if response.body().is_empty() {
            check_status(&response)?;
            let nothing = Response::new(Bytes::from_static(b"null"));
            return read_json(&nothing).or_else(|_| read_json(&response));
        }
        read_json(&response)
    }

    fn needs_credential(&self) -> bool {
        self.needs_credential
    }

    fn max_answer(&self) -> usize {
        self.max_answer
    }

    fn is_repeatable(&self, method: &Method) -> bool {
        let usual = *method == Method::GET || *method == Method::HEAD || *method == Method::PUT;
        self.is_repeatable.unwrap_or(usual)
    }
}

impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self { builder: self.builder.clone(), ..*self }
    }
}

/// Shows the method and the path. The query and the body may hold secrets.
impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Call({:?})", self.builder)
    }
}
