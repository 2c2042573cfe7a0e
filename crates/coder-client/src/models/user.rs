//! People and service accounts.

use jiff::Timestamp;
use serde::Serialize;

use super::moment::ever;
use crate::reading::{model, open_enum};
use crate::{List, OrganizationId, UserId};

model! {
    /// A user: `GET /api/v2/users/{user}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct User {
        /// Never changes.
        pub id: UserId = required,
        /// Unique in the deployment; may change.
        pub username: String = required,
        /// The full name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// A picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// The address Coder knows; whether it was verified depends on the login type.
        pub email: String,
        /// When the user was created.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When the user was last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// When the user was last active; the year 1 for never, see [`seen_at`](Self::seen_at).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_seen_at: Option<Timestamp>,
        /// Whether the user may sign in.
        pub status: UserStatus,
        /// How the user signs in.
        pub login_type: LoginType,
        /// Whether this is a service account. Told from 2.34 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub is_service_account: Option<bool>,
        /// The colours the user chose for Coder's dashboard.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub theme_preference: Option<String>,
        /// The organizations the user belongs to.
        pub organization_ids: List<OrganizationId>,
        /// The roles in the whole deployment, without the implicit `member`.
        pub roles: List<Role>,
        /// Whether the user counts for the AI licence. Told from 2.34 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_ai_seat: Option<bool>,
    }
}

impl User {
    /// When the user was last active; `None` for never, and when Coder does not tell.
    pub fn seen_at(&self) -> Option<Timestamp> {
        ever(self.last_seen_at)
    }
}

model! {
    /// A page of users: `GET /api/v2/users`.
    // coder: codersdk.GetUsersResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserPage {
        /// Those on this page.
        pub users: List<User>,
        /// How many there are on all pages; 0 when Coder does not tell.
        pub count: u64,
    }
}

model! {
    /// How somebody signs in: `GET /api/v2/users/{user}/login-type`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserLoginType {
        /// How.
        pub login_type: LoginType,
    }
}

model! {
    /// The first user of a deployment: `POST /api/v2/users/first`.
    // coder: codersdk.CreateFirstUserResponse
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct FirstUser {
        /// Who.
        pub user_id: UserId = required,
        /// The default organization.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
    }
}

model! {
    /// A role of a user.
    // coder: without organization_member_permissions, organization_permissions, site_permissions, user_permissions: what a role allows is asked for with `CheckAuthorization`
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Role {
        /// Like `template-admin`.
        pub name: String = required,
        /// For people.
        pub display_name: String,
        /// The organization in which it holds; `None` for the whole deployment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
    }
}

open_enum! {
    /// Whether a user may sign in.
    UserStatus {
        /// Yes.
        Active = "active",
        /// Yes, and becomes active by doing so.
        Dormant = "dormant",
        /// No; every request answers 401.
        Suspended = "suspended",
    }
}

open_enum! {
    /// How a user signs in, or how an API key came to be.
    LoginType {
        /// With a password kept by Coder.
        Password = "password",
        /// Through GitHub.
        Github = "github",
        /// Through an OpenID Connect provider.
        Oidc = "oidc",
        /// With an API token.
        Token = "token",
        /// Not at all.
        None = "none",
        /// Keys only: given to an OAuth2 app.
        OAuth2ProviderApp = "oauth2_provider_app",
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
