//! The server: listening, taking connections, and stopping.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use coder_config::Listen;
use coder_core::TokioRuntime;
use http::Request;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::compression;
use crate::connection::{FIRST_REQUEST, Http, attend};
use crate::drain::{Phase, Phases};
use crate::failure::Failure;
use crate::places::{Place, Places};
use crate::socket::Socket;
use crate::telemetry::Peer;

/// How long what is under way may take to end once no more requests are taken: requests first, then
/// the work that outlives them. A rotation that Coder answers late takes 11 seconds, and orchestrators
/// kill a process after 30, of which [`DRAIN`] takes 5.
const GRACE: Duration = Duration::from_secs(20);

/// How many seconds requests are still taken after SIGTERM by default, while load balancers learn that
/// the server ends.
pub(crate) const DRAIN: u16 = 5;

/// How many connections are served at a time by default: half of the descriptors that
/// most systems give to a process. The other half is for Coder and the store.
pub(crate) const CONNECTIONS: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// Starts to listen. Without a host that is every address of the machine, over IPv6 and IPv4 where
/// the system has both.
///
/// # Errors
///
/// When the place is taken, or is none of this machine.
pub(crate) async fn bind(listen: &Listen) -> Result<TcpListener, Failure> {
    bind_as(listen, "backend.listen").await
}

/// Starts to listen as [`bind`] does, at the place that this key of the configuration names.
///
/// # Errors
///
/// As [`bind`] fails.
pub(crate) async fn bind_as(listen: &Listen, key: &'static str) -> Result<TcpListener, Failure> {
    let bound = match listen.host.as_deref() {
        Some(host) => TcpListener::bind((host, listen.port)).await,
        None => match TcpListener::bind(("::", listen.port)).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind(("0.0.0.0", listen.port)).await
            }
            bound => bound,
        },
    };
    bound.map_err(|source| Failure::Listen { listen: listen.clone(), key, source })
}

/// The answers of a server, and the certificate that it shows to clients. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service {
    routes: Router,
    /// Without it the server speaks plain http.
    tls: Option<TlsAcceptor>,
}

impl Service {
    /// Serves these routes, compressed where that is safe.
    pub(crate) fn new(routes: Router, tls: Option<TlsAcceptor>) -> Self {
        Self { routes: compression::compressed(routes), tls }
    }
}

/// A service at work, and the limits of its connections.
pub(crate) struct Serving {
    /// The service at the moment; another one takes its place when the configuration is read again.
    pub(crate) service: watch::Receiver<Service>,
    /// Where the portal's work runs.
    pub(crate) runtime: TokioRuntime,
    /// How many connections there may be at a time. Others wait until one of them ends.
    pub(crate) connections: NonZeroUsize,
}

/// Serves until the phase [`Phase::Closed`], while `beside` does what else the process does, and ends that
/// once it is closed. Then what is under way is finished, also the work whose caller has gone: a token pair
/// that Coder has just replaced is stored. Returns what `beside` returned.
///
/// # Errors
///
/// When the server panicked.
pub(crate) async fn run<T>(
    listener: TcpListener,
    serving: Serving,
    phases: Phases,
    beside: impl Future<Output = T>,
) -> Result<T, Failure> {
    let Serving { service, runtime, connections } = serving;
    // On a task of its own, so that connections are taken whatever `beside` waits for.
    let serving = tokio::spawn(serve(listener, service, connections, phases));
    let serving = async { serving.await.map_err(|error| Failure::Serve(error.into())) };
    let (deadline, done) = tokio::try_join!(serving, async { Ok(beside.await) })?;
    let tasks = runtime.unfinished();
    if tasks > 0 {
        tracing::info!(tasks, "waiting for work that is under way");
    }
    if timeout_at(deadline, runtime.idle()).await.is_err() {
        let tasks = runtime.unfinished();
        tracing::warn!(tasks, "some work did not end in time and was cut off");
    }
    Ok(done)
}

/// Speaks HTTP/1.1 and HTTP/2. Returns the moment at which everything that is under way has to end.
async fn serve(
    listener: TcpListener,
    service: watch::Receiver<Service>,
    connections: NonZeroUsize,
    phases: Phases,
) -> Instant {
    let places = Places::new(connections);
    let mut door = Door { http: Http::new(), service, phases, connections: JoinSet::new() };
    let closed = door.phases.clone();
    let mut closed = pin!(closed.reached(Phase::Closed));
    let mut listener = listener;
    loop {
        let accepted = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut closed => break,
        };
        // One waits here for a place; the others wait in the system's queue, and cost nothing. When the
        // server closes, places become free soon.
        tokio::select! {
            place = places.take() => door.attend(accepted, place),
            () = door.phases.closed_for(FIRST_REQUEST) => break,
        }
    }
    let deadline = Instant::now() + GRACE;
    // Those who are in the queue already would be reset.
    while let Some(accepted) = waiting(&mut listener).await {
        match timeout(FIRST_REQUEST, places.take()).await {
            Ok(place) => door.attend(accepted, place),
            Err(_) => break,
        }
    }
    drop(listener);
    let mut connections = door.connections;
    let done = async { while connections.join_next().await.is_some() {} };
    if timeout_at(deadline, done).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    deadline
}

