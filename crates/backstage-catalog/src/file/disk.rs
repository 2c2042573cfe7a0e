//! Marks that distinguish a file on the disk from its former content, and from other files.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Time of change and size of a file, by which a change is noticed; `None` when it cannot be seen.
pub(super) type Stamp = Option<(SystemTime, u64)>;

pub(super) fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Returns the name by which people who see a file's entities know the file.
pub(super) fn name_from(root: &Path, path: &Path) -> String {
    let directory = path.parent().and_then(Path::parent);
    let below = path.strip_prefix(root).ok();
    // What lies elsewhere is called by its last two names.
    let name = below.or_else(|| path.strip_prefix(directory?).ok()).unwrap_or(path);
    name.display().to_string()
}
