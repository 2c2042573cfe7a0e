//! What a path of the proxy stands for at Coder, and which paths stand for nothing.
//!
//! A path is taken apart, and put together again from what was checked. So Coder never sees a
//! spelling that this file has not seen.

use coder_core::DeploymentUrl;
use http::Uri;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// The target of a request to the proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A path of Coder's API: `/api/v2/…`.
    Api(CoderPath),
    /// A picture of Coder, which is the same for everybody: `/icon/…`, `/emojis/…`.
    Picture(CoderPath),
    /// A picture at another host: `/icon?url=…`, with the text of the URL.
    ForeignIcon(String),
}

/// A path and query for a deployment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CoderPath {
    /// Segments without percent-encoding. The last one may be empty, for a slash at the end.
    segments: Vec<String>,
    /// The query as the request has it.
    query: Option<String>,
}

/// Reasons why a path stands for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// A spelling that could mean one path here and another one at Coder.
    #[error(
        "the path of this request can be read in more than one way; send it without `..`, `//`, `;`, `\\` and encoded slashes or percent signs"
    )]
    Ambiguous,
    /// A part of Coder that is not passed on.
    #[error("the proxy passes on `/api/v2`, `/icon` and `/emojis`, and nothing else of Coder")]
    Elsewhere,
    /// A part of the API that hands out credentials or opens a shell.
    #[error("this part of Coder's API is not passed on; use it at Coder itself")]
    Withheld,
    /// A credential in the query, where Coder would prefer it to that of the caller.
    #[error("a token does not belong into the URL; send it in `Coder-Session-Token`")]
    TokenInQuery,
}

/// Names of query parameters that Coder reads a token from.
const TOKEN_PARAMETERS: [&str; 2] = ["coder_session_token", "access_token"];

impl Target {
    /// Reads the path behind the route of an endpoint, and the query.
    ///
    /// # Errors
    ///
    /// See [`TargetError`].
    pub(super) fn parse(path: &str, query: Option<&str>) -> Result<Self, TargetError> {
        let segments = segments(path)?;
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let kind: fn(CoderPath) -> Self = match parts.as_slice() {
            ["api", "v2", rest @ ..] if rest.iter().any(|segment| !segment.is_empty()) => {
                if is_withheld(rest) {
                    return Err(TargetError::Withheld);
                }
                Self::Api
            }
            ["icon" | "emojis", rest @ ..] if rest.iter().any(|segment| !segment.is_empty()) => {
                Self::Picture
            }
            ["icon"] => {
                let parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
                let url = parameters.into_iter().find(|(name, _)| name == "url");
                let (_, url) = url.ok_or(TargetError::Elsewhere)?;
                return Ok(Self::ForeignIcon(url.into_owned()));
            }
            _ => return Err(TargetError::Elsewhere),
        };
        if query.is_some_and(has_token) {
            return Err(TargetError::TokenInQuery);
        }
        Ok(kind(CoderPath { segments, query: query.map(str::to_owned) }))
    }
}

impl CoderPath {
    /// Returns the URI at this deployment: one slash between both, the query as it was.
    pub(super) fn at(&self, deployment: &DeploymentUrl) -> Result<Uri, TargetError> {
        let mut url = deployment.endpoint(self.segments.iter().map(String::as_str)).to_string();
        if let Some(query) = &self.query {
            url.push('?');
            url.push_str(query);
        }
        url.parse().map_err(|_| TargetError::Ambiguous)
    }
}

/// Takes a path apart. A segment is printable ASCII and means the same to every reader.
fn segments(path: &str) -> Result<Vec<String>, TargetError> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let raw: Vec<&str> = path.split('/').collect();
    let last = raw.len().saturating_sub(1);
    raw.iter().enumerate().map(|(at, raw)| segment(raw, at == last)).collect()
}

fn segment(raw: &str, is_last: bool) -> Result<String, TargetError> {
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| TargetError::Ambiguous)?;
    // What is left of a percent sign was no encoding, or was encoded twice.
    let is_plain =
        |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && !b"%/\\;".contains(&byte);
    let is_step = matches!(&*decoded, "." | "..");
    let is_gap = decoded.is_empty() && !is_last;
    if is_step || is_gap || !decoded.bytes().all(is_plain) {
        return Err(TargetError::Ambiguous);
    }
    Ok(decoded.into_owned())
}

