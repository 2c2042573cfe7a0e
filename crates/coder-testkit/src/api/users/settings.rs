//! What people set for themselves.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::{Open, first};
use crate::model::{Transition, User};
use crate::release::Preferences;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Kind, Query, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

const PROFILE: Shape = Shape {
    name: "UpdateUserProfileRequest",
    fields: &[
        ruled(
            "username",
            Kind::Text,
            &[Rule::Required, Rule::Tag("username", super::admin::is_username)],
        ),
        field("name", Kind::Text),
    ],
};

/// Answers a request for `GET /api/v2/users/{user}/login-type`.
pub(crate) fn login_type(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    named(deployment, call, open)?;
    Ok(Reply::ok(&json!({ "login_type": "password" })))
}

/// Answers a request for `GET /api/v2/users/{user}/roles`.
pub(crate) fn roles(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let user = named(deployment, call, open)?;
    let state = &deployment.state;
    let of_organizations: serde_json::Map<String, Value> = state
        .organizations_of(user.id)
        .map(|organization| {
            let roles = state.member_roles.get(&(organization.id, user.id));
            (organization.id.to_string(), json!(roles.map_or(&[][..], Vec::as_slice)))
        })
        .collect();
    Ok(Reply::ok(&json!({ "roles": user.role_names(), "organization_roles": of_organizations })))
}

/// Answers `GET /api/v2/users/{user}/appearance`, where nothing was chosen.
pub(crate) fn appearance(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    named(deployment, call, open)?;
    Ok(Reply::ok(&if deployment.dialect().theme_modes {
        json!({
            "theme_preference": "",
            "theme_mode": "",
            "theme_light": "",
            "theme_dark": "",
            "terminal_font": "",
        })
    } else {
        json!({ "theme_preference": "", "terminal_font": "" })
    }))
}

/// Answers `GET /api/v2/users/{user}/preferences` with the first values.
pub(crate) fn preferences(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    named(deployment, call, open)?;
    let chat = |shell: &str, diff: &str| {
        json!({
            "task_notification_alert_dismissed": false,
            "thinking_display_mode": "auto",
            "shell_tool_display_mode": shell,
            "code_diff_display_mode": diff,
            "agent_chat_send_shortcut": "enter",
        })
    };
    Ok(Reply::ok(&match deployment.dialect().preferences {
        Preferences::Tasks => json!({ "task_notification_alert_dismissed": false }),
        Preferences::Chat => chat("auto", "auto"),
        Preferences::QuietChat => chat("always_collapsed", ""),
    }))
}

/// Answers a request for `PUT /api/v2/users/{user}/profile`.
pub(crate) fn put_profile(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let user = named(deployment, call, open)?;
    let profile = PROFILE.read(call)?;
    let username = profile.text("username").unwrap_or_default();
    if deployment.state.user_named(username).is_some_and(|known| known.id != user.id) {
        return Err(Reply::invalid(
            StatusCode::CONFLICT,
            "A user with this username already exists.",
            [("username", "This username is already in use")],
        ));
    }
    let Some(stored) = deployment.state.users.get_mut(&user.id) else {
        return Err(Reply::not_found());
    };
    username.clone_into(&mut stored.username);
    profile.text("name").unwrap_or_default().clone_into(&mut stored.name);
    let stored = stored.clone();
    Ok(Reply::ok(&stored.json(deployment)))
}

/// Answers `GET /api/v2/users/{user}/autofill-parameters` with the values of the user's newest
/// start of a workspace of a template, except those that are for one build only.
pub(crate) fn autofill(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let user = named(deployment, call, open)?;
    let mut query = Query::new(call);
    let template = query.id("template_id");
    query.require("template_id");
    query.refuse_others();
    query.finish("Invalid query parameters.")?;
    let of_user = deployment
        .state
        .workspaces
        .values()
        .filter(|workspace| workspace.owner == user.id && Some(workspace.template) == template)
        .filter(|workspace| !workspace.is_deleted(&deployment.settings.pace, deployment.now));
    let starts = of_user
        .flat_map(|workspace| &workspace.builds)
        .filter(|build| build.transition == Transition::Start);
    let newest = starts.max_by_key(|build| build.created_at);
    let template = template.and_then(|id| deployment.state.template(id));
    let ephemeral = |name: &str| {
        let version = template.and_then(|template| template.active());
        version.is_some_and(|version| version.is_ephemeral(name))
    };
    let values = newest.into_iter().flat_map(|build| &build.parameters);
    let mut values: Vec<_> = values.filter(|(name, _)| !ephemeral(name)).collect();
    values.sort();
    let values = values.into_iter().map(|(name, value)| json!({ "name": name, "value": value }));
    Ok(Reply::ok(&values.collect()))
}

/// Returns the user of the path, when the caller may know of that user.
fn named(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<User, Reply> {
    let caller = deployment.authenticate(call)?;
    deployment.visible_user(&caller, first(open))
}
