//! The tools the steps need: found, else installed, else named with where to get them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command::{Failure, command, is_installed, output, run, tools};

/// The versions the repository is checked with where none is installed.
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";
const CARGO_HACK: &str = "0.6.46";
/// Another release knows other mistakes, so this very one is taken.
const TYPOS: &str = "1.52.0";

/// Another release makes other requests, so this very one is taken.
const SCHEMATHESIS: &str = "4.32.5";

/// The release of `wasm-bindgen` in `Cargo.lock`: its tools have to be of the same.
const WASM_BINDGEN: &str = "0.2.130";

/// Installs `cargo deny` where it is missing.
pub(crate) fn cargo_deny() -> Result<(), Failure> {
    cargo_install("cargo-deny", CARGO_DENY)
}

/// Installs `cargo hack` where it is missing.
pub(crate) fn cargo_hack() -> Result<(), Failure> {
    cargo_install("cargo-hack", CARGO_HACK)
}

/// Installs `cargo semver-checks`. Each of its releases reads the documentation of the newest
/// releases of Rust only, so the newest is the right one.
pub(crate) fn cargo_semver_checks() -> Result<(), Failure> {
    if is_installed("cargo-semver-checks") {
        return Ok(());
    }
    let install = "cargo install cargo-semver-checks --locked --debug --root";
    run(command(install).arg(tools()))
}

/// Builds a tool of cargo's, unless one of this name is there.
fn cargo_install(name: &str, version: &str) -> Result<(), Failure> {
    if is_installed(name) {
        return Ok(());
    }
    // Unoptimised it is built in a third of the time, and still done in seconds.
    let install = format!("cargo install {name} --locked --debug --version {version} --root");
    run(command(&install).arg(tools()))
}

/// Installs `typos`, the spell checker.
pub(crate) fn typos() -> Result<(), Failure> {
    let version = format!("typos-cli {TYPOS}");
    if output(&mut command("typos --version")).is_some_and(|it| it == *version) {
        return Ok(());
    }
    // As a Python package it is there in seconds, built in minutes.
    if output(&mut command("python3 -m pip --version")).is_some() {
        let install =
            format!("python3 -m pip install --quiet --upgrade --no-deps typos=={TYPOS} --target");
        return run(command(&install).arg(tools().join("python")));
    }
    let install = format!("cargo install typos-cli --locked --debug --version {TYPOS} --root");
    run(command(&install).arg(tools()))
}

/// Installs `schemathesis`, which makes requests of a description of an HTTP API, apart from other
/// packages.
pub(crate) fn schemathesis() -> Result<(), Failure> {
    if is_installed("schemathesis") {
        return Ok(());
    }
    let missing = |_| Failure::Missing {
        what: "schemathesis",
        advice: "install Python 3.10 or later with venv and pip, and let pip reach its index",
    };
    let directory = tools().join("schemathesis");
    run(command("python3 -m venv").arg(&directory)).map_err(missing)?;
    let pip = directory.join("bin/pip").display().to_string();
    run(command(&pip).args(["install", "--quiet", &format!("schemathesis=={SCHEMATHESIS}")]))
        .map_err(missing)
}

/// Installs the Rust toolchain of this version, such as `1.89`.
pub(crate) fn toolchain(version: &str) -> Result<(), Failure> {
    if output(&mut command(&format!("rustup run {version} rustc --version"))).is_some() {
        return Ok(());
    }
    let install = format!("rustup toolchain install {version} --profile minimal");
    run(&mut command(&install)).map_err(|_| Failure::MissingToolchain {
        what: format!("Rust {version}, the oldest that the crates declare,"),
        advice: "install Rust with rustup (https://rustup.rs), and let it reach \
                 https://static.rust-lang.org or a mirror named by RUSTUP_DIST_SERVER",
    })
}

/// Installs Prettier and ESLint, in the versions of the lock file in `directory`.
pub(crate) fn javascript(directory: &Path) -> Result<(), Failure> {
    node()?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(unoptimised(&mut command(&format!("{npm} ci --loglevel=error"))).current_dir(directory))
}

/// Lets `npm` compile the modules of Node.js without optimisation: that takes half the time, and tests
/// use them for seconds.
pub(crate) fn unoptimised(npm: &mut Command) -> &mut Command {
    npm.env("CFLAGS", "-O1 -g0").env("CXXFLAGS", "-O0 -g0")
}

/// Installs `cargo fuzz`, and the nightly compiler that it needs.
pub(crate) fn cargo_fuzz() -> Result<(), Failure> {
    if !is_installed("rustup") {
        return Err(Failure::Missing {
            what: "Rust's nightly toolchain",
            advice: "install Rust with rustup (https://rustup.rs)",
        });
    }
    if output(&mut command("rustup run nightly rustc --version")).is_none() {
        run(&mut command("rustup toolchain install nightly --profile minimal"))?;
    }
    cargo_install("cargo-fuzz", CARGO_FUZZ)
}

