//! The measurement: every server, every kind of work, in turn.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use coder_core::SystemClock;
use coder_testkit::{FakeApp, FakeCoder, FakeServer, Version};
use http::StatusCode;
use tempfile::TempDir;

use crate::bare;
use crate::browser::{self, JWKS, START};
use crate::connection::{Connection, PORTAL};
use crate::load::{Person, Sample, Work, measure};
use crate::outcome::Outcome;
use crate::postgres::Postgres;
use crate::process::Process;
use crate::report::{self, Document, Report};

/// Arguments of a measurement: its parts, and its length.
#[derive(clap::Args)]
pub(crate) struct RunArguments {
    /// How many connections are open at the same time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How often everything is measured, in turn. The table has the medians.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Measures this kind of work alone, as the table names it: for a look at it with a profiler.
    #[arg(long, value_name = "WORK")]
    only: Option<String>,
    /// Sends a tenth of the requests, in one round: tells whether it runs, not how fast.
    #[arg(long)]
    short: bool,
    /// Writes the table between the markers of this file, too.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// A server that is measured, with everybody who uses it.
struct Server {
    name: &'static str,
    process: Process,
    people: Vec<Person>,
    work: Vec<(&'static str, Work, usize)>,
    _directory: TempDir,
}

/// Measures, and prints the table.
///
/// # Errors
///
/// When a server does not start or does not answer as expected, or the file cannot be written.
pub(crate) async fn run(arguments: &RunArguments) -> Outcome<()> {
    let document = arguments.write.as_deref().map(Document::read).transpose()?;
    // In this process, so that its CPU time does not count.
    let fake = FakeServer::start(
        FakeCoder::builder().version(Version::V2_36).clock(Arc::new(SystemClock)),
    )
    .await?;
    let callback = format!("{PORTAL}/api/auth/coder/handler/frame");
    let app = fake.coder().add_oauth2_app("backstage", &callback);
    let postgres = Postgres::start().await;

    let mut stores = vec![("SQLite", "{ type: sqlite }".to_owned())];
    stores.push(("memory", "{ type: memory }".to_owned()));
    match &postgres {
        Some(postgres) => {
            let url = postgres.url.expose();
            stores.push(("PostgreSQL", format!("{{ type: postgres, url: '{url}' }}")));
        }
        None => println!("No PostgreSQL is installed: it is left out."),
    }
    let mut servers = Vec::new();
    for (name, store) in &stores {
        println!("starting the server with {name}");
        servers.push(portal(name, store, fake.coder(), &app, arguments.connections).await?);
    }
    let bare = bare_server(&mut servers, fake.coder(), arguments.connections).await?;
    servers.push(bare);

    let rounds = if arguments.short { 1 } else { arguments.rounds };
    let mut samples: BTreeMap<(&str, &str), Vec<Sample>> = BTreeMap::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for server in &mut servers {
            for (name, work, units) in &server.work {
                if arguments.only.as_deref().is_some_and(|only| only != *name) {
                    continue;
                }
                let units = if arguments.short { units / 10 } else { *units };
                let sample = measure(&server.process, &mut server.people, work, units).await?;
                samples.entry((name, server.name)).or_default().push(sample);
            }
        }
    }
    let mut memory = Vec::new();
    for server in &servers {
        memory.push((server.name, server.process.peak_memory()?));
    }
    let report = Report { samples, memory, connections: arguments.connections, rounds };
    let table = report.to_markdown();
    println!("\n{table}");
    match document {
        Some(document) => document.write(&table),
        None => Ok(()),
    }
}

/// Starts our server on one store, and signs people in.
async fn portal(
    name: &'static str,
    store: &str,
    coder: &FakeCoder,
    app: &FakeApp,
    connections: usize,
) -> Outcome<Server> {
    let directory = tempfile::tempdir()?;
    let process = start(directory.path(), &configuration(coder, app, store), &[])?;
    let mut people = Vec::new();
    for n in 0..connections {
        let mut connection = Connection::open(&process.address).await?;
        let user = coder.add_user(&format!("{}-{n}", name.to_lowercase()));
        let cookies = browser::sign_in(&mut connection, coder, &user).await?;
        let user = coder.add_user(&format!("{}-again-{n}", name.to_lowercase()));
        people.push(Person { connection, coder: coder.clone(), cookies, user });
    }
    let work = vec![
        ("start", Work::Get(START.to_owned(), StatusCode::FOUND), 32_000),
        ("JWKS", Work::Get(JWKS.to_owned(), StatusCode::OK), 32_000),
        ("refresh", Work::Refresh, 9_600),
        ("login", Work::Login, 16),
    ];
    Ok(Server { name, process, people, work, _directory: directory })
}

/// Starts our server with this configuration and these arguments.
pub(crate) fn start(directory: &Path, config: &str, arguments: &[&str]) -> Outcome<Process> {
    fs::write(directory.join("app-config.yaml"), config)?;
    let program = beside_this_program("coder-backstage")?;
    let mut command = Command::new(program);
    command.arg("serve").args(arguments).current_dir(directory);
    for variable in ["STATE_DIRECTORY", "RUST_LOG", "BACKSTAGE_ENV"] {
        command.env_remove(variable);
    }
    Process::start(&mut command)
}

/// Starts a bare handler that sends what the first server has answered.
async fn bare_server(
    servers: &mut [Server],
    coder: &FakeCoder,
    connections: usize,
) -> Outcome<Server> {
    let directory = tempfile::tempdir()?;
    let server = servers.first_mut().ok_or("there is a server")?;
    let person = server.people.first_mut().ok_or("at least one connection is needed")?;
    for (name, path) in [("start", START), ("jwks", JWKS)] {
        bare::write(directory.path(), name, &person.connection.get(path, "").await?)?;
    }
    let mut command = Command::new(std::env::current_exe()?);
    let process = Process::start(command.arg("bare").arg(directory.path()))?;
    let mut people = Vec::new();
    for _ in 0..connections {
        let connection = Connection::open(&process.address).await?;
        let (coder, user) = (coder.clone(), coder.add_user("nobody"));
        people.push(Person { connection, coder, cookies: String::new(), user });
    }
    let work = vec![
        ("start", Work::Get("/start".to_owned(), StatusCode::FOUND), 32_000),
        ("JWKS", Work::Get("/jwks".to_owned(), StatusCode::OK), 32_000),
    ];
    Ok(Server { name: report::BARE, process, people, work, _directory: directory })
}

pub(crate) fn configuration(coder: &FakeCoder, app: &FakeApp, store: &str) -> String {
    let (id, secret) = (&app.client_id, app.client_secret.expose());
    let key = "6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga";
    format!(
        "app: {{ baseUrl: '{PORTAL}' }}
backend: {{ baseUrl: '{PORTAL}', listen: '127.0.0.1:0' }}
auth:
  providers:
    coder:
      development:
        clientId: {id}
        clientSecret: {secret}
        deploymentUrl: {}
        # So that each refresh and each login makes an identity token, as where Backstage has one.
        signIn:
          resolvers:
            - resolver: emailLocalPartMatchingUserEntityName
              dangerouslyAllowSignInWithoutUserInCatalog: true
coder: {{ session: {{ keys: [{key}], store: {store} }} }}
",
        coder.url()
    )
}

/// Finds a program that the same build has made.
fn beside_this_program(name: &str) -> Outcome<PathBuf> {
    let this = std::env::current_exe()?;
    let file = this.parent().unwrap_or(Path::new("")).join(name);
    if !file.is_file() {
        return Err(format!("`{}` is not built; use `cargo xtask measure`", file.display()).into());
    }
    Ok(file)
}
