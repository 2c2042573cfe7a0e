//! Mistakes that operators make, each planted into a working portal. Each is found at the first
//! place that can know it: by `config check`, else by `check`, else at the start of `serve`. Two can
//! be known only when a browser comes. Mistakes that need more than one process have tests of their
//! own.
#![cfg(unix)]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{FakeCoder, FakeCoderBuilder, TestClock};
use rcgen::{CertificateParams, KeyPair};
use serving::browsing::visitor;
use serving::{House, Process, write_people};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use Found::{Check, Config, Login, NoticeOfCheck, NoticeOfConfig, Serve};

const KEY: &str = "dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=";
const OTHER_KEY: &str = "P8TM/nRYcOLA2Z9x8w/wZWyN7dQcwdfT03aw2+aF4vM=";

/// Makes a Coder whose clock is that of this machine.
fn on_time() -> FakeCoderBuilder {
    FakeCoder::builder().clock(Arc::new(SystemClock))
}

/// A working portal, with everything that a mistake may be planted into.
struct Scene {
    directory: TempDir,
    config: String,
    /// The deployment as the app-config names it.
    deployment: String,
    secret: String,
    token: String,
}

impl Scene {
    fn new(house: &House) -> Self {
        let (id, secret) = house.credentials();
        let deployment = house.coder().url().as_str().trim_end_matches('/').to_owned();
        let config = format!(
            "app: {{ baseUrl: http://localhost:7007 }}
backend: {{ baseUrl: http://localhost:7007, listen: '127.0.0.1:0' }}
auth:
  providers:
    coder:
      development:
        clientId: {id}
        clientSecret: ${{SECRET}}
        deploymentUrl: {deployment}
        signIn: {{ resolvers: [{{ resolver: usernameMatchingUserEntityName }}] }}
catalog:
  locations:
    - {{ type: file, target: ./org.yaml, rules: [{{ allow: [User] }}] }}
coder:
  session: {{ keys: [{KEY}] }}
  workspaces: {{ defaultTemplateName: devcontainer, repoUrlParamKeys: [git_repo] }}
"
        );
        let directory = tempfile::tempdir().unwrap();
        write_people(directory.path(), &["alice"]);
        let token = house.coder().add_user("operator").session_token.expose().to_owned();
        house.coder().add_template("devcontainer").parameter("git_repo", "");
        Self { directory, config, deployment, secret, token }
    }

    fn replace(&mut self, text: &str, by: &str) {
        assert!(self.config.contains(text), "{text} in\n{}", self.config);
        self.config = self.config.replace(text, by);
    }

    /// Names another deployment.
    fn deploy_at(&mut self, url: &str) {
        let former = format!("deploymentUrl: {}", self.deployment);
        self.replace(&former, &format!("deploymentUrl: {url}"));
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.file("app-config.yaml", &self.config);
        let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
        command.args(arguments).current_dir(&self.directory).stdin(Stdio::null());
        clean(&mut command);
        command.env("CODER_SESSION_TOKEN", &self.token);
        if !self.secret.is_empty() {
            command.env("SECRET", &self.secret);
        }
        command
    }

    /// Runs a command to its end; returns its code, and all that it prints.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        for secret in [&self.secret, &self.token] {
            let is_told = !secret.is_empty() && (out.contains(secret) || err.contains(secret));
            assert!(!is_told, "a secret is told:\n{out}{err}");
        }
        (output.status.code().unwrap(), out + &err)
    }
}

fn clean(command: &mut Command) {
    for variable in
        ["RUST_LOG", "BACKSTAGE_ENV", "NODE_EXTRA_CA_CERTS", "STATE_DIRECTORY", "SSL_CERT_FILE"]
    {
        command.env_remove(variable);
    }
    for variable in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"] {
        command.env_remove(variable);
    }
}

/// The first place that tells a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// `config check` fails.
    Config,
    /// `config check` has a notice.
    NoticeOfConfig,
    /// `check` fails.
    Check,
    /// `check` has a notice, and fails with `--strict`.
    NoticeOfCheck,
    /// `serve` does not start.
    Serve,
    /// The answer to a browser, since only its request shows the mistake.
    Login,
}