/// Installs the standard library for `wasm32-unknown-unknown`.
pub(crate) fn wasm_target() -> Result<(), Failure> {
    let libraries = "rustc --print target-libdir --target wasm32-unknown-unknown";
    if output(&mut command(libraries)).is_some_and(|path| Path::new(&path).is_dir()) {
        return Ok(());
    }
    if !is_installed("rustup") {
        return Err(Failure::Missing {
            what: "the Rust target wasm32-unknown-unknown",
            advice: "install Rust with rustup (https://rustup.rs), or your distribution's \
                     package of that target",
        });
    }
    run(&mut command("rustup target add wasm32-unknown-unknown"))
}

/// Installs the runner of wasm tests in Node.
pub(crate) fn wasm_test_runner() -> Result<(), Failure> {
    node()?;
    wasm_bindgen_tool("wasm-bindgen-test-runner")
}

/// Installs what binds wasm to JavaScript.
pub(crate) fn wasm_bindgen() -> Result<(), Failure> {
    wasm_bindgen_tool("wasm-bindgen")
}

fn wasm_bindgen_tool(program: &str) -> Result<(), Failure> {
    wasm_target()?;
    let version = format!("{program} {WASM_BINDGEN}");
    if output(&mut command(&format!("{program} --version"))).is_some_and(|it| it == *version) {
        return Ok(());
    }
    // Without its lock file, whose crates are not on every mirror.
    let install = format!("cargo install wasm-bindgen-cli --debug --version {WASM_BINDGEN} --root");
    run(command(&install).arg(tools()))
}

/// Checks for Node.js with npm.
pub(crate) fn node() -> Result<(), Failure> {
    if is_installed("node") && is_installed("npm") {
        return Ok(());
    }
    // Debian's is too old for Backstage's packages.
    Err(Failure::Missing {
        what: "Node.js with npm",
        advice: "install Node.js 20 or newer (https://nodejs.org)",
    })
}

/// Installs OpenSSL's headers: the `native-tls` feature stands on them, on Linux only.
pub(crate) fn native_tls() -> Result<(), Failure> {
    let headers = "pkg-config --exists openssl";
    if !cfg!(target_os = "linux") || output(&mut command(headers)).is_some() {
        return Ok(());
    }
    apt(
        "pkg-config libssl-dev",
        "OpenSSL with its headers",
        "install pkg-config and your distribution's development package of OpenSSL",
    )
}

/// Installs Chromium and its WebDriver server.
pub(crate) fn browser() -> Result<(), Failure> {
    let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    if is_installed("chromedriver") && browsers.into_iter().any(is_installed) {
        return Ok(());
    }
    apt(
        "chromium chromium-driver",
        "Chromium with ChromeDriver",
        "install both in the same version, `chromedriver` on the PATH",
    )
}

/// Installs the PostgreSQL server, which the tests start by themselves, and what makes its
/// certificate.
pub(crate) fn postgres() -> Result<(), Failure> {
    // Debian keeps the server's programs off the path.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let is_there = versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
        || is_installed("initdb");
    if is_there && is_installed("openssl") {
        return Ok(());
    }
    apt(
        "postgresql openssl",
        "the PostgreSQL server with openssl",
        "install both, `initdb`, `postgres` and `pg_ctl` on the PATH",
    )
}

/// Installs nginx, which the tests start by themselves.
pub(crate) fn nginx() -> Result<(), Failure> {
    // Debian keeps it off the path of users.
    if Path::new("/usr/sbin/nginx").is_file() || is_installed("nginx") {
        return Ok(());
    }
    apt("nginx", "nginx", "install it, `nginx` on the PATH")
}

/// Installs Caddy, which the tests start by themselves.
pub(crate) fn caddy() -> Result<(), Failure> {
    if is_installed("caddy") {
        return Ok(());
    }
    apt("caddy", "Caddy", "install it, `caddy` on the PATH")
}

/// Installs Debian's `packages`, as root or through sudo.
fn apt(packages: &str, what: &'static str, advice: &'static str) -> Result<(), Failure> {
    let sudo = match output(&mut command("id -u")) {
        Some(user) if user == "0" => "",
        _ if is_installed("sudo") => "sudo ",
        _ => return Err(Failure::Missing { what, advice }),
    };
    if !is_installed("apt-get") {
        return Err(Failure::Missing { what, advice });
    }
    run(&mut command(&format!("{sudo}apt-get update")))?;
    let install = format!("{sudo}apt-get install --yes --no-install-recommends {packages}");
    run(command(&install).env("DEBIAN_FRONTEND", "noninteractive"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    #[test]
    fn the_tools_of_wasm_bindgen_are_of_the_release_in_the_lock_file() {
        let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
        let entry = format!("name = \"wasm-bindgen\"\nversion = \"{WASM_BINDGEN}\"");
        assert!(lock.contains(&entry), "set WASM_BINDGEN to the release in Cargo.lock");
    }
}
