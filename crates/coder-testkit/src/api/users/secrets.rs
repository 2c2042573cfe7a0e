//! `/api/v2/users/{user}/secrets`: secrets that Coder puts into a user's workspaces.

use http::StatusCode;
use serde_json::Value;

use crate::api::{Open, first, second};
use crate::model::{User, UserSecret};
use crate::store::{Deployment, State};
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

const CREATE: Shape = Shape {
    name: "CreateUserSecretRequest",
    fields: &[
        ruled("name", Kind::Text, &[Rule::Required]),
        ruled("value", Kind::Text, &[Rule::Required]),
        field("description", Kind::Text),
        field("env_name", Kind::Text),
        field("file_path", Kind::Text),
        field("enabled", Kind::Flag),
    ],
};

const UPDATE: Shape = Shape {
    name: "UpdateUserSecretRequest",
    fields: &[
        field("value", Kind::Text),
        field("description", Kind::Text),
        field("env_name", Kind::Text),
        field("file_path", Kind::Text),
        field("enabled", Kind::Flag),
    ],
};

/// Answers `GET …/secrets` with the secrets by their names, without values.
pub(crate) fn secrets(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let user = in_person(deployment, call, open)?;
    let mut secrets: Vec<&UserSecret> = deployment.state.secrets_of(&user).collect();
    secrets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Reply::ok(&secrets.into_iter().map(UserSecret::json).collect::<Value>()))
}

/// Answers `GET …/secrets/{name}` without the value.
pub(crate) fn secret(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let user = in_person(deployment, call, open)?;
    let secret = deployment.state.secrets_of(&user).find(|secret| secret.name == second(open));
    Ok(Reply::ok(&secret.ok_or_else(Reply::not_found)?.json()))
}

/// Answers `POST …/secrets`. Name, environment variable and file of a secret are the user's only
/// ones.
pub(crate) fn create_secret(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let user = in_person(deployment, call, open)?;
    let body = CREATE.read(call)?;
    let text = |name: &str| body.text(name).unwrap_or_default().to_owned();
    let secret = UserSecret {
        id: deployment.mint().uuid(),
        user: user.id,
        name: text("name"),
        description: text("description"),
        env_name: text("env_name"),
        file_path: text("file_path"),
        enabled: body.value("enabled").is_none_or(|_| body.flag("enabled")),
        created_at: deployment.now,
        updated_at: deployment.now,
    };
    deployment.state.check_secret(&user, &secret)?;
    deployment.state.secrets.push(secret.clone());
    Ok(Reply::created(&secret.json()))
}

/// Answers `PATCH …/secrets/{name}`, which changes the fields that are given.
pub(crate) fn update_secret(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let user = in_person(deployment, call, open)?;
    let body = UPDATE.read(call)?;
    if UPDATE.fields.iter().all(|field| body.value(field.name).is_none()) {
        return Err(Reply::bad_request("At least one field must be provided."));
    }
    let secret = deployment.state.secrets_of(&user).find(|secret| secret.name == second(open));
    let secret = changed(secret.ok_or_else(Reply::not_found)?, &body);
    let secret = UserSecret { updated_at: deployment.now, ..secret };
    deployment.state.check_secret(&user, &secret)?;
    deployment.state.secrets.retain(|known| known.id != secret.id);
    deployment.state.secrets.push(secret.clone());
    Ok(Reply::ok(&secret.json()))
}

/// Answers a request for `DELETE …/secrets/{name}`.
pub(crate) fn delete_secret(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let user = in_person(deployment, call, open)?;
    let doomed = deployment.state.secrets_of(&user).find(|secret| secret.name == second(open));
    let doomed = doomed.ok_or_else(Reply::not_found)?.id;
    deployment.state.secrets.retain(|secret| secret.id != doomed);
    Ok(Reply::no_content())
}

fn changed(secret: &UserSecret, body: &Input) -> UserSecret {
    let text = |name: &str, old: &str| body.text(name).unwrap_or(old).to_owned();
    UserSecret {
        description: text("description", &secret.description),
        env_name: text("env_name", &secret.env_name),
        file_path: text("file_path", &secret.file_path),
        enabled: body.value("enabled").map_or(secret.enabled, |_| body.flag("enabled")),
        ..secret.clone()
    }
}

/// Returns the user of the path, who must be the caller: owners have no way to anybody's secrets.
fn in_person(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<User, Reply> {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    if user.id == caller.user.id { Ok(user) } else { Err(Reply::forbidden()) }
}

impl State {
    fn secrets_of(&self, user: &User) -> impl Iterator<Item = &UserSecret> {
        let id = user.id;
        self.secrets.iter().filter(move |secret| secret.user == id)
    }

    /// Checks that no other secret of the user has the name, the variable or the file.
    fn check_secret(&self, user: &User, secret: &UserSecret) -> Result<(), Reply> {
        let mut others = self.secrets_of(user).filter(|other| other.id != secret.id);
        let fault = others.find_map(|other| {
            let same = |one: &str, two: &str| !one.is_empty() && one == two;
            if same(&other.name, &secret.name) {
                Some(("name", "Name is already in use."))
            } else if same(&other.env_name, &secret.env_name) {
                Some(("env_name", "Environment variable name is already in use."))
            } else if same(&other.file_path, &secret.file_path) {
                Some(("file_path", "File path is already in use."))
            } else {
                None
            }
        });
        match fault {
            None => Ok(()),
            Some(fault) => Err(Reply::invalid(StatusCode::CONFLICT, "Validation failed.", [fault])),
        }
    }
}
