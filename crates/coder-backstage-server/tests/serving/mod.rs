//! The real server as a process, in front of a fake Coder, and a browser that uses it.

use std::io::{BufRead as _, BufReader};
#[cfg(unix)]
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

pub(crate) mod ahead;
pub(crate) mod browsing;

use browsing::{PORTAL, Place};
use bytes::Bytes;
use coder_core::Body;
use coder_testkit::{Browser, FakeApp, FakeCoder, FakeCoderBuilder, FakeServer, FakeUser, Site};
use http::{Request, Response};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tokio::sync::watch;
use url::Url;

/// The sessions, in the data directory.
const DATABASE: &str = "coder-backstage.sqlite";

/// Signs people in to Backstage: a part of an environment's block.
pub(crate) const SIGN_IN: &str =
    "signIn: { resolvers: [{ resolver: usernameMatchingUserEntityName }] }";
/// The people who may sign in to Backstage: a part of the app-config, with a file `org.yaml`.
pub(crate) const PEOPLE: &str = "
catalog:
  locations:
    - { type: file, target: ./org.yaml, rules: [{ allow: [User] }] }
";

/// Writes the people of [`PEOPLE`].
pub(crate) fn write_people(directory: &Path, names: &[&str]) {
    let user = |name: &&str| {
        format!(
            "---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {{ name: {name} }}
spec: {{ memberOf: [] }}
"
        )
    };
    let people: String = names.iter().map(user).collect();
    std::fs::write(directory.join("org.yaml"), people).unwrap();
}

async fn database(data: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(data.join(DATABASE)).connect().await.unwrap()
}

/// Changes the database in this data directory.
pub(crate) async fn change(data: &Path, statements: &'static str) {
    sqlx::raw_sql(statements).execute(&mut database(data).await).await.unwrap();
}

/// Counts the rows of this table in the database in this data directory.
pub(crate) async fn count_rows(data: &Path, table: &str) -> i64 {
    let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(&mut database(data).await).await.unwrap()
}

/// Waits until this is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // Long, for a busy machine.
    tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap();
}

/// A Coder with the portal as its application.
pub(crate) struct House {
    fake: FakeServer,
    app: FakeApp,
}

impl House {
    pub(crate) async fn new(coder: FakeCoderBuilder) -> Self {
        Self::registered(coder, "").await
    }

    /// Starts one Coder of several, with the redirect URI of this environment.
    pub(crate) async fn beside_others(coder: FakeCoderBuilder, environment: &str) -> Self {
        Self::registered(coder, &format!("/{environment}")).await
    }

    async fn registered(coder: FakeCoderBuilder, environment: &str) -> Self {
        let fake = FakeServer::start(coder).await.unwrap();
        let callback = format!("{PORTAL}/api/auth/coder/handler/frame{environment}");
        let app = fake.coder().add_oauth2_app("backstage", &callback);
        Self { fake, app }
    }

    pub(crate) fn coder(&self) -> &FakeCoder {
        self.fake.coder()
    }

    /// Returns a browser that has signed in at this process.
    pub(crate) async fn signed_in(&self, process: &impl Site, user: &FakeUser) -> Browser {
        let mut browser = browsing::visitor();
        let message = browser.sign_in(process, self.coder(), user).await;
        assert!(browsing::is_signed_in(&browser), "{message}");
        browser
    }

    /// Returns the application at this Coder, as the block of an environment names it.
    pub(crate) fn application(&self) -> String {
        let (id, secret) = (&self.app.client_id, self.app.client_secret.expose());
        let url = self.coder().url();
        format!("clientId: {id}, clientSecret: {secret}, deploymentUrl: '{url}'")
    }

    /// Returns the client id and the client secret of the application.
    pub(crate) fn credentials(&self) -> (String, String) {
        let FakeApp { client_id, client_secret, .. } = &self.app;
        (client_id.to_string(), client_secret.expose().to_owned())
    }

    /// Writes an app-config with this `coder` section into the directory.
    pub(crate) fn configure(&self, directory: &Path, coder: &str) {
        let config = format!(
            "app: {{ baseUrl: '{PORTAL}' }}
backend: {{ baseUrl: '{PORTAL}', listen: '127.0.0.1:0' }}
auth:
  providers:
    coder:
      development: {{ {} }}
coder: {coder}
",
            self.application()
        );
        std::fs::write(directory.join("app-config.yaml"), config).unwrap();
    }
}

