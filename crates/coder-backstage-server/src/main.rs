//! The binary `coder-backstage`: sign-in with [Coder](https://coder.com) and the workspaces of catalog
//! entities for a [Backstage](https://backstage.io) portal, configured by the `app-config.yaml` you
//! already have. It runs alone or beside a Backstage backend, and needs no database server.
//!
//! ```sh
//! cargo install --locked --path crates/coder-backstage-server   # in a checkout of the repository
//! coder-backstage demo        # everything on this machine, with a fake Coder; --smoke plays it through
//! coder-backstage serve --config app-config.yaml --config app-config.production.yaml
//! coder-backstage config check  # looks for mistakes without serving; `config print` shows what holds
//! coder-backstage check         # asks Coder, the store and the catalog, before people do
//! coder-backstage workspaces    # prints who works on which entity; `--report` what has no counterpart
//! coder-backstage sessions list # shows who is signed in; `sessions end` and `people forget` end that
//! coder-backstage migrate       # brings the database up to date, where `serve` may not
//! coder-backstage register      # makes the portal an OAuth2 application of Coder
//! ```
//!
//! # The configuration
//!
//! ```yaml
//! app: { baseUrl: https://portal.example.com }
//! backend: { baseUrl: https://portal.example.com, listen: ':7007' }
//! auth:
//!   environment: production
//!   providers:
//!     coder:
//!       production:
//!         clientId: ${CODER_OAUTH_CLIENT_ID}
//!         clientSecret: ${CODER_OAUTH_CLIENT_SECRET}
//!         deploymentUrl: https://coder.example.com
//!         signIn: { resolvers: [{ resolver: usernameMatchingUserEntityName }] }
//! coder:
//!   workspaces: { defaultTemplateName: devcontainers, repoUrlParamKeys: [git_repo] }
//!   # The Backstage whose catalog knows the people and the components.
//!   catalog: { type: backstage, baseUrl: https://portal.example.com, token: '${BACKSTAGE_CATALOG_TOKEN}' }
//! ```
//!
//! # What it does
//!
//! - Every mistake in the configuration is printed with its place and what to do; then the process
//!   ends with 1.
//! - It logs to standard error, everything from `info` on; `RUST_LOG` says otherwise, and `--log-format
//!   json` makes each line a JSON object. No secret is ever logged.
//! - Metrics for Prometheus are served on a port of their own (`coder.server.metrics.listen`).
//! - SIGINT and SIGTERM end it after it has answered the requests that have arrived. After SIGTERM it says 503 to
//!   load balancers first, and takes requests for `--drain` seconds more. It takes the socket of a service manager
//!   (`LISTEN_FDS`), so that a restart loses no request.
//! - SIGHUP lets it read its configuration again. A broken one is refused, and the former one holds.
//! - Sessions are kept in the SQLite file `coder-backstage.sqlite` of the directory that `--data-dir` names,
//!   sealed with the key in `coder-backstage.sqlite.key` beside it, so a restart signs nobody out. Several
//!   processes share a PostgreSQL (`coder.session.store`).
//! - It speaks HTTP/1.1 and HTTP/2, over TLS with the certificate of `backend.https.certificate`; else TLS is the
//!   reverse proxy's.
//! - Stores, keys, replicas, backups, log lines, and what to do when people cannot sign in: `docs/operating.md` of
//!   the repository.
//! - Where the portal's pages and this backend share an origin, it serves a small portal page at `/`.
//! - Operators build without the fake: with `--no-default-features`, as `cargo xtask dist` does.
//!
//! The libraries below it are introduced by the crate [`coder-backstage`](https://docs.rs/coder-backstage).

/// A request allocates a hundred times, and a fifth of its time goes there with the system's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod activation;
mod administration;
mod app;
mod args;
mod check;
mod compression;
mod config;
mod configuration;
mod connection;
#[cfg(feature = "demo")]
mod demo;
mod drain;
mod failure;
mod generate;
mod index_file;
mod index_store;
mod logs;
mod migrate;
mod page;
mod places;
mod protocol;
mod register;
mod reload;
mod serve;
mod server;
mod shutdown;
mod socket;
mod store;
mod table;
mod telemetry;
mod tls;
mod user_agent;
mod workspaces;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use failure::Failure;
use telemetry::traces::Traces;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(args: Args) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?;
    let traces = Traces::start(runtime.handle())?;
    logs::init(args.log_format, traces.layer());
    let ended = runtime.block_on(async {
        match args.command {
            Command::Check(args) => return check::check(&args).await,
            Command::Serve(args) => serve::serve(&args).await,
            Command::Config(command) => config::config(&command),
            Command::Workspaces(args) => workspaces::workspaces(&args).await,
            Command::Sessions(command) => administration::sessions(&command).await,
            Command::People(command) => administration::people(&command).await,
            Command::Migrate(args) => migrate::migrate(&args).await,
            Command::Completions(args) => generate::completions(&args),
            Command::Man(args) => generate::man(&args),
            Command::Register(args) => register::register(&args).await,
            #[cfg(feature = "demo")]
            Command::Demo(args) => demo::demo(&args).await,
        }
        .map(|()| ExitCode::SUCCESS)
    });
    traces.end();
    // A file that does not answer does not hold up the end.
    runtime.shutdown_background();
    ended
}
