//! `/.well-known/*`, and paths of `/oauth2` that are no endpoints.

use crate::server::Server;

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    for document in ["oauth-authorization-server", "oauth-protected-resource"] {
        well_known(server, document).await;
    }
    for (label, path) in [
        ("openid-configuration", "openid-configuration"),
        ("jwks", "jwks.json"),
        ("none", "nothing"),
    ] {
        let path = format!("/.well-known/{path}");
        server.ask(&format!("well-known/{label}"), "GET", &path).send().await;
    }
    for path in ["userinfo", "introspect", "device", "jwks", "", "token", "authorize/", "tokens/"] {
        let label = format!("oauth2/{path}");
        let path = format!("/oauth2/{path}");
        server.ask(&label, "GET", &path).send().await;
        server.ask(&format!("{label}-POST"), "POST", &path).send().await;
    }
}

async fn well_known(server: &mut Server, document: &str) {
    let label = |variant: &str| match variant {
        "" => format!("well-known/{document}"),
        variant => format!("well-known/{document}/{variant}"),
    };
    let path = format!("/.well-known/{document}");
    server.ask(&label(""), "GET", &path).send().await;
    server.ask(&label("suffix"), "GET", &format!("{path}/x/y")).send().await;
    server.ask(&label("trailing-slash"), "GET", &format!("{path}/")).send().await;
    server.ask(&label("glued"), "GET", &format!("{path}x")).send().await;
    server.ask(&label("HEAD"), "HEAD", &path).send().await;
    server.ask(&label("POST"), "POST", &path).send().await;
    server
        .ask(&label("OPTIONS"), "OPTIONS", &path)
        .header("origin", "https://p.test")
        .header("access-control-request-method", "GET")
        .send()
        .await;
    server.ask(&label("origin"), "GET", &path).header("origin", "https://p.test").send().await;
    server.ask(&label("query"), "GET", &path).query(&[("x", "1")]).send().await;
}
