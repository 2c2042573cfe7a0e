//! Users and service accounts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::moment::unless_never;
use crate::reading::{model, open_enum};
use crate::{List, OrganizationId, UserId, UserSecretId};

model! {
    /// A user: `GET /api/v2/users/{user}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct User {
        /// The id of the user, which never changes.
        pub id: UserId = required,
        /// The username. It is unique in the deployment, and may change.
        pub username: String = required,
        /// The full name of the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// The URL of the user's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// The email address. Whether it was verified depends on the login type.
        pub email: String,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The moment of the user's last activity; the year 1 for never, see
        /// [`seen_at`](Self::seen_at).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_seen_at: Option<Timestamp>,
        /// The status, which decides whether the user may sign in.
        pub status: UserStatus,
        /// The way in which the user signs in.
        pub login_type: LoginType,
        /// `true` for a service account. Releases since 2.34 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub is_service_account: Option<bool>,
        /// The theme that the user chose for the dashboard.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub theme_preference: Option<String>,
        /// The ids of the organizations that the user is a member of.
        pub organization_ids: List<OrganizationId>,
        /// The roles in the whole deployment, without the implicit `member`.
        pub roles: List<Role>,
        /// `true` when the user takes a seat of the AI licence. Releases since 2.34 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_ai_seat: Option<bool>,
    }
}

impl User {
    /// Returns the moment of the user's last activity; `None` for never, and when Coder does not
    /// tell it.
    pub fn seen_at(&self) -> Option<Timestamp> {
        unless_never(self.last_seen_at)
    }
}

model! {
    /// A page of users: `GET /api/v2/users`.
    // coder: codersdk.GetUsersResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserPage {
        /// The users on this page.
        pub users: List<User>,
        /// The number of users on all pages; 0 when Coder does not tell it.
        pub count: u64,
    }
}

model! {
    /// The login type of a user: `GET /api/v2/users/{user}/login-type`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserLoginType {
        /// The way in which the user signs in.
        pub login_type: LoginType,
    }
}

model! {
    /// The first user of a deployment: `POST /api/v2/users/first`.
    // coder: codersdk.CreateFirstUserResponse
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct FirstUser {
        /// The id of the user.
        pub user_id: UserId = required,
        /// The id of the default organization.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
    }
}

model! {
    /// A role of a user, which grants permissions.
    // coder: without organization_member_permissions, organization_permissions, site_permissions, user_permissions: what a role allows is asked for with `CheckAuthorization`
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Role {
        /// The name of the role, like `template-admin`.
        pub name: String = required,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The organization that the role is limited to; `None` for the whole deployment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
    }
}

model! {
    /// The roles of a user: `GET /api/v2/users/{user}/roles`.
    // coder: no definition: the description gives the answer as a user
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserRoles {
        /// The names of the roles in the whole deployment, without the implicit `member`.
        pub roles: List<String>,
        /// The names of the roles in each organization, by the organization's id.
        pub organization_roles: BTreeMap<String, List<String>>,
    }
}

model! {
    /// A role that may be given: `GET /api/v2/users/roles` and `GET
    /// /api/v2/organizations/{organization}/members/roles`.
    // coder: codersdk.AssignableRoles
    // coder: without organization_member_permissions, organization_permissions, site_permissions, user_permissions: what a role allows is asked for with `CheckAuthorization`
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AssignableRole {
        /// The name of the role, like `template-admin`.
        pub name: String = required,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The organization that the role is limited to; `None` for the whole deployment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// `true` when the caller may give the role.
        pub assignable: bool,
        /// `true` when the role comes with Coder and cannot be changed.
        pub built_in: bool,
    }
}

model! {
    /// Whether a password is strong enough: `POST /api/v2/users/validate-password`.
    // coder: codersdk.ValidateUserPasswordResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PasswordValidity {
        /// `true` when Coder would take the password.
        pub valid: bool,
        /// The reason why Coder would not.
        pub details: String,
    }
}

