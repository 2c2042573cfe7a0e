//! The checks, in the order they run.

use std::process::Command;

use clap::ValueEnum;

use crate::command::{Failure, command, is_installed, output, run, target};
use crate::doc_style::{self, Fault};
use crate::{
    features, front_end, house, javascript, npm, packages, packaging, programs, readme, semver,
    tools,
};

/// One check of the repository. The first comment of each is what the step prints.
///
/// Clippy, the tests, the doc tests and the docs see the whole workspace with all features, so
/// they share what they build; the other steps are kept to few and small feature sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Step {
    /// The code is formatted
    Format,
    /// No word is misspelled
    Typos,
    /// The READMEs are made from the crates' documentation
    Readmes,
    /// The JavaScript of the repository is formatted, and ESLint has nothing to say
    Javascript,
    /// Clippy has nothing to say
    Clippy,
    /// Dependencies: no unexplained duplicates, known licences, one source
    Deny,
    /// Dependencies: no known vulnerability
    Advisories,
    /// Unit and integration tests
    Tests,
    /// The recorded behaviour of the originals, one line per set
    Vectors,
    /// The examples in the documentation compile and hold
    Doctests,
    /// The documentation builds without a warning
    Docs,
    /// The programs of a user compile with the features they name, and pass their tests
    Programs,
    /// Each feature of the libraries alone, and all of them with the oldest Rust they declare: only by name
    Features,
    /// The core crates build for wasm32-unknown-unknown
    Wasm,
    /// The client and the engine pass their tests in Node, as wasm
    WasmTests,
    /// The npm package is built, is as small as it was, and passes its tests in Node
    Npm,
    /// The server builds without its demo, as operators may want it
    NoDemo,
    /// The demo plays its whole line by itself
    Demo,
    /// The public API keeps the promise of its version, since the last release
    Semver,
    /// Every crate can be published
    Package,
    /// systemd finds the units hardened, and Helm nothing wrong with the chart
    Packaging,
    /// Logins on a real PostgreSQL, in one process and in several
    Postgres,
    /// nginx and Caddy, as the documentation shows them, serve the portal beside a Backstage
    Beside,
    /// A restart behind nginx loses no request, with one process and with two on a real PostgreSQL
    Handover,
    /// A real browser signs in to the demo and uses it
    Browser,
    /// Backstage's own backend and browser client accept what the server gives them
    Backstage,
    /// The Backstage front end passes its tests, and people use it in a real browser
    FrontEnd,
    /// A new Backstage app with the documented steps signs in with Coder: only by name, since it takes long
    NewApp,
}

impl Step {
    /// Returns whether the step runs without being named. A step that takes many minutes does not.
    pub(crate) fn is_in_every_run(self) -> bool {
        !matches!(self, Self::Features | Self::NewApp)
    }

