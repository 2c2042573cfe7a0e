//! The archives that `cargo publish` would send, and whether each of them compiles.

use std::fs;
use std::path::Path;

use cargo_metadata::{MetadataCommand, Package};

use crate::command::{Failure, command, root, run, target};

/// Makes the archive of each published crate, unpacks them into a workspace of their own, and checks them there,
/// with nothing of the repository beside them.
///
/// Cargo's own verification compiles them one after the other to machine code, in many times the time.
pub(crate) fn check() -> Result<(), Failure> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec();
    let packages = metadata.map_err(|error| Failure::NoMetadata(error.to_string()))?.packages;
    let published: Vec<_> = packages.iter().filter(|package| package.publish.is_none()).collect();
    let names = published.iter().map(|package| format!("--package={}", package.name));
    run(command("cargo package --no-verify --allow-dirty").args(names))?;

    let workspace = target().join("package/unpacked");
    unpack(&published, &workspace).map_err(|reason| Failure::Unpack(reason.to_string()))?;
    // With all features, the dependencies are those that Clippy has seen. The step `features` checks them alone.
    run(command("cargo check --workspace --all-features")
        .current_dir(&workspace)
        .env("CARGO_TARGET_DIR", target()))
}

/// Writes a workspace of what is in the archives.
fn unpack(published: &[&Package], workspace: &Path) -> Result<(), Box<dyn std::error::Error>> {
    if workspace.is_dir() {
        fs::remove_dir_all(workspace)?;
    }
    fs::create_dir_all(workspace)?;
    let (mut members, mut patches) = (String::new(), String::new());
    for package in published {
        let name = format!("{}-{}", package.name, package.version);
        let archive = target().join("package").join(format!("{name}.crate"));
        run(command("tar --extract --gzip --file").arg(archive).arg("--directory").arg(workspace))?;
        members.push_str(&format!("    {name:?},\n"));
        patches.push_str(&format!("{} = {{ path = {name:?} }}\n", package.name));
    }
    let repository = fs::read_to_string(root().join("Cargo.toml"))?;
    // With the profile of the repository, what the other steps have built is not built again.
    let profile = repository.split("\n\n").filter(|part| part.contains("[profile.dev"));
    let profile = profile.collect::<Vec<_>>().join("\n\n");
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n\n\
         [patch.crates-io]\n{patches}\n{profile}\n"
    );
    fs::write(workspace.join("Cargo.toml"), manifest)?;
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock"))?;
    Ok(())
}
