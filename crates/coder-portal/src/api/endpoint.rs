//! The endpoint of a route: a handler, with its types erased.

use std::sync::Arc;

use bytes::Bytes;
use coder_auth::http::ErrorResponse;
use coder_core::{Body, BoxFuture};
use http::{Request, Response};

use super::answer::Answer;
use super::call::Call;
use super::error::ApiError;
use super::input::FromBody;
use super::path_values::PathValues;
use crate::request_body::BodyKind;
use crate::state::PortalState;

/// An answer that is on its way.
pub(crate) type Running<'a> = BoxFuture<'a, Result<Response<Body>, ErrorResponse>>;

/// The handler of a route.
pub(crate) struct Endpoint {
    /// The kind of body that the handler takes.
    pub(crate) takes: BodyKind,
    pub(crate) run: for<'a> fn(&'a Arc<PortalState>, &'a Request<Bytes>, PathValues) -> Running<'a>,
    /// Contract of the handler, for the description: what it takes and answers.
    #[cfg(test)]
    pub(crate) contract: fn(&mut schemars::SchemaGenerator) -> super::openapi::Contract,
}

/// Returns the kind of body that a handler takes.
pub(crate) const fn takes<P, Q, B: FromBody, A, F, Fut>(_: &F) -> BodyKind
where
    F: Fn(Call<P, Q, B>) -> Fut,
    Fut: Future<Output = Result<A, ApiError>>,
    A: Answer,
{
    B::KIND
}

/// Makes the endpoint of a handler `async fn(Call<Path, Query, Body>) -> Result<Answer, ApiError>`,
/// with its [effect](super::effect::Effect) when the method does not say it.
macro_rules! endpoint {
    ($handler:path) => {
        $crate::api::endpoint::endpoint!($handler, Effect::ByMethod)
    };
    ($handler:path, Effect::$effect:ident) => {
        $crate::api::endpoint::Endpoint {
            takes: $crate::api::endpoint::takes(&$handler),
            run: |state, request, path| {
                Box::pin($crate::api::serve::serve(
                    state,
                    request,
                    path,
                    $crate::api::effect::Effect::$effect,
                    $handler,
                ))
            },
            #[cfg(test)]
            contract: |schemas| $crate::api::openapi::Contract::of_handler(schemas, $handler),
        }
    };
}

/// Makes the endpoint of a function that reads the request itself and answers it. Its
/// query, where it has one, its body and its answers are named beside it, for the description.
macro_rules! raw_endpoint {
    ($takes:expr, |$state:pat_param, $request:pat_param| $answer:expr, $body:ty => $kind:ty) => {
        $crate::api::endpoint::raw_endpoint!(
            $takes, |$state, $request| $answer, $crate::api::NoQuery, $body => $kind
        )
    };
    (
        $takes:expr,
        |$state:pat_param, $request:pat_param| $answer:expr,
        $query:ty, $body:ty => $kind:ty
    ) => {
        $crate::api::endpoint::Endpoint {
            takes: $takes,
            run: |$state, $request, _| Box::pin(async move { Ok($answer) }),
            #[cfg(test)]
            contract: |schemas| $crate::api::openapi::Contract::of_types::<$query, $body, $kind>(schemas),
        }
    };
}

pub(super) use {endpoint, raw_endpoint};
