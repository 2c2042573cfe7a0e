//! Users, and signing in with a password.

use bytes::Bytes;
use coder_core::{DeploymentUrl, Secret};
use http::{Request, Response};
use serde::Serialize;

use crate::models::{
    FirstUser, LoginType, NewSession, User, UserLoginType, UserPage, UserParameter, UserStatus,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{
    ClientError, List, Operation, OrganizationId, TemplateId, UserFilter, UserRef, read_json,
};

operations! {
    /// `GET /api/v2/users/{user}`: returns a user.
    ///
    /// ```
    /// use coder_client::operations::GetUser;
    /// use coder_client::{Client, ClientError};
    ///
    /// async fn my_name(client: &Client) -> Result<String, ClientError> {
    ///     Ok(client.send(&GetUser::me()).await?.username)
    /// }
    /// ```
    #[doc(alias = "whoami")]
    #[doc(alias = "current user")]
    GetUser(user: UserRef) = GET ["users", user] => User, small;
    /// `DELETE /api/v2/users/{user}`: deletes a user.
    DeleteUser(user: UserRef) = DELETE ["users", user] => ();
    /// `PUT /api/v2/users/{user}/profile`: changes the names of a user.
    UpdateProfile(user: UserRef, username: String, name: String) = PUT ["users", user, "profile"]
        body {
            username, name;
            /// Sets the URL of the user's picture.
            avatar_url: String,
        }
        => User, small;
    /// `GET /api/v2/users/{user}/login-type`: returns how a user signs in.
    GetUserLoginType(user: UserRef) = GET ["users", user, "login-type"] => UserLoginType;
    /// `GET /api/v2/users/{user}/autofill-parameters`: lists the parameter values that a user chose
    /// for earlier workspaces of a template.
    ListAutofillParameters(user: UserRef, template_id: TemplateId) =
        GET ["users", user, "autofill-parameters"] query { template_id } => List<UserParameter>;
    /// `POST /api/v2/users/logout`: ends the session of the credential.
    #[doc(alias = "sign out")]
    Logout = POST ["users", "logout"] => ();
    /// `GET /api/v2/users/first`: checks that the deployment has a user; Coder answers 404 while it
    /// has none. Needs no credential.
    CheckFirstUser = GET ["users", "first"] => (), public, small;
}

impl GetUser {
    /// Creates the operation for the user of the credential.
    pub fn me() -> Self {
        Self::new(UserRef::Me)
    }
}

/// `GET /api/v2/users`: lists the users that match a filter. Members of the deployment see little
/// more than themselves.
///
/// Coder cannot search for an exact username or email address. Where the [`UserFilter`] names one,
/// the request asks for all users whose names contain it; those that do not have it exactly are
/// left out of the page and of its count.
#[doc(alias = "people")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListUsers {
    filter: UserFilter,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl ListUsers {
    /// Creates the operation for all users that match, in one answer.
    pub fn new(filter: UserFilter) -> Self {
        Self { filter, limit: None, offset: None }
    }

    /// Sets the greatest number of users to return; 0 means all.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Skips this number of users.
    #[must_use]
    pub fn offset(self, offset: u32) -> Self {
        Self { offset: Some(offset), ..self }
    }
}

impl Operation for ListUsers {
    type Output = UserPage;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        let query = (!self.filter.is_empty()).then_some(&self.filter);
        let is_cut_by_coder = !self.filter.is_exact();
        RequestBuilder::get(["users"])
            .query("q", query)
            .query("limit", self.limit.filter(|_| is_cut_by_coder))
            .query("offset", self.offset.filter(|_| is_cut_by_coder))
            .build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<UserPage, ClientError> {
        let mut page: UserPage = read_json(&response)?;
        if self.filter.is_exact() {
            page.users.retain(|user| self.filter.names(&user.username, &user.email));
            page.count = page.users.len() as u64;
            let limit = self.limit.filter(|limit| *limit > 0).unwrap_or(u32::MAX);
            let (limit, offset) = (limit as usize, self.offset.unwrap_or(0) as usize);
            page.users = page.users.into_iter().skip(offset).take(limit).collect();
        }
        Ok(page)
    }
}

/// `POST /api/v2/users`: creates a user.
///
/// ```
/// use coder_client::OrganizationId;
/// use coder_client::models::LoginType;
/// use coder_client::operations::CreateUser;
///
/// fn joiner(organization: OrganizationId) -> CreateUser {
///     CreateUser::new("alice", "alice@example.com", LoginType::Oidc).organization(organization)
/// }
/// ```
#[doc(alias = "onboarding")]
#[doc(alias = "invite")]
#[derive(Clone, Debug, Serialize)]
pub struct CreateUser {
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "Secret::serialize_exposed_option"
    )]
    password: Option<Secret>,
    login_type: LoginType,
    /// The mark of a service account. Without it, releases since 2.36 create no user that cannot
    /// sign in; older releases do not know it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    service_account: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_status: Option<UserStatus>,
    organization_ids: Vec<OrganizationId>,
}

