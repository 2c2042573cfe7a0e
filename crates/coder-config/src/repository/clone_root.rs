//! From a URL of a page, file or branch to the URL that clones the repository.

use std::borrow::Cow;

use coder_core::host_and_port;
use percent_encoding::percent_decode_str;
use url::Url;

use super::integrations::aws_region;
use super::normalised::{Normalised, plain};
use super::scp::Scp;
use super::server::{AZURE_CLOUD, web_name};
use super::spellings::encoded;
use super::{NoRepository, Scm, ScmIntegrations};
use crate::message::shown;

/// Returns the URL that clones the repository which `text` points into.
pub(super) fn clone_root(
    text: &str,
    integrations: &ScmIntegrations,
) -> Result<String, NoRepository> {
    let text = text.trim();
    if Scp::parse(text).is_some() {
        if holds_quote(text) {
            return Err(NoRepository::Quote { text: shown(text) });
        }
        return Ok(azure_ssh(text.trim_end_matches('/').to_owned(), integrations));
    }
    if let Some(page) = Page::plain(text) {
        return web_root(text, &page, integrations);
    }
    let shown = || shown(text);
    let Ok(mut url) = Url::parse(text) else {
        return Err(NoRepository::NotAUrl { text: shown() });
    };
    let region = url.query_pairs().find(|(name, _)| name == "region");
    let region = region.map(|(_, region)| region.into_owned());
    url.set_query(None);
    url.set_fragment(None);
    if holds_quote(url.path()) {
        return Err(NoRepository::Quote { text: shown() });
    }
    match url.scheme() {
        "ssh" => return ssh_root(url, integrations, shown),
        "https" | "http" => {}
        _ => return Err(NoRepository::Scheme { text: shown() }),
    }
    // Neither setter fails on an http URL.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let Some(host) = host_and_port(&url) else {
        return Err(NoRepository::NotAUrl { text: shown() });
    };
    let host = match url.host_str().and_then(web_name) {
        Some(_) => host.trim_start_matches("www."),
        None => &host,
    };
    let page = Page { url: url.as_str(), scheme: url.scheme(), host, path: url.path(), region };
    web_root(text, &page, integrations)
}

/// A page on the web, as a browser asks for it.
struct Page<'a> {
    /// The URL of the page without user, query and fragment.
    url: &'a str,
    scheme: &'a str,
    /// The host that a public system is known by, with its port unless that is the default.
    host: &'a str,
    path: &'a str,
    /// The region that the query names.
    region: Option<String>,
}

impl<'a> Page<'a> {
    /// Takes a URL apart that a parser of URLs leaves as it is.
    fn plain(text: &'a str) -> Option<Self> {
        let (host, path) = plain(text)?;
        let (scheme, _) = text.split_once(':')?;
        let is_lower = !host.bytes().any(|byte| byte.is_ascii_uppercase());
        let host = web_name(host).unwrap_or(host);
        is_lower.then_some(Self { url: text, scheme, host, path, region: None })
    }
}

