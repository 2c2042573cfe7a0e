//! Apps of an agent.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::json::Json as _;

/// An app of a workspace: what one opens in it.
///
/// ```
/// use coder_testkit::NewWorkspaceApp;
///
/// let editor = NewWorkspaceApp::subdomain("code-server").display_name("VS Code in the browser");
/// let docs = NewWorkspaceApp::external("docs", "https://docs.example.com").health("disabled");
/// # let _ = (editor, docs);
/// ```
#[derive(Clone, Debug)]
#[must_use = "an app does nothing until it is given to `NewWorkspace::app`"]
pub struct NewWorkspaceApp {
    slug: String,
    display_name: String,
    icon: String,
    target: Target,
    health: &'static str,
    sharing_level: String,
    hidden: bool,
    /// Where it listens beside the agent.
    url: String,
    healthcheck: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Subdomain,
    Path,
    External(String),
    Command(String),
}

impl NewWorkspaceApp {
    /// Makes an app under a subdomain of its own.
    pub fn subdomain(slug: &str) -> Self {
        Self::new(slug, Target::Subdomain, "healthy")
    }

    /// Makes an app below the workspace's path.
    pub fn path(slug: &str) -> Self {
        Self::new(slug, Target::Path, "healthy")
    }

    /// Makes an app that is a link to another site.
    pub fn external(slug: &str, url: &str) -> Self {
        Self::new(slug, Target::External(url.to_owned()), "disabled")
    }

    /// Makes an app that is a command in the terminal.
    pub fn command(slug: &str, command: &str) -> Self {
        Self::new(slug, Target::Command(command.to_owned()), "disabled")
    }

    fn new(slug: &str, target: Target, health: &'static str) -> Self {
        Self {
            slug: slug.to_owned(),
            display_name: slug.to_owned(),
            icon: "/icon/widgets.svg".to_owned(),
            target,
            health,
            sharing_level: "owner".to_owned(),
            hidden: false,
            url: "http://localhost:13337".to_owned(),
            healthcheck: Some("http://localhost:13337/healthz".to_owned()),
        }
    }

    /// Sets the name that people read.
    pub fn display_name(mut self, text: &str) -> Self {
        text.clone_into(&mut self.display_name);
        self
    }

    /// Sets the URL that the app listens at beside the agent; `http://localhost:13337` by default.
    pub fn listens_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    /// Leaves out the health check of the app.
    pub fn without_healthcheck(mut self) -> Self {
        self.healthcheck = None;
        self.health = "disabled";
        self
    }

    /// Sets the icon: a URL, or a path of the deployment; none when empty.
    pub fn icon(mut self, icon: &str) -> Self {
        icon.clone_into(&mut self.icon);
        self
    }

    /// Sets the health: `disabled`, `initializing`, `healthy` or `unhealthy`.
    pub fn health(mut self, health: &'static str) -> Self {
        self.health = health;
        self
    }

    /// Sets who may use the app: `owner`, `authenticated`, `organization` or `public`.
    pub fn sharing_level(mut self, level: &str) -> Self {
        level.clone_into(&mut self.sharing_level);
        self
    }

    /// Hides the app from people.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Renders the app. `home` is the part of the subdomain behind the app, for an app in a
    /// workspace; `running` says whether its agent can have checked whether the app works.
    pub(crate) fn json(&self, id: Uuid, home: Option<&str>, running: bool) -> Value {
        let reachable = matches!(self.target, Target::Subdomain | Target::Path);
        let check = self.healthcheck.as_ref().filter(|_| reachable);
        let (interval, threshold) = if check.is_some() { (5, 6) } else { (0, 0) };
        let mut app = json!({
            "id": id,
            "external": matches!(self.target, Target::External(_)),
            "slug": self.slug,
            "display_name": self.display_name,
            "subdomain": self.target == Target::Subdomain,
            "sharing_level": self.sharing_level,
            "healthcheck": {
                "url": check.map(String::as_str).unwrap_or_default(),
                "interval": interval,
                "threshold": threshold,
            },
            "health": match check {
                None => "disabled",
                Some(_) if !running => "initializing",
                Some(_) => self.health,
            },
            "hidden": self.hidden,
            "open_in": "slim-window",
            "statuses": [],
        });
        if !self.icon.is_empty() {
            app.set("icon", self.icon.as_str());
        }
        self.add_target(&mut app, home);
        app
    }

    /// Adds where the app leads.
    fn add_target(&self, app: &mut Value, home: Option<&str>) {
        let url = self.url.as_str();
        match &self.target {
            Target::Subdomain => {
                app.set("url", url);
                if let Some(home) = home {
                    app.set("subdomain_name", format!("{}--{home}", self.slug));
                }
            }
            Target::Path => app.set("url", url),
            Target::External(url) => app.set("url", url.as_str()),
            Target::Command(command) => app.set("command", command.as_str()),
        }
    }
}
