//! The files that the placeholders of a catalog file read.

use coder_core::with_causes;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use coder_config::{PlaceholderError, PlaceholderFile, yaml};

use super::disk::{Stamp, name_from, stamp};
use super::pattern;

/// A file that a placeholder reads.
#[derive(Clone)]
pub(super) struct Part {
    /// The path as it is written.
    target: String,
    path: PathBuf,
    stamp: Stamp,
    /// Whether its value was put in once. Then it is broken when it cannot be put in any more.
    was_used: bool,
}

/// The place of a catalog file, and the folder in which its placeholders may read.
pub(super) struct Place<'a> {
    /// The catalog file that is read.
    pub(super) path: &'a Path,
    /// The directory from which files are named.
    pub(super) root: &'a Path,
    /// The folder of the location that leads to the catalog file, if placeholders may read in it.
    pub(super) folder: Option<&'a Path>,
}

/// One reading of the files of placeholders.
pub(super) struct Parts<'a> {
    place: Place<'a>,
    directory: PathBuf,
    folder: PathBuf,
    former: &'a [Part],
    read: Vec<Part>,
    /// Whether a file must be read again although its stamp is the same.
    is_unreadable: bool,
}

/// The result of a reading, as to the files of placeholders.
pub(super) struct Outcome {
    pub(super) parts: Vec<Part>,
    /// Whether a file must be read again although its stamp is the same.
    pub(super) is_unreadable: bool,
    /// Whether a file whose value was put in before cannot be used any more.
    pub(super) is_broken: bool,
}

impl<'a> Parts<'a> {
    /// Creates the files of one reading; `former` are those of the last one.
    ///
    /// They must be in the folder of the location if the catalog file is there, else in that of the
    /// catalog file.
    pub(super) fn new(place: Place<'a>, former: &'a [Part]) -> Self {
        let directory = place.path.parent().unwrap_or(Path::new("")).to_path_buf();
        let own = pattern::absolute(&directory);
        let folder = place.folder.filter(|folder| own.starts_with(folder));
        let folder = folder.map_or(own, Path::to_path_buf);
        let read = Vec::new();
        Self { place, directory, folder, former, read, is_unreadable: false }
    }

    /// Returns the path of the catalog file.
    pub(super) fn path(&self) -> &Path {
        self.place.path
    }

    /// Returns `true` when none of these files has changed since it was read.
    pub(super) fn are_unchanged(parts: &[Part]) -> bool {
        parts.iter().all(|part| part.stamp == stamp(&part.path))
    }

    /// Reads the file that a placeholder names.
    pub(super) fn read(&mut self, target: &str) -> Result<PlaceholderFile, PlaceholderError> {
        let path = pattern::tidy(&self.directory.join(target));
        if !pattern::absolute(&path).starts_with(&self.folder) {
            return Err(PlaceholderError::Elsewhere);
        }
        let name = match name_from(self.place.root, &path) {
            name if name.is_empty() => target.to_owned(),
            name => name,
        };
        let (stamp, text) = (stamp(&path), self.text(&path));
        self.read.push(Part { target: target.to_owned(), path, stamp, was_used: false });
        match text {
            Ok(Some(text)) => Ok(PlaceholderFile::new(name, text)),
            Ok(None) => Err(PlaceholderError::Elsewhere),
            Err(error) => Err(self.unusable(&name, &error)),
        }
    }

    /// Ends the reading, of which the values of these targets could not be put in.
    pub(super) fn finish(self, unused: &[String]) -> Outcome {
        let Self { mut read, former, is_unreadable, .. } = self;
        let mut is_broken = false;
        for part in &mut read {
            let before = former.iter().any(|it| it.target == part.target && it.was_used);
            let is_used = !unused.contains(&part.target);
            is_broken |= before && !is_used;
            part.was_used = before || is_used;
        }
        Outcome { parts: read, is_unreadable, is_broken }
    }

    /// Reads a text; `None` when links lead out of the folder.
    fn text(&self, path: &Path) -> io::Result<Option<String>> {
        let real = fs::canonicalize(path)?;
        if !real.starts_with(fs::canonicalize(&self.folder)?) {
            return Ok(None);
        }
        // Opening what is no file may wait for ever.
        if !fs::metadata(&real)?.is_file() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let limit = yaml::MAX_BYTES as u64;
        let mut bytes = Vec::new();
        fs::File::open(&real)?.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        String::from_utf8(bytes).map(Some).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    fn unusable(&mut self, name: &str, error: &io::Error) -> PlaceholderError {
        let name = coder_core::quoted(name);
        PlaceholderError::Unusable(match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file {name}"),
            io::ErrorKind::IsADirectory => format!("{name} is no file"),
            io::ErrorKind::InvalidData => format!("{name} is not UTF-8 text"),
            io::ErrorKind::FileTooLarge => {
                format!("{name} is too large; at most {} bytes are accepted", yaml::MAX_BYTES)
            }
            _ => {
                self.is_unreadable = true;
                format!("cannot read {name}: {}", with_causes(error))
            }
        })
    }
}