/// Tells whether a path below `/api/v2` is never passed on: what hands out or ends credentials,
/// opens a shell or a tunnel, or looks into the process.
fn is_withheld(path: &[&str]) -> bool {
    let lower: Vec<String> = path.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let is_withheld = |name: &&str| ["pty", "coordinate", "credentials"].contains(name);
    match lower.as_slice() {
        ["debug" | "applications" | "oauth2-provider" | "oauth2", ..]
        | ["tailnet" | "workspaceproxies", ..]
        | ["users", "login" | "logout" | "oauth2" | "oidc" | "otp", ..]
        | ["organizations", _, "provisionerkeys", ..]
        | ["organizations", _, "provisionerdaemons", "serve", ..]
        | ["workspaceagents", "me", ..] => true,
        ["users", _, keys, ..] if keys.starts_with("keys") => true,
        ["workspaceagents", identity, ..] if identity.ends_with("-instance-identity") => true,
        path => without_names(path).iter().any(is_withheld),
    }
}

/// Returns a path below `/api/v2` without its beginning that ends in a name which people choose, such
/// as that of a workspace.
fn without_names<'a, 'b>(path: &'a [&'b str]) -> &'a [&'b str] {
    match path {
        ["users", _, "workspace", _, rest @ ..]
        | ["organizations", _, "groups" | "members", _, rest @ ..]
        | ["organizations", _, "templates", _, "versions", _, rest @ ..]
        | ["organizations", _, "templates", _, rest @ ..]
        | ["organizations" | "users", _, rest @ ..] => rest,
        path => path,
    }
}

