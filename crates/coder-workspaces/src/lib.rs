//! Which Coder workspaces belong to a catalog entity, whether they are usable, and how to get one.
//!
//! ```toml
//! [dependencies]
//! coder-workspaces = "0.1"
//! coder-client = "0.1"
//! coder-config = "0.1"
//! ```
//!
//! ```
//! use coder_client::Client;
//! use coder_config::{Entity, ScmIntegrations, WorkspacesConfig};
//! use coder_workspaces::{Owner, DeploymentHosts, find_workspaces, EntityWorkspacesConfig, Availability, WorkspaceLinks};
//!
//! async fn card(
//!     client: &Client,
//!     config: &WorkspacesConfig,
//!     entity: &Entity,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let repository = entity.repository(&ScmIntegrations::default())?;
//!     let config = EntityWorkspacesConfig::resolve(config, entity.coder_spec().as_ref(), Some(&repository));
//!     let found = find_workspaces(client, &config, Owner::Me).await?;
//!     for workspace in &found.workspaces {
//!         let state = Availability::new(workspace, client.now()).state.label();
//!         let open = WorkspaceLinks::new(workspace, &DeploymentHosts::new(config.access_url.clone())).dashboard;
//!         println!("{}: {state}, {open}", workspace.name);
//!     }
//!     if let Some(create) = config.creation_url {
//!         println!("create one: {create}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | know what template, parameters and link an entity has | [`EntityWorkspacesConfig::resolve`] |
//! | find the workspaces of an entity | [`find_workspaces`], with filters and pages [`Search`] |
//! | find the workspaces of many entities | [`WorkspaceIndex`](index::WorkspaceIndex) |
//! | know whether a workspace can be used | [`Availability`] |
//! | link to a workspace, its apps and editors | [`WorkspaceLinks`], [`Editor`] |
//! | open the workspace of an entity, or create it | [`OpenWorkspace`] |
//! | create a workspace once, for anybody | [`EnsureWorkspace`] |
//! | start, stop, restart, update, extend, delete one | [`ManageWorkspace`] |
//! | wait until a workspace is ready | [`ManageWorkspace::wait_until_ready`] |
//! | show the progress and the log of a build | [`Progress`] |
//!
//! # Which workspaces
//!
//! - [`EntityWorkspacesConfig::resolve`] puts together what the app says for every entity, what one entity says, and where
//!   its repository is: [`EntityWorkspacesConfig`], a [`CreationLink`] in every form that Coder
//!   takes, and [whether Coder has anything to offer](EntityWorkspacesConfig::compatibility).
//! - [`find_workspaces`] asks Coder **once** for all parameters that hold a repository and for all
//!   spellings of it; [`Search`] does so with a person's own filter, by pages. Parameters
//!   that Coder's search cannot express are compared here. A failure is never an empty list, and a list from which
//!   something may be missing [says so](EntityWorkspaces::is_partial).
//!
//! - [`WorkspaceIndex`](index::WorkspaceIndex) answers for all entities at once: it reads all
//!   workspaces once, and afterwards what has changed.
//!
//! # Can they be used
//!
//! - [`Availability::new`] tells online from starting, stopped, failed, dormant, unhealthy and the rest,
//!   with the reason, what to do next, and when to look again. [`missing_accounts`] asks what a
//!   failed start does not say.
//! - [`WorkspaceLinks`] lead to the dashboard, terminals, apps, ports and [editors](Editor), without a token
//!   in any of them. [`DeploymentHostsCache`] remembers which hosts a deployment's apps have; [`AssetUrls`]
//!   say where icons are and who may see credentials.
//!
//! # How to get one
//!
//! - [`OpenWorkspace`] is "I want to work on this" as one call: an existing workspace is used, woken
//!   or started, and only when there is none a new one is created, and followed until it is ready:
//!   until nothing that blocks is still to come.
//! - [`EnsureWorkspace`] is the same for automation: a workspace of a certain name, for anybody,
//!   made once however often the call is repeated.
//! - [`ManageWorkspace`] stops, restarts, updates, extends and deletes.
//!
//! [`Progress`] tells what is happening, with the lines of the build's log. An answer that was lost
//! makes nothing happen twice.
//!
//! # What it is not
//!
//! It reads no catalog (that is `backstage-catalog`) and no files (that is `coder-config`), and it
//! signs nobody in: the [`Client`](coder_client::Client) brings the caller's credential.

mod accounts;
mod agent_list;
mod agents;
mod assets;
mod availability;
mod availability_state;
mod build_log;
mod create;
mod creation_form;
mod creation_link;
mod deployment_hosts;
mod editor;
mod ensure;
mod entity_config;
mod error;
mod follow;
pub mod index;
mod links;
mod manage;
mod missing_account;
mod open;
mod parameters;
mod recent_reads;
mod search;
mod search_problem;
mod ssh_host;
mod template_versions;
mod version_reads;
mod watch;

pub use accounts::missing_accounts;
pub use assets::{AssetUrls, AssetUrlsError, PortalUrls};
pub use availability::{Availability, agent_statuses, icon_letter, poll_after};
pub use availability_state::{AvailabilityState, NextAction};
pub use creation_form::{CreationForm, FormOption, FormParameter};
pub use creation_link::CreationLink;
pub use deployment_hosts::{DeploymentHosts, DeploymentHostsCache};
pub use editor::Editor;
pub use ensure::{EnsureWorkspace, EnsuredWorkspace};
pub use entity_config::{EntityWorkspacesConfig, Incompatible};
pub use error::{NotCreatable, NotReady, NotSearchable, ParameterProblem, WorkspacesError};
pub use follow::{Progress, Wait};
pub use links::{AgentLinks, AppLink, EditorLink, WorkspaceLinks, port_link};
pub use manage::ManageWorkspace;
pub use missing_account::MissingAccount;
pub use open::{OpenOutcome, OpenWorkspace, OpenedWorkspace};
pub use search::{EntityWorkspaces, Owner, Search, SearchPlan, find_workspaces};
pub use search_problem::{RefusedParameter, SearchProblem};
pub use template_versions::TemplateVersionCache;
