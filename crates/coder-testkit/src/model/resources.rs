//! What a build of a template makes: resources and their agents, as data.

use serde_json::{Map, Value, json};

use super::app::NewWorkspaceApp;
use super::build::Transition;
use crate::json::Json as _;

/// A resource that a template makes, such as a container or a volume.
///
/// ```
/// use coder_testkit::{NewAgent, NewResource};
///
/// # let coder = coder_testkit::FakeCoder::new();
/// coder.add_template("devcontainers").resources([
///     NewResource::new("docker_volume", "home").hidden().kept_when_stopped(),
///     NewResource::new("docker_container", "main").daily_cost(2).agent(NewAgent::new("main")),
/// ]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a resource does nothing until it is given to `FakeTemplate::resources`"]
pub struct NewResource(Resource);

/// An agent that a template makes.
#[derive(Clone, Debug)]
#[must_use = "an agent does nothing until it is given to `NewResource::agent`"]
pub struct NewAgent(AgentDescription);

/// A resource, as the deployment stores it.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    kind: String,
    name: String,
    icon: String,
    hidden: bool,
    pub(super) daily_cost: u32,
    metadata: Vec<ResourceDatum>,
    lasts: Lasts,
    pub(crate) agents: Vec<AgentDescription>,
    /// The agents are those of the workspace, whatever they are called.
    pub(crate) any_agent: bool,
}

/// The lifetime of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lasts {
    UntilStopped,
    UntilDeleted,
    /// The build that deletes the workspace lists it too.
    Always,
}

#[derive(Clone, Debug)]
struct ResourceDatum {
    key: String,
    value: String,
    sensitive: bool,
}

/// The description of an agent in a template. Absent parts are as usual.
#[derive(Clone, Debug)]
pub(crate) struct AgentDescription {
    pub(crate) name: String,
    pub(crate) apps: Vec<NewWorkspaceApp>,
    pub(crate) never_connects: bool,
    pub(crate) metadata: Vec<AgentDatum>,
    environment: Vec<(String, String)>,
    troubleshooting_url: String,
    display_apps: Option<Vec<String>>,
    script: Option<Script>,
}

/// Something that an agent collects about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentDatum {
    pub(crate) key: String,
    pub(crate) display_name: String,
    pub(crate) script: String,
}

#[derive(Clone, Debug)]
struct Script {
    display_name: String,
    text: String,
    log_path: String,
    icon: String,
}

/// Returns the usual resources: a pod with the agents of the workspace, and a volume.
pub(crate) fn usual() -> Vec<Resource> {
    let pod = NewResource::new("kubernetes_pod", "main").icon("/icon/k8s.png");
    let volume = NewResource::new("kubernetes_persistent_volume_claim", "home")
        .icon("/icon/database.svg")
        .kept_when_stopped();
    vec![Resource { any_agent: true, ..pod.0 }, volume.0]
}

/// Returns the lines that Terraform writes.
pub(crate) fn usual_log() -> [Vec<String>; 2] {
    ["Terraform has been successfully initialized!", "Apply complete!"]
        .map(|line| vec![line.to_owned()])
}

impl NewResource {
    /// Creates a resource of a Terraform type, like `docker_container`, with its name.
    pub fn new(kind: &str, name: &str) -> Self {
        Self(Resource {
            kind: kind.to_owned(),
            name: name.to_owned(),
            icon: String::new(),
            hidden: false,
            daily_cost: 0,
            metadata: Vec::new(),
            lasts: Lasts::UntilStopped,
            agents: Vec::new(),
            any_agent: false,
        })
    }

    /// Sets the icon: a URL, or a path of the deployment like `/icon/docker.svg`.
    pub fn icon(mut self, icon: &str) -> Self {
        icon.clone_into(&mut self.0.icon);
        self
    }

    /// Hides the resource from people.
    pub fn hidden(mut self) -> Self {
        self.0.hidden = true;
        self
    }

    /// Sets the cost of a day, in credits.
    pub fn daily_cost(mut self, credits: u32) -> Self {
        self.0.daily_cost = credits;
        self
    }

    /// Adds a fact about the resource.
    pub fn metadata(self, key: &str, value: &str) -> Self {
        self.datum(key, value, false)
    }

    /// Adds a fact about the resource that is not for every eye.
    pub fn sensitive_metadata(self, key: &str, value: &str) -> Self {
        self.datum(key, value, true)
    }

