//! A reverse proxy that does nothing but pass requests on: the measure for the portal's own.

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use crate::bare::eprint_address;
use crate::outcome::Outcome;

/// Passes requests on to the server at `target` (host and port), until the process is killed.
///
/// # Errors
///
/// When nothing can be listened on.
pub(crate) async fn serve(target: &str) -> Outcome<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build::<_, Incoming>(connector);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprint_address(&listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, target) = (client.clone(), target.to_owned());
        let service = service_fn(move |request| {
            let (client, request) = (client.clone(), passed_on(request, &target));
            async move { Outcome::Ok(client.request(request?).await?) }
        });
        // A connection that breaks is the end of that connection.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Returns the same request to the server at `target`, without the headers of its connection.
fn passed_on(mut request: Request<Incoming>, target: &str) -> Outcome<Request<Incoming>> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("http://{target}{path}").parse::<Uri>()?;
    request.headers_mut().remove(hyper::header::HOST);
    request.headers_mut().remove(hyper::header::CONNECTION);
    Ok(request)
}
