//! Whether the public API keeps what its version promises.

use cargo_metadata::{MetadataCommand, Target};

use crate::command::{Failure, command, output, root, run};
use crate::tools;

/// Compares the published libraries with the last tagged release.
pub(crate) fn check() -> Result<(), Failure> {
    let Some(release) = output(&mut command("git describe --tags --abbrev=0 --match v[0-9]*"))
    else {
        return Err(Failure::Skipped("no release is tagged yet".into()));
    };
    tools::cargo_semver_checks()?;
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec();
    let packages = metadata.map_err(|error| Failure::NoMetadata(error.to_string()))?.packages;
    let published = packages.iter().filter(|package| package.publish.is_none());
    let libraries = published.filter(|package| package.targets.iter().any(Target::is_lib));
    let mut checks = command("cargo semver-checks --baseline-rev");
    run(checks.arg(release).args(libraries.map(|library| format!("--package={}", library.name))))
}