struct Mistake {
    row: &'static str,
    found: Found,
    /// Words of the line that tells it.
    told: &'static [&'static str],
    coder: fn() -> FakeCoderBuilder,
    plant: fn(&mut Scene),
}

fn mistake(
    row: &'static str,
    found: Found,
    told: &'static [&'static str],
    plant: fn(&mut Scene),
) -> Mistake {
    Mistake { row, found, told, coder: on_time, plant }
}

fn mistakes() -> Vec<Mistake> {
    let mut mistakes = with_coder();
    mistakes.extend(with_the_rest());
    mistakes
}

/// Plants mistakes about the deployment and the application.
fn with_coder() -> Vec<Mistake> {
    vec![
        mistake("1", Config, &["app-config.yaml:9:22: ", "/api/auth/coder/handler/frame"], |it| {
            let line = "        callbackUrl: http://localhost:7007/oauth/callback\n";
            it.replace("        deploymentUrl", &format!("{line}        deploymentUrl"));
        }),
        mistake("2", Config, &["app-config.yaml:2:21: ", "https"], |it| {
            it.replace("http://localhost:7007", "http://portal.example.com");
        }),
        mistake(
            "3",
            Check,
            &[
                "application of `development`",
                "another callback URL than http://localhost:7007/api/auth/coder/handler/frame/x",
            ],
            |it| {
                it.replace("        signIn", "        callbackUrl: http://localhost:7007/api/auth/coder/handler/frame/x\n        signIn");
            },
        ),
        mistake(
            "4",
            Check,
            &["app-config.yaml:", "Coder refuses the `clientSecret`", "`coder-backstage register`"],
            |it| {
                it.secret = "coder_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned();
            },
        ),
        mistake(
            "4, in quotes",
            Check,
            &["Coder refuses the `clientSecret`", "it is in quotes"],
            |it| {
                it.secret = format!("\"{}\"", it.secret);
            },
        ),
        mistake("4, the id", Check, &["no OAuth2 application with this `clientId`"], |it| {
            let id =
                it.config.split("clientId: ").nth(1).unwrap().lines().next().unwrap().to_owned();
            it.replace(&id, "00000000-0000-4000-8000-000000000000");
        }),
        Mistake {
            coder: || on_time().oauth2_provider(false),
            ..mistake(
                "5",
                Check,
                &["provider of this deployment is switched off", "CODER_EXPERIMENTS=oauth2"],
                |_| {},
            )
        },
        mistake(
            "6, down",
            Check,
            &["coder of `development`", "the connection was refused", "start Coder"],
            |it| {
                it.deploy_at("http://127.0.0.1:9");
            },
        ),
        mistake("6, no such name", Check, &["the host name was not found", "DNS"], |it| {
            it.deploy_at("https://coder.invalid");
        }),
        mistake("7", Check, &["does not speak TLS", "plain http"], |it| {
            let url = it.deployment.replace("http://", "https://");
            it.deploy_at(&url);
        }),
        mistake("7b", Check, &["plain HTTP request was sent to HTTPS port"], |it| {
            let page =
                "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>";
            it.deploy_at(&plain(move |_| answer("400 Bad Request", "text/html", "", page)));
        }),
        mistake("8", Check, &["certificate is not trusted", "`SSL_CERT_FILE`"], |it| {
            it.deploy_at(&with_a_strange_certificate());
        }),
        mistake(
            "9, a page",
            Check,
            &["coder of `development`", "Sign in to Example", "past a login page"],
            |it| {
                let page = "<html><title>Sign in to Example</title></html>";
                it.deploy_at(&plain(move |_| answer("200 OK", "text/html", "", page)));
            },
        ),
        mistake(
            "9, a redirect",
            Check,
            &["redirect to `https://sso.example.com`", "past the single sign-on"],
            |it| {
                let to = "Location: https://sso.example.com/login?x=1\r\n";
                it.deploy_at(&plain(move |_| answer("302 Found", "text/html", to, "")));
            },
        ),
        mistake("10", Check, &["coder of `development`", "deploymentUrl"], |it| {
            let url = format!("{}/coder", it.deployment);
            it.deploy_at(&url);
        }),
        mistake("11", Check, &["app-config.yaml:16:", "`devcontainers`", "does not have"], |it| {
            it.replace("defaultTemplateName: devcontainer", "defaultTemplateName: devcontainers");
        }),
        mistake("12", Check, &["app-config.yaml:16:", "repoUrlParamKeys", "`git_repos`"], |it| {
            it.replace("[git_repo]", "[git_repos]");
        }),
        mistake(
            "12, another parameter",
            NoticeOfCheck,
            &["app-config.yaml:16:", "params.cpus", "Coder ignores it"],
            |it| {
                it.replace("[git_repo]", "[git_repo], params: { cpus: 4 }");
            },
        ),
        Mistake {
            coder: || FakeCoder::builder().clock(Arc::new(TestClock::new())),
            ..mistake(
                "15",
                NoticeOfCheck,
                &["clock of `development`", "seconds", "Coder's", "NTP"],
                |_| {},
            )
        },
    ]
}

