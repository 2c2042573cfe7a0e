//! A portal that speaks https itself, with the certificate of `backend.https.certificate`.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::path::Path;
use std::process::Command;

use coder_testkit::FakeCoder;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::header::SET_COOKIE;
use reqwest::{Certificate, Client, Version};
use serving::{House, Process};

/// The portal's URL, as browsers know it.
const PORTAL: &str = "https://localhost:7007";

/// An authority, and a certificate of it for `localhost` with its key, all of them PEM.
struct Issued {
    authority: String,
    certificate: String,
    key: String,
}

fn issue() -> Issued {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = server.signed_by(&key, &authority).unwrap();
    Issued { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
}

/// Writes an app-config whose certificate stands in these two files.
fn configure(house: &House, directory: &Path, certificate: &str, key: &str) {
    std::fs::write(directory.join("cert.pem"), certificate).unwrap();
    std::fs::write(directory.join("key.pem"), key).unwrap();
    let callback = format!("{PORTAL}/api/auth/coder/handler/frame");
    let app = house.coder().add_oauth2_app("portal", &callback);
    let (id, secret) = (&app.client_id, app.client_secret.expose());
    let config = format!(
        "app: {{ baseUrl: '{PORTAL}' }}
backend:
  baseUrl: '{PORTAL}'
  listen: '127.0.0.1:0'
  https:
    certificate:
      cert: {{ $file: cert.pem }}
      key: {{ $file: key.pem }}
auth:
  providers:
    coder:
      development: {{ clientId: {id}, clientSecret: {secret}, deploymentUrl: '{}' }}
",
        house.coder().url()
    );
    std::fs::write(directory.join("app-config.yaml"), config).unwrap();
}

#[tokio::test]
async fn a_portal_with_a_certificate_speaks_https_and_its_cookies_are_secure() {
    let house = House::new(FakeCoder::builder()).await;
    let directory = tempfile::tempdir().unwrap();
    let issued = issue();
    configure(&house, directory.path(), &issued.certificate, &issued.key);
    let process = Process::start(directory.path(), |_| {});
    let port = process.url("").rsplit(':').next().unwrap().to_owned();

    let authority = Certificate::from_pem(issued.authority.as_bytes()).unwrap();
    let redirects = reqwest::redirect::Policy::none();
    let client = Client::builder()
        .tls_backend_rustls()
        .redirect(redirects)
        .no_proxy()
        .tls_certs_only([authority]);
    let client = client.build().unwrap();
    let start =
        format!("https://localhost:{port}/api/auth/coder/start?env=development&origin={PORTAL}");
    let answer = client.get(&start).send().await.unwrap();
    assert_eq!(answer.status(), 302, "{answer:?}");
    assert_eq!(answer.version(), Version::HTTP_2, "the handshake agrees on the better one");
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__") && cookie.contains("Secure"), "{cookie}");

    let strange =
        Client::builder().tls_backend_rustls().no_proxy().build().unwrap().get(&start).send().await;
    assert!(strange.unwrap_err().is_connect(), "who does not know the authority does not connect");
    let plain = client.get(start.replacen("https", "http", 1)).send().await;
    assert!(plain.is_err(), "no plain http is answered: {plain:?}");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_a_mistake_at_its_place() {
    let house = House::new(FakeCoder::builder()).await;
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (issue(), issue());
    let check = |certificate: &str, key: &str| {
        configure(&house, directory.path(), certificate, key);
        let check = Command::new(env!("CARGO_BIN_EXE_coder-backstage"))
            .args(["config", "check"])
            .current_dir(directory.path())
            .output()
            .unwrap();
        let told = String::from_utf8(check.stderr).unwrap();
        (check.status.success(), told.trim().to_owned())
    };
    let broken = one.certificate.replacen("\nMI", "\n!!", 1);
    let other_content = one.certificate.replacen("\nMI", "\nQU", 1);
    // As a file of environment variables holds it.
    let on_one_line = [&*one.key, &*one.certificate].concat().replace('\n', "\\n");
    let (without_end, _) = one.key.split_once("-----END").unwrap();
    for (certificate, key, start) in [
        (
            "nothing",
            &*one.key,
            "cert.pem:1:1 (included at app-config.yaml:7:13): `backend.https.certificate.cert` holds no certificate in PEM",
        ),
        (&*broken, &*one.key, "`backend.https.certificate.cert` cannot be read as PEM: "),
        (
            &*on_one_line,
            &*one.key,
            "`backend.https.certificate.cert` cannot be read as PEM: a line that begins a section holds more than that; \
             break the lines where `\\n` is written",
        ),
        (
            without_end,
            &*one.key,
            "`backend.https.certificate.cert` cannot be read as PEM: the line `-----END …-----` of a section is missing",
        ),
        (&*other_content, &*one.key, "`backend.https.certificate.cert` cannot be used: "),
        (
            &*one.certificate,
            "nothing",
            "`backend.https.certificate.key` holds no private key in PEM",
        ),
        (
            &*one.certificate,
            &*one.certificate,
            "`backend.https.certificate.key` holds no private key in PEM",
        ),
        (
            &*one.certificate,
            &*other.key,
            "`backend.https.certificate.key` does not belong to the certificate",
        ),
    ] {
        let (success, told) = check(certificate, key);
        assert!(!success && told.contains(start) && told.lines().count() == 1, "{start}:\n{told}");
        assert!(told.contains("app-config.yaml:"), "{told}");
        assert!(!told.contains("45, 45"), "no bytes of the text, which may be a key: {told}");
        for line in one.key.lines().filter(|line| !line.starts_with('-')) {
            assert!(!told.contains(line), "{told}");
        }
    }
    let (success, told) = check(&one.certificate, &one.key);
    assert!(success, "{told}");
}
