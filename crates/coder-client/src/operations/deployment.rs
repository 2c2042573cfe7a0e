//! What the deployment is.

use crate::models::BuildInfo;
use crate::operation::{Draft, operation};

/// `GET /api/v2/buildinfo`: the deployment's version and URLs. Needs no credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetBuildInfo;

operation!(GetBuildInfo => BuildInfo, |_this| Draft::get(["buildinfo"]),
    fn needs_credential(&self) -> bool {
        false
    }
);