/// Plants mistakes about the configuration, the store, the catalog and the browser.
fn with_the_rest() -> Vec<Mistake> {
    vec![
        mistake("13", Config, &["clientSecret", "`SECRET`"], |it| it.secret.clear()),
        mistake(
            "14",
            Config,
            &["app-config.yaml:10:", "did you mean `usernameMatchingUserEntityName`?"],
            |it| {
                it.replace("usernameMatchingUserEntityName", "usernameMatchingUserEntity");
            },
        ),
        mistake("14b", Config, &["app-config.yaml:10:", "alowedDomains"], |it| {
            it.replace(
                "resolver: usernameMatchingUserEntityName",
                "resolver: emailMatchingUserEntityProfileEmail, alowedDomains: [example.com]",
            );
        }),
        mistake("16, nothing there", Check, &["coder.session.store", "refused"], |it| {
            it.replace("session: {", "session: { store: { type: postgres, url: 'postgres://portal:canary@127.0.0.1:9/portal' },");
        }),
        mistake("16c", Config, &["coder.session.keys", "openssl rand -base64 32"], |it| {
            it.replace(
                &format!("keys: [{KEY}]"),
                "store: { type: postgres, url: 'postgres://db/portal' }",
            );
        }),
        mistake("17, a missing directory", Check, &["store: ", "nowhere"], |it| {
            it.replace(
                "session: {",
                "session: { store: { type: sqlite, file: nowhere/portal.sqlite },",
            );
        }),
        mistake(
            "17, a key for everybody",
            Check,
            &["store: ", "can be read or written by others", "chmod 600"],
            |it| {
                it.replace(&format!("session: {{ keys: [{KEY}] }}"), "session: {}");
                for (name, text, mode) in [
                    ("coder-backstage.sqlite", "", 0o600),
                    ("coder-backstage.sqlite.key", KEY, 0o644),
                ] {
                    it.file(name, text);
                    let path = it.directory.path().join(name);
                    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
                }
            },
        ),
        mistake("19", Config, &["app-config.yaml:2:21: ", "https"], |it| {
            it.replace(
                "backend: { baseUrl: http://localhost:7007",
                "backend: { baseUrl: http://portal.example.com",
            );
        }),
        mistake("20", Login, &["Origin 'http://localhost:7007' is not allowed"], |it| {
            it.replace(
                "app: { baseUrl: http://localhost:7007",
                "app: { baseUrl: http://localhost:3000",
            );
        }),
        mistake(
            "22, no files",
            NoticeOfConfig,
            &["app-config.yaml:13:7: ", "*.people.yaml"],
            |it| {
                it.replace("./org.yaml", "./*.people.yaml");
            },
        ),
        mistake("22, a URL", NoticeOfConfig, &["app-config.yaml:14:7: ", "`url`"], |it| {
            it.replace(
                "coder:\n  session",
                "    - { type: url, target: https://example.com/org.yaml }\ncoder:\n  session",
            );
        }),
        mistake("22, broken YAML", NoticeOfConfig, &["org.yaml:", "2:"], |it| {
            it.file("org.yaml", "kind: User\nmetadata: [\n");
        }),
        mistake("22, no name", NoticeOfConfig, &["org.yaml:", "metadata"], |it| {
            it.file("org.yaml", "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {}\n");
        }),
        mistake(
            "23",
            Config,
            &["app-config.yaml:10:9: ", "signIn.resolvers", "`coder.catalog`"],
            |it| {
                it.replace("locations:\n    - { type: file, target: ./org.yaml, rules: [{ allow: [User] }] }", "providers: { githubOrg: {} }");
            },
        ),
        mistake(
            "23, an empty catalog",
            Check,
            &["app-config.yaml:10:9: ", "the catalog has none", "`coder.catalog`"],
            |it| {
                it.file("org.yaml", "");
            },
        ),
        mistake("24", Login, &["No configuration available for the 'staging' environment"], |_| {}),
        mistake("25", Config, &["app-config.yaml:4:", "https://*"], |it| {
            it.replace("auth:\n", "auth:\n  experimentalExtraAllowedOrigins: ['https://*']\n");
        }),
        mistake("26, a port in use", Serve, &["cannot listen at `127.0.0.1:"], |it| {
            let taken = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = taken.local_addr().unwrap().to_string();
            it.replace("127.0.0.1:0'", &format!("{address}'"));
            std::mem::forget(taken);
        }),
        mistake("26, a short key", Config, &["app-config.yaml:15:", "32 characters"], |it| {
            it.replace(KEY, "short");
        }),
        mistake("26, no such store", Config, &["app-config.yaml:15:", "sqlite"], |it| {
            it.replace("session: {", "session: { store: { type: sqlit },");
        }),
    ]
}

