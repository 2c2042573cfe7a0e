//! The npm package: a folder that `npm publish` takes, and what it has to pass.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io, thread};

use crate::command::{Failure, command, output, root, run, target};
use crate::tools;

/// The parts of the package.
const CRATE: &str = "crates/coder-wasm";

/// A module of the package: a feature of the crate in a wasm file of its own.
struct Module {
    feature: &'static str,
    /// The modules that users import.
    specifier: &'static str,
}

const MODULES: &[Module] = &[
    Module { feature: "entity", specifier: "@coder-backstage/core" },
    Module { feature: "text", specifier: "@coder-backstage/core/text" },
    Module { feature: "client", specifier: "@coder-backstage/core/client" },
    Module { feature: "edge", specifier: "@coder-backstage/core/edge" },
];

/// The suite for stores, a module that is built for tests only.
const CONFORMANCE: &str = "conformance";

/// The places where a module runs, each with a way of its own to load it.
const CONDITIONS: [&str; 3] = ["browser", "node", "workerd"];

/// Builds the package. Returns whether that succeeded.
pub fn npm() -> bool {
    let built = build();
    match &built {
        Ok(package) => println!("the package is in {}", package.display()),
        Err(failure) => println!("{failure}"),
    }
    built.is_ok()
}

/// Tells whether the package was built.
pub(crate) fn is_built() -> bool {
    let wasm = directory("package/wasm");
    MODULES.iter().all(|Module { feature, .. }| wasm.join(format!("{feature}.wasm")).is_file())
}

/// Builds the package, packs it, installs it into an empty project and runs its tests there.
pub(crate) fn check() -> Result<(), Failure> {
    check_adapter()?;
    let package = build()?;
    let tests = directory("tests");
    compile(CONFORMANCE, &target())?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let pack = format!("{npm} pack --json --loglevel=error --pack-destination");
    let packed = output(command(&pack).arg(directory("")).current_dir(&package));
    let packed = packed.ok_or_else(|| Failure::Npm("`npm pack` failed".to_owned()))?;
    fs::write(directory("pack.json"), packed.as_encoded_bytes()).map_err(cannot("write"))?;
    let archive = directory(&format!("coder-backstage-core-{}.tgz", version()?));
    let install = format!("{npm} install --no-save --no-package-lock --loglevel=error");
    run(command(&install).arg(&archive).current_dir(&tests))?;
    run(node("node_modules/typescript/bin/tsc --project types").current_dir(&tests))?;
    // A fake Coder on a socket.
    run(&mut command("cargo build --quiet --package coder-testkit --example fake_coder"))?;
    let fake = format!("debug/examples/fake_coder{}", env::consts::EXE_SUFFIX);
    let all = "--expose-gc --enable-source-maps --test --test-reporter=dot";
    let mut tests_in_node = node(all);
    tests_in_node.current_dir(&tests);
    // They read recordings of the crates, and measure what was built.
    tests_in_node.env("CODER_CRATES", root().join("crates")).env("CODER_NPM", directory(""));
    tests_in_node.env("CODER_FAKE", target().join(fake)).env("CODER_SQLITE", sqlite()?);
    run(&mut tests_in_node)?;
    document(&package)?;
    bundle(&install, &archive)
}

/// Makes the package's pages with TypeDoc: each export is documented, and each link leads somewhere.
fn document(package: &Path) -> Result<(), Failure> {
    let project = directory("typedoc");
    empty(&project)?;
    copy(&root().join(CRATE).join("tests/typedoc"), &project).map_err(cannot("copy the tests"))?;
    tools::javascript(&project)?;
    copy(package, &project.join("package")).map_err(cannot("copy the package"))?;
    let typedoc = "node_modules/typedoc/bin/typedoc --logLevel Warn";
    run(node(typedoc).current_dir(&project))
}

/// Installs the package into an empty project with bundlers, and runs what they build in Chromium.
fn bundle(install: &str, archive: &Path) -> Result<(), Failure> {
    tools::browser()?;
    let project = directory("bundlers");
    empty(&project)?;
    let tests = root().join(CRATE).join("tests/bundlers");
    copy(&tests, &project).map_err(cannot("copy the tests"))?;
    tools::javascript(&project)?;
    run(command(install).arg(archive).current_dir(&project))?;
    run(node("--test --test-reporter=dot").current_dir(&project))
}

/// Installs SQLite for Node.js, unless that version is there: it may have to be compiled. Returns the
/// directory that it is in.
fn sqlite() -> Result<PathBuf, Failure> {
    let (from, to) = (root().join(CRATE).join("tests/sqlite"), directory("sqlite"));
    let lock = |directory: &Path| fs::read(directory.join("package-lock.json")).ok();
    if !to.join("node_modules/better-sqlite3/build").is_dir() || lock(&from) != lock(&to) {
        copy(&from, &to).map_err(cannot("copy the tests"))?;
        tools::javascript(&to)?;
    }
    Ok(to)
}

