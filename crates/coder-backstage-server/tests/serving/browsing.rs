//! What browsers of the test kit need to be at the real server: a way over sockets.

use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, ReqwestTransport, Transport as _};
use coder_testkit::{Answer, Browser, Site};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::parameter;

/// Where browsers believe the portal to be: in front of all its processes.
pub(crate) const PORTAL: &str = "http://localhost:7007";

/// Host and port of a process that serves the portal. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    address: String,
    transport: ReqwestTransport,
}

impl Place {
    pub(crate) fn new(address: String) -> Self {
        Self { address, transport: ReqwestTransport::new("browser/1.0").unwrap() }
    }

    /// Returns the URL of a path with its query.
    pub(crate) fn url(&self, path_and_query: &str) -> String {
        format!("http://{}{path_and_query}", self.address)
    }
}

impl Site for Place {
    async fn answer(&self, mut request: Request<Bytes>) -> Response<Body> {
        *request.uri_mut() = self.url(&request.uri().to_string()).parse().unwrap();
        self.transport.send(request).await.unwrap()
    }
}

/// Makes a browser at [`PORTAL`], where nobody has signed in.
pub(crate) fn visitor() -> Browser {
    Browser::new().origin(PORTAL)
}

/// Tells whether the browser holds a session.
pub(crate) fn is_signed_in(browser: &Browser) -> bool {
    browser.cookies.contains_key("coder-session")
}

/// Comes back from Coder, signed in.
pub(crate) async fn finish_login(browser: &mut Browser, site: &impl Site, callback: &Url) {
    let page = browser.call_back(site, callback).await;
    assert!(is_signed_in(browser), "{page:?}");
}

/// Comes back from Coder, and closes the window as soon as `then` ends. Waits until the server has
/// noticed.
pub(crate) async fn come_back_and_leave(
    browser: &Browser,
    place: &Place,
    callback: &Url,
    then: impl Future<Output = ()>,
) {
    let path = format!("{}?{}", callback.path(), callback.query().unwrap());
    let request = browser.request("GET", &path).body(()).unwrap();
    let mut head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n", place.address);
    for (name, value) in request.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    let mut stream = TcpStream::connect(&place.address).await.unwrap();
    stream.write_all((head + "\r\n").as_bytes()).await.unwrap();
    then.await;
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "", "nobody is there any more");
}

/// Returns where Coder would send the browser back from this consent page, so far without a code.
pub(crate) fn callback_of(authorize: &Url) -> Url {
    let mut callback = Url::parse(&format!("{PORTAL}/api/auth/coder/handler/frame")).unwrap();
    callback.query_pairs_mut().append_pair("state", &parameter(authorize, "state"));
    callback
}

/// Refreshes until the answer is no session, as soon as the token is due; returns that answer.
pub(crate) fn refresh_until_refused(
    browser: &Browser,
    place: &Place,
) -> impl Future<Output = Answer> + Send + 'static {
    let browser = browser.clone();
    let place = place.clone();
    let refused = async move {
        loop {
            let refresh = "/api/auth/coder/refresh?env=development";
            let answer = browser.ajax(&place, "GET", refresh).await;
            if answer.status() != StatusCode::OK {
                return answer;
            }
        }
    };
    // Long, for a busy machine.
    let refused = tokio::time::timeout(Duration::from_secs(60), refused);
    async { refused.await.unwrap() }
}