model! {
    /// A user without roles and organizations, as a member of a group.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ReducedUser {
        /// The id of the user, which never changes.
        pub id: UserId = required,
        /// The username. It is unique in the deployment, and may change.
        pub username: String = required,
        /// The full name of the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// The URL of the user's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// The email address. Whether it was verified depends on the login type.
        pub email: String,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The moment of the user's last activity.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_seen_at: Option<Timestamp>,
        /// The status, which decides whether the user may sign in.
        pub status: UserStatus,
        /// The way in which the user signs in.
        pub login_type: LoginType,
        /// `true` for a service account.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub is_service_account: Option<bool>,
        /// The theme that the user chose for the dashboard.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub theme_preference: Option<String>,
    }
}

model! {
    /// The public SSH key of a user, which workspaces sign in to Git hosts with: `GET
    /// /api/v2/users/{user}/gitsshkey`.
    // coder: codersdk.GitSSHKey
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct GitSshKey {
        /// The id of the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user_id: Option<UserId>,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment at which the key was last made anew.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The public key as OpenSSH writes it, with a line feed at its end.
        pub public_key: String = required,
    }
}

model! {
    /// A secret of a user, which Coder puts into the user's workspaces: `GET
    /// /api/v2/users/{user}/secrets`. Coder never returns its value.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserSecret {
        /// The id of the secret.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub id: Option<UserSecretId>,
        /// The name, which is unique among the user's secrets.
        pub name: String = required,
        /// The description of the secret.
        pub description: String,
        /// The environment variable that holds the value; empty for none.
        pub env_name: String,
        /// The path of the file that holds the value; empty for none.
        pub file_path: String,
        /// `true` when workspaces get the secret. Older releases than 2.37 do not tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub enabled: Option<bool>,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
    }
}

model! {
    /// The time of day at which a user's workspaces may be stopped: `GET
    /// /api/v2/users/{user}/quiet-hours`.
    // coder: codersdk.UserQuietHoursScheduleResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct QuietHours {
        /// The schedule as a cron expression with a time zone.
        pub raw_schedule: String,
        /// `true` when the user has chosen the schedule.
        pub user_set: bool,
        /// `true` when the user may choose a schedule.
        pub user_can_set: bool,
        /// The time of day at which quiet hours begin, like `02:00`.
        pub time: String,
        /// The time zone of that time.
        pub timezone: String,
        /// The moment at which quiet hours begin next.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<Timestamp>,
    }
}

open_enum! {
    /// The status of a user.
    UserStatus {
        /// The user may sign in.
        Active = "active",
        /// The user may sign in, and becomes active by doing so. A dormant user takes no seat of
        /// the licence.
        Dormant = "dormant",
        /// The user may not sign in. Coder answers each request with 401.
        Suspended = "suspended",
    }
}

open_enum! {
    /// The way in which a user signs in, or in which an API key was created.
    LoginType {
        /// A password, which Coder keeps.
        Password = "password",
        /// A login through GitHub.
        Github = "github",
        /// A login through an OpenID Connect provider.
        Oidc = "oidc",
        /// An API token, made by its user.
        Token = "token",
        /// No login: the user is a service account.
        None = "none",
        /// A consent to an OAuth2 app. Only keys have this type.
        OAuth2ProviderApp = "oauth2_provider_app",
    }
}

open_enum! {
    /// The format of a file that lists secrets.
    SecretsFormat {
        /// Lines like `NAME=value`.
        Env = "env",
        /// A JSON object.
        Json = "json",
        /// A YAML mapping.
        Yaml = "yaml",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_enum_value_survives_the_round_trip() {
        let read: Vec<UserStatus> = serde_json::from_str(r#"["active", "retired"]"#).unwrap();
        assert_eq!(read, [UserStatus::Active, UserStatus::Other("retired".to_owned())]);
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"["active","retired"]"#);
    }
}
