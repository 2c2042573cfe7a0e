//! A reverse proxy in front of the portal and of a stand-in for Backstage, and the way of browsers to it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::extract::Request;
use axum::routing::Router;
use bytes::Bytes;
use coder_core::{Body, Lock};
use coder_testkit::{Browser, Site};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder};

use crate::page::Example;

const HOST: &str = "portal.example.com";

/// A backend that answers with its name and the path, and remembers the head of the last request.
pub(crate) struct Backstage {
    address: String,
    seen: Arc<Lock<String>>,
}

impl Backstage {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Lock::new(String::new()));
        let remembered = Arc::clone(&seen);
        let routes = Router::new().fallback(|request: Request| async move {
            let headers = request.headers().iter();
            let lines =
                headers.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
            *remembered.lock() = lines.collect();
            format!("Backstage {}", request.uri().path())
        });
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, seen }
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns the headers of the last request.
    pub(crate) fn seen(&self) -> String {
        self.seen.lock().clone()
    }
}

/// A running reverse proxy with a certificate of its own authority. It is stopped when this is dropped.
pub(crate) struct Front {
    child: Child,
    port: u16,
    prefix: &'static str,
    /// The file of the authority.
    authority: String,
    client: Client,
    over_http1: Client,
}

impl Front {
    /// Starts nginx with this example, as a file that its `http` block includes.
    pub(crate) fn nginx(example: &Example, prefix: &'static str, directory: &Path) -> Self {
        let (certified, port) = (Certified::new(directory), free_port());
        let example = example
            .clone()
            .with("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"))
            .with("/etc/nginx/portal.crt", &certified.certificate)
            .with("/etc/nginx/portal.key", &certified.key);
        std::fs::write(directory.join("portal.conf"), example.text()).unwrap();
        let path = directory.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {path}/{kind};\n"))
            .collect();
        // As root, nginx would give its files to another user.
        let user = if is_root() { "user root;" } else { "" };
        let configuration = format!(
            "{user}\ndaemon off;\npid {path}/nginx.pid;\nevents {{ }}\nhttp {{\naccess_log off;\n{temporary}include {path}/portal.conf;\n}}\n"
        );
        let file = directory.join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let mut nginx = Command::new(program("nginx"));
        nginx.arg("-p").arg(directory).arg("-c").arg(&file);
        nginx.arg("-e").arg(directory.join("error.log"));
        Self::start(nginx, port, prefix, certified)
    }

    /// Starts Caddy with this example, and a certificate in place of the one that Caddy would have made.
    pub(crate) fn caddy(example: &Example, prefix: &'static str, directory: &Path) -> Self {
        let (certified, port) = (Certified::new(directory), free_port());
        let tls = format!("{HOST} {{\n\ttls {} {}\n", certified.certificate, certified.key);
        let example = example.clone().with(&format!("{HOST} {{\n"), &tls);
        let options = format!(
            "{{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port {port}\n\tgrace_period 100ms\n}}\n"
        );
        let file = directory.join("Caddyfile");
        std::fs::write(&file, format!("{options}{}", example.text())).unwrap();
        let mut caddy = Command::new(program("caddy"));
        caddy.arg("run").arg("--config").arg(&file).args(["--adapter", "caddyfile"]);
        // Nothing of its log tells more than the answers.
        caddy
            .stderr(Stdio::null())
            .env("HOME", directory)
            .env("XDG_DATA_HOME", directory)
            .env("XDG_CONFIG_HOME", directory);
        Self::start(caddy, port, prefix, certified)
    }

    fn start(mut program: Command, port: u16, prefix: &'static str, certified: Certified) -> Self {
        let mut child = program.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "{program:?} has ended");
            std::thread::yield_now();
        }
        let authority = std::fs::read(&certified.authority).unwrap();
        let client = || client(&authority);
        let over_http1 = client().http1_only().build().unwrap();
        let client = client().build().unwrap();
        Self { child, port, prefix, authority: certified.authority, client, over_http1 }
    }

    /// Returns the port of the machine that it listens at.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the file of the authority that has signed its certificate.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{}{path}", self.port, self.prefix)
    }

    /// Begins a request to a path below the prefix.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// Begins the same over HTTP/1.1.
    pub(crate) fn get_over_http1(&self, path: &str) -> RequestBuilder {
        self.over_http1.get(self.url(path))
    }

    /// Begins a request with a body.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Begins a WebSocket.
    pub(crate) fn handshake(&self, path: &str) -> RequestBuilder {
        let request = self.get_over_http1(path);
        let request = request.header("connection", "Upgrade").header("upgrade", "websocket");
        let request = request.header("sec-websocket-version", "13");
        request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    /// Adds what a page of the portal sends along in this browser.
    pub(crate) fn as_page(&self, request: RequestBuilder, browser: &Browser) -> RequestBuilder {
        let page = browser.script_request("GET", "/").body(()).unwrap();
        request.headers(page.headers().clone())
    }
}

impl Site for Front {
    async fn answer(&self, request: http::Request<Bytes>) -> http::Response<Body> {
        let (head, body) = request.into_parts();
        let target = head.uri.to_string();
        // Coder sends browsers back to a callback URL that has the prefix.
        let path = target.strip_prefix(self.prefix).unwrap_or(&target);
        let request = self.client.request(head.method, self.url(path)).headers(head.headers);
        let answer = request.body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = http::Response::new(Body::from(answer.bytes().await.unwrap()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let process = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &process]).status();
        let _ = self.child.wait();
    }
}

/// The files of a certificate for the portal's host, and of the authority that has signed it.
struct Certified {
    authority: String,
    certificate: String,
    key: String,
}

impl Certified {
    /// Makes them in this directory.
    fn new(directory: &Path) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
        let file = |name: &str, pem: String| {
            let file = directory.join(name);
            std::fs::write(&file, pem).unwrap();
            file.display().to_string()
        };
        let certificate = server.signed_by(&key, &authority).unwrap().pem();
        let (certificate, key) =
            (file("portal.crt", certificate), file("portal.key", key.serialize_pem()));
        Self { authority: file("authority.crt", authority.pem()), certificate, key }
    }
}

/// Returns the beginning of a client that knows the authority, and finds the host at this machine.
fn client(authority: &[u8]) -> ClientBuilder {
    let authority = Certificate::from_pem(authority).unwrap();
    Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([authority])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

/// Finds the program, which Debian may keep off the path of users.
fn program(name: &str) -> PathBuf {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let mut places = places.iter().map(|place| Path::new(place).join(name));
    places.find(|place| place.is_file()).unwrap_or_else(|| name.into())
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap();
    user.stdout.starts_with(b"0\n")
}

/// Returns a port that nobody else takes in the short time it is free.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
