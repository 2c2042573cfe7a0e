//! Files of an archive.

use std::path::Path;
use std::{fs, io};

use crate::command::Failure;

/// Makes an empty directory.
pub(super) fn empty(directory: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot("remove", directory)(error));
        }
        Err(_) | Ok(()) => {}
    }
    fs::create_dir_all(directory).map_err(cannot("make", directory))
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(cannot("copy", from))
}

pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(cannot("write", file))
}

pub(super) fn cannot(what: &'static str, path: &Path) -> impl Fn(io::Error) -> Failure + use<> {
    let path = path.to_owned();
    move |reason| Failure::Dist(format!("cannot {what} {}: {reason}", path.display()))
}
