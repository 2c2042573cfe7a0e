//! Reasons why a route has no answer, and what each is answered with.

use std::sync::Arc;
use std::time::Duration;

use backstage_catalog::CatalogError;
use coder_auth::http::ErrorResponse;
use coder_auth::{AuthError, RequestError, SessionError};
use coder_client::{ClientError, FilterError, IdError, NameError};
use coder_config::{EntityRef, EntityRefError};
use coder_core::{TransportError, cleaned, quoted, with_causes};
use coder_workspaces::{Incompatible, NotCreatable, NotReady, WorkspacesError};
use http::StatusCode;

use crate::workspaces::UnderWay;

/// How long to wait before the catalog is asked again.
const CATALOG_RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long to wait before Coder is asked again, unless it says so itself.
const CODER_RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long to wait before a server that shuts down is replaced.
const RESTART_RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long to wait before a template that is imported can be used.
const IMPORT_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The greatest number of parameters of a template that a request sets.
pub(super) const MAX_VALUES: usize = 200;
/// The greatest length of a parameter's value, in bytes.
pub(super) const MAX_VALUE: usize = 8 * 1024;

/// Reasons why a route has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("the parameter {} {problem}", quoted(name))]
    Parameter { name: String, problem: String },
    #[error(transparent)]
    EntityRef(#[from] EntityRefError),
    #[error("{}", cleaned(&.0.to_string()))]
    Id(IdError),
    #[error("{}", cleaned(&.0.to_string()))]
    Name(NameError),
    #[error("there is no entity '{}' in the catalog", cleaned(&.0.to_string()))]
    NoEntity(EntityRef),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Incompatible(#[from] Incompatible),
    #[error("the workspace {} has no such agent", quoted(workspace))]
    NoAgent { workspace: String },
    #[error("a workspace can run longer by 1 to 10080 minutes, not by {minutes}")]
    Extension { minutes: u32 },
    #[error(
        "this Coder does not let workspaces be renamed; its administrator can allow it with `CODER_ALLOW_WORKSPACE_RENAMES`"
    )]
    NotRenamable,
    #[error("at most {MAX_VALUES} parameters can be set, each of at most {MAX_VALUE} bytes")]
    TooManyValues,
    #[error(
        "`Idempotency-Key` must be given once, as 1 to 255 visible ASCII characters without white space"
    )]
    InvalidKey,
    #[error("this `Idempotency-Key` was given to another request; choose a new key for each one")]
    KeyReused,
    #[error("coder does not let your token read workspaces; use one with a wider scope")]
    MayNotReadWorkspaces,
    #[error("the server is shutting down; try again in a moment")]
    Interrupted,
    #[error(
        "what was asked for is done, but its answer cannot be given; read the workspace to see it"
    )]
    Unrecorded(#[source] TransportError),
    #[error(transparent)]
    UnderWay(#[from] UnderWay),
    #[error("{0}")]
    Workspaces(Box<WorkspacesError>),
    #[error(transparent)]
    Coder(#[from] ClientError),
    /// The failure of one question that several requests have waited for.
    #[error(transparent)]
    Shared(Arc<Self>),
}

impl ApiError {
    /// Tells whether Coder has refused the caller's token.
    pub(crate) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Coder(error) => error.is_unauthorized(),
            Self::Shared(error) => error.is_unauthorized(),
            Self::Workspaces(error) => error.is_unauthorized(),
            Self::Auth(_)
            | Self::Parameter { .. }
            | Self::EntityRef(_)
            | Self::Id(_)
            | Self::Name(_)
            | Self::NoEntity(_)
            | Self::Catalog(_)
            | Self::Incompatible(_)
            | Self::NoAgent { .. }
            | Self::Extension { .. }
            | Self::NotRenamable
            | Self::TooManyValues
            | Self::InvalidKey
            | Self::KeyReused
            | Self::MayNotReadWorkspaces
            | Self::Interrupted
            | Self::Unrecorded(_)
            | Self::UnderWay(_) => false,
        }
    }

    /// Creates the error for a text that cannot be searched for.
    pub(crate) fn filter(error: FilterError) -> Self {
        Self::Coder(error.into())
    }

    /// Creates the error for a text that is not an id.
    pub(crate) fn id(error: IdError) -> Self {
        Self::Id(error)
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        Self::Auth(error.into())
    }
}

impl From<WorkspacesError> for ApiError {
    fn from(error: WorkspacesError) -> Self {
        match error {
            WorkspacesError::Client(error) => Self::Coder(error),
            error @ (WorkspacesError::NotSearchable(_)
            | WorkspacesError::NotCreatable(_)
            | WorkspacesError::NotReady { .. }
            | WorkspacesError::Incomplete(_)) => Self::Workspaces(Box::new(error)),
        }
    }
}

impl From<ApiError> for ErrorResponse {
    fn from(error: ApiError) -> Self {
        Self::from(&error)
    }
}

