//! An entity's configuration, from the defaults that hold for all entities.

use coder_client::{TemplateVersionId, WorkspaceFilter, WorkspaceName};
use coder_config::{
    CoderSpec, CreationMode, Entity, LoadedConfig, NoRepository, Node, Notice, Repository,
    ScmIntegrations, TemplateRef, WorkspacesConfig,
};
use coder_core::with_causes;
use coder_workspaces::{CreationLink, EntityWorkspacesConfig, Incompatible, Owner, Search};
use indexmap::IndexMap;
use serde::Serialize;
use url::Url;
use wasm_bindgen::prelude::*;

use crate::answer::{Answer, Fault, answer, read};

/// The settings that hold for all entities: the app's configuration of workspaces.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Defaults {
    config: WorkspacesConfig,
    notices: Vec<Notice>,
    integrations: ScmIntegrations,
}

impl Defaults {
    pub(super) fn read(text: &str, integrations: ScmIntegrations) -> Result<Self, Fault> {
        let loaded = LoadedConfig::from_node(read::<Node>("the app's configuration", text)?)?;
        let (config, notices) = WorkspacesConfig::from_loaded(&loaded)?;
        Ok(Self { config, notices, integrations })
    }

    fn repository(&self, url: Option<String>) -> (Option<Repository>, Option<NoRepository>) {
        split(url.map(|url| Repository::from_url(&url, &self.integrations)))
    }

    fn of_entity(&self, text: &str) -> Result<Resolved, Fault> {
        let entity = read_entity(text)?;
        let (repository, problem) = split(Some(entity.repository(&self.integrations)));
        let spec = entity.coder_spec();
        Ok(Resolved::new(&self.config, spec.as_ref(), repository.as_ref(), problem.as_ref()))
    }
}

#[wasm_bindgen]
impl Defaults {
    /// Reads the app's configuration.
    ///
    /// # Errors
    ///
    /// The answer that tells every mistake.
    #[wasm_bindgen(constructor)]
    pub fn new(app_config: &str) -> Result<Self, Answer> {
        Self::read(app_config, ScmIntegrations::default()).map_err(|fault| answer::<()>(Err(fault)))
    }

    /// Returns the notices about the app's configuration.
    pub fn notices(&self) -> Answer {
        answer(Ok(Told::all(&self.notices)))
    }

    /// Returns what is the same for all entities.
    pub fn shared(&self) -> Answer {
        let config = EntityWorkspacesConfig::resolve(&self.config, None, None);
        answer(Ok(Shared {
            repo_url_param_keys: &config.repo_url_param_keys,
            access_url: config.access_url.as_str(),
        }))
    }

    /// Compiles a value of `spec.coder` and a repository's URL.
    pub fn compile(&self, spec: Option<String>, repository: Option<String>) -> Answer {
        let spec = spec.map(|text| read::<Node>("`spec.coder`", &text)).transpose();
        let resolved = spec.map(|spec| {
            let spec = spec.as_ref().map(CoderSpec::from_node);
            let (repository, problem) = self.repository(repository);
            Resolved::new(&self.config, spec.as_ref(), repository.as_ref(), problem.as_ref())
        });
        compiled(resolved)
    }

    /// Compiles an entity.
    #[wasm_bindgen(js_name = compileEntity)]
    pub fn compile_entity(&self, entity: &str) -> Answer {
        compiled(self.of_entity(entity))
    }

    /// Returns the requests that find an entity's workspaces.
    #[wasm_bindgen(js_name = searchPlan)]
    pub fn search_plan(&self, entity: &str, everyone: bool) -> Answer {
        answer(self.of_entity(entity).and_then(|compiled| {
            let owner = if everyone { Owner::Everyone } else { Owner::Me };
            let plan = Search::new(&compiled.config).owner(owner).plan();
            let plan = plan.map_err(|error| Fault::from_error("notSearchable", &error))?;
            Ok(Plan {
                queries: plan.queries.iter().map(ToString::to_string).collect(),
                compare: plan.compare.map(|filter| filter.to_string()),
                narrow: plan.narrow.map(|filter| filter.to_string()),
                problems: plan.problems.iter().map(ToString::to_string).collect(),
            })
        }))
    }

    /// Returns a creation link in the form that is asked for; null without a template. `lock` is a
    /// list.
    #[wasm_bindgen(js_name = creationLink)]
    pub fn creation_link(
        &self,
        entity: &str,
        name: Option<String>,
        reuse: Option<String>,
        version: Option<String>,
        preset: Option<String>,
        lock: &str,
    ) -> Answer {
        let options = || -> Result<LinkOptions, Fault> {
            let name = name.map(|name| name.parse::<WorkspaceName>()).transpose();
            let version = version.map(|id| id.parse::<TemplateVersionId>()).transpose();
            let reuse = reuse.map(|query| WorkspaceFilter::from_query(&query)).transpose();
            Ok(LinkOptions {
                name: name.map_err(|error| Fault::from_error("invalidArgument", &error))?,
                reuse: reuse.map_err(|error| Fault::from_error("invalidFilter", &error))?,
                version: version.map_err(|error| Fault::from_error("invalidArgument", &error))?,
                preset,
                lock: read_names("the names to lock", lock)?,
            })
        };
        let link = || {
            let link = self.of_entity(entity)?.config.creation_link();
            let options = options()?;
            Ok(link.map(|link| options.link(link)))
        };
        answer(link())
    }
}

