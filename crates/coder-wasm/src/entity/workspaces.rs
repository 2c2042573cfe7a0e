//! Whether workspaces can be used, when to look again, and links into them.

use coder_client::models::{Workspace, WorkspacePage};
use coder_core::DeploymentUrl;
use coder_workspaces::{Availability, DeploymentHosts, WorkspaceLinks, icon_letter, poll_after};
use jiff::Timestamp;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::answer::{Answer, Fault, answer, read};
use crate::usable::Usable;

/// Decides how usable a workspace is at a moment, in milliseconds since 1970.
#[wasm_bindgen]
pub fn availability(workspace: &str, now: f64) -> Answer {
    answer(
        read("the workspace", workspace)
            .map(|found: Workspace| Usable::new(&found, Availability::new(&found, moment(now)))),
    )
}

/// Reads the answer to a list of workspaces, with the availability of each. The text crosses as bytes of
/// UTF-8: a long one is encoded by the engine, several times faster than by the code that binds texts.
#[wasm_bindgen(js_name = readWorkspaces)]
pub fn read_workspaces(page: &[u8], now: f64) -> Answer {
    let page = str::from_utf8(page).map_err(|error| Fault::from_error("invalidArgument", &error));
    answer(page.and_then(|page| read("the list of workspaces", page)).map(|page: WorkspacePage| {
        let now = moment(now);
        let availabilities: Vec<_> =
            page.workspaces.iter().map(|workspace| Availability::new(workspace, now)).collect();
        let poll_after_seconds = poll_after(Some(&availabilities)).as_secs();
        Page {
            count: page.count,
            unreadable: page.workspaces.unreadable().iter().map(ToString::to_string).collect(),
            workspaces: page
                .workspaces
                .iter()
                .zip(availabilities)
                .map(|(workspace, availability)| Card::new(workspace, availability))
                .collect(),
            poll_after_seconds,
        }
    }))
}

/// Returns the seconds until a list is read again, when there is none.
#[wasm_bindgen(js_name = pollAfterSeconds)]
pub fn poll_after_seconds() -> f64 {
    poll_after(None).as_secs_f64()
}

/// Returns the links into a workspace. Of the deployment's hosts, only the access URL is required.
#[wasm_bindgen(js_name = workspaceLinks)]
pub fn workspace_links(
    workspace: &str,
    access_url: &str,
    path_app_url: Option<String>,
    wildcard_hostname: Option<String>,
    ssh_suffix: Option<String>,
) -> Answer {
    let url = |text: &str| {
        let url: Result<DeploymentUrl, _> = text.parse();
        url.map_err(|error| Fault::from_error("invalidUrl", &error))
    };
    let links = || {
        let mut hosts = DeploymentHosts::new(url(access_url)?);
        if let Some(text) = path_app_url {
            hosts.path_app_url = url(&text)?;
        }
        if let Some(suffix) = ssh_suffix {
            hosts.ssh_suffix = suffix;
        }
        hosts.wildcard_hostname = wildcard_hostname.filter(|host| !host.is_empty());
        let workspace: Workspace = read("the workspace", workspace)?;
        Ok(WorkspaceLinks::new(&workspace, &hosts))
    };
    answer(links())
}

/// Returns the letter that stands in for a missing icon.
#[wasm_bindgen(js_name = iconLetter)]
pub fn letter(name: &str) -> String {
    icon_letter(name).to_string()
}

#[expect(clippy::cast_possible_truncation, reason = "a moment beyond both ends is the nearest one")]
fn moment(milliseconds: f64) -> Timestamp {
    let end = if milliseconds < 0.0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(milliseconds as i64).unwrap_or(end)
}

/// The part of a workspace that a portal's card shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    id: String,
    name: String,
    owner_name: String,
    template_name: String,
    template_display_name: String,
    template_icon: String,
    icon_letter: char,
    outdated: bool,
    favorite: bool,
    last_used_at: Option<Timestamp>,
    availability: Usable,
}

impl Card {
    fn new(workspace: &Workspace, availability: Availability) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: workspace.name.clone(),
            owner_name: workspace.owner_name.clone(),
            template_name: workspace.template_name.clone(),
            template_display_name: workspace.template_display_name.clone(),
            template_icon: workspace.template_icon.clone(),
            icon_letter: icon_letter(&workspace.name),
            outdated: workspace.outdated,
            favorite: workspace.favorite,
            last_used_at: workspace.used_at(),
            availability: Usable::new(workspace, availability),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    workspaces: Vec<Card>,
    count: Option<u64>,
    unreadable: Vec<String>,
    poll_after_seconds: u64,
}
