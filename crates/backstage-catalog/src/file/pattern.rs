//! Targets with `*`, `**`, `?`, `[…]` and braces.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::braces;

/// How deep `**` goes.
const MAX_DEPTH: usize = 32;

/// Removes `.` from a path, and `..` where that is possible without the disk.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match (component, out.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                out.pop();
            }
            _ => out.push(component),
        }
    }
    out
}

/// Returns the tidy path from the root of the disk.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let absolute = if path.as_os_str().is_empty() {
        std::env::current_dir()
    } else {
        std::path::absolute(path)
    };
    // Without a working directory, paths are compared as they are written.
    tidy(&absolute.unwrap_or_else(|_| path.to_path_buf()))
}

fn is_magic(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

/// Returns `true` when the target may name any number of files.
pub(super) fn is_pattern(target: &Path) -> bool {
    target.components().any(|component| component.as_os_str().to_str().is_some_and(is_magic))
}

/// Returns `true` for a pattern with `@(a|b)` or the like, which are not supported.
pub(super) fn is_extended(target: &str) -> bool {
    ["?(", "*(", "+(", "@(", "!("].iter().any(|start| target.contains(start))
}

/// Returns the directory below which all files are that a target names.
pub(super) fn fixed_directory(target: &Path) -> PathBuf {
    let directory = target.parent().unwrap_or(Path::new(""));
    let fixed = directory
        .components()
        .take_while(|component| component.as_os_str().to_str().is_none_or(|name| !is_magic(name)));
    fixed.collect()
}

/// Returns the files that a target names, in order. As in Backstage, `*` does not match a leading
/// dot.
///
/// # Errors
///
/// Fails when a directory of a pattern cannot be listed, so that nobody knows which files there are,
/// and when braces stand for too many targets.
pub(super) fn expand(target: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(text) = target.to_str() else { return expand_one(target, true) };
    let targets = braces::alternatives(text).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "too many alternatives in braces")
    })?;
    let mut found = Vec::new();
    for one in &targets {
        for path in expand_one(&tidy(Path::new(one)), targets.len() == 1)? {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Returns the files of a target whose braces stand for themselves. If it is the only target, the
/// directories that it names must be there.
fn expand_one(target: &Path, is_only: bool) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    let mut is_fixed = is_only;
    for component in target.components() {
        let name = component.as_os_str();
        let is_pattern = |name: &&str| name.contains(['*', '?', '[']);
        let Some(pattern) = name.to_str().filter(is_pattern) else {
            found.iter_mut().for_each(|path| path.push(name));
            continue;
        };
        let pattern = &pattern.replace('{', "\\{").replace('}', "\\}");
        let mut next = Vec::new();
        for path in &found {
            match pattern.as_str() {
                "**" => below(path, is_fixed, 0, &mut next)?,
                pattern => matching(path, is_fixed, pattern, &mut next)?,
            }
        }
        // Several `**` lead to a directory on many ways. Looked at once for each, it would multiply.
        let mut seen = HashSet::new();
        next.retain(|path| seen.insert(path.clone()));
        (found, is_fixed) = (next, false);
    }
    found.retain(|path| path.is_file());
    Ok(found)
}

fn matching(
    directory: &Path,
    is_fixed: bool,
    pattern: &str,
    all: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let mut paths = names(directory, is_fixed)?;
    paths.retain(|name| {
        (pattern.starts_with('.') || !name.starts_with('.'))
            && fast_glob::glob_match(pattern, name.as_str())
    });
    all.extend(paths.iter().map(|name| directory.join(name)));
    Ok(())
}

/// Adds the directory and all below it to `all`. Links are not followed: they may lead in circles.
fn below(directory: &Path, is_fixed: bool, depth: usize, all: &mut Vec<PathBuf>) -> io::Result<()> {
    all.push(directory.to_path_buf());
    if depth < MAX_DEPTH {
        for name in names(directory, is_fixed)?.iter().filter(|name| !name.starts_with('.')) {
            let path = directory.join(name);
            if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                below(&path, false, depth + 1, all)?;
            }
        }
    }
    Ok(())
}

/// Returns the names in a directory. A directory that a pattern found may be something else, or
/// gone meanwhile; one that a target names must be there.
fn names(directory: &Path, is_fixed: bool) -> io::Result<Vec<String>> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let listed = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = match listed {
        Err(error)
            if !is_fixed
                && matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
        {
            Vec::new()
        }
        listed => listed?,
    };
    let mut names: Vec<_> =
        entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
