//! What operators install, as the tools of operators see it.

use crate::command::{Failure, command, is_installed, output, run};

/// The oldest systemd whose judge is asked: that of Debian 12. Older ones do not look at a file.
const SYSTEMD: u32 = 252;

/// Lets systemd judge the units, and Helm the chart. Tells which of them was not there.
pub(crate) fn check() -> Result<(), Failure> {
    let judges = [
        (
            "systemd-analyze of systemd 252 or later",
            has_systemd(),
            "systemd_finds_the_unit_hardened",
        ),
        ("helm", is_installed("helm"), "helm_finds_nothing_wrong_with_the_chart"),
    ];
    let mut tests =
        command("cargo test --workspace --all-features --test packaging -- --ignored --exact");
    let there = judges.iter().filter(|(_, is_there, _)| *is_there);
    if there.clone().next().is_some() {
        run(tests.args(there.map(|(_, _, test)| test)))?;
    }
    let missing = judges.iter().filter(|(_, is_there, _)| !is_there).map(|(what, _, _)| *what);
    match missing.collect::<Vec<_>>() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(Failure::Skipped(format!(
            "not all was judged: {} cannot be had here",
            missing.join(" and ")
        ))),
    }
}

/// Tells whether systemd's judge is there, in a release that reads a unit from a file.
fn has_systemd() -> bool {
    let version = output(&mut command("systemd-analyze --version")).unwrap_or_default();
    let version = version.to_string_lossy().into_owned();
    let release = version.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    release.is_some_and(|release: u32| release >= SYSTEMD)
}
