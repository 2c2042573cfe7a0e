//! The archive that operators install: the server without its demo, for one target, with its papers.

mod files;
mod graph;
mod licences;
mod sbom;

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};
use serde_json::Value;

use crate::command::{Failure, command, output, root, run, target};
use files::{cannot, copy, empty, write};
use graph::{Graph, PACKAGE, PROGRAM};

/// The greatest size of the program, in bytes.
const MAX_SIZE: u64 = 15 * 1024 * 1024;

/// Builds the archive for a target of Rust, or for this machine. Returns whether that succeeded.
pub fn dist(target: Option<&str>) -> bool {
    let built = build(target);
    match &built {
        Ok(archive) => println!("the archive is {}", archive.display()),
        Err(failure) => println!("{failure}"),
    }
    built.is_ok()
}

fn build(triple: Option<&str>) -> Result<PathBuf, Failure> {
    let host = host()?;
    let triple = triple.unwrap_or(&host);
    let metadata = metadata(triple)?;
    let program = compile(triple)?;
    let directory = target().join("archives");
    let name = format!("{PROGRAM}-{}-{triple}", version(&metadata)?);
    let contents = directory.join(&name);
    empty(&contents)?;
    copy(&program, &contents.join(PROGRAM))?;
    copy(&root().join("LICENSE"), &contents.join("LICENSE"))?;
    let packaging = root().join("crates").join(PACKAGE).join("packaging");
    for unit in ["service", "socket"] {
        let file = format!("{PROGRAM}.{unit}");
        copy(&packaging.join("systemd").join(&file), &contents.join(&file))?;
    }
    write(&contents.join("THIRD-PARTY-LICENSES.txt"), &licences::of(&metadata)?)?;
    let sbom = sbom::of(&metadata, triple)?;
    write(&contents.join(format!("{PROGRAM}.cdx.json")), &format!("{sbom:#}\n"))?;
    if triple == host {
        describe(&program, &contents)?;
    }
    let archive = format!("{name}.tar.gz");
    run(command("tar --create --gzip --owner=0 --group=0 --numeric-owner --file")
        .args([&archive, &name])
        .current_dir(&directory))?;
    let sums = output(command("sha256sum").arg(&archive).current_dir(&directory));
    let sums = sums.ok_or_else(|| Failure::Dist("`sha256sum` failed".to_owned()))?;
    write(&directory.join(format!("{archive}.sha256")), &format!("{}\n", sums.to_string_lossy()))?;
    Ok(directory.join(archive))
}

/// Builds the program, and checks its size.
fn compile(triple: &str) -> Result<PathBuf, Failure> {
    let build = "cargo build --locked --profile dist --no-default-features --package";
    let mut build = command(build);
    build.args([PACKAGE, "--target", triple]);
    // A source without git has no commit to name.
    if let Some(commit) = output(&mut command("git rev-parse --short=12 HEAD")) {
        build.env("CODER_BACKSTAGE_COMMIT", commit);
    }
    run(&mut build)?;
    let program = target().join(triple).join("dist").join(PROGRAM);
    let size = fs::metadata(&program).map_err(cannot("read", &program))?.len();
    println!("{} has {size} bytes, {MAX_SIZE} it may have", program.display());
    if size > MAX_SIZE {
        return Err(Failure::Dist(format!("the program has {size} bytes, more than {MAX_SIZE}")));
    }
    Ok(program)
}

/// Lets the program write its completions and its manual.
fn describe(program: &Path, contents: &Path) -> Result<(), Failure> {
    let program = program.display().to_string();
    let completions = contents.join("completions");
    empty(&completions)?;
    for (shell, file) in [
        ("bash", "coder-backstage.bash"),
        ("zsh", "_coder-backstage"),
        ("fish", "coder-backstage.fish"),
    ] {
        let text = output(command(&program).args(["completions", shell]));
        let text = text.ok_or_else(|| Failure::Dist(format!("no completions for {shell}")))?;
        write(&completions.join(file), &format!("{}\n", text.to_string_lossy()))?;
    }
    let man = contents.join("man");
    empty(&man)?;
    run(command(&program).arg("man").arg(&man))
}

/// Returns the software bill of materials of the server for a target, as CycloneDX 1.5.
///
/// # Errors
///
/// When cargo cannot tell the packages.
pub fn sbom_for(triple: &str) -> Result<Value, String> {
    let metadata = metadata(triple).map_err(|failure| failure.to_string())?;
    sbom::of(&metadata, triple).map_err(|failure| failure.to_string())
}

/// Returns the licences of what is compiled into the server for a target.
///
/// # Errors
///
/// When cargo cannot tell the packages, or when a licence cannot be read.
pub fn licences_for(triple: &str) -> Result<String, String> {
    let metadata = metadata(triple).map_err(|failure| failure.to_string())?;
    licences::of(&metadata).map_err(|failure| failure.to_string())
}

/// Asks cargo for the packages that are compiled into the server for a target.
fn metadata(triple: &str) -> Result<Metadata, Failure> {
    let mut cargo = MetadataCommand::new();
    cargo.manifest_path(root().join("crates").join(PACKAGE).join("Cargo.toml"));
    cargo.features(CargoOpt::NoDefaultFeatures);
    cargo.other_options(["--locked", "--filter-platform", triple].map(str::to_owned));
    cargo.exec().map_err(|error| Failure::NoMetadata(error.to_string()))
}

fn version(metadata: &Metadata) -> Result<String, Failure> {
    Ok(Graph::new(metadata)?.server().version.to_string())
}

/// Returns this machine's target of Rust.
fn host() -> Result<String, Failure> {
    let about = output(&mut command("rustc --version --verbose")).unwrap_or_default();
    let about = about.to_string_lossy().into_owned();
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::Dist("`rustc` names no host".to_owned()))
}