    fn datum(mut self, key: &str, value: &str, sensitive: bool) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.0.metadata.push(ResourceDatum { key, value, sensitive });
        self
    }

    /// Keeps the resource while the workspace is stopped.
    pub fn kept_when_stopped(mut self) -> Self {
        self.0.lasts = Lasts::UntilDeleted;
        self
    }

    /// Lists the resource in every build, the one that deletes the workspace included.
    pub fn listed_always(mut self) -> Self {
        self.0.lasts = Lasts::Always;
        self
    }

    /// Adds an agent that runs in the resource.
    pub fn agent(mut self, agent: NewAgent) -> Self {
        self.0.agents.push(agent.0);
        self
    }

    pub(crate) fn into_resource(self) -> Resource {
        self.0
    }
}

impl NewAgent {
    /// Creates an agent of that name, without apps.
    pub fn new(name: &str) -> Self {
        Self(AgentDescription {
            name: name.to_owned(),
            apps: Vec::new(),
            never_connects: false,
            metadata: Vec::new(),
            environment: Vec::new(),
            troubleshooting_url: String::new(),
            display_apps: None,
            script: None,
        })
    }

    /// Adds an app to the agent.
    pub fn app(mut self, app: NewWorkspaceApp) -> Self {
        self.0.apps.push(app);
        self
    }

    /// Adds an environment variable to the agent.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.0.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the URL where people get help when the agent does not connect.
    pub fn troubleshooting_url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.0.troubleshooting_url);
        self
    }

    /// Sets the built-in apps that are shown, such as `vscode` and `web_terminal`.
    pub fn display_apps(mut self, apps: &[&str]) -> Self {
        self.0.display_apps = Some(apps.iter().map(|app| (*app).to_owned()).collect());
        self
    }

    /// Sets a startup script that people wait for.
    pub fn blocking_script(mut self, name: &str, text: &str, log_path: &str, icon: &str) -> Self {
        self.0.script = Some(Script {
            display_name: name.to_owned(),
            text: text.to_owned(),
            log_path: log_path.to_owned(),
            icon: icon.to_owned(),
        });
        self
    }

    /// Adds a fact that the agent collects about itself with a command, every ten seconds.
    pub fn metadata(mut self, key: &str, display_name: &str, script: &str) -> Self {
        self.0.metadata.push(AgentDatum {
            key: key.to_owned(),
            display_name: display_name.to_owned(),
            script: script.to_owned(),
        });
        self
    }

    /// Keeps the agent from connecting, since nobody has started a real one.
    pub fn never_connects(mut self) -> Self {
        self.0.never_connects = true;
        self
    }
}

impl Resource {
    /// Tells whether a build with this transition lists the resource.
    pub(crate) fn is_listed_after(&self, transition: Transition) -> bool {
        match transition {
            Transition::Start => true,
            Transition::Stop => self.lasts >= Lasts::UntilDeleted,
            Transition::Delete => self.lasts == Lasts::Always,
        }
    }

    /// Writes what the template says of it.
    pub(crate) fn describe(&self, resource: &mut Value) {
        resource.set("type", self.kind.as_str());
        resource.set("name", self.name.as_str());
        resource.set("hide", self.hidden);
        resource.set("icon", self.icon.as_str());
        resource.set("daily_cost", self.daily_cost);
        if !self.metadata.is_empty() {
            let datum = |datum: &ResourceDatum| {
                let (key, value) = (&datum.key, &datum.value);
                json!({ "key": key, "value": value, "sensitive": datum.sensitive })
            };
            resource.set("metadata", self.metadata.iter().map(datum).collect::<Vec<_>>());
        }
    }
}

impl AgentDescription {
    /// Writes what the template says of an agent.
    pub(crate) fn describe(&self, agent: &mut Value) {
        if !self.environment.is_empty() {
            let variables: Map<String, Value> = self
                .environment
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect();
            agent.set("environment_variables", variables);
        }
        agent.set("troubleshooting_url", self.troubleshooting_url.as_str());
        if let Some(apps) = &self.display_apps {
            agent.set("display_apps", apps.clone());
        }
        if let Some(script) = &self.script {
            agent.set("startup_script_behavior", "blocking");
            script.describe(agent);
        }
    }
}

impl Script {
    fn describe(&self, agent: &mut Value) {
        if let Some(source) = agent.pointer_mut("/log_sources/0") {
            source.set("display_name", self.display_name.as_str());
            source.set("icon", self.icon.as_str());
        }
        if let Some(script) = agent.pointer_mut("/scripts/0") {
            script.set("display_name", self.display_name.as_str());
            script.set("script", self.text.as_str());
            script.set("log_path", self.log_path.as_str());
            script.set("start_blocks_login", true);
        }
    }
}
