//! Annotations that Backstage's catalog adds to an entity that it read from a URL.

use std::collections::BTreeMap;

use coder_core::host_and_port;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{MANAGED_BY_LOCATION, SOURCE_LOCATION, Scm, ScmIntegrations};
use crate::{LocationRef, LocationRefError};

/// The annotation that names where an entity was registered.
pub const MANAGED_BY_ORIGIN_LOCATION: &str = "backstage.io/managed-by-origin-location";
/// The annotation that leads people to the file of an entity.
pub const VIEW_URL: &str = "backstage.io/view-url";
/// The annotation that leads people to where they edit the file of an entity.
pub const EDIT_URL: &str = "backstage.io/edit-url";

impl ScmIntegrations {
    /// Returns the annotations that Backstage adds to an entity that was read from `location` and
    /// registered as `origin`. An entity's own annotations count more.
    ///
    /// They name the location and the origin; for a URL, the page that shows the file; and for a URL
    /// of a host with an integration, the page that edits it, unless it names a commit, and the
    /// directory with the source code.
    ///
    /// # Errors
    ///
    /// When the source location of the entity would not be a location reference.
    pub fn annotations_of(
        &self,
        location: &LocationRef,
        origin: &LocationRef,
    ) -> Result<BTreeMap<&'static str, String>, LocationRefError> {
        let mut annotations = BTreeMap::new();
        annotations.insert(MANAGED_BY_LOCATION, location.to_string());
        annotations.insert(MANAGED_BY_ORIGIN_LOCATION, origin.to_string());
        if location.kind() != "url" {
            return Ok(annotations);
        }
        let target = location.target();
        annotations.insert(VIEW_URL, target.to_owned());
        let Ok(url) = Url::parse(target) else { return Ok(annotations) };
        let Some(scm) = self.integration_of(&url) else { return Ok(annotations) };
        if !names_a_commit(target) {
            annotations.insert(EDIT_URL, edit_url(scm, target, &url));
        }
        if let Some(directory) = directory(scm, &url) {
            annotations.insert(SOURCE_LOCATION, LocationRef::new("url", &directory)?.to_string());
        }
        Ok(annotations)
    }
}

