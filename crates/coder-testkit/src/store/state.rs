//! Everything a deployment remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Clock, DeploymentUrl, Runtime, Secret};
use indexmap::IndexMap;
use uuid::Uuid;

use crate::Version;
use crate::model::{
    ApiKey, App, Code, Counters, Draft, DryRun, Group, Metadatum, Mint, Notification, Organization,
    Pace, Races, RefreshToken, Registered, SshKey, Successor, Template, User, UserSecret,
    Workspace,
};
use crate::release::Profile;
use crate::wire::fault::Fault;
use crate::wire::recorded::RecordedRequest;

/// The settings that are fixed when the fake is built.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) url: DeploymentUrl,
    pub(crate) version: Version,
    pub(crate) profile: Profile,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mint: Mint,
    pub(crate) deployment_id: Uuid,
    /// How long builds take.
    pub(crate) pace: Pace,
    /// Tells streams when to look at the clock.
    pub(crate) runtime: Option<Arc<dyn Runtime>>,
    /// Whether too many requests are refused.
    pub(crate) rate_limits: bool,
    /// Whether there are groups and access lists, as in a deployment with a licence.
    pub(crate) licensed: bool,
    /// Whether workspaces may be renamed.
    pub(crate) renames: bool,
    /// Whether a deletion runs until an answer has told so.
    pub(crate) slow_deletions: bool,
    /// The public key of web push notifications (VAPID), which a deployment makes for itself.
    pub(crate) web_push_key: String,
    /// Whether requests that come at once overlap.
    pub(crate) overlaps: bool,
    /// Whether answers hold fields and words that nobody knows.
    pub(crate) strange: bool,
}

/// The state of the deployment, which changes while it runs.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// In the order they were added.
    pub(crate) users: IndexMap<Uuid, User>,
    /// By their first part.
    pub(crate) keys: HashMap<String, ApiKey>,
    pub(crate) apps: Vec<App>,
    /// The metadata of dynamically registered clients.
    pub(crate) registered: HashMap<Uuid, Registered>,
    /// By their first part.
    pub(crate) codes: HashMap<String, Code>,
    /// By their first part.
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    /// Decides between token requests that overlap, when they may.
    pub(crate) races: Option<Races>,
    /// The SSH keys that somebody has asked for, by user.
    pub(crate) ssh_keys: HashMap<Uuid, SshKey>,
    pub(crate) secrets: Vec<UserSecret>,
    /// Messages to people, the oldest first.
    pub(crate) notifications: Vec<Notification>,
    /// The first one is the default.
    pub(crate) organizations: Vec<Organization>,
    /// Pairs of an organization and a user that is not a member of it; everybody else is.
    pub(crate) strangers: BTreeSet<(Uuid, Uuid)>,
    /// The roles of members in an organization, by organization and user.
    pub(crate) member_roles: BTreeMap<(Uuid, Uuid), Vec<String>>,
    pub(crate) groups: Vec<Group>,
    pub(crate) templates: Vec<Template>,
    /// Versions that belong to no template yet.
    pub(crate) drafts: Vec<Draft>,
    pub(crate) dry_runs: Vec<DryRun>,
    /// Uploaded archives, by their ids.
    pub(crate) files: HashMap<Uuid, Bytes>,
    /// The error with which imports of pushed versions end, if they fail.
    pub(crate) imports_fail: Option<String>,
    pub(crate) workspaces: BTreeMap<Uuid, Workspace>,
    /// The workspace of each build.
    pub(crate) workspace_of_build: HashMap<Uuid, Uuid>,
    /// Builds that ask for another one when they have succeeded.
    pub(crate) successors: Vec<Successor>,
    /// The metadata of a workspace's agents.
    pub(crate) metadata: HashMap<Uuid, Vec<Metadatum>>,
    pub(crate) rate_counters: Counters,
    /// Users with the external providers they have linked.
    pub(crate) external_auth: Vec<(Uuid, String)>,
    /// How often the server was restarted.
    pub(crate) restarts: u64,
    /// How many requests have arrived and how many were answered, together: the order of things.
    pub(crate) moment: u64,
    /// When somebody's workspace of a name was made.
    pub(crate) names_made: HashMap<(Uuid, String), u64>,
    /// The password of users who have none of their own.
    pub(crate) password: Option<Secret>,
    /// How long a session or an OAuth access token lives.
    pub(crate) session_lifetime: Duration,
    pub(crate) provider_off: bool,
    /// The stored setting of releases that have one.
    pub(crate) registration_on: bool,
    pub(crate) faults: Vec<Fault>,
    pub(crate) requests: Vec<RecordedRequest>,
    /// Streams that want to look again when something has changed.
    pub(crate) watchers: Vec<Waker>,
}

impl State {
    /// Returns the next moment in the order of events.
    pub(crate) fn next_moment(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    /// Returns the external providers that a user has linked.
    pub(crate) fn external_auth_of(&self, user: Uuid) -> Vec<String> {
        let links = self.external_auth.iter().filter(|(id, _)| *id == user);
        links.map(|(_, provider)| provider.clone()).collect()
    }
}