/// Makes an answer of HTTP/1.1.
fn answer(status: &str, kind: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

/// Starts something on plain http that is no Coder; returns its URL.
fn plain(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let path = head.split_whitespace().nth(1).unwrap_or_default();
            let _ = stream.write_all(answer(path).as_bytes());
        }
    });
    url
}

/// Starts a server whose certificate nobody trusts; returns its URL.
fn with_a_strange_certificate() -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap().pem();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = StreamOwned::new(connection, stream.unwrap()).read(&mut [0; 16]);
        }
    });
    format!("https://localhost:{port}")
}

/// A reverse proxy with a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proxied {
    /// Passes everything on, and names the client.
    Well,
    /// Names no client, and itself as the host.
    WithoutClient,
    /// Passes an answer on when it has ended.
    Buffered,
    /// Waits for half a second.
    Impatient,
    /// Routes these paths to somebody else.
    Elsewhere(&'static [&'static str]),
}

/// Starts a reverse proxy in front of the server at `address`; returns its URL.
fn proxy(address: String, proxied: Proxied) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let url = format!("http://{own}");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (address, own) = (address.clone(), own.clone());
            let mut client = stream.unwrap();
            std::thread::spawn(move || {
                let mut head = vec![0; 16 * 1024];
                let read = client.read(&mut head).unwrap_or_default();
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let path = head.split_whitespace().nth(1).unwrap_or_default();
                let elsewhere = match proxied {
                    Proxied::Elsewhere(paths) => paths.iter().any(|it| path.starts_with(it)),
                    _ => false,
                };
                if elsewhere {
                    let other = answer("401 Unauthorized", "application/json", "", "{}");
                    let _ = client.write_all(other.as_bytes());
                    return;
                }
                let mut server = TcpStream::connect(&address).unwrap();
                let mut added = "connection: close\r\n".to_owned();
                if proxied != Proxied::WithoutClient {
                    added += "x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: http\r\n";
                }
                let mut head = head.replacen("\r\n", &format!("\r\n{added}"), 1);
                if proxied == Proxied::WithoutClient {
                    head = head.replace(&own, &address);
                }
                server.write_all(head.as_bytes()).unwrap();
                if proxied == Proxied::Impatient {
                    server.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
                }
                let mut kept = Vec::new();
                let mut chunk = [0; 4096];
                while let Ok(read @ 1..) = server.read(&mut chunk) {
                    if proxied == Proxied::Buffered {
                        kept.extend_from_slice(&chunk[..read]);
                    } else if client.write_all(&chunk[..read]).is_err() {
                        return;
                    }
                }
                let _ = client.write_all(&kept);
            });
        }
    });
    url
}

