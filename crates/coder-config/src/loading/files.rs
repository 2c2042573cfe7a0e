//! Sources of text files.

use std::collections::BTreeMap;
use std::io;

/// A source of text files, such as a closure `Fn(&str) -> io::Result<String>`, or a map from path to
/// text.
///
/// Paths are as they were given, or joined to the path of the file that refers to them with `/`.
/// A file that does not exist is [`io::ErrorKind::NotFound`].
pub trait Files {
    /// Returns the text of the file at `path`.
    ///
    /// # Errors
    ///
    /// When there is no such file or it cannot be read.
    fn read(&self, path: &str) -> io::Result<String>;
}

impl<F: Fn(&str) -> io::Result<String>> Files for F {
    fn read(&self, path: &str) -> io::Result<String> {
        self(path)
    }
}

impl Files for BTreeMap<String, String> {
    fn read(&self, path: &str) -> io::Result<String> {
        self.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Returns `path` as seen from the directory `directory`, without `.`, and without `..` where that
/// is possible.
pub(crate) fn join(directory: &str, path: &str) -> String {
    let drive = path.as_bytes().get(1) == Some(&b':');
    let whole = if directory.is_empty() || path.starts_with(['/', '\\']) || drive {
        path.to_owned()
    } else {
        format!("{}/{path}", directory.trim_end_matches('/'))
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match (part, parts.last()) {
            (".", _) => {}
            ("..", Some(&last)) if !matches!(last, "" | "..") => {
                parts.pop();
            }
            ("", Some(_)) => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns the directory that a file is in; empty for a bare name.
pub(crate) fn directory(path: &str) -> &str {
    path.rfind('/').and_then(|end| path.get(..end.max(1))).unwrap_or_default()
}

/// Returns the last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the extension with its dot, as Node's `path.extname` does: a leading dot begins a name.
pub(crate) fn extension(path: &str) -> &str {
    let name = base_name(path);
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.get(dot..).unwrap_or_default(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_written_by_the_file_that_refers_to_them() {
        assert_eq!(join("", "app-config.yaml"), "app-config.yaml");
        assert_eq!(join("conf", "./secrets/../x.yaml"), "conf/x.yaml");
        assert_eq!(join("conf", "../../x.yaml"), "../x.yaml");
        assert_eq!(join("/etc/app", "/run/secret"), "/run/secret");
        assert_eq!(directory("/app-config.yaml"), "/");
        assert_eq!(directory("conf/a.yaml"), "conf");
        assert_eq!(
            [extension("a/.yaml"), extension("x."), extension("x.tar.yml")],
            ["", ".", ".yml"]
        );
    }
}
