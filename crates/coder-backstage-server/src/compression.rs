//! Compression of answers, where the portal says that nothing in them is secret.

use axum::Router;
use coder_portal::Compressible;
use http::Response;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// The size in bytes from which compression pays: below, an answer fits into one packet.
const PAYS_ABOVE: u16 = 1024;

/// Makes the answers of `routes` shorter that bear the mark [`Compressible`], for clients that take it.
pub(crate) fn compressed(routes: Router) -> Router {
    routes.layer(CompressionLayer::new().compress_when(SizeAbove::new(PAYS_ABOVE).and(Marked)))
}

#[derive(Clone, Copy)]
struct Marked;

impl Predicate for Marked {
    fn should_compress<B: http_body::Body>(&self, response: &Response<B>) -> bool {
        response.extensions().get::<Compressible>().is_some()
    }
}

#[cfg(test)]
mod tests {
    use axum::Extension;
    use axum::body::Body;
    use axum::routing::get;
    use http::Request;
    use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    #[tokio::test]
    async fn only_a_long_answer_without_secrets_is_compressed() {
        let long = || "a".repeat(5000);
        let routes = Router::new()
            .route("/open", get(async move || (Extension(Compressible), long())))
            .route("/short", get(async || (Extension(Compressible), "a")))
            .route("/secret", get(async move || long()));
        let routes = TowerToHyperService::new(compressed(routes));
        for (path, takes, encoding) in [
            ("/open", "gzip, br", Some("gzip")),
            ("/open", "identity", None),
            ("/short", "gzip", None),
            ("/secret", "gzip", None),
        ] {
            let request = Request::get(path).header(ACCEPT_ENCODING, takes);
            let answer = routes.call(request.body(Body::empty()).unwrap()).await.unwrap();
            let found = answer.headers().get(CONTENT_ENCODING).map(|name| name.to_str().unwrap());
            assert_eq!(found, encoding, "{path} for {takes}");
        }
    }
}
