//! The parameters of paths.

use coder_client::{AgentId, TemplateId, WorkspaceId};
use coder_config::EntityRef;

use super::error::ApiError;
use super::path_values::PathValues;

/// Value that a route's path holds.
pub(crate) trait FromPath: Sized {
    /// Names of the parameters, in their order, each with what it is.
    #[cfg(test)]
    const PARAMETERS: &'static [(&'static str, &'static str)];

    fn from_path(path: &PathValues) -> Result<Self, ApiError>;
}

/// A path without parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoPath;

impl FromPath for NoPath {
    #[cfg(test)]
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[];

    fn from_path(_: &PathValues) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

impl FromPath for EntityRef {
    #[cfg(test)]
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("kind", "Kind of the entity, such as `component`."),
        ("namespace", "Namespace of the entity, such as `default`."),
        ("name", "Name of the entity."),
    ];

    fn from_path(path: &PathValues) -> Result<Self, ApiError> {
        Ok(Self::new(path.get("kind"), path.get("namespace"), path.get("name"))?)
    }
}

#[cfg(test)]
const WORKSPACE: (&str, &str) = ("workspace", "Id of the workspace, a UUID.");

impl FromPath for WorkspaceId {
    #[cfg(test)]
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[WORKSPACE];

    fn from_path(path: &PathValues) -> Result<Self, ApiError> {
        path.get("workspace").parse().map_err(ApiError::id)
    }
}

impl FromPath for TemplateId {
    #[cfg(test)]
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("template", "Id of the template, a UUID.")];

    fn from_path(path: &PathValues) -> Result<Self, ApiError> {
        path.get("template").parse().map_err(ApiError::id)
    }
}

/// An agent of a workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AgentPath {
    pub(crate) workspace: WorkspaceId,
    pub(crate) agent: AgentId,
}

impl FromPath for AgentPath {
    #[cfg(test)]
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[WORKSPACE, ("agent", "Id of the agent, a UUID.")];

    fn from_path(path: &PathValues) -> Result<Self, ApiError> {
        let workspace = WorkspaceId::from_path(path)?;
        Ok(Self { workspace, agent: path.get("agent").parse().map_err(ApiError::id)? })
    }
}