    /// Does the work, installing first what is missing.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Format => cargo("fmt --all --check"),
            Self::Typos => {
                tools::typos()?;
                run(&mut command("typos --format brief"))
            }
            Self::Readmes => readme::check(),
            Self::Javascript => javascript::check(),
            Self::Clippy => {
                tools::native_tls()?;
                cargo("clippy --workspace --all-targets --all-features -- -D warnings")
            }
            Self::Deny => {
                tools::cargo_deny()?;
                cargo("deny check bans licenses sources")
            }
            Self::Advisories => {
                tools::cargo_deny()?;
                if output(&mut command("cargo deny fetch db")).is_none() {
                    return Err(Failure::Skipped(
                        "`cargo deny fetch db` cannot fetch RustSec's database of advisories"
                            .into(),
                    ));
                }
                cargo("deny check advisories --disable-fetch")
            }
            Self::Tests => {
                tools::native_tls()?;
                let tests = if is_installed("cargo-nextest") {
                    "cargo nextest run --workspace --all-features --no-fail-fast"
                } else {
                    "cargo test --workspace --all-features --no-fail-fast --tests"
                };
                // A snapshot that differs is a failure here, not a file to review.
                run(command(tests).env("INSTA_UPDATE", "no"))
            }
            Self::Vectors => {
                tools::native_tls()?;
                // With one thread, libtest writes the name of the test into the line of its set.
                let vectors = "--test vectors -- --nocapture --test-threads 2";
                cargo(&format!("test --workspace --all-features {vectors}"))
            }
            Self::Doctests => {
                tools::native_tls()?;
                cargo("test --workspace --all-features --quiet --doc")
            }
            Self::Docs => {
                tools::native_tls()?;
                let docs = "cargo doc --workspace --all-features --no-deps";
                run(command(docs).env("RUSTDOCFLAGS", "-D warnings"))?;
                check_doc_style()
            }
            Self::Programs => programs::check(),
            Self::Features => features::check(),
            Self::Wasm => {
                tools::wasm_target()?;
                run(wasm().args(core_crates()).arg("--package=coder-testkit"))?;
                run(wasm().args(["--package=coder-core", "--features=reqwest"]))
            }
            Self::WasmTests => {
                tools::wasm_test_runner()?;
                let tests = "cargo test --target wasm32-unknown-unknown --no-default-features \
                             --package coder-client --package coder-workspaces --test it";
                let runner = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER";
                run(command(tests).env(runner, "wasm-bindgen-test-runner"))
            }
            Self::Npm => npm::check(),
            Self::NoDemo => cargo("check --package coder-backstage-server --no-default-features"),
            Self::Demo => cargo("run -- demo --smoke"),
            Self::Semver => semver::check(),
            Self::Package => packages::check(),
            Self::Packaging => packaging::check(),
            Self::Postgres => {
                tools::postgres()?;
                tools::native_tls()?;
                let tests = "--test postgres --test login_postgres --test replicas";
                cargo(&format!("test --workspace --all-features {tests} -- --include-ignored"))
            }
            Self::Beside => {
                if let Err(missing) = tools::nginx().and_then(|()| tools::caddy()) {
                    return Err(Failure::Skipped(missing.to_string()));
                }
                tools::postgres()?;
                tools::native_tls()?;
                cargo("test --workspace --all-features --test beside")
            }
            Self::Handover => {
                if let Err(missing) = tools::nginx() {
                    return Err(Failure::Skipped(missing.to_string()));
                }
                tools::postgres()?;
                tools::native_tls()?;
                // One after the other: each of them needs the machine for its load.
                let tests = "--test handover -- --nocapture --test-threads 1";
                cargo(&format!("test --workspace --all-features {tests}"))
            }
            Self::Browser => {
                tools::browser()?;
                tools::native_tls()?;
                cargo("test --workspace --all-features --test browser -- --ignored --nocapture")
            }
            Self::FrontEnd => front_end::check(),
            Self::NewApp => front_end::check_new_app(),
            Self::Backstage => {
                tools::node()?;
                tools::postgres()?;
                tools::native_tls()?;
                let nginx = tools::nginx();
                cargo("test --workspace --all-features --test backstage -- --ignored --nocapture")?;
                nginx.map_err(|missing| {
                    Failure::Skipped(format!("what stands behind nginx was left out: {missing}"))
                })
            }
        }
    }
}

/// Checks the pages that were just built: they show what macros render as well.
fn check_doc_style() -> Result<(), Failure> {
    let doc = target().join("doc");
    let findings = doc_style::check_pages(&doc).map_err(Failure::DocPages)?;
    let mut is_kept = true;
    for fault in Fault::ALL {
        let found: Vec<_> = findings.iter().filter(|finding| finding.fault == fault).collect();
        if found.len() > fault.most() {
            found.iter().for_each(|finding| println!("{finding}"));
            let (found, most) = (found.len(), fault.most());
            println!("{found} doc comments are {fault:?}, {most} may be: {}", fault.rule());
            is_kept = false;
        }
    }
    if is_kept { Ok(()) } else { Err(Failure::DocStyle) }
}

/// Runs `cargo` with these arguments.
fn cargo(arguments: &str) -> Result<(), Failure> {
    run(&mut command(&format!("cargo {arguments}")))
}

/// Makes the command that builds for wasm, without the packages.
fn wasm() -> Command {
    command("cargo build --target wasm32-unknown-unknown --no-default-features")
}

fn core_crates() -> impl Iterator<Item = String> {
    house::core().map(|member| format!("--package={}", member.name))
}
