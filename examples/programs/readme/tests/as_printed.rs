//! The program of coder-client's README runs as somebody copies it.

use std::process::Command;

use coder_testkit::{FakeCoder, FakeServer};

const README: &str = include_str!("../../../../crates/coder-client/README.md");
const MANIFEST: &str = include_str!("../Cargo.toml");
const PROGRAM: &str = include_str!("../src/main.rs");

/// Returns the README's first block in a language.
fn block(language: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("```{language}")).expect("the block");
    let (_, rest) = rest.split_once('\n').expect("its first line");
    rest.split_once("```").expect("its end").0
}

#[test]
fn the_program_is_the_readmes() {
    assert_eq!(PROGRAM, block("rust"));
}

#[test]
fn the_dependencies_are_the_readmes() {
    let (_, ours) = MANIFEST.split_once("[dependencies]\n").expect("dependencies");
    let ours = ours.split("\n\n").next().expect("a section").trim();
    // A path stands where the README has a version.
    let ours = ours.lines().map(|line| match line.split_once(" = { path") {
        Some((name, _)) => name.to_owned(),
        None => line.to_owned(),
    });
    let theirs = block("toml").lines().filter(|line| !line.starts_with('['));
    let theirs = theirs.map(|line| line.strip_suffix(" = \"0.1\"").unwrap_or(line).to_owned());
    assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_lists_the_workspaces_of_whoever_runs_it() {
    let server = FakeServer::start(FakeCoder::builder()).await.expect("a socket");
    let alice = server.coder().add_user("alice");
    server.coder().add_workspace(&alice, "dev").create();
    server.coder().add_workspace(&alice, "old").stopped().create();
    let output = Command::new(env!("CARGO_BIN_EXE_readme"))
        .env("CODER_URL", server.coder().url().as_str())
        .env("CODER_SESSION_TOKEN", alice.session_token.expose())
        .output()
        .expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("text");
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["dev is running", "old is stopped"]);
}