/// Runs the tests of what stands in for the tables of host names, which is in no workspace.
fn check_adapter() -> Result<(), Failure> {
    let manifest = root().join(CRATE).join("idna_adapter/Cargo.toml");
    let mut test = command("cargo test --quiet --manifest-path");
    run(test.arg(manifest).env("CARGO_TARGET_DIR", target()))
}

/// Builds the folder of the package.
fn build() -> Result<PathBuf, Failure> {
    tools::wasm_bindgen()?;
    let tests = directory("tests");
    empty(&tests)?;
    copy(&root().join(CRATE).join("tests/node"), &tests).map_err(cannot("copy the tests"))?;
    tools::javascript(&tests)?;
    write_workspace().map_err(cannot("write the workspace"))?;
    let package = directory("package");
    empty(&package)?;
    write_sources(&package).map_err(cannot("write the package"))?;
    let version = version()?;
    let manifest = package.join("package.json");
    let text = fs::read_to_string(&manifest).map_err(cannot("read package.json"))?;
    let text = text.replacen("\"0.0.0\"", &format!("\"{version}\""), 1);
    fs::write(&manifest, text).map_err(cannot("write package.json"))?;
    let wasm = package.join("wasm");
    // Linking a module keeps one core busy, and so does making it small: the largest one is built beside the others.
    let Some((largest, others)) = MODULES.split_last() else { return Ok(package) };
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            let bound = compile(largest.feature, &directory("beside"))?;
            finish(largest.feature, &bound, &wasm)
        });
        let mut shrinking = Vec::new();
        for Module { feature, .. } in others {
            let bound = compile(feature, &target())?;
            let wasm = &wasm;
            shrinking.push(scope.spawn(move || finish(feature, &bound, wasm)));
        }
        shrinking.push(beside);
        let gone = |_| Failure::Npm("the build of a module has panicked".to_owned());
        shrinking.into_iter().try_for_each(|module| module.join().map_err(gone)?)
    })?;
    Ok(package)
}

/// Puts the glue of a module into the package, and the module, made small.
fn finish(feature: &str, bound: &Path, wasm: &Path) -> Result<(), Failure> {
    fs::copy(bound.join(format!("{feature}.js")), wasm.join(format!("{feature}.glue.js")))
        .map_err(cannot("copy the glue"))?;
    shrink(feature, bound, &wasm.join(format!("{feature}.wasm")))
}

/// The options of `wasm-opt`: small, with the features of WebAssembly that Rust's standard library is
/// built with.
const SHRINK: &str = "node_modules/binaryen/bin/wasm-opt -Oz --strip-debug --strip-producers \
                      --enable-bulk-memory --enable-bulk-memory-opt --enable-multivalue \
                      --enable-mutable-globals --enable-nontrapping-float-to-int \
                      --enable-reference-types --enable-sign-ext";

/// Makes a module small, unless the same one was made small in the same way before.
fn shrink(feature: &str, bound: &Path, small: &Path) -> Result<(), Failure> {
    let large = bound.join(format!("{feature}_bg.wasm"));
    let lock = directory("tests").join("package-lock.json");
    let mut made_of = SHRINK.as_bytes().to_vec();
    for part in [&lock, &large] {
        made_of.extend(fs::read(part).map_err(cannot("read a module"))?);
    }
    let kept = directory("small").join(format!("{feature}.wasm"));
    let source = directory("small").join(format!("{feature}.made-of"));
    if !kept.is_file() || fs::read(&source).ok().as_ref() != Some(&made_of) {
        fs::create_dir_all(directory("small")).map_err(cannot("make a directory"))?;
        run(node(SHRINK).arg(large).arg("-o").arg(&kept).current_dir(directory("tests")))?;
        fs::write(source, made_of).map_err(cannot("write what a module is made of"))?;
    }
    fs::copy(kept, small).map(drop).map_err(cannot("copy a module"))
}

/// Compiles a module in a directory, and binds it to JavaScript. Returns the directory with both.
fn compile(feature: &str, builds: &Path) -> Result<PathBuf, Failure> {
    let workspace = directory("workspace");
    let build = format!(
        "cargo build --quiet --profile wasm --target wasm32-unknown-unknown --package module_{feature} \
         --manifest-path"
    );
    let mut build = command(&build);
    build.arg(workspace.join("Cargo.toml")).env("CARGO_TARGET_DIR", builds);
    run(build.env("CARGO_ENCODED_RUSTFLAGS", without_places()))?;
    let compiled = builds.join(format!("wasm32-unknown-unknown/wasm/module_{feature}.wasm"));
    // With its names, to tell what takes the space.
    let named = directory(&format!("{feature}.named.wasm"));
    fs::copy(compiled, &named).map_err(cannot("copy the module"))?;
    let bound = directory("bound");
    let bind = "wasm-bindgen --target web --omit-default-module-path --no-typescript --out-name";
    run(command(bind).args([feature, "--out-dir"]).args([&bound, &named]))?;
    Ok(bound)
}

