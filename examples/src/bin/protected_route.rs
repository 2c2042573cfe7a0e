//! A service of your own, with a route for those who are signed in to the portal: their pages send
//! the Backstage token, and this service verifies it with the keys that the portal publishes.
//!
//! ```sh
//! export AUTH_URL=https://portal.example.com/api/auth
//! cargo run -p coder-backstage-examples --bin protected_route
//! curl -H "Authorization: Bearer $TOKEN" http://localhost:8080/hello
//! ```
//!
//! It works as well with the tokens of any other Backstage backend that signs with ES256, as they
//! do unless told otherwise.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::{Router, http::StatusCode, routing::get};
use coder_auth::identity::{AcceptTokens, IdentityVerifier, TrustedIssuer, VerifyError};
use coder_core::{ReqwestTransport, World};
use tokio::net::TcpListener;

/// Who asks: `user:default/alice`.
struct Person(String);

impl FromRequestParts<Arc<IdentityVerifier>> for Person {
    type Rejection = (StatusCode, String);

    async fn from_request_parts(
        parts: &mut Parts,
        verifier: &Arc<IdentityVerifier>,
    ) -> Result<Self, Self::Rejection> {
        let value = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        // A limited token only proves who somebody is. Where that is enough, accept those, too.
        match verifier.verify(token, AcceptTokens::Full).await {
            Ok(identity) => Ok(Self(identity.user_entity_ref)),
            Err(error @ VerifyError::KeysUnavailable { .. }) => {
                Err((StatusCode::SERVICE_UNAVAILABLE, error.to_string()))
            }
            Err(error) => Err((StatusCode::UNAUTHORIZED, error.to_string())),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let portal = TrustedIssuer::new(&std::env::var("AUTH_URL")?.parse()?)?;
    let world = World::native(ReqwestTransport::new("protected-route/1.0")?).ok_or("no runtime")?;
    let verifier = Arc::new(IdentityVerifier::new(&world).trusted_issuer(portal));

    let routes = Router::new()
        .route("/hello", get(async |Person(name): Person| format!("hello, {name}")))
        .with_state(verifier);
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "localhost:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, routes).await?;
    Ok(())
}
