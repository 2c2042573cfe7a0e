//! `/api/v2/notifications`: messages to people. The fake sends none.

use serde_json::json;

use super::Open;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// Answers a request for `GET /api/v2/notifications/settings`.
pub(crate) fn settings(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({ "notifier_paused": false })))
}

/// Answers `GET /api/v2/notifications/inbox`, which is empty here.
pub(crate) fn inbox(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({ "notifications": [], "unread_count": 0 })))
}

/// Answers `GET /api/v2/notifications/templates/system`, which refuses members.
pub(crate) fn system_templates(
    deployment: &mut Deployment<'_>,
    call: &Call,
    _: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    if !caller.user.owner {
        return Err(Reply::forbidden());
    }
    Ok(Reply::ok(&json!([])))
}