/// Finds the line that holds all of these words, if there is one.
fn line<'a>(told: &'a str, words: &[&str]) -> Option<&'a str> {
    told.lines().find(|line| words.iter().all(|word| line.contains(word)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_without_a_mistake_passes_both_checks() {
    let house = House::new(on_time()).await;
    let scene = Scene::new(&house);
    let (code, told) = scene.run(&["config", "check"]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = scene.run(&["check", "--strict"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("\n0 wrong, 0 to look at, 0 not checked\n"), "{told}");
    for question in
        ["configuration", "coder", "application", "clock", "store", "catalog", "templates"]
    {
        assert!(line(&told, &["good  ", question]).is_some(), "{question}: {told}");
    }
    assert!(
        !Path::exists(&scene.directory.path().join("coder-backstage.sqlite")),
        "nothing is made"
    );
}

/// The rows of the table that have tests of their own: those that need a real PostgreSQL (the target
/// `postgres`), a second process with other keys, or a proxy in front.
const ELSEWHERE: [&str; 3] = ["16b", "18", "21"];

#[test]
fn the_table_of_planted_mistakes_has_thirty_rows() {
    let row = |name: &str| name.split(',').next().unwrap().to_owned();
    let mut rows: Vec<String> = mistakes().iter().map(|it| row(it.row)).collect();
    rows.extend(ELSEWHERE.map(str::to_owned));
    rows.dedup();
    rows.sort();
    let mut all: Vec<String> = (1..=26).map(|n| n.to_string()).collect();
    all.extend(["7b", "14b", "16b", "16c"].map(str::to_owned));
    all.sort();
    assert_eq!(rows, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_passes_config_check_and_fails_with_strict() {
    let house = House::new(on_time()).await;
    let mut scene = Scene::new(&house);
    let (code, told) = scene.run(&["config", "check", "--strict"]);
    assert_eq!(code, 0, "{told}");
    scene.replace("./org.yaml", "./*.people.yaml");
    let (code, told) = scene.run(&["config", "check"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("no errors, 1 notice\n"), "{told}");
    let (code, told) = scene.run(&["config", "check", "--strict"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("*.people.yaml") && told.contains("`--strict`"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_other_plugins_take_one_line() {
    let house = House::new(on_time()).await;
    let mut scene = Scene::new(&house);
    let others: String =
        (0..15).map(|n| format!("  /of-{n}: {{ target: '${{OTHER_{n}}}' }}\n")).collect();
    scene.config += &format!("kubernetes:\n{others}");
    let (code, told) = scene.run(&["config", "check"]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(told.lines().filter(|line| line.contains("OTHER_")).count(), 1, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_planted_mistake_is_told_where_it_can_first_be_known() {
    let mut missed = String::new();
    for Mistake { row, found, told: words, coder, plant } in mistakes() {
        let house = House::new(coder()).await;
        let mut scene = Scene::new(&house);
        plant(&mut scene);
        let (code, told) = match found {
            Config | NoticeOfConfig => scene.run(&["config", "check"]),
            Check | NoticeOfCheck => scene.run(&["check"]),
            Serve => scene.run(&["serve"]),
            Login => (0, answer_to_a_browser(&scene).await),
        };
        let fails = matches!(found, Config | Check | Serve);
        if (code != 0) != fails || line(&told, words).is_none() {
            missed += &format!("\n## {row} ({found:?}), code {code}\n{words:?} in\n{told}");
        }
        if found == NoticeOfCheck && scene.run(&["check", "--strict"]).0 == 0 {
            missed += &format!("\n## {row}: a notice passes `--strict`");
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

/// Returns the log of a server that a browser has asked as a page of another site, and for another
/// environment, with the answers.
async fn answer_to_a_browser(scene: &Scene) -> String {
    scene.file("app-config.yaml", &scene.config);
    let process = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    let mut browser = visitor();
    let mut told = String::new();
    for query in ["env=development&origin=http://localhost:7007", "env=staging"] {
        told += &(browser.start_with(&process, query).await.text() + "\n");
    }
    told + &process.log()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_with_other_keys_is_told_by_the_check() {
    let house = House::new(on_time()).await;
    let mut scene = Scene::new(&house);
    scene.file("app-config.yaml", &scene.config);
    let process = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    let alice = house.coder().add_user("alice");
    drop(house.signed_in(&process, &alice).await);
    let (code, told) = scene.run(&["check"]);
    assert_eq!(code, 0, "{told}");
    assert!(
        line(&told, &["good", "store", "the sealing keys open what is stored"]).is_some(),
        "{told}"
    );
    scene.replace(KEY, OTHER_KEY);
    let (code, told) = scene.run(&["check"]);
    assert_eq!(code, 1, "{told}");
    let words = ["wrong", "store", "sealed with another key", "`coder.session.keys`"];
    assert!(line(&told, &words).is_some(), "{told}");
    // The second replica says so when it starts.
    scene.file("app-config.yaml", &scene.config);
    let second = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    second.logged("sealed with another key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_keeps_the_prefix_is_told_by_what_arrives() {
    let house = House::new(on_time()).await;
    let scene = Scene::new(&house);
    scene.file("app-config.yaml", &scene.config);
    let process = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    let (code, told) = scene.run(&["check", "--hold", "1", "--from-outside", &process.url("")]);
    assert_eq!(code, 0, "{told}");
    let words =
        ["good", "outside", "begins a login at Coder, with this client id and callback URL"];
    assert!(line(&told, &words).is_some(), "{told}");
    assert!(
        line(&told, &["good", "outside", "v1/userinfo", "asks for a credential"]).is_some(),
        "{told}"
    );
    let (code, told) =
        scene.run(&["check", "--hold", "1", "--from-outside", &process.url("/portal")]);
    assert_eq!(code, 1, "{told}");
    let words =
        ["wrong", "arrives at a portal as /portal/api/auth/coder/start", "strip the prefix"];
    assert!(line(&told, &words).is_some(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_set_of_another_backend_is_told_from_outside() {
    let house = House::new(on_time()).await;
    let scene = Scene::new(&house);
    scene.file("app-config.yaml", &scene.config);
    let process = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    let alice = house.coder().add_user("alice");
    drop(house.signed_in(&process, &alice).await);
    let (_, told) = scene.run(&["check", "--hold", "1", "--from-outside", &process.url("")]);
    assert!(line(&told, &["good", "is the key set of this portal"]).is_some(), "{told}");
    let other = plain(|path| {
        let keys = r#"{"keys":[{"kid":"other","kty":"EC"}]}"#;
        let status = if path.contains("jwks") { "200 OK" } else { "404 Not Found" };
        answer(status, "application/json", "", keys)
    });
    let (code, told) = scene.run(&["check", "--hold", "1", "--from-outside", &other]);
    assert_eq!(code, 1, "{told}");
    assert!(line(&told, &["wrong", "is the key set of somebody else"]).is_some(), "{told}");
    assert!(line(&told, &["wrong", "userinfo is not found"]).is_some(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_of_a_proxy_in_front_is_told_from_outside() {
    let house = House::new(on_time()).await;
    let mut scene = Scene::new(&house);
    scene.config +=
        &format!("proxy: {{ endpoints: {{ '/coder': {{ target: '{}' }} }} }}\n", scene.deployment);
    scene.file("app-config.yaml", &scene.config);
    let process = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    let address = process.url("").replace("http://", "");
    const OF_TOKENS: &[&str] = &["/api/auth/.well-known", "/api/auth/v1"];
    for (proxied, words) in [
        (Proxied::Well, ["good", "the client `192.0.2.7`"]),
        (Proxied::Well, ["good", "an answer may take 2 seconds, and events arrive at once"]),
        (Proxied::WithoutClient, ["notice", "let the proxy set `X-Forwarded-For`"]),
        (Proxied::Buffered, ["wrong", "`proxy_buffering off`"]),
        (Proxied::Impatient, ["wrong", "`proxy_read_timeout`"]),
        (Proxied::Elsewhere(&["/api/proxy"]), ["wrong", "`proxy.endpoints` below `/api/proxy`"]),
        (Proxied::Elsewhere(OF_TOKENS), ["wrong", "jwks.json arrives at somebody else"]),
        (Proxied::Elsewhere(OF_TOKENS), ["wrong", "v1/userinfo arrives at somebody else"]),
        (Proxied::Elsewhere(&["/api/coder"]), ["wrong", "route `/api/coder/*` to this server"]),
    ] {
        let url = proxy(address.clone(), proxied);
        let (code, told) = scene.run(&["check", "--hold", "2", "--from-outside", &url]);
        assert_eq!(code == 1, words[0] == "wrong", "{proxied:?}: {told}");
        assert!(line(&told, &words).is_some(), "{proxied:?}: {words:?} in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_keys_learns_how_a_request_arrives() {
    let house = House::new(on_time()).await;
    let mut scene = Scene::new(&house);
    scene.file("app-config.yaml", &scene.config);
    let process = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    scene.replace(KEY, OTHER_KEY);
    let url = process.url("");
    let (_, told) = scene.run(&["check", "--hold", "1", "--from-outside", &url]);
    assert!(
        line(&told, &["unchecked", "who answers there has other sealing keys"]).is_some(),
        "{told}"
    );
    assert!(!told.contains("a request arrives with"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_templates_are_said_to_be_unchecked() {
    let house = House::new(on_time()).await;
    let mut scene = Scene::new(&house);
    scene.token.clear();
    let (code, told) = scene.run(&["check"]);
    assert_eq!(code, 0, "{told}");
    let words = ["unchecked", "templates", "`CODER_SESSION_TOKEN`"];
    assert!(line(&told, &words).is_some(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_names_a_template_the_check_says_so() {
    let house = House::new(on_time()).await;
    let mut scene = Scene::new(&house);
    scene.replace(
        "  workspaces: { defaultTemplateName: devcontainer, repoUrlParamKeys: [git_repo] }\n",
        "",
    );
    let (code, told) = scene.run(&["check"]);
    assert_eq!(code, 0, "{told}");
    let words = ["good", "templates: neither the configuration nor an entity names a template"];
    assert!(line(&told, &words).is_some(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_read_the_findings_as_json() {
    let house = House::new(on_time().oauth2_provider(false)).await;
    let scene = Scene::new(&house);
    let output = scene.command(&["check", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    let findings = report["findings"].as_array().unwrap();
    let wrong: Vec<_> = findings.iter().filter(|it| it["verdict"] == "wrong").collect();
    assert_eq!(wrong.len(), 1, "{report:#}");
    assert_eq!(wrong[0]["question"], "application");
    assert_eq!(wrong[0]["environment"], "development");
    assert!(wrong[0]["place"].as_str().unwrap().starts_with("app-config.yaml:"), "{report:#}");
    assert!(wrong[0]["remedy"].as_str().unwrap().contains("CODER_EXPERIMENTS=oauth2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_tells_its_log_what_is_wrong_and_serves() {
    let house = House::new(on_time().oauth2_provider(false)).await;
    let scene = Scene::new(&house);
    scene.file("app-config.yaml", &scene.config);
    let process = Process::start_and_check(scene.directory.path(), |command| {
        clean(command);
        command.env("SECRET", &scene.secret);
    });
    process.logged("the OAuth2 provider of this deployment is switched off").await;
    let health = visitor().navigate(&process, "/.backstage/health/v1/readiness").await;
    assert_eq!(health.status(), 200);
}
