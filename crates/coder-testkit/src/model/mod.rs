//! The things of a deployment: plain data, and what it means at a moment.

mod agent;
mod app;
mod belongings;
mod build;
mod counter;
mod group;
mod key;
mod metadatum;
mod mint;
mod oauth2;
mod organization;
mod pace;
mod races;
mod resources;
mod schedule;
mod successor;
mod template;
mod user;
mod workspace;

pub(crate) use agent::{
    Agent, AgentEvent, AgentFate, AgentPlan, AgentState, Place, ScriptFate, ScriptPlan,
    default_agent,
};
pub use app::NewWorkspaceApp;
pub(crate) use belongings::{Notification, SshKey, UserSecret};
pub(crate) use build::{Build, BuildPlan, Fate, Job, Reader, Transition};
pub(crate) use counter::{Counters, WINDOW};
pub(crate) use group::Group;
pub(crate) use key::{ApiKey, KeyKind, after};
pub(crate) use metadatum::Metadatum;
pub(crate) use mint::{Mint, TwoPart};
pub use oauth2::FakeApp;
pub(crate) use oauth2::{App, AppSecret, ClientType, Code, NewApp, RefreshToken, Registered};
pub(crate) use organization::Organization;
pub use pace::Pace;
pub(crate) use pace::plus;
pub(crate) use races::{Kind, Races, Seen, TURNS, Verdict};
pub(crate) use resources::{AgentDatum, AgentDescription, Resource};
pub use resources::{NewAgent, NewResource};
pub(crate) use schedule::Schedule;
pub(crate) use successor::Successor;
pub(crate) use template::{
    Draft, DryRun, Import, ImportJob, Preset, Template, TemplateVersion, sibling,
};
pub use user::FakeUser;
pub(crate) use user::{SITE_ROLES, User, UserStatus};
pub(crate) use workspace::{PortShare, Workspace};