/// Returns the URL that clones the repository of this page. `text` is the page's URL as it is written.
fn web_root(
    text: &str,
    page: &Page<'_>,
    integrations: &ScmIntegrations,
) -> Result<String, NoRepository> {
    let shown = || shown(text);
    if let Some((host, rest)) = integrations.gitiles(page.url) {
        let root = integrations.root_to_clone_from(host).map(str::to_owned);
        let root = root.unwrap_or_else(|| format!("{}://{host}", page.scheme));
        let segments: Vec<_> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
        return gerrit_project(&segments)
            .map(|path| format!("{root}/{path}"))
            .ok_or_else(|| none(shown(), host, &format!("{root}/project")));
    }
    let host = page.host;
    if let Some(storage) = integrations.storage_of(host) {
        return Err(NoRepository::Storage { text: shown(), storage: storage.name() });
    }
    let (root, path) =
        as_written(text, host).unwrap_or_else(|| (format!("{}://{host}", page.scheme), page.path));
    let server = integrations.web_server(host);
    let below = server.below_root(host, path).filter(|(place, _)| place.contains('/'));
    let (root, path) = match below {
        Some((place, rest)) => {
            let base = place.strip_prefix(host).unwrap_or_default();
            (format!("{root}{base}"), rest)
        }
        None => (root, path),
    };
    let root = match server.scm {
        Some(Scm::Gerrit) => {
            integrations.root_to_clone_from(&server.host).map_or(root, str::to_owned)
        }
        // It answers at https only.
        Some(Scm::Azure) if server.name() == AZURE_CLOUD => root.replacen("http://", "https://", 1),
        _ => root,
    };
    let path = without_needless_encoding(path);
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if let Some(github) = host_of_parts(host, integrations) {
        let repository = match segments.as_slice() {
            ["repos", repository @ ..] if host.starts_with("api.") => repository,
            repository => repository,
        };
        return owner_and_name(repository)
            .map(|path| format!("https://{github}/{path}"))
            .ok_or_else(|| none(shown(), host, &format!("{root}/owner/repository")));
    }
    let (path, example) = match server.scm {
        Some(Scm::GitHub) => (github(host, &segments), "owner/repository"),
        Some(Scm::Gitea) => (gitea(&segments), "owner/repository"),
        Some(Scm::BitbucketCloud) => (owner_and_name(&segments), "workspace/repository"),
        Some(Scm::GitLab) => (gitlab(&segments), "group/project"),
        Some(Scm::BitbucketServer) => {
            (bitbucket_server(&segments), "projects/PROJECT/repos/repository")
        }
        Some(Scm::Azure) => (azure(&segments), "organization/project/_git/repository"),
        Some(Scm::Gerrit) => (gerrit(&segments), "project"),
        Some(Scm::Harness) => match harness(&segments) {
            // The code of app.harness.io is cloned from a host of its own.
            Some(path) if host == "app.harness.io" => {
                return Ok(format!("https://git.harness.io/{path}"));
            }
            path => (
                path.map(|path| format!("code/git/{path}")),
                "ng/account/ACCOUNT/module/code/orgs/ORG/projects/PROJECT/repos/repository",
            ),
        },
        Some(Scm::AwsCodeCommit) => {
            match aws_code_commit(host, page.region.as_deref(), &segments) {
                Some(clone_url) => return Ok(clone_url),
                None => (None, "codesuite/codecommit/repositories/NAME/browse?region=REGION"),
            }
        }
        None => (generic(&segments), "owner/repository"),
    };
    path.map(|path| format!("{root}/{path}"))
        .ok_or_else(|| none(shown(), host, &format!("{root}/{example}")))
}

/// Tells whether a text holds a quotation mark or a control character, encoded or not.
fn holds_quote(text: &str) -> bool {
    let is_quote = |byte: u8| byte == b'"' || byte.is_ascii_control();
    text.bytes().any(is_quote) || (text.contains('%') && percent_decode_str(text).any(is_quote))
}

/// Decodes the characters that mean the same encoded and not (RFC 3986, section 6.2.2.2).
fn without_needless_encoding(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut parts = path.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.map(char::from) {
            Some(c @ ('a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~')) => {
                decoded.push(c);
                decoded.push_str(part.get(2..).unwrap_or_default());
            }
            _ => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    Cow::Owned(decoded)
}

/// Splits a URL into scheme with host, and path, as people wrote them: what they copy into a
/// template's parameter looks the same. `None` when `host`, which a browser would ask, differs in
/// more than letter case.
fn as_written<'a>(text: &'a str, host: &str) -> Option<(String, &'a str)> {
    let (scheme, rest) = text.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let rest = rest.split(['?', '#']).next()?;
    let is_odd = |byte| {
        matches!(
            byte,
            0..=b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'}' | b'|' | 0x7f
        )
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let written = authority.rsplit('@').next()?;
    let dots = [".", "..", "%2e", ".%2e", "%2e.", "%2e%2e"];
    let is_dots = |part: &str| dots.iter().any(|dots| part.eq_ignore_ascii_case(dots));
    let is_plain = !rest.bytes().any(is_odd) && !path.split('/').any(is_dots);
    (is_plain && written.eq_ignore_ascii_case(host))
        .then(|| (format!("{scheme}://{written}"), path))
}

fn none(text: String, host: &str, example: &str) -> NoRepository {
    NoRepository::NoRepositoryInUrl { text, host: host.to_owned(), example: example.to_owned() }
}

fn ssh_root(
    mut url: Url,
    integrations: &ScmIntegrations,
    shown: impl Fn() -> String,
) -> Result<String, NoRepository> {
    let _ = url.set_password(None);
    let server = integrations.ssh_server(url.host_str().unwrap_or_default());
    if let Some(Scm::Gerrit | Scm::AwsCodeCommit) = server.scm {
        // It is the name of the person who copied the URL.
        let _ = url.set_username("");
    }
    if url.port() == Some(22) {
        // The port that SSH has anyway.
        let _ = url.set_port(None);
    }
    let path = url.path().trim_matches('/').to_owned();
    if path.is_empty() {
        let host = url.host_str().unwrap_or_default();
        return Err(none(shown(), host, &format!("ssh://git@{host}/owner/repository")));
    }
    url.set_path(&path);
    Ok(azure_ssh(url.into(), integrations))
}

/// Returns today's URL for the former ones of SSH at Azure DevOps, and for those that leave branches
/// out. Any other URL of SSH stays as it is.
fn azure_ssh(url: String, integrations: &ScmIntegrations) -> String {
    let today = || {
        let repository = Normalised::from_url(&url, integrations)?;
        let (organization, path) = repository.path.split_once('/')?;
        let (project, name) = path.split_once("/_git/")?;
        let path = encoded(&format!("v3/{organization}/{project}/{name}"));
        let is_at_cloud = repository.server.name() == AZURE_CLOUD;
        // A path of SSH may begin with a slash.
        let is_today = url.to_lowercase().ends_with(&path.to_lowercase())
            && !url.contains(&format!(":/{path}"));
        (is_at_cloud && !is_today).then(|| format!("git@ssh.{AZURE_CLOUD}:{path}"))
    };
    today().unwrap_or(url)
}

/// Returns the host of GitHub whose files are shown raw, or packed, at `host`, or whose API is
/// there.
fn host_of_parts<'a>(host: &'a str, integrations: &ScmIntegrations) -> Option<&'a str> {
    if matches!(host, "raw.githubusercontent.com" | "codeload.github.com" | "api.github.com") {
        return Some("github.com");
    }
    let parent = ["raw.", "codeload.", "api."].iter().find_map(|part| host.strip_prefix(part))?;
    (integrations.scm_of(parent) == Some(Scm::GitHub)).then_some(parent)
}

