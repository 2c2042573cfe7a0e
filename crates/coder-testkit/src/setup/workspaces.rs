//! Workspaces, as a test sets them up.

use std::time::Duration;

use coder_client::WorkspaceId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::model::{
    AgentEvent, AgentFate, AgentPlan, BuildPlan, Fate, Metadatum, NewWorkspaceApp, ScriptFate,
    ScriptPlan, Transition, Workspace, default_agent,
};
use crate::store::Deployment;
use crate::{FakeCoder, FakeUser};

const HOUR: Duration = Duration::from_secs(3600);

/// A workspace that is about to be added. It is running and ready by default.
///
/// States that pass (`pending`, `starting`, `connecting`, `stopping`) begin now and go on by the
/// fake's clock.
///
/// ```
/// # let coder = coder_testkit::FakeCoder::new();
/// # let alice = coder.add_user("alice");
/// let dev = coder
///     .add_workspace(&alice, "dev")
///     .template("devcontainers")
///     .parameter("repo", "https://github.com/acme/payments")
///     .stopped()
///     .create();
/// ```
#[derive(Debug)]
#[must_use = "the workspace is added by `create`"]
pub struct NewWorkspace {
    coder: FakeCoder,
    owner: Uuid,
    name: String,
    template: Option<String>,
    parameters: Vec<(String, String)>,
    state: Wanted,
    agents: Vec<AgentPlan>,
    agent_fate: AgentFate,
    scripts: ScriptPlan,
    sub_agents: Vec<String>,
    shutting_down: bool,
    favorite: bool,
    dormant: bool,
    outdated: bool,
    last_used: Option<Timestamp>,
    ttl: Option<Duration>,
    shared_with: Vec<(Uuid, String)>,
}

#[derive(Debug)]
enum Wanted {
    Running,
    Connecting,
    Starting,
    Pending,
    Queued { position: u32, size: u32 },
    Stopped,
    Stopping,
    Failed { error: String, code: Option<String> },
    Canceled,
    Deleted,
}

impl FakeCoder {
    /// Prepares a workspace of a user.
    pub fn add_workspace(&self, owner: &FakeUser, name: &str) -> NewWorkspace {
        NewWorkspace {
            coder: self.clone(),
            owner: owner.id.as_uuid(),
            name: name.to_owned(),
            template: None,
            parameters: Vec::new(),
            state: Wanted::Running,
            agents: vec![default_agent()],
            agent_fate: AgentFate::BecomesReady,
            scripts: ScriptPlan::default(),
            sub_agents: Vec::new(),
            shutting_down: false,
            favorite: false,
            dormant: false,
            outdated: false,
            last_used: None,
            ttl: None,
            shared_with: Vec::new(),
        }
    }

    /// Begins to start a workspace, as its owner would.
    pub fn start(&self, workspace: WorkspaceId) {
        self.with(|coder| coder.rebuild(workspace.as_uuid(), Transition::Start));
    }

    /// Begins to stop a workspace, as its owner would.
    pub fn stop(&self, workspace: WorkspaceId) {
        self.with(|coder| coder.rebuild(workspace.as_uuid(), Transition::Stop));
    }

    /// Begins to delete a workspace, as its owner would.
    pub fn delete(&self, workspace: WorkspaceId) {
        self.with(|coder| coder.rebuild(workspace.as_uuid(), Transition::Delete));
    }

    /// Breaks the connections of a workspace's agents, now.
    pub fn lose_agents(&self, workspace: WorkspaceId) {
        self.happens(workspace, AgentEvent::Lost, |_| true);
    }

    /// Starts the agents of a workspace again: they connect now, and run their startup scripts. An
    /// agent that never connects by itself does so now as well.
    pub fn bring_agents_back(&self, workspace: WorkspaceId) {
        self.happens(workspace, AgentEvent::Back, |_| true);
    }

    /// Connects the agents of a workspace that were lost, now. Only their network was gone: their
    /// processes have run all the time, and their scripts do not run anew.
    pub fn reconnect_agents(&self, workspace: WorkspaceId) {
        self.happens(workspace, AgentEvent::Reconnects, |_| true);
    }

    /// Tells the agents of a workspace to end: they run their shutdown scripts and go, while Coder
    /// takes the workspace for running.
    pub fn shut_agents_down(&self, workspace: WorkspaceId) {
        self.happens(workspace, AgentEvent::ShutsDown, |_| true);
    }

    /// Breaks the connection of one agent of a workspace, now.
    pub fn lose_agent(&self, workspace: WorkspaceId, agent: &str) {
        self.happens(workspace, AgentEvent::Lost, |name| name == agent);
    }

