//! Every usual spelling of a repository's URL, system by system.

use std::collections::HashSet;

use url::Url;

use super::Scm;
use super::normalised::Normalised;
use super::server::{
    AZURE_CLOUD, AZURE_FORMER_CLOUD, AZURE_FORMER_COLLECTION, AZURE_FORMER_SSH, SSH_ALIASES,
};

/// Parts before the name of a repository of Azure DevOps, which say which branches a clone gets.
const AZURE_PARTIAL: [&str; 2] = ["_optimized", "_full"];

/// Returns the clone URL and the other spellings of the repository, each once.
pub(super) fn spellings(repository: &Normalised, clone_url: &str) -> Vec<String> {
    let mut all = vec![clone_url.to_owned()];
    let server = &repository.server;
    match server.scm {
        Some(Scm::Azure) if server.name() == AZURE_CLOUD => all.extend(azure_cloud(repository)),
        Some(Scm::Azure) => all.extend(azure_server(repository)),
        _ => {
            let web = web(repository, clone_url);
            let http: Vec<_> =
                web.iter().map(|url| url.replacen("https://", "http://", 1)).collect();
            all.extend(web);
            all.extend(ssh(repository));
            all.extend(http);
        }
    }
    let mut seen = HashSet::new();
    // Odd characters do not survive in every form.
    all.retain(|spelling| {
        (spelling == clone_url || Normalised::like(spelling, repository) == Some(true))
            && seen.insert(spelling.clone())
    });
    all
}

fn web(repository: &Normalised, clone_url: &str) -> Vec<String> {
    let mut urls = Vec::new();
    if let Ok(url) = Url::parse(clone_url)
        && matches!(url.scheme(), "http" | "https")
    {
        // The clone URL's own path keeps what a browser would encode.
        let own = url.origin().ascii_serialization() + url.path().trim_end_matches('/');
        urls.push(own.strip_suffix(".git").map(str::to_owned).unwrap_or(own));
    }
    let path = encoded(&repository.path);
    let below: &[&str] = match repository.server.scm {
        Some(Scm::BitbucketServer) => &["scm/"],
        Some(Scm::Gerrit) => &["", "a/"],
        _ => &[""],
    };
    for root in web_roots(repository) {
        urls.extend(below.iter().map(|below| format!("https://{root}/{below}{path}")));
    }
    urls.iter().flat_map(|url| ["", ".git", "/"].map(|end| format!("{url}{end}"))).collect()
}

/// Returns the places on the web that show the repository.
fn web_roots(repository: &Normalised) -> &[String] {
    let roots = &repository.server.roots;
    match &repository.root {
        Some(root) if roots.first() != Some(root) => std::slice::from_ref(root),
        _ => roots,
    }
}

fn ssh(repository: &Normalised) -> Vec<String> {
    let server = &repository.server;
    let name = server.name();
    let path = &repository.path;
    let mut places = vec![format!("git@{name}:")];
    places.extend(match server.scm {
        // Both have a server for SSH of their own, at a port of its own.
        Some(Scm::BitbucketServer) => {
            vec![format!("ssh://git@{name}:7999/"), format!("ssh://git@{name}/")]
        }
        Some(Scm::Gerrit) => vec![format!("ssh://{name}:29418/"), format!("ssh://{name}/")],
        Some(Scm::AwsCodeCommit) => {
            return vec![format!("ssh://{name}/{path}"), format!("ssh://{name}/{}", encoded(path))];
        }
        _ => vec![format!("ssh://git@{name}/")],
    });
    if let Some((_, alias)) = SSH_ALIASES.iter().find(|(host, _)| *host == name) {
        places.push(format!("ssh://git@{alias}:443/"));
    }
    places.push(format!("git@{name}:/"));
    let mut paths = vec![path.clone(), encoded(path)];
    paths.dedup();
    let with_path = |place: &String| {
        let urls = paths.iter().flat_map(|path| [".git", ""].map(|end| format!("{path}{end}")));
        urls.map(|path| format!("{place}{path}")).collect::<Vec<_>>()
    };
    places.iter().flat_map(with_path).collect()
}