/// Reads an entity, with the path of what is wrong with it.
pub(super) fn read_entity(text: &str) -> Result<Entity, Fault> {
    let node: Node = read("the entity", text)?;
    Entity::from_node(&node).map_err(|error| Fault::from_config("invalidEntity", error))
}

fn compiled(resolved: Result<Resolved, Fault>) -> Answer {
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(fault) => return answer::<()>(Err(fault)),
    };
    answer(Ok(Compiled::from(&resolved)))
}

/// Reads a list of texts.
fn read_names(what: &'static str, text: &str) -> Result<Vec<String>, Fault> {
    let node: Node = read(what, text)?;
    let names = node.as_list().and_then(|items| {
        items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()
    });
    names.ok_or_else(|| Fault::new("invalidArgument", format!("{what} are no list of texts")))
}

fn split<T, E>(found: Option<Result<T, E>>) -> (Option<T>, Option<E>) {
    match found {
        Some(Ok(found)) => (Some(found), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    }
}

/// The configuration of one entity's workspaces, and what else there is to say about it.
struct Resolved {
    config: EntityWorkspacesConfig,
    repository_problem: Option<String>,
    notices: Vec<Told>,
}

impl Resolved {
    fn new(
        config: &WorkspacesConfig,
        spec: Option<&CoderSpec>,
        repository: Option<&Repository>,
        problem: Option<&NoRepository>,
    ) -> Self {
        Self {
            config: EntityWorkspacesConfig::resolve(config, spec, repository),
            repository_problem: problem.map(|problem| with_causes(problem)),
            notices: spec.map(|spec| Told::all(&spec.notices)).unwrap_or_default(),
        }
    }
}

/// Values that differ from entity to entity; [`Shared`] has the rest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Compiled<'a> {
    mode: CreationMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_name: Option<&'a TemplateRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo_url: Option<&'a str>,
    params: &'a IndexMap<String, String>,
    is_reading_entity_data: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    incompatible: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_problem: Option<&'a str>,
    /// In place of those of the configuration, which are texts with places.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notices: &'a [Told],
}

impl<'a> From<&'a Resolved> for Compiled<'a> {
    fn from(resolved: &'a Resolved) -> Self {
        let Resolved { config, repository_problem, notices } = resolved;
        Self {
            mode: config.mode,
            creation_url: config.creation_url.as_ref().map(Url::as_str),
            template_name: config.template.as_ref(),
            repo_url: config.repository.as_ref().map(Repository::clone_url),
            params: &config.params,
            is_reading_entity_data: config.is_reading_entity_data,
            incompatible: config.compatibility().err().map(Reason::from),
            repository_problem: repository_problem.as_deref(),
            notices,
        }
    }
}

/// The part of a configuration that is the same for all entities.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shared<'a> {
    repo_url_param_keys: &'a [String],
    access_url: &'a str,
}

#[derive(Serialize)]
struct Reason {
    code: Incompatible,
    message: String,
}

impl From<Incompatible> for Reason {
    fn from(code: Incompatible) -> Self {
        Self { code, message: code.to_string() }
    }
}

/// A notice as JavaScript gets it.
#[derive(Serialize)]
struct Told {
    path: String,
    message: String,
}

impl Told {
    fn all(notices: &[Notice]) -> Vec<Self> {
        let told =
            |notice: &Notice| Self { path: notice.path.clone(), message: notice.message.clone() };
        notices.iter().map(told).collect()
    }
}

#[derive(Serialize)]
struct Plan {
    queries: Vec<String>,
    compare: Option<String>,
    narrow: Option<String>,
    problems: Vec<String>,
}

/// The options that a creation link may have beside the template and its parameters.
struct LinkOptions {
    name: Option<WorkspaceName>,
    reuse: Option<WorkspaceFilter>,
    version: Option<TemplateVersionId>,
    preset: Option<String>,
    lock: Vec<String>,
}

impl LinkOptions {
    fn link(&self, mut link: CreationLink) -> Link {
        if let Some(name) = &self.name {
            link = link.name(name);
        }
        if let Some(filter) = &self.reuse {
            link = link.reuse(filter);
        }
        if let Some(version) = self.version {
            link = link.version(version);
        }
        if let Some(preset) = &self.preset {
            link = link.preset(preset);
        }
        link = link.lock(self.lock.iter().map(String::as_str));
        Link { url: link.url().into(), markdown: link.badge_markdown(), html: link.badge_html() }
    }
}

#[derive(Serialize)]
struct Link {
    url: String,
    markdown: String,
    html: String,
}