    /// Starts one agent of a workspace again: it connects now, and runs its startup script.
    pub fn bring_agent_back(&self, workspace: WorkspaceId, agent: &str) {
        self.happens(workspace, AgentEvent::Back, |name| name == agent);
    }

    fn happens(&self, workspace: WorkspaceId, event: AgentEvent, to: impl Fn(&str) -> bool) {
        self.with(|deployment| {
            let now = deployment.now;
            let stored = deployment.state.workspace_mut(workspace.as_uuid());
            let build = stored.and_then(|stored| stored.builds.last_mut());
            for agent in build.into_iter().flat_map(|build| &mut build.agents) {
                if to(&agent.plan.name) {
                    agent.events.push((now, event));
                }
            }
        });
    }
}

impl NewWorkspace {
    /// Makes the workspace from this template of the default organization, which is added when
    /// there is none of that name; `devcontainers` by default.
    pub fn template(mut self, name: &str) -> Self {
        self.template = Some(name.to_owned());
        self
    }

    /// Sets the value of a parameter.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the workspace running: it was started an hour ago, and is ready.
    pub fn running(mut self) -> Self {
        self.state = Wanted::Running;
        self
    }

    /// Makes the workspace's build succeed just now; its agents connect by the clock.
    pub fn connecting(mut self) -> Self {
        self.state = Wanted::Connecting;
        self
    }

    /// Makes the workspace starting: a provisioner has just begun to start it.
    pub fn starting(mut self) -> Self {
        self.state = Wanted::Starting;
        self
    }

    /// Makes the workspace pending: it was just created, and no provisioner has taken it yet.
    pub fn pending(mut self) -> Self {
        self.state = Wanted::Pending;
        self
    }

    /// Makes the build wait in the queue for a provisioner that never comes: at `position`, counted
    /// as Coder does, of `size` waiting jobs.
    pub fn queued(mut self, position: u32, size: u32) -> Self {
        self.state = Wanted::Queued { position, size };
        self
    }

    /// Makes the workspace stopped, since an hour ago.
    pub fn stopped(mut self) -> Self {
        self.state = Wanted::Stopped;
        self
    }

    /// Makes the workspace stopping: a provisioner has just begun to stop it.
    pub fn stopping(mut self) -> Self {
        self.state = Wanted::Stopping;
        self
    }

    /// Makes the workspace's start fail with this error.
    pub fn failed(mut self, error: &str) -> Self {
        self.state = Wanted::Failed { error: error.to_owned(), code: None };
        self
    }

    /// Makes the start fail with this error and Coder's error code, such as `INSUFFICIENT_QUOTA`.
    pub fn failed_with_code(mut self, error: &str, code: &str) -> Self {
        self.state = Wanted::Failed { error: error.to_owned(), code: Some(code.to_owned()) };
        self
    }

    /// Makes the workspace's start canceled while it waited for a provisioner. A start that is
    /// canceled later fails.
    pub fn canceled(mut self) -> Self {
        self.state = Wanted::Canceled;
        self
    }

    /// Makes the workspace deleted, since an hour ago.
    pub fn deleted(mut self) -> Self {
        self.state = Wanted::Deleted;
        self
    }

    /// Keeps the workspace's agents from ever connecting: they are `connecting` for two minutes,
    /// then `timeout`.
    pub fn agents_never_connect(mut self) -> Self {
        self.agent_fate = AgentFate::NeverConnects;
        self
    }

    /// Makes the workspace's agents lose their connection.
    pub fn agents_lost(mut self) -> Self {
        self.agent_fate = AgentFate::IsLost;
        self
    }

    /// Makes the startup script of the workspace's agents fail.
    pub fn startup_failed(mut self) -> Self {
        self.scripts.start = ScriptFate::Fails;
        self
    }

    /// Makes the startup script of the workspace's agents take too long, so that it is given up.
    pub fn startup_timed_out(mut self) -> Self {
        self.scripts.start = ScriptFate::TimesOut;
        self
    }

    /// Makes the startup script of the workspace's agents end while something that it started holds
    /// its output open, which Coder takes for a failure.
    pub fn startup_leaves_output_open(mut self) -> Self {
        self.scripts.start = ScriptFate::LeavesOutputOpen;
        self
    }

    /// Tells people not to use the workspace before the startup script of its agents is done.
    pub fn startup_blocks_login(mut self) -> Self {
        self.scripts.blocks = true;
        self
    }

    /// Gives the workspace's agents a shutdown script.
    pub fn shutdown_script(mut self) -> Self {
        self.scripts.stop = Some(ScriptFate::Succeeds);
        self
    }

    /// Gives the workspace's agents a shutdown script, which fails.
    pub fn shutdown_fails(mut self) -> Self {
        self.scripts.stop = Some(ScriptFate::Fails);
        self
    }

