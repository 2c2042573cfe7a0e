//! The files that a configuration names: each is for one thing.

use super::auth::AuthConfig;
use super::catalog::CatalogLocation;
use super::key_store::KeyStoreConfig;
use super::reader::Reader;
use crate::message::shown;

const STORE_FILE: [&str; 4] = ["coder", "session", "store", "file"];
/// Suffixes of files beside a SQLite file: SQLite's own, and the key.
const BESIDE_THE_STORE: [&str; 4] = ["-wal", "-shm", "-journal", ".key"];

/// A file, and what names it.
struct Named {
    path: String,
    by: String,
}

impl Named {
    fn new(path: &str, by: impl Into<String>) -> Self {
        Self { path: normalised(path), by: by.into() }
    }
}

impl Reader<'_> {
    /// Refuses a file that two settings name: a database is written over what it is put on, and a
    /// private key that is published is not private.
    ///
    /// Paths are compared as they are written, since there is no disk here. Relative ones begin at
    /// one directory, as far as can be told.
    pub(super) fn one_purpose_for_each_file(
        &mut self,
        auth: Option<&AuthConfig>,
        catalog: &[CatalogLocation],
    ) {
        let mut named = self.signing_key_files(auth);
        let Some(store) = self.at(&STORE_FILE) else { return };
        let Some(file) = store.node.scalar_text().map(str::trim) else { return };
        let is_directory = matches!(file.rsplit('/').next(), Some("" | "." | ".."));
        if is_directory && !file.is_empty() {
            let problem = format!("is `{}`, a directory; name a file in it", shown(file));
            self.invalid(&store, problem);
            return;
        }
        let read = self.files_read().iter();
        named.extend(read.map(|path| Named::new(path, "which this configuration is read from")));
        let targets = catalog.iter().filter(|location| location.kind == "file");
        named.extend(targets.map(|at| Named::new(&at.target, "a target of `catalog.locations`")));
        if let Some(other) = named.iter().find(|other| is_written(&normalised(file), &other.path)) {
            let problem = twice(file, &other.by);
            self.invalid(&store, problem);
        }
    }

    /// Returns the files of `auth.keyStore.static.keys`, and refuses one that is named twice.
    fn signing_key_files(&mut self, auth: Option<&AuthConfig>) -> Vec<Named> {
        let Some(KeyStoreConfig::Static(keys)) = auth.and_then(|auth| auth.key_store.as_ref())
        else {
            return Vec::new();
        };
        let mut named: Vec<Named> = Vec::new();
        for key in keys {
            for (name, file) in
                [("publicKeyFile", &key.public_key_file), ("privateKeyFile", &key.private_key_file)]
            {
                let this = Named::new(file, format!("the file of `{}.{name}`", key.path));
                if let Some(other) = named.iter().find(|other| other.path == this.path) {
                    let problem = twice(file, &other.by);
                    self.errors.push(key.invalid_file(name, problem));
                }
                named.push(this);
            }
        }
        named
    }
}

fn twice(file: &str, by: &str) -> String {
    format!("is `{}`, {by}; name a file of its own", shown(file))
}

/// Tells whether the store at `store` writes to `path`.
fn is_written(store: &str, path: &str) -> bool {
    path.strip_prefix(store).is_some_and(|rest| rest.is_empty() || BESIDE_THE_STORE.contains(&rest))
}

/// Returns the path without `.`, and without `..` as far as there is a part to go back from.
fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.trim().split('/') {
        match part {
            "" if !parts.is_empty() => {}
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (path, one) in [
            ("./a//b.pem", "a/b.pem"),
            ("x/../a/./b.pem", "a/b.pem"),
            ("../a", "../a"),
            ("../../a", "../../a"),
            ("/etc/../srv/a", "/srv/a"),
            ("/a", "/a"),
        ] {
            assert_eq!(normalised(path), one, "{path}");
        }
    }
}
