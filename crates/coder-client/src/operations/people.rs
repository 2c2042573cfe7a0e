//! Managing people: their status, roles and passwords, and what Coder keeps for each of them.

use coder_core::Secret;
use serde::Serialize;

use crate::models::{
    AssignableRole, GitSshKey, PasswordValidity, QuietHours, SecretsFormat, User, UserRoles,
    UserSecret,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{List, UserRef};

operations! {
    /// `PUT /api/v2/users/{user}/status/suspend`: suspends a user, who cannot sign in any more and
    /// whose tokens are refused. Workspaces stay as they are.
    ///
    /// ```no_run
    /// use coder_client::operations::SuspendUser;
    /// use coder_client::{Client, ClientError};
    ///
    /// async fn leaver(client: &Client, username: &str) -> Result<(), ClientError> {
    ///     client.send(&SuspendUser::new(username)).await.map(drop)
    /// }
    /// ```
    #[doc(alias = "deactivate")]
    #[doc(alias = "offboarding")]
    SuspendUser(user: UserRef) = PUT ["users", user, "status", "suspend"] => User, small;
    /// `PUT /api/v2/users/{user}/status/activate`: lets a suspended or dormant user sign in again.
    #[doc(alias = "unsuspend")]
    ActivateUser(user: UserRef) = PUT ["users", user, "status", "activate"] => User, small;
    /// `GET /api/v2/users/roles`: lists the roles of the whole deployment.
    ListSiteRoles = GET ["users", "roles"] => List<AssignableRole>;
    /// `GET /api/v2/users/{user}/roles`: returns the roles of a user, in the whole deployment and in
    /// each organization.
    GetUserRoles(user: UserRef) = GET ["users", user, "roles"] => UserRoles;
    /// `GET /api/v2/users/{user}/gitsshkey`: returns the public SSH key of a user, which the user's
    /// workspaces sign in to Git hosts with.
    ///
    /// ```
    /// use coder_client::operations::GetGitSshKey;
    /// use coder_client::{Client, ClientError};
    ///
    /// async fn public_key(client: &Client) -> Result<String, ClientError> {
    ///     Ok(client.send(&GetGitSshKey::new("me")).await?.public_key)
    /// }
    /// ```
    #[doc(alias = "ssh key")]
    #[doc(alias = "public key")]
    GetGitSshKey(user: UserRef) = GET ["users", user, "gitsshkey"] => GitSshKey, small;
    /// `PUT /api/v2/users/{user}/gitsshkey`: makes a new SSH key for a user. The old one is lost.
    #[doc(alias = "rotate")]
    RegenerateGitSshKey(user: UserRef) = PUT ["users", user, "gitsshkey"] => GitSshKey, small;
    /// `GET /api/v2/users/{user}/secrets`: lists the secrets of a user, without their values.
    ListUserSecrets(user: UserRef) = GET ["users", user, "secrets"] => List<UserSecret>;
    /// `GET /api/v2/users/{user}/secrets/{name}`: returns a secret of a user, without its value.
    GetUserSecret(user: UserRef, name: String) = GET ["users", user, "secrets", name] => UserSecret;
    /// `DELETE /api/v2/users/{user}/secrets/{name}`: deletes a secret of a user.
    DeleteUserSecret(user: UserRef, name: String) = DELETE ["users", user, "secrets", name] => ();
    /// `GET /api/v2/users/{user}/quiet-hours`: returns the time of day at which a user's workspaces
    /// may be stopped. Only licensed deployments have it.
    GetQuietHours(user: UserRef) = GET ["users", user, "quiet-hours"] => QuietHours;
    /// `PUT /api/v2/users/{user}/quiet-hours`: sets that time of day, as a cron expression with a
    /// time zone like `CRON_TZ=Europe/Berlin 0 2 * * *`.
    SetQuietHours(user: UserRef, schedule: String) =
        PUT ["users", user, "quiet-hours"] body { schedule } => QuietHours;
}

/// `PUT /api/v2/users/{user}/roles`: gives a user these roles in the whole deployment, and takes
/// all others away.
#[doc(alias = "grant admin")]
#[doc(alias = "assign role")]
#[doc(alias = "owner")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetUserRoles {
    #[serde(skip)]
    user: UserRef,
    roles: Vec<String>,
}

impl SetUserRoles {
    /// Creates the operation for the roles of these names, like `template-admin`.
    pub fn new<R: Into<String>>(
        user: impl Into<UserRef>,
        roles: impl IntoIterator<Item = R>,
    ) -> Self {
        Self { user: user.into(), roles: roles.into_iter().map(Into::into).collect() }
    }
}

impl_operation!(SetUserRoles => User, small, |this| {
    RequestBuilder::put(["users", &this.user.to_string(), "roles"]).json(this)
});

/// `PUT /api/v2/users/{user}/password`: sets the password of a user.
///
/// An owner sets anybody's; for their own, users must tell the old one.
#[derive(Clone, Debug, Serialize)]
pub struct SetPassword {
    #[serde(skip)]
    user: UserRef,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "Secret::serialize_exposed_option"
    )]
    old_password: Option<Secret>,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    password: Secret,
}