/// Returns the spellings at Azure DevOps in the cloud, where the organization is a part of the
/// path, of a user name, or of the host.
fn azure_cloud(repository: &Normalised) -> Vec<String> {
    let path = encoded(&repository.path);
    let Some((organization, rest)) = path.split_once('/') else { return Vec::new() };
    let Some((project, name)) = rest.split_once("/_git/") else { return Vec::new() };
    // A project's name may be left out for the repository that it begins with.
    let mut projects = vec![format!("{project}/")];
    if project.to_lowercase() == name.to_lowercase() {
        projects.push(String::new());
    }
    let former = format!("{organization}{AZURE_FORMER_CLOUD}");
    let web = [
        format!("https://{AZURE_CLOUD}/{organization}/"),
        format!("https://{organization}@{AZURE_CLOUD}/{organization}/"),
        format!("https://{former}/"),
        format!("https://{former}/{AZURE_FORMER_COLLECTION}/"),
    ];
    let former_ssh = format!("{organization}@{AZURE_FORMER_SSH}{AZURE_FORMER_CLOUD}");
    let ssh = [
        format!("git@ssh.{AZURE_CLOUD}:"),
        format!("{former_ssh}:"),
        format!("ssh://git@ssh.{AZURE_CLOUD}/"),
        format!("ssh://{former_ssh}/"),
    ];
    let (in_path, v3) = (combined(&web, &projects), format!("v3/{organization}/{project}"));
    let mut all: Vec<_> = in_path
        .iter()
        .flat_map(|place| ["", "/"].map(|end| format!("{place}_git/{name}{end}")))
        .collect();
    all.extend(ssh.iter().map(|place| format!("{place}{v3}/{name}")));
    // The URLs that SSH had before `v3`.
    let places = ["", "DefaultCollection/"].map(|part| format!("ssh://{former_ssh}:22/{part}"));
    all.extend(combined(&places, &projects).iter().map(|place| format!("{place}_ssh/{name}")));
    // More would make the search for several parameters two requests.
    for part in AZURE_PARTIAL {
        all.push(format!("https://{AZURE_CLOUD}/{organization}/{project}/_git/{part}/{name}"));
        all.push(format!("git@ssh.{AZURE_CLOUD}:{v3}/{part}/{name}"));
    }
    all
}

/// Returns the spellings at Azure DevOps Server, which has one path for the web and for SSH.
fn azure_server(repository: &Normalised) -> Vec<String> {
    let path = encoded(&repository.path);
    let Some((before, name)) = path.split_once("/_git/") else { return Vec::new() };
    let mut places = vec![before];
    if let Some((collection, project)) = before.rsplit_once('/')
        && project.to_lowercase() == name.to_lowercase()
    {
        places.push(collection);
    }
    let host = repository.server.name();
    let web: Vec<_> = web_roots(repository)
        .iter()
        .flat_map(|root| [format!("https://{root}/"), format!("http://{root}/")])
        .collect();
    let ssh = [format!("ssh://{host}:22/"), format!("ssh://{host}/")];
    let web = combined(&web, &places);
    let mut all = Vec::new();
    for place in web.iter().chain(&combined(&ssh, &places)) {
        all.extend(["", "/"].map(|end| format!("{place}/_git/{name}{end}")));
    }
    all.extend(combined(&ssh, &places).iter().map(|place| format!("{place}/_ssh/{name}")));
    for part in AZURE_PARTIAL {
        all.extend(web.iter().map(|place| format!("{place}/_git/{part}/{name}")));
    }
    all
}

/// Combines every beginning with every end.
fn combined(beginnings: &[String], ends: &[impl AsRef<str>]) -> Vec<String> {
    let with_ends = |beginning: &String| {
        ends.iter().map(|end| format!("{beginning}{}", end.as_ref())).collect::<Vec<_>>()
    };
    beginnings.iter().flat_map(with_ends).collect()
}

/// Encodes `path` as a browser writes it.
pub(super) fn encoded(path: &str) -> String {
    let Ok(mut url) = Url::parse("https://a.example") else { return path.to_owned() };
    url.set_path(path);
    url.path().trim_matches('/').to_owned()
}
