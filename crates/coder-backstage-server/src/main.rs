//! The coder-backstage server: Coder as auth provider and workspaces API of a Backstage portal,
//! configured by app-config.yaml.
//!
//! - `coder-backstage serve --config app-config.yaml` serves a real configuration.
//! - `coder-backstage config check` and `config print` look at one without serving it.
//! - `coder-backstage register` makes the portal an OAuth2 application of Coder.
//! - `coder-backstage demo` shows everything on this machine, with a fake Coder.

mod args;
mod config;
mod configuration;
#[cfg(feature = "demo")]
mod demo;
mod failure;
mod logs;
mod page;
mod register;
mod serve;
mod server;
mod shutdown;
mod socket;
mod store;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use failure::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    logs::init();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(args: Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?;
    runtime.block_on(async {
        match args.command {
            Command::Serve(args) => serve::serve(&args).await,
            Command::Config(command) => config::config(&command),
            Command::Register(args) => register::register(&args).await,
            #[cfg(feature = "demo")]
            Command::Demo(args) => demo::demo(&args).await,
        }
    })
}
