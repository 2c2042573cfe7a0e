//! Companies' networks, over real sockets: authorities of their own, proxies, time-outs.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

mod environment;
mod proxy;
mod tls;

use std::time::Duration;

use bytes::Bytes;
use coder_core::{
    Proxy, ReqwestTransport, ReqwestTransportBuilder, Secret, Transport, TransportError,
    TransportErrorKind, with_causes,
};
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use tls::{Authority, HOST};

/// Builds a transport that uses no proxy of the environment.
fn builder() -> ReqwestTransportBuilder {
    ReqwestTransport::builder("test/1").proxy(None)
}

async fn get(transport: &ReqwestTransport, url: &str) -> Result<StatusCode, TransportError> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    Ok(transport.send(request).await?.status())
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let authority = Authority::new();
    let server = tls::serve(&authority, None).await;
    let url = format!("https://localhost:{}", server.address.port());

    let error = get(&builder().build().unwrap(), &url).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Certificate, "{}", with_causes(&error));
    for trusting in [
        builder().root_certificates(authority.pem()),
        builder().root_certificates(authority.pem()).system_certificates(false),
        builder().root_certificates(Authority::new().pem()).root_certificates(authority.pem()),
    ] {
        assert_eq!(get(&trusting.build().unwrap(), &url).await.unwrap(), StatusCode::OK);
    }
    let other = builder().root_certificates(Authority::new().pem()).system_certificates(false);
    let error = get(&other.build().unwrap(), &url).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Certificate);
}

#[tokio::test]
async fn a_peer_that_asks_who_connects_is_shown_the_client_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = tls::serve(&authority, Some(&clients)).await;
    let url = format!("https://localhost:{}", server.address.port());
    let trusting = builder().root_certificates(authority.pem());

    assert!(get(&trusting.clone().build().unwrap(), &url).await.is_err(), "nothing was shown");
    let (certificate, key) = clients.issue(&["portal"]);
    let known = trusting.client_certificate(certificate, key).build().unwrap();
    assert_eq!(get(&known, &url).await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn https_goes_through_the_proxy_by_connect_with_its_credentials() {
    let authority = Authority::new();
    let server = tls::serve(&authority, None).await;
    let mut proxy = proxy::serve(server.address).await;
    let through = Proxy::new(&proxy.url).credentials("alice", Secret::new("pass"));
    assert!(!format!("{through:?}").contains("pass"));
    let transport = builder().root_certificates(authority.pem()).proxy(through).build().unwrap();
    let url = format!("https://{HOST}:8443/");
    assert_eq!(get(&transport, &url).await.unwrap(), StatusCode::OK);
    let head = proxy.asked.recv().await.unwrap();
    assert!(head.starts_with(&format!("CONNECT {HOST}:8443 HTTP/1.1\r\n")), "{head}");
    // `alice:pass`
    assert!(head.to_lowercase().contains("proxy-authorization: basic ywxpy2u6cgfzcw=="), "{head}");
}

#[tokio::test]
async fn hosts_without_the_proxy_are_reached_directly() {
    let server = tls::serve(&Authority::new(), None).await;
    let mut proxy = proxy::serve(server.address).await;
    for hosts in [HOST, "test", "example.com, .test", "*"] {
        let through = Proxy::new(&proxy.url).no_proxy(hosts);
        let transport = builder().proxy(through).build().unwrap();
        let error = get(&transport, &format!("https://{HOST}/")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::UnknownHost, "{hosts}");
    }
    assert!(proxy.asked.try_recv().is_err(), "nobody asked the proxy");
}

#[tokio::test]
async fn a_proxy_that_fails_is_named_as_the_one_at_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        client.write_all(refusal).await.unwrap();
    });
    for (proxy, fault) in [
        ("http://127.0.0.1:1", "the proxy could not be reached"),
        ("http://proxy.invalid:3128", "the proxy could not be reached"),
        (&refusing, "the proxy did not let the request through"),
    ] {
        let transport = builder().proxy(Proxy::new(proxy)).build().unwrap();
        let error = get(&transport, &format!("https://{HOST}/")).await.unwrap_err();
        assert!(error.to_string().contains(fault), "{proxy}: {}", with_causes(&error));
        assert!(!error.may_have_been_processed());
    }
}

#[tokio::test]
async fn each_time_out_ends_a_request_at_its_part() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut first = [0];
            socket.read_exact(&mut first).await.unwrap();
            // Plain http gets the head of an answer; whoever wants TLS gets nothing.
            if first == *b"G" {
                socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").await.unwrap();
            }
            kept.push(socket);
        }
    });
    let soon = Duration::from_millis(100);
    let later = Duration::from_secs(3600);
    let patient = || builder().connect_timeout(later).read_timeout(later);

    let transport = patient().connect_timeout(soon).build().unwrap();
    let error = get(&transport, &format!("https://{address}/")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect, "{}", with_causes(&error));
    assert!(!error.may_have_been_processed());

    for impatient in [patient().read_timeout(soon), patient().timeout(soon)] {
        let transport = impatient.build().unwrap();
        let request = Request::get(format!("http://{address}/")).body(Bytes::new()).unwrap();
        let answer = transport.send(request).await.unwrap();
        let error = answer.into_body().collect(16).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{}", with_causes(&error));
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_named_when_the_transport_is_built() {
    let (certificate, key) = Authority::new().issue(&["portal"]);
    for (builder, part) in [
        (builder().root_certificates("canary"), "the root certificates cannot be used"),
        (
            builder().client_certificate(certificate, Secret::new("canary")),
            "the client certificate or its key cannot be used",
        ),
        (
            builder().client_certificate("canary", key),
            "the client certificate or its key cannot be used",
        ),
        (builder().proxy(Proxy::new("canary me")), "the URL of the proxy cannot be used"),
        (
            builder().proxy(Proxy::new("socks5://canary:1080")),
            "the URL of the proxy cannot be used",
        ),
    ] {
        let error = builder.build().unwrap_err();
        let told = with_causes(&error);
        assert!(told.starts_with(part) && told.len() > part.len(), "{told}");
        assert!(!format!("{told} {error:?}").contains("canary"), "{told} {error:?}");
    }
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn requests_use_http_2_where_the_peer_offers_it_and_web_sockets_do_not() {
    let authority = Authority::new();
    let mut server = tls::serve(&authority, None).await;
    let url = format!("https://localhost:{}", server.address.port());
    let plain = builder().root_certificates(authority.pem());
    let modern = plain.clone().http2(true).build().unwrap();
    let plain = plain.build().unwrap();

    get(&plain, &url).await.unwrap();
    assert_eq!(server.protocols.recv().await.unwrap().unwrap(), b"http/1.1");
    // The server offers HTTP/2 and does not speak it.
    get(&modern, &url).await.unwrap_err();
    assert_eq!(server.protocols.recv().await.unwrap().unwrap(), b"h2");
    let request = Request::get(&url).body(()).unwrap();
    modern.open_web_socket(request).await.unwrap();
    assert_eq!(server.protocols.recv().await.unwrap().unwrap(), b"http/1.1");
}

#[cfg(feature = "unstable-reqwest")]
#[tokio::test]
async fn a_client_of_ones_own_sends_the_requests() {
    let authority = Authority::new();
    let server = tls::serve(&authority, None).await;
    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_backend_rustls();
    let client = client.no_proxy().tls_certs_only([root]).http1_only();
    let transport = ReqwestTransport::from_client(client.build().unwrap());
    let url = format!("https://localhost:{}", server.address.port());
    assert_eq!(get(&transport, &url).await.unwrap(), StatusCode::OK);
}
