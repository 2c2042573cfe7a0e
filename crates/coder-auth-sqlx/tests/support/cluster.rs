//! A PostgreSQL of our own: a private cluster in a temporary directory, stopped when the last test
//! that uses it ends.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use coder_core::{Lock, Secret};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// A running server. It listens on a socket in its directory, and on a port of 127.0.0.1.
pub(crate) struct Cluster {
    directory: TempDir,
    programs: PathBuf,
    owner: Owner,
    server: Child,
    port: u16,
    databases: AtomicUsize,
}

impl Cluster {
    /// Returns the cluster of this process, and starts it if no other test runs on it at the
    /// moment.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Lock<Weak<Cluster>> = Lock::new(Weak::new());
        let mut shared = SHARED.lock();
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::start());
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    fn start() -> Self {
        let programs = programs().unwrap_or_else(|| panic!("{MISSING}"));
        let directory = tempfile::Builder::new().prefix("coder-auth-").tempdir().unwrap();
        let owner = Owner::new(directory.path());
        let program = |name: &str| owner.command(&programs.join(name), directory.path());

        let mut initdb = program("initdb");
        initdb.args(["--pgdata=data", "--username=portal", "--auth=trust", "--no-locale"]);
        let initdb = initdb.args(["--encoding=UTF8", "--no-sync"]).output().unwrap();
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));

        // One user who has to prove a password, before those who are trusted.
        let hba = directory.path().join("data/pg_hba.conf");
        let trusted = fs::read_to_string(&hba).unwrap();
        let line = format!("host all {WITH_PASSWORD} all scram-sha-256\n");
        fs::write(&hba, line + &trusted).unwrap();

        // Nobody else takes the port in the short time it is free.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut postgres = program("postgres");
        postgres.args(["-D", "data", "-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            &format!("unix_socket_directories={}", directory.path().display()),
            "fsync=off",
            "max_connections=200",
        ] {
            postgres.args(["-c", setting]);
        }
        if certify(&directory.path().join("data"), &owner) {
            postgres.args(["-c", "ssl=on"]);
        }
        let mut server = postgres.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let ready = log.by_ref().map_while(Result::ok).any(|line| {
            said = said.clone() + &line + "\n";
            line.contains("ready to accept connections")
        });
        assert!(ready, "the server did not start:\n{said}");
        // A pipe nobody reads from stops who writes to it.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Self { directory, programs, owner, server, port, databases: AtomicUsize::default() }
    }

    /// Makes a fresh database.
    pub(crate) async fn database(&self) -> Database<'_> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
        Database { cluster: self, name }
    }

    /// Makes a fresh schema of one database, and returns a URL that sees nothing else: much faster
    /// to make.
    pub(crate) async fn schema(&self) -> Secret {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let url = self.url("postgres");
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
        sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
        Secret::new(format!("{url}&options=-csearch_path%3D{name}"))
    }

    fn url(&self, database: &str) -> String {
        let socket = self.directory.path().display();
        format!("postgres://portal@localhost:{}/{database}?host={socket}", self.port)
    }

    /// Returns the server's certificate, which has signed itself; `None` when there is no
    /// `openssl`.
    pub(crate) fn certificate(&self) -> Option<PathBuf> {
        let file = self.directory.path().join("data/server.crt");
        file.is_file().then_some(file)
    }
}

/// A database of its own.
pub(crate) struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Database<'_> {
    /// Returns the URL over the socket.
    pub(crate) fn url(&self) -> Secret {
        Secret::new(self.cluster.url(&self.name))
    }

    /// Returns the URL over TCP, with these parameters.
    pub(crate) fn tcp_url(&self, host: &str, parameters: &str) -> Secret {
        let port = self.cluster.port;
        Secret::new(format!("postgres://portal@{host}:{port}/{}?{parameters}", self.name))
    }

    /// Returns the host and port of [`tcp_url`](Self::tcp_url) with the host `127.0.0.1`.
    pub(crate) fn tcp_address(&self) -> String {
        format!("127.0.0.1:{}", self.cluster.port)
    }

    /// Opens a connection beside the store.
    pub(crate) async fn connection(&self) -> PgConnection {
        PgConnection::connect(self.url().expose()).await.unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.owner.command(&self.programs.join("pg_ctl"), self.directory.path());
        let stopped = stop.args(["stop", "-D", "data", "-m", "immediate"]).output();
        if !stopped.is_ok_and(|output| output.status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// The user whose password the server asks for.
pub(crate) const WITH_PASSWORD: &str = "prudent";

const MISSING: &str = "no PostgreSQL server is installed: `initdb` is neither on the PATH nor in \
     /usr/lib/postgresql/*/bin. Install it (on Debian: `apt-get install postgresql`), or run \
     `cargo xtask test --only postgres`, which does";

/// Finds the directory of `initdb`, `postgres` and `pg_ctl`; Debian keeps it off the PATH.
pub(crate) fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    debian.sort();
    let newest_first = debian.into_iter().rev();
    newest_first.chain(std::env::split_paths(&path)).find(|directory| {
        ["initdb", "postgres", "pg_ctl"].iter().all(|program| directory.join(program).is_file())
    })
}

/// The user that runs the server: the one that runs the test, unless that is root, whom the server refuses.
struct Owner(Option<(u32, u32)>);

impl Owner {
    /// Gives `directory` to the one who is to run the server in it.
    fn new(directory: &Path) -> Self {
        if fs::metadata(directory).unwrap().uid() != 0 {
            return Self(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap();
        let account = |name: &str| {
            let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
            Some((ids.next()?, ids.next()?))
        };
        let ids = account("postgres").or_else(|| account("nobody")).expect("an account for it");
        let owner = Self(Some(ids));
        owner.give(directory);
        owner
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.0 {
            std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
        }
    }

    fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory).env("LC_ALL", "C").stdin(Stdio::null());
        command.stdout(Stdio::null());
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Makes a certificate for `localhost`, if there is an `openssl`.
fn certify(data: &Path, owner: &Owner) -> bool {
    let mut openssl = Command::new("openssl");
    openssl.current_dir(data).stdin(Stdio::null());
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    openssl.args(["-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
    // Not an authority: rustls takes no authority for a server.
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.args(["-keyout", "server.key", "-out", "server.crt"]);
    let made = openssl.output().is_ok_and(|output| output.status.success());
    if made {
        for file in ["server.key", "server.crt"].map(|name| data.join(name)) {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            owner.give(&file);
        }
    }
    made
}