impl From<&ApiError> for ErrorResponse {
    fn from(error: &ApiError) -> Self {
        let status = match error {
            ApiError::Auth(error) => return error.into(),
            ApiError::Shared(error) => return Self::from(&**error),
            ApiError::Catalog(error) => {
                let wait = error.is_transient().then_some(CATALOG_RETRY_AFTER);
                return Self::from_error(StatusCode::SERVICE_UNAVAILABLE, error).retry_after(wait);
            }
            ApiError::Coder(error) => return of_coder(error),
            ApiError::Workspaces(error) => return of_workspaces(error),
            ApiError::EntityRef(error) => {
                return Self::new(StatusCode::BAD_REQUEST, with_causes(error));
            }
            ApiError::Parameter { .. }
            | ApiError::Id(_)
            | ApiError::Name(_)
            | ApiError::Extension { .. }
            | ApiError::TooManyValues
            | ApiError::InvalidKey => StatusCode::BAD_REQUEST,
            ApiError::NoEntity(_) | ApiError::NoAgent { .. } => StatusCode::NOT_FOUND,
            ApiError::Incompatible(_) | ApiError::NotRenamable | ApiError::UnderWay(_) => {
                StatusCode::CONFLICT
            }
            ApiError::MayNotReadWorkspaces => StatusCode::FORBIDDEN,
            ApiError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::Interrupted => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                return Self::from_error(status, error).retry_after(Some(RESTART_RETRY_AFTER));
            }
            ApiError::Unrecorded(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::from_error(status, error)
    }
}

/// Answers with what a failed request to Coder means for the person.
fn of_coder(error: &ClientError) -> ErrorResponse {
    if error.is_unauthorized() {
        return ErrorResponse::from_error(StatusCode::UNAUTHORIZED, error)
            .message(SessionError::NeedsLogin.to_string());
    }
    let status = if error.is_forbidden() {
        StatusCode::FORBIDDEN
    } else if error.is_not_found() || error.is_gone() {
        StatusCode::NOT_FOUND
    } else if error.is_conflict() || error.is_too_late() {
        StatusCode::CONFLICT
    } else if is_refused(error) {
        StatusCode::BAD_REQUEST
    } else {
        // Coder may be asked again; the session has nothing to do with it.
        StatusCode::SERVICE_UNAVAILABLE
    };
    let wait = (status == StatusCode::SERVICE_UNAVAILABLE)
        .then(|| error.retry_after().unwrap_or(CODER_RETRY_AFTER));
    ErrorResponse::from_error(status, error).retry_after(wait)
}

/// Tells whether Coder itself finds a fault in the request, or the request cannot be made.
fn is_refused(error: &ClientError) -> bool {
    match error {
        ClientError::Request(_) => true,
        ClientError::Api(api) => api.status.is_client_error() && !error.is_inconclusive(),
        ClientError::Unsupported(_)
        | ClientError::RateLimited { .. }
        | ClientError::NotJson(_)
        | ClientError::Unreadable(_)
        | ClientError::Redirected { .. }
        | ClientError::Credential(_)
        | ClientError::Transport(_) => false,
    }
}

fn of_workspaces(error: &WorkspacesError) -> ErrorResponse {
    let mut wait = None;
    let status = match error {
        WorkspacesError::NotSearchable(_) => StatusCode::BAD_REQUEST,
        WorkspacesError::NotCreatable(reason) => {
            wait = matches!(reason, NotCreatable::TemplateImporting { .. })
                .then_some(IMPORT_RETRY_AFTER);
            of_not_creatable(reason)
        }
        WorkspacesError::NotReady { problem: NotReady::TimedOut { .. }, .. }
        | WorkspacesError::Incomplete(_) => {
            wait = Some(CODER_RETRY_AFTER);
            StatusCode::SERVICE_UNAVAILABLE
        }
        WorkspacesError::NotReady { problem: NotReady::Deleted, .. } => StatusCode::NOT_FOUND,
        WorkspacesError::NotReady { .. } => StatusCode::CONFLICT,
        WorkspacesError::Client(error) => return of_coder(error),
    };
    ErrorResponse::from_error(status, error).retry_after(wait)
}

fn of_not_creatable(reason: &NotCreatable) -> StatusCode {
    match reason {
        NotCreatable::NameTaken(_)
        | NotCreatable::BeingDeleted(_)
        | NotCreatable::ExternalAuth { .. } => StatusCode::CONFLICT,
        NotCreatable::OwnerSuspended(_) => StatusCode::FORBIDDEN,
        NotCreatable::TemplateImporting { .. } | NotCreatable::NoActiveVersion { .. } => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        NotCreatable::NoTemplate
        | NotCreatable::TemplateNotFound { .. }
        | NotCreatable::TemplateAmbiguous { .. }
        | NotCreatable::TemplateDeprecated { .. }
        | NotCreatable::PresetNotFound { .. }
        | NotCreatable::PresetContradicts { .. }
        | NotCreatable::Parameters(_)
        | NotCreatable::Name(_)
        | NotCreatable::OwnerNotFound(_) => StatusCode::BAD_REQUEST,
    }
}
