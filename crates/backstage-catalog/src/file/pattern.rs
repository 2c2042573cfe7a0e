//! Targets with `*`, `**` and `?`.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// How deep `**` goes.
const MAX_DEPTH: usize = 32;

/// The path without `.`, and without `..` where that can be said.
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

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

/// The directory below which all files are that a target names.
pub(super) fn fixed_directory(target: &Path) -> PathBuf {
    let directory = target.parent().unwrap_or(Path::new(""));
    let fixed = directory.components().take_while(|component| {
        component.as_os_str().to_str().is_none_or(|name| !is_pattern(name))
    });
    fixed.collect()
}

/// The files a target names, in order. As in Backstage, `*` does not match a leading dot.
pub(super) fn expand(target: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in target.components() {
        let name = component.as_os_str();
        match name.to_str().filter(|name| is_pattern(name)) {
            None => found.iter_mut().for_each(|path| path.push(name)),
            Some("**") => found = found.iter().flat_map(|path| below(path, 0)).collect(),
            Some(pattern) => {
                found = found.iter().flat_map(|path| matching(path, pattern)).collect();
            }
        }
    }
    found.retain(|path| path.is_file());
    found.dedup();
    found
}

fn matching(directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut paths = names(directory);
    paths.retain(|name| {
        (pattern.starts_with('.') || !name.starts_with('.'))
            && fast_glob::glob_match(pattern, name.as_str())
    });
    paths.iter().map(|name| directory.join(name)).collect()
}

/// The directory and all below it. Links are not followed: they may lead in circles.
fn below(directory: &Path, depth: usize) -> Vec<PathBuf> {
    let mut all = vec![directory.to_path_buf()];
    if depth < MAX_DEPTH {
        for name in names(directory).iter().filter(|name| !name.starts_with('.')) {
            let path = directory.join(name);
            if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                all.extend(below(&path, depth + 1));
            }
        }
    }
    all
}

fn names(directory: &Path) -> Vec<String> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