/// Returns the compiler's flags that keep this machine's paths out of the modules.
fn without_places() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).unwrap_or_default();
    let places = [(root().to_owned(), ""), (home.join("registry/src"), "registry")];
    let flags =
        places.map(|(place, name)| format!("--remap-path-prefix={}={name}", place.display()));
    flags.join("\u{1f}")
}

/// Writes the workspace that the modules are built in: a package for each, so that none overwrites
/// what another one has built. It is a workspace of its own, since the host names of URLs are checked
/// by the JavaScript engine there (`idna_adapter`) and nowhere else; its lock file and its profile are
/// ours.
fn write_workspace() -> io::Result<()> {
    let (krate, workspace) = (root().join(CRATE), directory("workspace"));
    for Module { feature, .. } in MODULES {
        // Only a server has somebody who reads a log.
        let features =
            if *feature == "edge" { "\"edge\"" } else { &format!("\"{feature}\", \"silent\"") };
        let options = format!("default-features = false, features = [{features}]");
        write_module(feature, "coder-wasm", &krate, &options)?;
    }
    let suite = root().join("crates/coder-wasm-conformance");
    write_module(CONFORMANCE, "coder-wasm-conformance", &suite, "")?;
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let profile = manifest.split_once("[profile.wasm]\n").map_or("", |(_, profile)| profile);
    let profile = profile.split("\n\n").next().unwrap_or_default();
    let features = MODULES.iter().map(|module| module.feature);
    let members: Vec<_> = features.chain([CONFORMANCE]).collect();
    let adapter = krate.join("idna_adapter");
    let manifest = format!(
        "[workspace]\nmembers = {members:?}\nresolver = \"3\"\n\n\
         [patch.crates-io]\nidna_adapter = {{ path = {adapter:?} }}\n\n\
         [profile.wasm]\n{profile}\n"
    );
    write(&workspace.join("Cargo.toml"), &manifest)?;
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock"))?;
    Ok(())
}

/// Writes the package of a module, which is this crate with these options.
fn write_module(module: &str, name: &str, path: &Path, options: &str) -> io::Result<()> {
    let package = directory("workspace").join(module);
    fs::create_dir_all(&package)?;
    let separator = if options.is_empty() { "" } else { ", " };
    let manifest = format!(
        "[package]\nname = \"module_{module}\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\npath = \"lib.rs\"\ncrate-type = [\"cdylib\"]\n\n\
         [dependencies]\n{name} = {{ path = {path:?}{separator}{options} }}\n"
    );
    write(&package.join("Cargo.toml"), &manifest)?;
    write(&package.join("lib.rs"), &format!("extern crate {};\n", name.replace('-', "_")))
}

/// Writes a file, unless it is so already: what is older need not be built again.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if fs::read(file).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    fs::write(file, text)
}

/// Writes what is written by hand.
fn write_sources(package: &Path) -> io::Result<()> {
    let sources = root().join(CRATE).join("npm");
    copy(&sources, package)?;
    fs::copy(root().join("LICENSE"), package.join("LICENSE"))?;
    for condition in CONDITIONS {
        let template = package.join(format!("wasm/MODULE.{condition}.js"));
        let text = fs::read_to_string(&template)?;
        for Module { feature, specifier } in MODULES {
            let text = text.replace("MODULE", feature).replace("SPECIFIER", specifier);
            fs::write(package.join(format!("wasm/{feature}.{condition}.js")), text)?;
        }
        fs::remove_file(template)?;
    }
    Ok(())
}

/// Removes what an earlier run has left.
fn empty(directory: &Path) -> Result<(), Failure> {
    if directory.is_dir() {
        fs::remove_dir_all(directory).map_err(cannot("empty a directory"))?;
    }
    Ok(())
}

/// Copies the files of a directory, and those of the directories in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// Returns the version of the workspace's crates.
fn version() -> Result<String, Failure> {
    let id = output(&mut command("cargo pkgid --package coder-core"));
    let id = id.and_then(|id| id.into_string().ok());
    let version = id.as_deref().and_then(|id| id.rsplit(['#', '@']).next());
    version.map(str::to_owned).ok_or_else(|| Failure::NoMetadata("no version".to_owned()))
}

/// Returns a place below the directory of everything that is built for npm.
fn directory(name: &str) -> PathBuf {
    target().join("npm").join(name)
}

/// Returns a run of Node.
fn node(arguments: &str) -> Command {
    command(&format!("node {arguments}"))
}

fn cannot(what: &'static str) -> impl Fn(io::Error) -> Failure {
    move |reason| Failure::Npm(format!("cannot {what}: {reason}"))
}
