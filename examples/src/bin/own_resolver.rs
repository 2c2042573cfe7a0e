//! Signing in to Backstage with a rule of your own: Coder's user name stands in an annotation of
//! the User entity. `app-config.yaml` names the rule, and its options, like Backstage's own:
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
//!         signIn:
//!           resolvers:
//!             - resolver: annotationMatchingUsername
//!               annotation: acme.example/coder-user
//!             - resolver: usernameMatchingUserEntityName
//! catalog:
//!   locations:
//!     - { type: file, target: ./people.yaml, rules: [{ allow: [User, Group] }] }
//! ```
//!
//! ```sh
//! cargo run -p coder-backstage-examples --bin own_resolver
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use backstage_catalog::{Catalog, EntityFilter, FileCatalog};
use coder_auth::{BackstageIdentity, MemoryAuthStore, Profile, SignInError, SignInResolver};
use coder_config::{AppConfig, ConfigSources, Environment};
use coder_core::{ReqwestTransport, World};
use coder_portal::{InvalidOptionError, Portal};
use tokio::net::TcpListener;

/// Finds the User entity with this annotation.
struct AnnotationMatchingUsername {
    path: String,
}

#[async_trait]
impl SignInResolver for AnnotationMatchingUsername {
    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        let filter = EntityFilter::kind("user").with(&self.path, &user.username);
        match catalog.entities(&filter).await?.as_slice() {
            // The next resolver may know the person.
            [] => Err(SignInError::NotFound),
            [entity] => Ok(BackstageIdentity::from_entity(entity)),
            _ => Err(SignInError::Ambiguous),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let environment: Environment = std::env::vars().collect();
    let read = |path: &str| std::fs::read_to_string(path);
    let config = AppConfig::from_loaded(&ConfigSources::new(&read, &environment).load()?)?;

    let world = World::native(ReqwestTransport::new("own-resolver/1.0")?).ok_or("no runtime")?;
    let catalog = FileCatalog::new(&config.catalog);
    let portal = Portal::builder(&config, &world, catalog, MemoryAuthStore::new())
        .sign_in_resolver_factory("annotationMatchingUsername", |options| {
            let annotation = options.get("annotation").and_then(|value| value.as_str());
            let annotation = annotation
                .ok_or_else(|| InvalidOptionError::new("annotation", "must name an annotation"))?;
            let path = format!("metadata.annotations.{annotation}");
            Ok(Arc::new(AnnotationMatchingUsername { path }))
        })
        .build()?;

    let host = config.backend.listen.host.as_deref().unwrap_or("localhost");
    let listener = TcpListener::bind((host, config.backend.listen.port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, coder_axum::router::<()>(portal)).await?;
    Ok(())
}
