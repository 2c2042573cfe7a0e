//! Files that need each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::module::{Crate, Edge};

/// Files that need each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Circle {
    /// The files, below the folder of the root file, in alphabetical order.
    pub files: Vec<PathBuf>,
    /// Which file names what of which other one.
    pub edges: Vec<Edge>,
}

/// Returns the circles of the crate with this root file (`src/lib.rs`).
///
/// # Errors
///
/// When a file cannot be read, or is not Rust.
pub fn circles(root: &Path) -> io::Result<Vec<Circle>> {
    let all = Crate::read(root)?;
    let edges = all.edges();
    let mut targets: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for edge in &edges {
        targets.entry(&edge.from).or_default().insert(&edge.to);
    }
    let reached: BTreeMap<&Path, BTreeSet<&Path>> =
        targets.keys().map(|file| (*file, reachable(file, &targets))).collect();
    let reaches = |from: &Path, to: &Path| reached.get(from).is_some_and(|all| all.contains(to));
    let mut circles: Vec<Circle> = Vec::new();
    for file in targets.keys() {
        let known = circles.iter().any(|circle| circle.files.iter().any(|known| known == file));
        if known || !reaches(file, file) {
            continue;
        }
        let files: Vec<PathBuf> = targets
            .keys()
            .filter(|other| reaches(file, other) && reaches(other, file))
            .map(|other| other.to_path_buf())
            .collect();
        let inside = |edge: &&Edge| files.contains(&edge.from) && files.contains(&edge.to);
        let edges = edges.iter().filter(inside).cloned().collect();
        circles.push(Circle { files, edges });
    }
    Ok(circles)
}

/// Returns the files that can be reached from `start` over one edge or more.
fn reachable<'a>(
    start: &Path,
    targets: &BTreeMap<&'a Path, BTreeSet<&'a Path>>,
) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = targets.get(start).into_iter().flatten().copied().collect();
    while let Some(file) = open.pop() {
        if let Some(next) = targets.get(file).filter(|_| !reached.contains(file)) {
            open.extend(next.iter().copied());
        }
        if let Some((known, _)) = targets.get_key_value(file) {
            reached.insert(*known);
        }
    }
    reached
}

/// A line with the files, and a line for each edge.
impl fmt::Display for Circle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        writeln!(formatter, "{} files need each other: {}", files.len(), files.join(", "))?;
        for Edge { from, to, path } in &self.edges {
            writeln!(formatter, "  {} -> {} by `{path}`", from.display(), to.display())?;
        }
        Ok(())
    }
}
