//! The Backstage front end of `examples/backstage`: its packages, its app, and what they have to pass.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs, thread};

use crate::command::{Failure, command, root, run, target};
use crate::{npm, tools};

/// The workspace of npm.
const DIRECTORY: &str = "examples/backstage";

/// The modules of Node.js that are compiled on this machine, and the file that each one becomes.
const NATIVE: [(&str, &str); 2] = [
    ("better-sqlite3", "build/Release/better_sqlite3.node"),
    ("isolated-vm", "out/isolated_vm.node"),
];

/// Starts the portal with its fake Coder, and serves it until it is interrupted. Returns whether that
/// succeeded.
pub fn portal() -> bool {
    let served = set_up().and_then(|()| run(node("portal.mjs").env("PORT", "3000")));
    if let Err(failure) = &served {
        println!("{failure}");
    }
    served.is_ok()
}

/// Checks the packages, measures the card, and lets people use the app in Chromium.
pub(crate) fn check() -> Result<(), Failure> {
    tools::browser()?;
    // Without a PostgreSQL the tests of the sign-in say so, and keep logins in SQLite only.
    if let Err(missing) = tools::postgres() {
        println!("{missing}");
    }
    set_up()?;
    for script in ["format", "tsc", "lint", "test", "size"] {
        run(&mut npm_run(script))?;
    }
    check_packages()?;
    // The module of the sign-in logs in to a fake Coder on a socket.
    run(&mut command("cargo build --quiet --package coder-testkit --example fake_coder"))?;
    let tests = "wire.test.mjs frontend-config.test.mjs alone.test.mjs";
    run(&mut node(&format!("--test --test-reporter=dot {tests}")))?;
    run(&mut node("--test --test-reporter=dot browser/portal.test.mjs"))
}

/// Makes a new app as `docs/front-end.md` says, and lets a person use it in Chromium.
pub(crate) fn check_new_app() -> Result<(), Failure> {
    tools::browser()?;
    set_up()?;
    run(&mut npm_run("build:plugins"))?;
    run(&mut command("cargo build --quiet --package coder-testkit --example fake_coder"))?;
    run(&mut node("--test --test-reporter=spec new-app.test.mjs"))
}

/// Builds the packages, compares their APIs with the reports, and tries what `npm publish` would send of them
/// in a project of its own.
fn check_packages() -> Result<(), Failure> {
    run(&mut npm_run("build:plugins"))?;
    run(&mut node("api-reports.mjs"))?;
    run(&mut node("--test --test-reporter=dot packed.test.mjs"))
}

/// Installs the workspace, unless its lock file is installed already, and builds what the app needs.
fn set_up() -> Result<(), Failure> {
    if !npm::is_built() && !npm() {
        return Err(Failure::Npm("@coder-backstage/core was not built".to_owned()));
    }
    install()?;
    run(&mut command("cargo build --quiet --package coder-backstage-server"))?;
    run(&mut npm_run("build"))
}

/// Installs the workspace while other steps run: it waits for the network for minutes. The step tells of failures,
/// since it installs what is missing then.
pub(crate) fn install_meanwhile() {
    thread::spawn(install);
}

fn install() -> Result<(), Failure> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock();
    let directory = root().join(DIRECTORY);
    let lock =
        fs::read(directory.join("package-lock.json")).map_err(cannot("read the lock file"))?;
    let installed = directory.join("node_modules/.installed-lock.json");
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        tools::javascript(&directory)?;
        fs::write(&installed, lock).map_err(cannot("write what is installed"))?;
    }
    let is_compiled = |(name, file): &(&str, &str)| {
        directory.join("node_modules").join(name).join(file).is_file()
    };
    if NATIVE.iter().all(is_compiled) {
        return Ok(());
    }
    run(tools::unoptimised(&mut npm_run("native")))
}

/// Returns a script of the workspace's `package.json`.
fn npm_run(script: &str) -> Command {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = command(&format!("{npm} run --silent {script}"));
    command.current_dir(root().join(DIRECTORY)).env("CI", "true");
    command
}

/// Returns a run of Node in the workspace, which finds the server.
fn node(arguments: &str) -> Command {
    let mut command = command(&format!("node {arguments}"));
    command.current_dir(root().join(DIRECTORY)).env("CODER_BACKSTAGE", program());
    command
}

fn program() -> PathBuf {
    target().join(Path::new("debug")).join(format!("coder-backstage{}", env::consts::EXE_SUFFIX))
}

fn cannot(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |reason| Failure::Npm(format!("cannot {what}: {reason}"))
}
