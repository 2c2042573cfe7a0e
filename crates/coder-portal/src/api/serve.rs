//! From a request to a handler, and from its result to a response.

use std::sync::Arc;

use bytes::Bytes;
use coder_auth::Caller;
use coder_auth::http::{ErrorResponse, single_param};
use coder_core::{Body, MaybeSend, MaybeSync};
use http::{Request, Response};
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::call::Call;
use super::effect::Effect;
use super::error::ApiError;
use super::idempotency::Fingerprint;
use super::input::{Described, FromBody, query};
use super::path::FromPath;
use super::path_values::PathValues;
use crate::state::PortalState;

/// Identifies the caller, reads the request, and lets the handler answer.
///
/// A request that changes something goes on to its end when its sender goes away. A request with a
/// safe method changes nothing (RFC 9110 §9.2.1), and one of another method may be said to.
pub(super) async fn serve<P, Q, B, A, F, Fut>(
    state: &Arc<PortalState>,
    request: &Request<Bytes>,
    path: PathValues,
    effect: Effect,
    handler: F,
) -> Result<Response<Body>, ErrorResponse>
where
    P: FromPath + MaybeSend + 'static,
    Q: DeserializeOwned + Described + MaybeSend + 'static,
    B: FromBody + MaybeSend + 'static,
    A: Answer + MaybeSend + 'static,
    F: Fn(Call<P, Q, B>) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<A, ApiError>> + MaybeSend + 'static,
{
    let environment = single_param(request, "env").map_err(ApiError::from)?;
    let caller = state.auth.caller(request.headers(), environment.as_deref()).await?;
    let only_reads = effect == Effect::None || request.method().is_safe();
    let fingerprint = if only_reads { None } else { Some(Fingerprint::new(&caller, request)?) };
    let reader = Reader { state: Arc::clone(state), request: request.clone(), path };
    // What is wrong with a request is told before anything is begun.
    let call = reader.read(caller.clone())?;
    let world = state.world.clone();
    let answer = async move {
        let answer = match handler(call).await {
            // Coder may refuse a token at one route that it takes at `/users/me`.
            Err(error) if error.is_unauthorized() => {
                let renewed = reader.state.auth.renew(&caller).await?;
                handler(reader.read(renewed)?).await
            }
            answer => answer,
        };
        Ok(answer?.into_response())
    };
    match fingerprint {
        None => answer.await,
        Some(fingerprint) => state.idempotency.run(&world, fingerprint, answer).await,
    }
}

/// A request, to be read once more when its first call has failed.
struct Reader {
    state: Arc<PortalState>,
    request: Request<Bytes>,
    path: PathValues,
}

impl Reader {
    fn read<P, Q, B>(&self, caller: Caller) -> Result<Call<P, Q, B>, ApiError>
    where
        P: FromPath,
        Q: DeserializeOwned + Described,
        B: FromBody,
    {
        Ok(Call {
            client: caller.client().clone(),
            caller,
            path: P::from_path(&self.path)?,
            query: query(&self.request)?,
            body: B::from_body(&self.request)?,
            state: Arc::clone(&self.state),
        })
    }
}
