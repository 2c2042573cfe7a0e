//! "Sign in with Coder" in an axum app of your own: the portal's routes beside yours, and a route
//! of yours for those who are signed in.
//!
//! Register an OAuth2 application at Coder with the callback URL
//! `http://localhost:7007/api/auth/coder/handler/frame`, and write an `app-config.yaml`:
//!
//! ```yaml
//! app: { baseUrl: http://localhost:7007 }
//! backend: { baseUrl: http://localhost:7007 }
//! auth:
//!   providers:
//!     coder:
//!       development:
//!         clientId: ${CODER_OAUTH_CLIENT_ID}
//!         clientSecret: ${CODER_OAUTH_CLIENT_SECRET}
//!         deploymentUrl: https://coder.example.com
//! ```
//!
//! Then open <http://localhost:7007> after
//!
//! ```sh
//! cargo run -p coder-backstage-examples --bin login_in_axum
//! ```

use std::error::Error;

use axum::response::Html;
use axum::{Router, http::StatusCode, routing::get};
use backstage_catalog::MemoryCatalog;
use coder_auth::MemoryAuthStore;
use coder_axum::SignedIn;
use coder_client::operations::GetUser;
use coder_config::{AppConfig, ConfigSources, Environment};
use coder_core::{ReqwestTransport, World};
use coder_portal::Portal;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let environment: Environment = std::env::vars().collect();
    let read = |path: &str| std::fs::read_to_string(path);
    let config = AppConfig::from_loaded(&ConfigSources::new(&read, &environment).load()?)?;

    let world = World::native(ReqwestTransport::new("login-in-axum/1.0")?).ok_or("no runtime")?;
    let (catalog, store) = (MemoryCatalog::default(), MemoryAuthStore::new());
    let portal = Portal::from_config(&config, &world, catalog, store)?;

    let app = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/api/me", get(me))
        .with_state(portal.auth().clone())
        .merge(coder_axum::router(portal));
    let listener = tokio::net::TcpListener::bind("localhost:7007").await?;
    axum::serve(listener, app).await?;
    Ok(())
}

/// Asks Coder with the rights of whoever asks us.
async fn me(SignedIn(caller): SignedIn) -> Result<String, (StatusCode, String)> {
    match caller.client().send(&GetUser::me()).await {
        Ok(user) => Ok(format!("{} at {}", user.username, caller.client().deployment())),
        Err(error) => Err((StatusCode::BAD_GATEWAY, error.to_string())),
    }
}

/// The header is what other sites cannot send: it comes with every request for the signed in.
const PAGE: &str = r#"<!doctype html><title>You</title><p id="me">…</p>
<a href="/api/auth/coder/start?env=development&flow=redirect&redirectUrl=http://localhost:7007/">Sign in with Coder</a>
<script>
  fetch("/api/me", { headers: { "X-Requested-With": "XMLHttpRequest" } })
    .then((answer) => (answer.ok ? answer.text() : "nobody, yet"))
    .then((text) => { document.getElementById("me").textContent = `You are ${text}.`; });
</script>"#;
