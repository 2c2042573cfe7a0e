//! `GET /v1/userinfo`: the user of an identity token.

use std::sync::Arc;

use coder_core::Body;
use http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use crate::error::AuthError;
use crate::http::headers::bearer;
use crate::http::response;
use crate::identity::{AcceptTokens, Issuer};
use crate::parts::Parts;
use crate::session::error::SessionError;
use crate::store::AuthStore;

/// The route that tells other backends who somebody is.
pub(crate) struct UserInfoRoute {
    store: Arc<dyn AuthStore>,
    issuer: Arc<Issuer>,
}

impl UserInfoRoute {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self { store: Arc::clone(&parts.store), issuer: Arc::clone(&parts.issuer) }
    }

    pub(crate) async fn handle(&self, headers: &HeaderMap) -> Result<Response<Body>, AuthError> {
        let token = bearer(headers).ok_or(SessionError::InvalidToken)?;
        let user = self.issuer.verify(token.expose(), AcceptTokens::FullOrLimited).await?;
        let Some(person) = self.store.person(&user).await? else {
            let mut response = response::empty(StatusCode::NOT_FOUND);
            *response.body_mut() = Body::from("User info not found");
            return Ok(response);
        };
        let claims = json!({
            "claims": { "sub": person.user_entity_ref, "ent": person.ownership_entity_refs },
        });
        Ok(response::json(StatusCode::OK, &claims))
    }
}