    /// Makes the workspace's agents begin to shut down now. They are gone when their shutdown
    /// scripts have ended.
    pub fn agents_shutting_down(mut self) -> Self {
        self.shutting_down = true;
        self
    }

    /// Keeps one of the workspace's agents from ever connecting.
    pub fn agent_never_connects(self, name: &str) -> Self {
        self.change_agent(name, |agent| agent.fate = AgentFate::NeverConnects)
    }

    /// Makes the startup script of one of the workspace's agents fail.
    pub fn agent_startup_failed(self, name: &str) -> Self {
        self.change_agent(name, |agent| agent.scripts.start = ScriptFate::Fails)
    }

    fn change_agent(mut self, name: &str, change: impl Fn(&mut AgentPlan)) -> Self {
        self.agents.iter_mut().filter(|agent| agent.name == name).for_each(change);
        self
    }

    /// Adds an agent, which serves a dev container inside of the first one.
    pub fn sub_agent(mut self, name: &str) -> Self {
        self.sub_agents.push(name.to_owned());
        self
    }

    /// Gives the workspace these agents, instead of one called `main`. The apps go to the first
    /// one.
    pub fn agents(mut self, names: &[&str]) -> Self {
        let apps = self.agents.first().map(|agent| agent.apps.clone()).unwrap_or_default();
        self.agents = names
            .iter()
            .enumerate()
            .map(|(index, name)| AgentPlan {
                name: (*name).to_owned(),
                apps: if index == 0 { apps.clone() } else { Vec::new() },
                ..AgentPlan::default()
            })
            .collect();
        self
    }

    /// Adds an app to the first agent, beside `code-server`.
    pub fn app(mut self, app: NewWorkspaceApp) -> Self {
        if let Some(agent) = self.agents.first_mut() {
            agent.apps.push(app);
        }
        self
    }

    /// Leaves out all apps of its agents.
    pub fn without_apps(mut self) -> Self {
        self.agents.iter_mut().for_each(|agent| agent.apps.clear());
        self
    }

    /// Makes the workspace a favorite of its owner.
    pub fn favorite(mut self) -> Self {
        self.favorite = true;
        self
    }

    /// Makes the workspace dormant: it is set aside because nobody used it.
    pub fn dormant(mut self) -> Self {
        self.dormant = true;
        self
    }

    /// Makes the workspace outdated: its template has a newer version than the one that it was made
    /// from.
    pub fn outdated(mut self) -> Self {
        self.outdated = true;
        self
    }

    /// Sets when the workspace was last used; an hour ago by default.
    pub fn last_used_at(mut self, time: Timestamp) -> Self {
        self.last_used = Some(time);
        self
    }