/// Returns owner and name of a repository at GitHub. A GitHub Enterprise Server without domains for
/// its parts has them below paths, whose names no owner can have: `raw/OWNER/NAME/…` for files,
/// `api/v3/repos/OWNER/NAME/…` for its API.
fn github(host: &str, segments: &[&str]) -> Option<String> {
    owner_and_name(match segments {
        ["raw" | "codeload", repository @ ..] | ["api", "v3", "repos", repository @ ..]
            if host != "github.com" =>
        {
            repository
        }
        repository => repository,
    })
}

/// Returns owner and name of a repository at GitHub, Bitbucket Cloud or Gitea: everything behind
/// the second segment is a page.
fn owner_and_name(segments: &[&str]) -> Option<String> {
    let [owner, name, ..] = segments else { return None };
    Some(format!("{owner}/{}", without_git(name)?))
}

/// Returns owner and name of a repository at Gitea, whose API is below `api/v1/repos/OWNER/NAME`.
fn gitea(segments: &[&str]) -> Option<String> {
    owner_and_name(match segments {
        ["api", "v1", "repos", repository @ ..] | repository => repository,
    })
}

/// Returns the path of a project at GitLab. Groups nest, so the project ends where a page begins:
/// at `-`, or at a word that GitLab reserves for pages.
fn gitlab(segments: &[&str]) -> Option<String> {
    const PAGES: [&str; 8] =
        ["-", "tree", "blob", "raw", "edit", "blame", "commits", "merge_requests"];
    let end = page_begins(segments, &PAGES);
    let (last, groups) = segments.get(..end)?.split_last()?;
    let groups = groups.join("/");
    (!groups.is_empty()).then_some(())?;
    Some(format!("{groups}/{}", without_git(last)?))
}

/// Returns the path of a repository at Bitbucket Server. Pages are below `projects/KEY/repos/NAME`
/// or `users/NAME/repos/NAME`, clones below `scm`.
fn bitbucket_server(segments: &[&str]) -> Option<String> {
    let clone = |before: &[&str], key: &str, name: &str| {
        let mut path = before.to_vec();
        let key = key.to_lowercase();
        let name = format!("{}.git", without_git(name)?);
        path.extend(["scm", &key, &name]);
        Some(path.join("/"))
    };
    segments.iter().enumerate().find_map(|(index, segment)| {
        let (before, rest) = segments.split_at_checked(index)?;
        match (*segment, rest) {
            ("projects", [_, key, "repos", name, ..]) | ("scm", [_, key, name, ..]) => {
                clone(before, key, name)
            }
            ("users", [_, user, "repos", name, ..]) => clone(before, &format!("~{user}"), name),
            _ => None,
        }
    })
}

/// Returns the path of a repository at Azure DevOps: `…/_git/NAME`, whatever is before it, be it an
/// organization and a project, or only one of them. The part that says which branches a clone gets
/// is left out.
fn azure(segments: &[&str]) -> Option<String> {
    let git = segments.iter().position(|segment| *segment == "_git")?;
    let (before, after) = segments.split_at_checked(git + 1)?;
    let (["_optimized" | "_full", name, ..] | [name, ..]) = after else { return None };
    Some(format!("{}/{name}", before.join("/")))
}