/// Returns a connection of the system's queue, if there is one.
async fn waiting(listener: &mut TcpListener) -> Option<(TcpStream, SocketAddr)> {
    tokio::select! {
        biased;
        accepted = Listener::accept(listener) => Some(accepted),
        () = tokio::task::yield_now() => None,
    }
}

/// Where connections come in.
struct Door {
    http: Http,
    service: watch::Receiver<Service>,
    phases: Phases,
    connections: JoinSet<()>,
}

impl Door {
    /// Answers what comes over a new connection, on a task of its own.
    fn attend(&mut self, (stream, peer): (TcpStream, SocketAddr), place: Place) {
        while self.connections.try_join_next().is_some() {}
        let socket = Socket::new(stream, place.seat());
        let tls = self.service.borrow().tls.clone();
        let (seat, service, phases) = (place.seat(), self.service.clone(), self.phases.clone());
        let answers = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            let version = request.version();
            let under_way = seat.begin();
            let phases = phases.clone();
            // A connection outlives a configuration: each request is answered by the present one.
            let routes = TowerToHyperService::new(service.borrow().routes.clone());
            async move {
                let answer = routes.call(request).await;
                drop(under_way);
                answer.map(|mut answer| {
                    phases.part(version, &mut answer);
                    answer
                })
            }
        });
        let attended = attend(self.http.clone(), socket, tls, answers, self.phases.clone());
        self.connections.spawn(async move {
            tokio::select! {
                () = attended => {}
                () = place.given_up() => {}
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::extract::Request;
    use axum::routing::get;
    use coder_core::Runtime as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;
    use tokio_rustls::rustls;
    use tokio_rustls::rustls::server::ResolvesServerCertUsingSni;

    use super::*;
    use crate::connection::HEAD_TIMEOUT;

    /// A server of these routes on a port of its own.
    struct Running {
        address: SocketAddr,
        phase: watch::Sender<Phase>,
        service: watch::Sender<Service>,
        serving: JoinHandle<Instant>,
    }

    impl Running {
        async fn new(routes: Router, tls: Option<TlsAcceptor>, connections: NonZeroUsize) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (phase, phases) = Phases::new();
            let (service, current) = watch::channel(Service::new(routes, tls));
            let serving = tokio::spawn(serve(listener, current, connections, phases));
            Self { address, phase, service, serving }
        }

        async fn of(routes: Router) -> Self {
            Self::new(routes, None, CONNECTIONS).await
        }

        async fn client(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    /// Sends a text and returns the answer, up to the end of the connection.
    async fn answer_to(sent: &str) -> String {
        let server = Running::of(Router::new().route("/", get(async || "hello"))).await;
        let mut client = server.client().await;
        client.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    // The paused clock moves on as soon as nobody has anything to do.
    #[tokio::test(start_paused = true)]
    async fn what_the_work_beside_gives_back_at_its_end_is_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let runtime = TokioRuntime::current().unwrap();
        let (_service, service) = watch::channel(Service::new(Router::new(), None));
        let serving = Serving { service, runtime: runtime.clone(), connections: CONNECTIONS };
        let (phase, phases) = Phases::new();
        let (given_back, mut lease) = tokio::sync::oneshot::channel();
        phase.send_replace(Phase::Closed);
        let beside = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            runtime.spawn(Box::pin(async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                given_back.send(()).unwrap();
            }));
        };
        run(listener, serving, phases, beside).await.unwrap();
        assert!(lease.try_recv().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_ends_its_request_is_hung_up_on() {
        for sent in ["", "P", "GET / HTTP/1.1\r\nHost: portal\r\nX-Slow: "] {
            let answer = answer_to(sent).await;
            assert!(!answer.contains("hello"), "{sent:?}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_agrees_on_tls_is_hung_up_on_before_its_request_is_due() {
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = config.with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        let tls = TlsAcceptor::from(Arc::new(config));
        let server = Running::new(Router::new(), Some(tls), CONNECTIONS).await;
        let began = Instant::now();
        let mut client = server.client().await;
        // The beginning of a record that never ends.
        client.write_all(&[0x16, 3, 1, 2, 0]).await.unwrap();
        assert_eq!(client.read(&mut [0; 16]).await.unwrap(), 0);
        assert!(began.elapsed() < HEAD_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_closed_after_its_answer() {
        let answer = answer_to("GET / HTTP/1.1\r\nHost: portal\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    }

    /// Returns the number that the server answers with, over this connection.
    async fn count(client: &mut TcpStream) -> String {
        client.write_all(b"GET / HTTP/1.1\r\nHost: portal\r\n\r\n").await.unwrap();
        counted(client).await
    }

    async fn counted(client: &mut TcpStream) -> String {
        let mut answer = String::new();
        while !answer.ends_with('#') {
            answer.push(char::from(client.read_u8().await.unwrap()));
        }
        answer.rsplit('\n').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn one_port_speaks_both_versions_of_http() {
        let routes = Router::new()
            .route("/", get(async |request: Request| format!("{:?}", request.version())));
        let server = Running::of(routes).await;
        let address = server.address;
        let ask = async |client: reqwest::ClientBuilder| {
            let client = client.no_proxy().build().unwrap();
            client.get(format!("http://{address}/")).send().await.unwrap().text().await.unwrap()
        };
        assert_eq!(ask(reqwest::Client::builder()).await, "HTTP/1.1");
        assert_eq!(ask(reqwest::Client::builder().http2_prior_knowledge()).await, "HTTP/2.0");
    }

    #[tokio::test]
    async fn a_request_over_http_2_ends_before_a_server_that_stops() {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let routes = Router::new().route(
            "/",
            get({
                let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
                async move || {
                    begun.notify_one();
                    go_on.notified().await;
                    "done"
                }
            }),
        );
        let server = Running::of(routes).await;
        let address = server.address;
        let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
        let asked = tokio::spawn(client.get(format!("http://{address}/")).send());
        begun.notified().await;
        server.phase.send_replace(Phase::Closed);
        // The port is closed as soon as no more requests are taken.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        go_on.notify_one();
        assert_eq!(asked.await.unwrap().unwrap().text().await.unwrap(), "done");
        server.serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_above_the_number_waits_until_another_one_ends() {
        let asked = Arc::new(AtomicUsize::new(0));
        let routes = Router::new().route(
            "/",
            get(async move || format!("{}#", asked.fetch_add(1, Ordering::SeqCst) + 1)),
        );
        let server = Running::new(routes, None, NonZeroUsize::MIN).await;

        let mut first = server.client().await;
        assert_eq!(count(&mut first).await, "1#");
        let mut second = server.client().await;
        second.write_all(b"GET / HTTP/1.1\r\nHost: portal\r\n\r\n").await.unwrap();
        for number in 2..20 {
            assert_eq!(count(&mut first).await, format!("{number}#"), "the second one waits");
        }
        drop(first);
        assert_eq!(counted(&mut second).await, "20#");
    }

    #[tokio::test]
    async fn the_answer_arrives_although_the_body_of_the_request_is_never_read() {
        let server = Running::of(Router::new().route("/", get(async || "hello"))).await;
        let mut client = server.client().await;
        let length = 1 << 20;
        let head = format!("GET / HTTP/1.1\r\nHost: portal\r\nContent-Length: {length}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; length]).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("hello"), "{answer}");
    }

    const ASK: &str = "GET / HTTP/1.1\r\nHost: portal\r\n\r\n";

    fn hello() -> Router {
        let hello = get(async || "hello#");
        Router::new().route("/", hello.clone()).route("/{*path}", hello)
    }

    /// Sends a request over this connection, and returns its answer up to the sign of its end.
    async fn ask(client: &mut TcpStream, request: &str) -> String {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        while !answer.ends_with(['#', '}']) {
            answer.push(char::from(client.read_u8().await.unwrap()));
        }
        answer
    }

    #[tokio::test]
    async fn while_it_drains_each_answer_is_the_last_one_of_its_connection() {
        let server = Running::of(hello()).await;
        let mut before = server.client().await;
        assert!(ask(&mut before, ASK).await.starts_with("HTTP/1.1 200"));
        server.phase.send_replace(Phase::Draining);
        for client in [&mut before, &mut server.client().await] {
            let answer = ask(client, ASK).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(answer.contains("connection: close"), "{answer}");
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0, "the connection is over");
        }
    }

    #[tokio::test]
    async fn while_it_drains_a_client_over_http_2_goes_to_a_new_connection_and_loses_nothing() {
        let server = Running::of(hello()).await;
        let url = format!("http://{}/", server.address);
        let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy();
        let client = client.build().unwrap();
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
        server.phase.send_replace(Phase::Draining);
        for _ in 0..20 {
            assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
        }
    }

    #[tokio::test]
    async fn a_connection_that_was_made_before_the_end_is_answered_once() {
        let server = Running::of(hello()).await;
        let mut client = server.client().await;
        let mut served = server.client().await;
        // The second one in the queue is let in, so the first one was.
        assert!(ask(&mut served, ASK).await.starts_with("HTTP/1.1 200"));
        server.phase.send_replace(Phase::Closed);
        let answer = ask(&mut client, ASK).await;
        assert!(answer.contains("connection: close"), "{answer}");
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(served.read(&mut [0]).await.unwrap(), 0, "it was idle");
        server.serving.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_nothing_does_not_hold_up_the_end() {
        let server = Running::of(hello()).await;
        let mut client = server.client().await;
        let began = Instant::now();
        server.phase.send_replace(Phase::Closed);
        server.serving.await.unwrap();
        assert!(began.elapsed() < GRACE / 2, "{:?}", began.elapsed());
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_connection_that_stays_open_is_answered_by_the_present_service() {
        let server = Running::of(hello()).await;
        let mut client = server.client().await;
        assert!(ask(&mut client, ASK).await.ends_with("hello#"));
        let other = Router::new().route("/", get(async || "good day#"));
        server.service.send_replace(Service::new(other, None));
        assert!(ask(&mut client, ASK).await.ends_with("good day#"));
    }
}