impl CreateUser {
    /// Creates the operation for a user who signs in in this way. With [`LoginType::None`] the user
    /// is a service account with an email address.
    pub fn new(username: &str, email: &str, login_type: LoginType) -> Self {
        Self::from_names(username, Some(email.to_owned()), login_type)
    }

    /// Creates the operation for a user who signs in with a password, which Coder keeps.
    pub fn from_password(username: &str, email: &str, password: Secret) -> Self {
        Self { password: Some(password), ..Self::new(username, email, LoginType::Password) }
    }

    /// Creates the operation for a service account without an email address. It cannot sign in, but
    /// other users can create tokens for it.
    pub fn service_account(username: &str) -> Self {
        Self::from_names(username, None, LoginType::None)
    }

    fn from_names(username: &str, email: Option<String>, login_type: LoginType) -> Self {
        Self {
            username: username.to_owned(),
            email,
            name: None,
            password: None,
            service_account: login_type == LoginType::None,
            login_type,
            user_status: None,
            organization_ids: Vec::new(),
        }
    }

    /// Sets the full name of the user.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Adds an organization that the user is a member of. At least one is required.
    #[must_use]
    pub fn organization(mut self, organization: OrganizationId) -> Self {
        self.organization_ids.push(organization);
        self
    }

    /// Sets the status of the user, which is dormant by default.
    #[must_use]
    pub fn status(self, status: UserStatus) -> Self {
        Self { user_status: Some(status), ..self }
    }
}

impl_operation!(CreateUser => User, small, |this| RequestBuilder::post(["users"]).json(this));

/// `POST /api/v2/users/first`: creates the first user of a new deployment, who is its owner. Needs no
/// credential.
#[derive(Clone, Debug, Serialize)]
pub struct CreateFirstUser {
    username: String,
    email: String,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    password: Secret,
}

impl CreateFirstUser {
    /// Creates the operation for a user with these names and this password.
    pub fn new(username: &str, email: &str, password: Secret) -> Self {
        Self { username: username.to_owned(), email: email.to_owned(), password }
    }
}

impl_operation!(CreateFirstUser => FirstUser, public, small, |this| {
    RequestBuilder::post(["users", "first"]).json(this)
});

/// `POST /api/v2/users/login`: creates a session for a user with a password. Needs no credential.
#[doc(alias = "sign in")]
#[derive(Clone, Debug, Serialize)]
pub struct LoginWithPassword {
    email: String,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    password: Secret,
}

impl LoginWithPassword {
    /// Creates the operation for the user with this email address.
    pub fn new(email: &str, password: Secret) -> Self {
        Self { email: email.to_owned(), password }
    }
}

impl_operation!(LoginWithPassword => NewSession, public, small, |this| {
    RequestBuilder::post(["users", "login"]).json(this)
});
