//! Running other programs, visibly.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("`{command}` failed ({status})")]
    Failed { command: String, status: std::process::ExitStatus },
    #[error("cannot start `{command}`: {reason}")]
    CannotStart { command: String, reason: io::Error },
    #[error("the archives of the crates cannot be unpacked: {0}")]
    Unpack(String),
    #[error("cannot read the pages of the documentation: {0}")]
    DocPages(io::Error),
    #[error("doc comments do not begin with a sentence that has its subject; see above")]
    DocStyle,
    #[error("{what} is missing and cannot be installed from here; {advice}")]
    Missing { what: &'static str, advice: &'static str },
    #[error("{what} is missing and cannot be installed from here; {advice}")]
    MissingToolchain { what: String, advice: &'static str },
    #[error("cannot read the workspace's packages: {0}")]
    NoMetadata(String),
    #[error("the archive: {0}")]
    Dist(String),
    #[error("the npm package: {0}")]
    Npm(String),
    #[error("{0}")]
    Readmes(String),
    /// No failure: there is nothing to check, or nothing to check it against.
    #[error("{0}")]
    Skipped(String),
}

/// Returns the directory of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Returns the directory that cargo builds in.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns where tools of the checkout are installed: ignored by git, kept between runs.
pub(crate) fn tools() -> PathBuf {
    root().join(".tools")
}

/// Returns the directories that programs are looked for in: the checkout's tools, then the user's
/// path.
fn search_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let ours = ["bin", "python/bin", "schemathesis/bin"].map(|directory| tools().join(directory));
    ours.into_iter().chain(env::split_paths(&path)).collect()
}

/// Tells whether a program of this name can be started.
pub(crate) fn is_installed(program: &str) -> bool {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    search_path().iter().any(|directory| directory.join(&file).is_file())
}

/// Makes a command in the workspace's directory; `line` is split at spaces.
pub(crate) fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(root());
    // A path that cannot be joined holds the separator itself: then the user's own path serves.
    if let Ok(path) = env::join_paths(search_path()) {
        command.env("PATH", path);
    }
    command
}

/// Prints a command and runs it to its end.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = display(command);
    println!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Failed { command: line, status }),
        Err(reason) => Err(Failure::CannotStart { command: line, reason }),
    }
}

/// Shows the command as one would type it, with the variables set for it.
fn display(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter(|(name, _)| *name != "PATH")
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| format!("{}={:?} ", name.to_string_lossy(), value));
    let words = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned());
    variables.collect::<String>() + &words.collect::<Vec<_>>().join(" ")
}

/// Returns the output of a command without the line's end; `None` when it fails.
pub(crate) fn output(command: &mut Command) -> Option<OsString> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut doc = command("cargo doc --workspace");
        doc.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(display(&doc), r#"RUSTDOCFLAGS="-D warnings" cargo doc --workspace"#);
    }

    #[test]
    fn a_command_that_fails_says_which_and_how() {
        let failure = run(&mut command("cargo --no-such-option")).unwrap_err();
        assert!(failure.to_string().starts_with("`cargo --no-such-option` failed (exit status"));
    }

    #[test]
    fn a_program_that_is_not_there_is_not_installed() {
        assert!(is_installed("cargo"));
        assert!(!is_installed("a-program-nobody-has"));
    }
}