/// Returns the path of a project at Gerrit. Projects nest. Gitiles shows them below
/// `plugins/gitiles` and ends them with `+`; `a` asks for a login; `c/PROJECT/+/1` is a change.
fn gerrit(segments: &[&str]) -> Option<String> {
    gerrit_project(match segments {
        ["plugins", "gitiles", project @ ..]
        | ["a", "plugins", "gitiles", project @ ..]
        | ["admin", "repos", project @ ..]
        | ["a" | "c", project @ ..]
        | project => project,
    })
}

fn gerrit_project(segments: &[&str]) -> Option<String> {
    let end = segments.iter().position(|segment| *segment == "+").unwrap_or(segments.len());
    let path = segments.get(..end)?.join("/");
    let path = path.split(',').next().unwrap_or_default();
    Some(path.strip_suffix(".git").unwrap_or(path).to_owned()).filter(|path| !path.is_empty())
}

/// Returns the path of a repository at Harness:
/// `account/ACCOUNT/…/orgs/ORG/projects/PROJECT/repos/NAME` is cloned as
/// `ACCOUNT/ORG/PROJECT/NAME`.
fn harness(segments: &[&str]) -> Option<String> {
    let after = |word: &str| {
        let at = segments.iter().position(|segment| *segment == word)?;
        segments.get(at + 1).copied()
    };
    let mut path = vec![after("account")?];
    path.extend(after("orgs"));
    path.extend(after("projects"));
    let name = format!("{}.git", without_git(after("repos")?)?);
    path.push(&name);
    Some(path.join("/"))
}

/// Returns the URL of a repository at AWS CodeCommit. Pages are below
/// `codesuite/codecommit/repositories/NAME` in the console of a region, clones below `v1/repos` on
/// a host of that region.
fn aws_code_commit(host: &str, region: Option<&str>, segments: &[&str]) -> Option<String> {
    let (["codesuite", "codecommit", "repositories", name, ..] | ["v1", "repos", name, ..]) =
        segments
    else {
        return None;
    };
    let region = aws_region(host).or(region)?;
    let is_region = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_region.then(|| format!("https://git-codecommit.{region}.amazonaws.com/v1/repos/{name}"))
}

/// Returns the path of a repository at a host that no integration names: the forms of the known
/// systems, then the URL as it is.
fn generic(segments: &[&str]) -> Option<String> {
    const PAGES: [&str; 7] = ["-", "tree", "blob", "raw", "edit", "src", "browse"];
    if let Some(path) = azure(segments) {
        return Some(path);
    }
    if segments.contains(&"repos")
        && let Some(path) = bitbucket_server(segments)
    {
        return Some(path);
    }
    let git = segments.iter().position(|segment| segment.len() > 4 && segment.ends_with(".git"));
    let end = git.map_or_else(|| page_begins(segments, &PAGES), |at| at + 1);
    let file = |name: &&str| [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
    if end == segments.len() && segments.last().is_some_and(file) {
        // A file, and nothing that tells where its repository begins.
        return None;
    }
    Some(segments.get(..end)?.join("/")).filter(|path| !path.is_empty())
}

/// Returns where a page begins: at one of `pages` behind an owner and a name, or behind `NAME.git`.
fn page_begins(segments: &[&str], pages: &[&str]) -> usize {
    let page = |(index, segment): (usize, &&str)| {
        index >= 2 && pages.contains(segment) || {
            index >= 2 && segments.get(index - 1).is_some_and(|before| before.ends_with(".git"))
        }
    };
    segments.iter().enumerate().position(page).unwrap_or(segments.len())
}

fn without_git(name: &str) -> Option<&str> {
    Some(name.strip_suffix(".git").unwrap_or(name)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_page_has_the_repository_that_a_parser_of_urls_finds(
            text in r"https?://((www|api|raw|git)\.)?(github\.com|gitlab\.com|bitbucket\.org|dev\.azure\.com|gerrit\.test|[a-z]{1,4}\.test)(/(tree|-|_git|scm|repos|projects|[a-zA-Z0-9._-]{0,4})){0,6}",
        ) {
            let mut integrations = ScmIntegrations::default();
            integrations.add_gerrit("gerrit.test", Some("https://gerrit.test/g".to_owned()));
            // An empty query changes nothing, and is not plain.
            let parsed = clone_root(&format!("{text}?"), &integrations);
            prop_assert_eq!(clone_root(&text, &integrations).ok(), parsed.ok());
        }
    }
}
