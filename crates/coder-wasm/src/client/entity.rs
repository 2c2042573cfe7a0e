//! The workspaces of an entity.

use std::rc::Rc;
use std::time::Duration;

use coder_client::{Client, UserRef, WorkspaceName};
use coder_config::{Entity, LoadedConfig, Node, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::{
    EnsureWorkspace, EntityWorkspacesConfig, OpenOutcome, OpenWorkspace, Owner, Progress, Search,
};
use js_sys::{Function, Promise};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::manage::tell;
use super::models::{WorkspaceView, WorkspacesView};
use super::operations::filter;
use super::outcome::{Refusal, promise, told};
use crate::answer::{Fault, read};

/// An entity, and the client that knows its workspaces.
#[wasm_bindgen]
#[derive(Debug)]
pub struct EntityHandle(Rc<Known>);

#[derive(Debug)]
struct Known {
    client: Client,
    config: EntityWorkspacesConfig,
}

impl EntityHandle {
    pub(super) fn new(
        client: &Client,
        entity: &str,
        app_config: &str,
        integrations: &str,
    ) -> Result<Self, Fault> {
        let node: Node = read("the entity", entity)?;
        let entity = Entity::from_node(&node);
        let entity = entity.map_err(|error| Fault::from_config("invalidEntity", error))?;
        let app = LoadedConfig::from_node(read("the app's configuration", app_config)?)?;
        let (app, _) = WorkspacesConfig::from_loaded(&app)?;
        let integrations = LoadedConfig::from_node(read("the integrations", integrations)?)?;
        let integrations = ScmIntegrations::from_loaded(&integrations)?;
        let repository = entity.repository(&integrations).ok();
        let config = EntityWorkspacesConfig::resolve(
            &app,
            entity.coder_spec().as_ref(),
            repository.as_ref(),
        );
        Ok(Self(Rc::new(Known { client: client.clone(), config })))
    }
}

#[wasm_bindgen]
impl EntityHandle {
    /// Finds the entity's workspaces.
    pub fn find(&self, options: &str, aborted: Promise) -> Promise {
        self.run(options, aborted, Known::find)
    }

    /// Opens a workspace to work on the entity.
    pub fn open(&self, options: &str, progress: Option<Function>, aborted: Promise) -> Promise {
        self.run(options, aborted, async move |known: &Known, options: OpenOptions| {
            known.open(options, progress.as_ref()).await
        })
    }

    /// Creates a workspace of this name, unless there is one.
    pub fn ensure(&self, options: &str, aborted: Promise) -> Promise {
        self.run(options, aborted, Known::ensure)
    }
}

impl EntityHandle {
    fn run<O, T>(
        &self,
        options: &str,
        aborted: Promise,
        work: impl AsyncFnOnce(&Known, O) -> Result<T, Refusal> + 'static,
    ) -> Promise
    where
        O: for<'de> Deserialize<'de> + 'static,
        T: Serialize,
    {
        let known = Rc::clone(&self.0);
        let options = read::<O>("the options", options);
        promise(aborted, async move {
            told(match options {
                Ok(options) => work(&known, options).await,
                Err(fault) => Err(fault.into()),
            })
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FindOptions {
    owner: Option<FoundOwner>,
    filter: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum FoundOwner {
    Me,
    Everyone,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OpenOptions {
    name: Option<String>,
    #[serde(default)]
    another: bool,
    owner: Option<String>,
    #[serde(default)]
    parameters: Vec<(String, String)>,
    preset: Option<String>,
    wait_limit_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EnsureOptions {
    name: String,
    owner: Option<String>,
    #[serde(default)]
    parameters: Vec<(String, String)>,
    preset: Option<String>,
}

#[derive(Serialize)]
struct Opened {
    workspace: WorkspaceView,
    outcome: OpenOutcome,
}

#[derive(Serialize)]
struct Ensured {
    workspace: WorkspaceView,
    created: bool,
}

impl Known {
    async fn find(&self, options: FindOptions) -> Result<WorkspacesView, Refusal> {
        let mut search = Search::new(&self.config);
        if let Some(FoundOwner::Everyone) = options.owner {
            search = search.owner(Owner::Everyone);
        }
        if let Some(query) = options.filter {
            search = search.filter(filter(&query)?);
        }
        search = search.page(options.limit.unwrap_or(usize::MAX), options.offset.unwrap_or(0));
        let found = search.run(&self.client).await?;
        Ok(WorkspacesView::of_entity(&found, self.client.now()))
    }

    async fn open(
        &self,
        options: OpenOptions,
        progress: Option<&Function>,
    ) -> Result<Opened, Refusal> {
        let mut open = OpenWorkspace::new(&self.config);
        match options.name {
            Some(name) if options.another => open = open.new_name(workspace_name(&name)?),
            Some(name) => open = open.name(workspace_name(&name)?),
            None => {}
        }
        if let Some(owner) = options.owner {
            open = open.owner(UserRef::from(owner.as_str()));
        }
        for (name, value) in options.parameters {
            open = open.parameter(name, value);
        }
        if let Some(preset) = options.preset {
            open = open.preset(preset);
        }
        if let Some(seconds) = options.wait_limit_seconds {
            open = open.wait_limit(Duration::from_secs(seconds));
        }
        let listen = |now: Progress<'_>| tell(progress, &self.client, &now);
        let opened = open.run(&self.client, listen).await?;
        let workspace = WorkspaceView::new(&opened.workspace, self.client.now());
        Ok(Opened { workspace, outcome: opened.outcome })
    }

    async fn ensure(&self, options: EnsureOptions) -> Result<Ensured, Refusal> {
        let mut ensure = EnsureWorkspace::new(&self.config, workspace_name(&options.name)?);
        if let Some(owner) = options.owner {
            ensure = ensure.owner(UserRef::from(owner.as_str()));
        }
        for (name, value) in options.parameters {
            ensure = ensure.parameter(name, value);
        }
        if let Some(preset) = options.preset {
            ensure = ensure.preset(preset);
        }
        let ensured = ensure.run(&self.client).await?;
        let workspace = WorkspaceView::new(&ensured.workspace, self.client.now());
        Ok(Ensured { workspace, created: ensured.created })
    }
}

fn workspace_name(name: &str) -> Result<WorkspaceName, Fault> {
    let name: Result<WorkspaceName, coder_client::NameError> = name.parse();
    name.map_err(|error| Fault::from_error("invalidArgument", &error))
}
