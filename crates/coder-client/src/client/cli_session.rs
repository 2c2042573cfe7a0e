//! The session of Coder's own CLI, in the environment and in its files.

use std::io;
use std::path::{Path, PathBuf};

use coder_core::{DeploymentUrl, Secret};

use super::connect_error::ConnectError;

/// A deployment and a token for it.
pub(super) struct CliSession {
    pub(super) url: String,
    pub(super) token: Secret,
}

impl CliSession {
    /// Finds the session: variables first, then the files of the CLI.
    ///
    /// `variable` returns the value of an environment variable, `read` the content of a file, and
    /// `system` is the name of the operating system as [`std::env::consts::OS`] has it.
    pub(super) fn find(
        variable: &dyn Fn(&str) -> Option<String>,
        read: &dyn Fn(&Path) -> io::Result<String>,
        system: &str,
    ) -> Result<Self, ConnectError> {
        let variable = |name: &str| {
            let value = variable(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let (url, token) = (variable("CODER_URL"), variable("CODER_SESSION_TOKEN"));
        if let (Some(url), Some(token)) = (&url, &token) {
            return Ok(Self { url: url.clone(), token: Secret::new(token) });
        }
        let directory = directory(&variable, system);
        let file = |name: &str| match &directory {
            Some(directory) => read_text(&directory.join(name), read),
            None => Ok(None),
        };
        let of_cli = file("url")?;
        let url = url.or_else(|| of_cli.clone()).ok_or(ConnectError::NoUrl)?;
        let token = match token {
            Some(token) => token,
            // The token of one deployment must not reach another one.
            None if of_cli.is_some_and(|of_cli| is_same(&of_cli, &url)) => {
                file("session")?.ok_or(ConnectError::NoToken)?
            }
            None => return Err(ConnectError::NoToken),
        };
        Ok(Self { url, token: Secret::new(token) })
    }
}

/// Returns the directory in which the CLI keeps its files.
fn directory(variable: &dyn Fn(&str) -> Option<String>, system: &str) -> Option<PathBuf> {
    if let Some(directory) = variable("CODER_CONFIG_DIR") {
        return Some(directory.into());
    }
    let home = || variable("HOME").map(PathBuf::from);
    let base = match system {
        "windows" => variable("APPDATA").map(PathBuf::from),
        "macos" => home().map(|home| home.join("Library/Application Support")),
        _ => variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| home().map(|home| home.join(".config"))),
    };
    Some(base?.join("coderv2"))
}

fn read_text(
    path: &Path,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Option<String>, ConnectError> {
    match read(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConnectError::Unreadable { path: path.to_owned(), source }),
    }
}

/// Returns `true` when both texts are the URL of one deployment.
fn is_same(one: &str, other: &str) -> bool {
    match (DeploymentUrl::parse(one), DeploymentUrl::parse(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(
        variables: &[(&str, &str)],
        files: &[(&str, &str)],
        system: &str,
    ) -> Result<(String, String), String> {
        let lookup = |table: &[(&str, &str)], key: &str| {
            table.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        };
        let variable = |name: &str| lookup(variables, name);
        let read = |path: &Path| match lookup(files, path.to_str().unwrap()).as_deref() {
            Some("forbidden") => Err(io::ErrorKind::PermissionDenied.into()),
            Some(text) => Ok(text.to_owned()),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        CliSession::find(&variable, &read, system)
            .map(|session| (session.url, session.token.expose().to_owned()))
            .map_err(|error| coder_core::with_causes(&error))
    }

    const URL: &str = "https://coder.example.com";

    fn session(url: &str, token: &str) -> Result<(String, String), String> {
        Ok((url.to_owned(), token.to_owned()))
    }

    #[test]
    fn variables_come_before_the_files_of_the_cli() {
        let variables = [("CODER_URL", URL), ("CODER_SESSION_TOKEN", "of-the-variable")];
        let files = [("/c/url", "https://other.example.com"), ("/c/session", "of-the-file")];
        let with_files = [&variables[..], &[("CODER_CONFIG_DIR", "/c")]].concat();
        assert_eq!(find(&with_files, &files, "linux"), session(URL, "of-the-variable"));
    }

    #[test]
    fn the_files_are_where_the_cli_of_each_system_puts_them() {
        for (system, variables, directory) in [
            ("linux", &[("HOME", "/h")][..], "/h/.config/coderv2"),
            ("linux", &[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")], "/x/coderv2"),
            ("macos", &[("HOME", "/h")], "/h/Library/Application Support/coderv2"),
            ("windows", &[("APPDATA", "/a")], "/a/coderv2"),
            ("linux", &[("HOME", "/h"), ("CODER_CONFIG_DIR", "/c")], "/c"),
        ] {
            let [url, token] = ["url", "session"].map(|name| format!("{directory}/{name}"));
            let files = [(&*url, "https://coder.example.com\n"), (&*token, "t\n")];
            assert_eq!(find(variables, &files, system), session(URL, "t"), "{directory}");
        }
    }

    #[test]
    fn a_token_of_the_cli_goes_to_no_other_deployment() {
        let files = [("/c/url", URL), ("/c/session", "t")];
        let with = |url| [("CODER_CONFIG_DIR", "/c"), ("CODER_URL", url)];
        assert!(find(&with("https://evil.example.com"), &files, "linux").is_err());
        let same = "https://coder.example.com/";
        assert_eq!(find(&with(same), &files, "linux"), session(same, "t"));
    }

    #[test]
    fn what_is_missing_is_told_with_what_to_do() {
        let home = [("HOME", "/h")];
        let url = [("HOME", "/h"), ("CODER_URL", URL)];
        let empty = [("HOME", "/h"), ("CODER_URL", " "), ("CODER_SESSION_TOKEN", "t")];
        let forbidden = [("/h/.config/coderv2/url", "forbidden")];
        let told = [
            find(&home, &[], "linux"),
            find(&url, &[], "linux"),
            find(&empty, &[], "linux"),
            find(&home, &forbidden, "linux"),
            find(&[], &[], "linux"),
        ];
        insta::assert_snapshot!(told.map(Result::unwrap_err).join("\n"));
    }
}
