//! What the variables of the environment do, each time in a process that has them.

use std::process::Command;

use coder_core::{ReqwestTransport, TransportErrorKind};

use crate::proxy;
use crate::tls::{self, Authority, HOST};

/// The URL that the other process asks.
const URL: &str = "CODER_CORE_TEST_URL";

/// Variables that would change what a process is told here.
const VARIABLES: [&str; 10] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Asks this URL in a process with these variables; gives the status or the kind of the error.
async fn asked(url: &str, variables: &[(&str, &str)]) -> String {
    let mut other = Command::new(std::env::current_exe().unwrap());
    other.args(["--ignored", "--exact", "--nocapture", "environment::ask"]).env(URL, url);
    for name in VARIABLES {
        other.env_remove(name);
    }
    other.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || other.output()).await.unwrap().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let told = output.lines().find_map(|line| line.split_once("told: "));
    told.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

#[tokio::test]
#[ignore = "the other process of the tests below"]
async fn ask() {
    let url = std::env::var(URL).unwrap();
    let told = match crate::get(&ReqwestTransport::new("test/1").unwrap(), &url).await {
        Ok(status) => status.as_u16().to_string(),
        Err(error) => format!("{:?}", error.kind()),
    };
    println!("told: {told}");
}

#[tokio::test]
async fn ssl_cert_file_names_the_authorities_that_are_trusted() {
    let authority = Authority::new();
    let server = tls::serve(&authority, None).await;
    let url = format!("https://localhost:{}", server.address.port());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, authority.pem()).unwrap();
    let path = file.path().to_str().unwrap();

    assert_eq!(asked(&url, &[("SSL_CERT_FILE", path)]).await, "200");
    let untrusted = format!("{:?}", TransportErrorKind::Certificate);
    assert_eq!(asked(&url, &[]).await, untrusted);
    // That one is of Node.js.
    assert_eq!(asked(&url, &[("NODE_EXTRA_CA_CERTS", path)]).await, untrusted);
}

#[tokio::test]
async fn https_proxy_leads_to_other_hosts_and_never_to_this_machine() {
    let authority = Authority::new();
    let server = tls::serve(&authority, None).await;
    let mut proxy = proxy::serve(server.address).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, authority.pem()).unwrap();
    let trusted = ("SSL_CERT_FILE", file.path().to_str().unwrap());
    let through = ("HTTPS_PROXY", proxy.url.as_str());
    let elsewhere = format!("https://{HOST}:8443/");

    assert_eq!(asked(&elsewhere, &[trusted, through]).await, "200");
    let head = proxy.asked.recv().await.unwrap();
    assert!(head.starts_with(&format!("CONNECT {HOST}:8443 ")), "{head}");

    let here = format!("https://localhost:{}", server.address.port());
    assert_eq!(asked(&here, &[trusted, through]).await, "200");
    let unknown = format!("{:?}", TransportErrorKind::UnknownHost);
    for hosts in [HOST, ".test", "other.example, test"] {
        let direct = asked(&elsewhere, &[trusted, through, ("NO_PROXY", hosts)]).await;
        assert_eq!(direct, unknown, "{hosts}");
    }
    assert!(proxy.asked.try_recv().is_err(), "the proxy was asked once");
}