/// Tells whether a text has a word of 40 or more hexadecimal digits.
fn names_a_commit(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| {
        word.len() >= 40 && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Returns the directory of the file at `url`.
fn directory(scm: Scm, url: &Url) -> Option<String> {
    if scm == Scm::Azure
        && let Some(directory) = azure_directory(url)
    {
        return Some(directory);
    }
    let mut directory = url.join("./").ok()?;
    match scm {
        Scm::Azure | Scm::Gerrit => {}
        _ => directory.set_query(url.query()),
    }
    let directory = String::from(directory);
    Some(if scm == Scm::GitHub { github_page(&directory, "tree") } else { directory })
}

/// Returns the directory of a file at Azure DevOps, which names the file in its query.
fn azure_directory(url: &Url) -> Option<String> {
    let decoded = percent_decode_str(url.path()).decode_utf8().ok()?;
    let parts: Vec<_> = decoded.split('/').collect();
    let git = (2..=4).find(|at| parts.get(*at) == Some(&"_git"))?;
    parts.get(git + 1).filter(|name| !name.is_empty())?;
    let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    if query("version").is_some_and(|version| !version.is_empty() && !version.starts_with("GB")) {
        return None;
    }
    let path = query("path").unwrap_or_default();
    let path = Url::parse(&format!("https://a.example{path}")).ok()?.join("./").ok()?;
    Some(with_query(url, &[("path", path.path())]))
}

/// Sets each pair in the query as `URLSearchParams.set` does: the first one of that name is
/// replaced, the others go.
fn with_query(url: &Url, pairs: &[(&str, &str)]) -> String {
    let mut query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    for (name, value) in pairs {
        let first = query.iter().position(|(key, _)| key == name);
        let mut index = 0;
        query.retain(|(key, _)| {
            index += 1;
            key != name || Some(index - 1) == first
        });
        match query.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = (*value).to_owned(),
            None => query.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(query);
    url.into()
}

fn edit_url(scm: Scm, target: &str, url: &Url) -> String {
    match scm {
        Scm::GitHub => github_page(target, "edit"),
        Scm::GitLab => gitlab_edit_page(target),
        Scm::BitbucketCloud => {
            let mut segments =
                url.path_segments().into_iter().flatten().skip_while(|s| s.is_empty());
            let branch = match segments.nth(2) {
                Some("src" | "raw" | "blob" | "tree" | "edit") => {
                    segments.next().unwrap_or_default()
                }
                _ => "",
            };
            let branch = percent_decode_str(branch).decode_utf8_lossy();
            let branch = branch.split('/').next().unwrap_or_default();
            with_query(url, &[("mode", "edit"), ("at", branch)])
        }
        Scm::BitbucketServer => {
            target.split_once('?').map_or(target, |(before, _)| before).to_owned()
        }
        Scm::Azure => target.to_owned(),
        Scm::AwsCodeCommit => code_commit_edit_page(target).unwrap_or_else(|| target.to_owned()),
        Scm::Gitea => gitea_edit_page(target, url),
        Scm::Gerrit => gerrit_edit_page(url).unwrap_or_else(|| target.to_owned()),
        Scm::Harness => harness_edit_page(url).unwrap_or_else(|| target.to_owned()),
    }
}

/// Returns a page of GitHub, `//host/owner/name/blob/…`, with another word for `blob`.
fn github_page(text: &str, page: &str) -> String {
    let Some(start) = text.find("//") else { return text.to_owned() };
    let parts: Vec<_> = text.get(start + 2..).unwrap_or_default().splitn(5, '/').collect();
    match parts.as_slice() {
        [host, owner, name, "blob" | "tree" | "edit", rest]
            if ![host, owner, name].iter().any(|part| part.is_empty()) =>
        {
            let scheme = text.get(..start).unwrap_or_default();
            format!("{scheme}//{host}/{owner}/{name}/{page}/{rest}")
        }
        _ => text.to_owned(),
    }
}

/// Returns the page that edits a file at AWS CodeCommit: `…/repositories/NAME/browse/…` with
/// `files/edit` for `browse`.
fn code_commit_edit_page(text: &str) -> Option<String> {
    const REPOSITORIES: &str = "/codesuite/codecommit/repositories/";
    let (console, rest) = text.split_once(REPOSITORIES)?;
    let (name, page) = rest.split_once('/')?;
    let file = page.strip_prefix("browse/").or_else(|| page.strip_prefix("files/edit/"))?;
    Some(format!("{console}{REPOSITORIES}{name}/files/edit/{file}"))
}

fn gitlab_edit_page(text: &str) -> String {
    let first = ["/-/blob/", "/-/tree/", "/-/edit/"]
        .into_iter()
        .filter_map(|page| Some((text.find(page)?, page)))
        .min();
    match first {
        Some((_, page)) => text.replacen(page, "/-/edit/", 1),
        None => text.to_owned(),
    }
}

fn gitea_edit_page(target: &str, url: &Url) -> String {
    let origin = format!("https://{}", host_and_port(url).unwrap_or_default());
    let rest = target.replacen(&origin, "", 1);
    let mut parts = rest.split('/');
    let mut next = || parts.next().unwrap_or("undefined");
    let (_, owner, name, _, _, branch) = (next(), next(), next(), next(), next(), next());
    let path = parts.collect::<Vec<_>>().join("/");
    let path = path.strip_prefix('/').unwrap_or(&path);
    format!("{origin}/{owner}/{name}/_edit/{branch}/{path}")
}

fn gerrit_edit_page(url: &Url) -> Option<String> {
    let path = url.path().trim_start_matches("/a/").trim_start_matches('/');
    let (gitiles, reference) = path.split_once("/+/")?;
    let project = gitiles.strip_prefix("plugins/").unwrap_or(gitiles);
    let project = project.strip_prefix("gitiles/").unwrap_or(project);
    let reference = reference
        .strip_prefix("refs/heads/")
        .or_else(|| reference.strip_prefix("refs/tags/"))
        .unwrap_or(reference);
    let (branch, file) = reference.split_once('/').unwrap_or((reference, ""));
    let host = host_and_port(url).unwrap_or_default();
    Some(format!(
        "https://{host}/admin/repos/edit/repo/{project}/branch/refs/heads/{branch}/file/{file}"
    ))
}

fn harness_edit_page(url: &Url) -> Option<String> {
    let segments: Vec<_> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    let after = |word: &str| {
        let at = segments.iter().position(|part| *part == word)?;
        segments.get(at + 1).copied()
    };
    let pages = segments.iter().position(|part| matches!(*part, "files" | "edit"))?;
    let rest = segments.get(pages + 1..)?;
    let tilde = rest.iter().position(|part| *part == "~");
    let branch = rest.get(..tilde.unwrap_or(rest.len()))?.join("/");
    let file = tilde.and_then(|at| rest.get(at + 1..)).unwrap_or_default().join("/");
    let org = after("orgs").map(|org| format!("/orgs/{org}")).unwrap_or_default();
    let project = after("projects").map(|name| format!("/projects/{name}")).unwrap_or_default();
    let (account, name) = (after("account")?, after("repos")?);
    let host = host_and_port(url).unwrap_or_default();
    Some(format!(
        "https://{host}/ng/account/{account}/module/code{org}{project}/repos/{name}/files/{branch}/~/{file}"
    ))
}