    /// Stops by itself this long after its start.
    pub fn time_to_live(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Shares the workspace with another user, who may use it (`use`) or do everything with it
    /// (`admin`).
    pub fn shared_with(mut self, user: &FakeUser, role: &str) -> Self {
        self.shared_with.push((user.id.as_uuid(), role.to_owned()));
        self
    }

    /// Adds it; its id.
    pub fn create(self) -> WorkspaceId {
        let coder = self.coder.clone();
        coder.with(|deployment| self.add_to(deployment)).into()
    }

    fn add_to(&self, deployment: &mut Deployment<'_>) -> Uuid {
        let template = self.template.as_deref().unwrap_or("devcontainers");
        let template = deployment.template_in_default(template);
        let version = deployment
            .state
            .template(template)
            .map_or(Uuid::nil(), crate::model::Template::active_id);
        let id = deployment.mint().uuid();
        let moments = Moments::new(deployment);
        deployment.state.workspaces.insert(id, self.stored(id, template, &moments));
        for (transition, created_at, fate) in self.state.builds(&moments) {
            let plan = BuildPlan {
                transition,
                version,
                preset: None,
                parameters: self.parameters.clone(),
                initiator: self.owner,
                reason: "initiator".to_owned(),
                created_at,
                fate,
            };
            deployment.add_build(id, plan);
            // What has happened already awaits nobody.
            if let Some(stored) = deployment.state.workspace_mut(id) {
                stored.was_read(created_at);
            }
        }
        let new_version = self.outdated.then(|| deployment.mint().uuid());
        if let Some(id) = new_version
            && let Some(template) = deployment.state.template_mut(template)
        {
            template.add_version(id, "newer", moments.now);
        }
        if let Some(stored) = deployment.state.workspace_mut(id) {
            self.finish(stored, &moments);
        }
        id
    }

    /// Makes the workspace as it is before its first build.
    fn stored(&self, id: Uuid, template: Uuid, moments: &Moments) -> Workspace {
        Workspace {
            id,
            name: self.name.clone(),
            owner: self.owner,
            template,
            created_at: moments.long_ago,
            last_used_at: moments.long_ago,
            builds: Vec::new(),
            favorite: self.favorite,
            dormant_at: None,
            autostart: None,
            awaits_start: false,
            ttl_ms: self.ttl.and_then(|ttl| i64::try_from(ttl.as_millis()).ok()),
            automatic_updates: "never".to_owned(),
            shared_with: self.shared_with.clone(),
            port_shares: Vec::new(),
            agents: self.planned_agents(),
        }
    }

    fn planned_agents(&self) -> Vec<AgentPlan> {
        let agents = self.agents.iter().cloned().map(|mut plan| {
            // What is said of one agent beats what is said of all.
            if plan.fate == AgentFate::default() {
                plan.fate = self.agent_fate;
            }
            if plan.scripts == ScriptPlan::default() {
                plan.scripts = self.scripts;
            }
            plan.scripts.blocks = self.scripts.blocks;
            plan
        });
        let sub_agents = self.sub_agents.iter().cloned().map(|name| AgentPlan {
            name,
            is_sub_agent: true,
            ..AgentPlan::default()
        });
        agents.chain(sub_agents).collect()
    }

    /// Sets what has come about since the last build.
    fn finish(&self, stored: &mut Workspace, moments: &Moments) {
        stored.last_used_at = self.last_used.unwrap_or(moments.hour_ago);
        stored.dormant_at = self.dormant.then_some(moments.hour_ago);
        let Some(build) = stored.builds.last_mut() else { return };
        if self.shutting_down {
            for agent in &mut build.agents {
                agent.events.push((moments.now, AgentEvent::ShutsDown));
            }
        }
        if matches!(self.state, Wanted::Canceled) {
            build.canceled_at = Some(build.created_at);
        }
    }
}

/// The moments at which the builds of a new workspace began.
struct Moments {
    now: Timestamp,
    /// The build's job has just begun to run.
    queued: Timestamp,
    /// The build has just ended.
    built: Timestamp,
    /// Long enough ago for everything to be over, an hour or more.
    hour_ago: Timestamp,
    /// As long before that.
    long_ago: Timestamp,
}

impl Moments {
    fn new(deployment: &Deployment<'_>) -> Self {
        let now = deployment.now;
        let pace = &deployment.settings.pace;
        let hour_ago = before(now, HOUR.saturating_add(pace.total()));
        Self {
            now,
            queued: before(now, pace.queued),
            built: before(now, pace.queued.saturating_add(pace.building)),
            hour_ago,
            long_ago: before(hour_ago, HOUR.saturating_add(pace.total())),
        }
    }
}

impl Wanted {
    /// Returns the builds that lead to this state, the oldest first.
    fn builds(&self, moments: &Moments) -> Vec<(Transition, Timestamp, Fate)> {
        let &Moments { now, queued, built, hour_ago, long_ago } = moments;
        let start = |at, fate| (Transition::Start, at, fate);
        let started = start(long_ago, Fate::Succeeds);
        let waits = |position, size| Fate::WaitsForEver { position, size };
        match self {
            Self::Running => vec![start(hour_ago, Fate::Succeeds)],
            Self::Connecting => vec![start(built, Fate::Succeeds)],
            Self::Starting => vec![start(queued, Fate::Succeeds)],
            Self::Pending => vec![start(now, Fate::Succeeds)],
            Self::Queued { position, size } => vec![start(now, waits(*position, *size))],
            Self::Failed { error, code } => {
                vec![start(hour_ago, Fate::Fails { error: error.clone(), code: code.clone() })]
            }
            Self::Canceled => vec![start(hour_ago, waits(1, 1))],
            Self::Stopped => vec![started, (Transition::Stop, hour_ago, Fate::Succeeds)],
            Self::Stopping => vec![started, (Transition::Stop, queued, Fate::Succeeds)],
            Self::Deleted => vec![started, (Transition::Delete, hour_ago, Fate::Succeeds)],
        }
    }
}

fn before(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

impl FakeCoder {
    /// Lets the agents of a workspace tell a value, like `cpu` and `12 %`, from now on. A datum that
    /// the template describes keeps its description. Without it they tell nothing.
    pub fn set_agent_metadata(&self, workspace: WorkspaceId, key: &str, value: &str) {
        self.with(|deployment| {
            let collected_at = deployment.now;
            let told = deployment.state.metadata.entry(workspace.as_uuid()).or_default();
            if let Some(known) = told.iter_mut().find(|known| known.key == key) {
                value.clone_into(&mut known.value);
                known.collected_at = collected_at;
                return;
            }
            let script = String::new();
            let (key, value) = (key.to_owned(), value.to_owned());
            told.push(Metadatum { display_name: key.clone(), script, key, value, collected_at });
        });
    }
}