impl SetPassword {
    /// Creates the operation for a user and their new password.
    pub fn new(user: impl Into<UserRef>, password: impl Into<Secret>) -> Self {
        Self { user: user.into(), old_password: None, password: password.into() }
    }

    /// Sets the present password, which users must name to change their own.
    #[must_use]
    pub fn old_password(self, password: impl Into<Secret>) -> Self {
        Self { old_password: Some(password.into()), ..self }
    }
}

impl_operation!(SetPassword => (), |this| {
    RequestBuilder::put(["users", &this.user.to_string(), "password"]).json(this)
});

/// `POST /api/v2/users/validate-password`: tells whether Coder would take a password.
#[derive(Clone, Debug, Serialize)]
pub struct ValidatePassword {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    password: Secret,
}

impl ValidatePassword {
    /// Creates the operation for a password.
    pub fn new(password: impl Into<Secret>) -> Self {
        Self { password: password.into() }
    }
}

impl_operation!(ValidatePassword => PasswordValidity, repeatable, small, |this| {
    RequestBuilder::post(["users", "validate-password"]).json(this)
});

/// The fields of a secret, as far as they change.
#[derive(Clone, Debug, Default, Serialize)]
struct SecretFields {
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "Secret::serialize_exposed_option"
    )]
    value: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
}

/// Declares the setters that creating and updating a secret have in common.
macro_rules! secret_setters {
    ($($operation:ident),+) => {$(
        impl $operation {
            /// Sets the description of the secret.
            #[must_use]
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.fields.description = Some(description.into());
                self
            }

            /// Sets the environment variable that holds the value in workspaces.
            #[must_use]
            pub fn env_name(mut self, name: impl Into<String>) -> Self {
                self.fields.env_name = Some(name.into());
                self
            }

            /// Sets the path of the file that holds the value in workspaces, like `~/.npmrc`.
            #[must_use]
            pub fn file_path(mut self, path: impl Into<String>) -> Self {
                self.fields.file_path = Some(path.into());
                self
            }

            /// Sets whether workspaces get the secret, by default `true`.
            #[must_use]
            pub fn enabled(mut self, enabled: bool) -> Self {
                self.fields.enabled = Some(enabled);
                self
            }
        }
    )+};
}

secret_setters!(CreateUserSecret, UpdateUserSecret);

/// `POST /api/v2/users/{user}/secrets`: creates a secret that Coder puts into a user's workspaces,
/// as an environment variable or a file.
///
/// ```
/// use coder_client::operations::CreateUserSecret;
/// use coder_client::Secret;
///
/// fn npm_token(token: Secret) -> CreateUserSecret {
///     CreateUserSecret::new("me", "npm", token).env_name("NPM_TOKEN")
/// }
/// ```
#[doc(alias = "user secret")]
#[doc(alias = "environment variable")]
#[derive(Clone, Debug, Serialize)]
pub struct CreateUserSecret {
    #[serde(skip)]
    user: UserRef,
    name: String,
    #[serde(flatten)]
    fields: SecretFields,
}

impl CreateUserSecret {
    /// Creates the operation for a secret of this name and value.
    pub fn new(
        user: impl Into<UserRef>,
        name: impl Into<String>,
        value: impl Into<Secret>,
    ) -> Self {
        let fields = SecretFields { value: Some(value.into()), ..SecretFields::default() };
        Self { user: user.into(), name: name.into(), fields }
    }
}

impl_operation!(CreateUserSecret => UserSecret, |this| {
    RequestBuilder::post(["users", &this.user.to_string(), "secrets"]).json(this)
});

/// `PATCH /api/v2/users/{user}/secrets/{name}`: changes a secret of a user. Fields that are not set
/// keep their values.
#[derive(Clone, Debug)]
pub struct UpdateUserSecret {
    user: UserRef,
    name: String,
    fields: SecretFields,
}

impl UpdateUserSecret {
    /// Creates the operation for the secret of this name.
    pub fn new(user: impl Into<UserRef>, name: impl Into<String>) -> Self {
        Self { user: user.into(), name: name.into(), fields: SecretFields::default() }
    }

    /// Sets the value of the secret.
    #[must_use]
    pub fn value(mut self, value: impl Into<Secret>) -> Self {
        self.fields.value = Some(value.into());
        self
    }
}

impl_operation!(UpdateUserSecret => UserSecret, |this| {
    RequestBuilder::patch(["users", &this.user.to_string(), "secrets", &this.name])
        .json(&this.fields)
});

/// `POST /api/v2/users/{user}/secrets/batch`: creates the secrets that a file lists, all of them or
/// none.
#[derive(Clone, Debug, Serialize)]
pub struct ImportUserSecrets {
    #[serde(skip)]
    user: UserRef,
    format: SecretsFormat,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    content: Secret,
}

impl ImportUserSecrets {
    /// Creates the operation for the content of a file.
    pub fn new(
        user: impl Into<UserRef>,
        format: SecretsFormat,
        content: impl Into<Secret>,
    ) -> Self {
        Self { user: user.into(), format, content: content.into() }
    }
}

impl_operation!(ImportUserSecrets => List<UserSecret>, |this| {
    RequestBuilder::post(["users", &this.user.to_string(), "secrets", "batch"]).json(this)
});
