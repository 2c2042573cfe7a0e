//! Who the caller is, what the caller may do, and the end of the connection.

use std::collections::BTreeMap;

use bytes::Bytes;
use coder_client::operations::{CheckAuthorization, Permission};
use coder_core::{Body, without_causes};
use http::{Request, Response};
use serde::Serialize;

use crate::api::{ApiError, Call, Json};
use crate::state::PortalState;

/// The caller, as Coder and Backstage know the person.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    /// Environment in which the caller acts.
    environment: String,
    /// URL of the deployment, as people reach it.
    deployment_url: String,
    /// Id of the user at Coder, a UUID.
    user_id: String,
    /// Name of the user at Coder.
    username: String,
    display_name: String,
    email: Option<String>,
    /// URL of a picture.
    picture: Option<String>,
    /// Identity in Backstage; null when there is none.
    identity: Option<Identity>,
    /// Reason why there is no identity although a login signs in to Backstage.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_identity: Option<String>,
    /// The rights of the caller at Coder.
    may: Permissions,
}

/// An identity in Backstage.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// Reference of the user, such as `user:default/grace`.
    user_entity_ref: String,
    /// References through which the user owns things.
    ownership_entity_refs: Vec<String>,
}

/// The rights of a person at Coder.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Permissions {
    /// Create workspaces of one's own.
    create_workspaces: bool,
    /// See the workspaces of everybody.
    see_all_workspaces: bool,
    /// Start, stop and change the workspaces of everybody.
    change_all_workspaces: bool,
    /// Change templates.
    change_templates: bool,
}

pub(crate) async fn me(call: Call) -> Result<Json<Person>, ApiError> {
    let all = |action: &str| Permission::new(action, "workspace");
    let check = CheckAuthorization::new()
        .permission("create", all("create").owner("me").any_organization())
        .permission("see", all("read"))
        .permission("change", all("update"))
        .permission("templates", Permission::new("update", "template"));
    let may: BTreeMap<String, bool> = call.client.send(&check).await?;
    let may = |name: &str| may.get(name).copied().unwrap_or(false);
    let (identity, no_identity) = match call.caller.identity().await {
        Ok(identity) => (identity, None),
        Err(error) if error.is_transient() => return Err(error.into()),
        // Coder knows the person, and the catalog does not.
        Err(error) => (None, Some(without_causes(&error))),
    };
    let profile = call.caller.profile();
    let environment = call.caller.environment();
    Ok(Json(Person {
        environment: environment.to_owned(),
        deployment_url: call.state.workspaces_config(environment).access_url.to_string(),
        user_id: call.caller.user_id().to_string(),
        username: profile.username.clone(),
        display_name: profile.display_name.clone(),
        email: profile.email.clone(),
        picture: profile.picture.clone(),
        identity: identity.map(|identity| Identity {
            user_entity_ref: identity.user.to_string(),
            ownership_entity_refs: identity.ownership.iter().map(ToString::to_string).collect(),
        }),
        no_identity,
        may: Permissions {
            create_workspaces: may("create"),
            see_all_workspaces: may("see"),
            change_all_workspaces: may("change"),
            change_templates: may("templates"),
        },
    }))
}

/// Ends what connects the caller with Coder, and the streams of the browser's session with it.
pub(crate) async fn disconnect(state: &PortalState, request: &Request<Bytes>) -> Response<Body> {
    let answer = state.auth.disconnect(request).await;
    let session = state.auth.session_id(request.headers());
    if answer.status().is_success()
        && let Some(session) = session
    {
        state.live.end_session(&session);
    }
    answer
}