/// A running `coder-backstage serve`. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    place: Place,
    log: watch::Receiver<String>,
}

impl Process {
    /// Starts in the directory of its app-config, and waits until it listens. Coder is asked
    /// nothing at the start: requests to it are what a test counts and breaks. SIGTERM ends it without
    /// draining.
    pub(crate) fn start(directory: &Path, configure: impl FnOnce(&mut Command)) -> Self {
        Self::start_and_check(directory, |command| {
            command.args(["--skip-check", "--drain=0"]);
            configure(command);
        })
    }

    /// Starts as [`Process::start`] does, and Coder, the store and the catalog are asked, too.
    pub(crate) fn start_and_check(directory: &Path, configure: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
        command.arg("serve").current_dir(directory).stdin(Stdio::null()).stderr(Stdio::piped());
        command
            .env_remove("STATE_DIRECTORY")
            .env_remove("RUST_LOG")
            .env_remove("BACKSTAGE_ENV")
            .env_remove("NODE_EXTRA_CA_CERTS");
        configure(&mut command);
        Self::spawn(command)
    }

    /// Starts with a listening socket that is held by somebody else, as a service manager holds it.
    #[cfg(unix)]
    pub(crate) fn start_activated(directory: &Path, socket: &TcpListener, drain: u16) -> Self {
        let mut command = Command::new("sh");
        let pass_on = r#"exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@""#;
        command.args(["-c", pass_on, env!("CARGO_BIN_EXE_coder-backstage"), "serve"]);
        command.args(["--skip-check".to_owned(), format!("--drain={drain}")]);
        command.env_remove("RUST_LOG").env_remove("BACKSTAGE_ENV").env_remove("STATE_DIRECTORY");
        let socket = std::os::fd::OwnedFd::from(socket.try_clone().unwrap());
        command.current_dir(directory).stdin(socket).stderr(Stdio::piped());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (written, log) = watch::channel(String::new());
        let (found, finding) = mpsc::channel();
        // Reads to the end: a program whose output nobody takes stops at some line.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // In the log for people, or in JSON.
                let address = line
                    .split_once("address=")
                    .or_else(|| line.split_once("\"address\":\""))
                    .map(|(_, rest)| rest.to_owned());
                written.send_modify(|log| *log += &(line + "\n"));
                if let Some(address) = address {
                    let _ = found.send(address.split(['"', ' ']).next().unwrap().to_owned());
                }
            }
        });
        // Long, for a busy machine.
        let address = finding.recv_timeout(Duration::from_secs(60));
        let address = address.unwrap_or_else(|_| panic!("it does not listen:\n{}", *log.borrow()));
        Self { child, place: Place::new(address), log }
    }

    /// Returns where the process listens.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the URL of a path with its query at this process.
    pub(crate) fn url(&self, path_and_query: &str) -> String {
        self.place.url(path_and_query)
    }

    /// Returns what it has logged up to now.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Waits until it has logged this text, and gives what it has logged up to then.
    pub(crate) async fn logged(&self, text: &str) -> String {
        let mut log = self.log.clone();
        let logged = log.wait_for(|log| log.contains(text)).await;
        logged.unwrap_or_else(|_| panic!("it ended without `{text}`:\n{}", self.log())).clone()
    }

    /// Asks it to end, as a service manager does.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Asks it to read its configuration again.
    #[cfg(unix)]
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    /// Waits until it has ended, which it must do properly; gives what it has logged.
    pub(crate) fn ended(mut self) -> String {
        assert!(self.child.wait().unwrap().success(), "{}", self.log());
        self.log()
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Site for Process {
    async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        self.place.answer(request).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns what Coder says of a user at `/users/me`.
pub(crate) fn user_of(id: &str, username: &str) -> serde_json::Value {
    serde_json::json!({
        "id": id, "username": username, "email": format!("{username}@example.com"),
        "status": "active", "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "last_seen_at": "2026-01-01T00:00:00Z",
        "login_type": "password", "name": "", "organization_ids": [], "roles": [],
    })
}

/// Returns a parameter in the query of a URL.
pub(crate) fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}