/// Tells whether a query has a parameter that Coder reads a token from, however it is spelled.
fn has_token(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| TOKEN_PARAMETERS.iter().any(|token| name.eq_ignore_ascii_case(token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(path: &str, query: Option<&str>) -> Result<String, TargetError> {
        let deployment = DeploymentUrl::parse("https://coder.example.com/below/").unwrap();
        match Target::parse(path, query)? {
            Target::Api(path) | Target::Picture(path) => Ok(path.at(&deployment)?.to_string()),
            Target::ForeignIcon(url) => Ok(url),
        }
    }

    #[test]
    fn a_path_is_put_behind_the_deployment_with_one_slash_and_its_query_untouched() {
        let query = "q=owner%3Ame+param%3A%22repo_url%3Dhttps%3A%2F%2Fgithub.com%22&limit=0&&x";
        for (path, expected) in [
            ("/api/v2/users/me", "/api/v2/users/me"),
            ("/api/v2/workspaces", "/api/v2/workspaces"),
            ("/api/v2/users/me/", "/api/v2/users/me/"),
            ("/icon/docker.svg", "/icon/docker.svg"),
            ("/emojis/1f680.png", "/emojis/1f680.png"),
            ("/icon/my%20icon.svg", "/icon/my%20icon.svg"),
            ("/api/v2/users/%40me", "/api/v2/users/@me"),
        ] {
            let expected = format!("https://coder.example.com/below{expected}");
            assert_eq!(sent(path, None).as_ref(), Ok(&expected), "{path}");
            assert_eq!(sent(path, Some(query)), Ok(format!("{expected}?{query}")), "{path}");
        }
    }

    #[test]
    fn a_path_that_can_be_read_in_two_ways_is_refused_in_every_encoding() {
        for path in [
            "/api/v2/../../oauth2/tokens",
            "/api/v2/%2e%2e/%2e%2e/oauth2",
            "/api/v2/%2E./x",
            "/api/v2/.%2e/x",
            "/api/v2/./users/me",
            "/api/v2/%252e%252e/x",
            "/api/v2/%25252e%25252e/x",
            "/api/v2/..%2f..%2foauth2",
            "/api/v2/..%5c..%5coauth2",
            "/api/v2/..\\..\\oauth2",
            "/api/v2/users%2fme%2fkeys",
            "/api/v2/users%252fme",
            "/api/v2/%c0%ae%c0%ae/x",
            "/api/v2/%e0%80%ae/x",
            "/api/v2/%u002e%u002e/x",
            "/api/v2/%EF%BC%8E%EF%BC%8E/x",
            "/api/v2/..;/oauth2",
            "/api/v2/users;a=b/me",
            "/api/v2/..%3b/x",
            "/api/v2/users/me%00",
            "/api/v2/users/me%0d%0aX: y",
            "/api/v2/users/me%09",
            "/api/v2//users/me",
            "//evil.example/api/v2/users/me",
            "//api/v2/users/me",
            "/api/v2/users/%zz",
            "/api/v2/users/%",
            "/http://evil.example/",
            "/icon/../api/v2/debug",
            "/icon/%2e%2e/oauth2/tokens",
        ] {
            assert_eq!(sent(path, None), Err(TargetError::Ambiguous), "{path}");
        }
    }

    #[test]
    fn nothing_of_coder_is_passed_on_but_its_api_and_its_pictures() {
        for path in [
            "",
            "/",
            "/api",
            "/api/v2",
            "/api/v2/",
            "/api/v3/users/me",
            "/API/v2/users/me",
            "/icon/",
            "/icon",
            "/emojis",
            "/oauth2/tokens",
            "/oauth2/authorize",
            "/login",
            "/@alice/work/apps/code-server/",
            "/@evil.example/",
            "/apps/x",
            "/path-app/x",
            "/derp",
            "/bin/coder-linux-amd64",
            "/healthz",
            "/.well-known/oauth-authorization-server",
        ] {
            assert_eq!(sent(path, None), Err(TargetError::Elsewhere), "{path}");
        }
    }

    #[test]
    fn what_hands_out_credentials_or_opens_a_shell_is_withheld_in_every_spelling() {
        for path in [
            "/api/v2/debug",
            "/api/v2/debug/health",
            "/api/v2/DEBUG/pprof",
            "/api/v2/%64ebug/pprof",
            "/api/v2/users/me/keys",
            "/api/v2/users/me/keys/tokens",
            "/api/v2/users/alice/Keys/tokens/tokenconfig",
            "/api/v2/users/alice/k%65ys",
            "/api/v2/users/alice/keys/",
            "/api/v2/workspaceagents/0bf9/pty",
            "/api/v2/workspaceagents/0bf9/%70ty",
            "/api/v2/workspaceagents/0bf9/PTY",
            "/api/v2/workspaceagents/0bf9/coordinate",
            "/api/v2/anything/new/pty",
            "/api/v2/users/alice/workspace/mine/pty",
            "/api/v2/users/alice/pty",
            "/api/v2/organizations/acme/members/alice/credentials",
            "/api/v2/applications/reconnecting-pty-signed-token",
            "/api/v2/oauth2-provider/apps/1/secrets",
            "/api/v2/users/login",
            "/api/v2/users/logout",
            "/api/v2/workspaces/1/external-agent/main/credentials",
            "/api/v2/tailnet",
            "/api/v2/Tailnet",
            "/api/v2/anything/new/coordinate",
            "/api/v2/organizations/acme/provisionerkeys",
            "/api/v2/organizations/acme/provisionerdaemons/serve",
            "/api/v2/workspaceproxies",
            "/api/v2/workspaceproxies/me/coordinate",
            "/api/v2/workspaceagents/aws-instance-identity",
            "/api/v2/workspaceagents/azure-instance-identity",
            "/api/v2/workspaceagents/google-instance-identity",
            "/api/v2/workspaceagents/me/rpc",
            "/api/v2/workspaceagents/me/gitsshkey",
        ] {
            assert_eq!(sent(path, None), Err(TargetError::Withheld), "{path}");
        }
        for named in [
            "/api/v2/users/alice/workspace/pty",
            "/api/v2/users/pty/workspace/coordinate/builds/1",
            "/api/v2/users/credentials",
            "/api/v2/organizations/pty/members/pty/roles",
            "/api/v2/organizations/acme/groups/credentials",
            "/api/v2/organizations/acme/templates/pty/versions/coordinate/previous",
        ] {
            assert!(sent(named, None).is_ok(), "{named}: people may name things so");
        }
        assert!(sent("/api/v2/users/me/gitsshkey", None).is_ok());
        assert!(sent("/api/v2/organizations/acme/provisionerdaemons", None).is_ok());
        assert!(sent("/api/v2/workspaceagents/0bf9/logs", None).is_ok());
        assert!(sent("/api/v2/workspaces/1/builds", None).is_ok());
    }

    #[test]
    fn a_token_in_the_query_is_refused_because_coder_would_prefer_it() {
        for query in [
            "coder_session_token=x",
            "a=b&access_token=x",
            "%63oder_session_token=x",
            "coder_session%5Ftoken",
            "CODER_SESSION_TOKEN=x",
        ] {
            let refused = sent("/api/v2/users/me", Some(query));
            assert_eq!(refused, Err(TargetError::TokenInQuery), "{query}");
        }
        assert!(sent("/api/v2/users", Some("q=access_token")).is_ok());
    }

    #[test]
    fn a_foreign_icon_is_named_by_its_url() {
        let url = "https://cdn.example.com/a.png?x=1";
        let query = format!("url={}", url.replace(':', "%3A").replace('?', "%3F"));
        assert_eq!(sent("/icon", Some(&query)), Ok(url.to_owned()));
        assert_eq!(sent("/icon/", Some(&query)), Err(TargetError::Elsewhere));
        assert_eq!(sent("/emojis", Some(&query)), Err(TargetError::Elsewhere));
    }
}
