//! Users, and signing in with a password.

use bytes::Bytes;
use coder_core::{DeploymentUrl, Secret};
use http::{Method, Request, Response};
use serde::Serialize;

use crate::models::{
    FirstUser, LoginType, NewSession, User, UserLoginType, UserPage, UserParameter, UserStatus,
};
use crate::operation::{Draft, operation, operations};
use crate::{Error, List, Operation, OrganizationId, TemplateId, UserFilter, UserRef};

/// `GET /api/v2/users/{user}`: who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetUser {
    user: UserRef,
}

impl GetUser {
    /// Whoever the credential belongs to.
    pub fn me() -> Self {
        Self::new(UserRef::Me)
    }

    /// Somebody.
    pub fn new(user: impl Into<UserRef>) -> Self {
        Self { user: user.into() }
    }
}

operation!(GetUser => User, |this| Draft::get(["users", &this.user.to_string()]),
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

operations! {
    /// `DELETE /api/v2/users/{user}`: removes somebody.
    DeleteUser(user: UserRef) = DELETE ["users", user];
    /// `GET /api/v2/users/{user}/login-type`: how somebody signs in.
    GetUserLoginType(user: UserRef) = GET ["users", user, "login-type"] => UserLoginType;
    /// `POST /api/v2/users/logout`: ends the session of the credential.
    Logout = POST ["users", "logout"];
}

/// `GET /api/v2/users`: the users that match a filter. Members see hardly more than themselves.
///
/// Coder finds nobody by an exact username or address. Where the [`UserFilter`] names one, all who
/// have it as a part of their names are asked for, and page and count are of those who have it
/// exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListUsers {
    filter: UserFilter,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl ListUsers {
    /// All that match, in one answer.
    pub fn matching(filter: UserFilter) -> Self {
        Self { filter, limit: None, offset: None }
    }

    /// At most `limit` of them (0 for all), beginning after the first `offset`.
    #[must_use]
    pub fn page(self, limit: u32, offset: u32) -> Self {
        Self { limit: Some(limit), offset: Some(offset), ..self }
    }
}

impl Operation for ListUsers {
    type Output = UserPage;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error> {
        let query = (!self.filter.is_empty()).then(|| self.filter.to_string());
        let is_cut_by_coder = !self.filter.is_exact();
        Draft::get(["users"])
            .query("q", query)
            .query("limit", self.limit.filter(|_| is_cut_by_coder))
            .query("offset", self.offset.filter(|_| is_cut_by_coder))
            .build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<UserPage, Error> {
        let mut page: UserPage = crate::operation::json(&response)?;
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

/// `POST /api/v2/users`: a new user.
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
    /// Releases since 2.36 make nobody without a way to sign in unless this says so; older ones do
    /// not know it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    service_account: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_status: Option<UserStatus>,
    organization_ids: Vec<OrganizationId>,
}

impl CreateUser {
    /// Somebody who signs in with a password kept by Coder.
    pub fn with_password(username: &str, email: &str, password: Secret) -> Self {
        Self { password: Some(password), ..Self::new(username, email, LoginType::Password) }
    }

    /// Somebody who signs in like this. With [`LoginType::None`] it is a service account that has
    /// an address.
    pub fn new(username: &str, email: &str, login_type: LoginType) -> Self {
        Self::named(username, Some(email.to_owned()), login_type)
    }

    /// A service account: it does not sign in and has no address, but others make tokens for it.
    pub fn service_account(username: &str) -> Self {
        Self::named(username, None, LoginType::None)
    }

    fn named(username: &str, email: Option<String>, login_type: LoginType) -> Self {
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

    /// With this full name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// As a member of this organization; at least one is needed.
    #[must_use]
    pub fn member_of(mut self, organization: OrganizationId) -> Self {
        self.organization_ids.push(organization);
        self
    }

    /// In this status.
    #[must_use]
    pub fn status(self, status: UserStatus) -> Self {
        Self { user_status: Some(status), ..self }
    }
}

operation!(CreateUser => User, |this| Draft::post(["users"]).json(this),
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// `PUT /api/v2/users/{user}/profile`: what somebody is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateProfile {
    #[serde(skip)]
    user: UserRef,
    username: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
}

impl UpdateProfile {
    /// These names for this user.
    pub fn new(user: impl Into<UserRef>, username: &str, name: &str) -> Self {
        let (username, name) = (username.to_owned(), name.to_owned());
        Self { user: user.into(), username, name, avatar_url: None }
    }

    /// With this picture.
    #[must_use]
    pub fn avatar_url(self, url: impl Into<String>) -> Self {
        Self { avatar_url: Some(url.into()), ..self }
    }
}

operation!(UpdateProfile => User, |this| {
    Draft::put(["users", &this.user.to_string(), "profile"]).json(this)
},
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// `GET /api/v2/users/{user}/autofill-parameters`: the values somebody chose for a template before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAutofillParameters {
    user: UserRef,
    template: TemplateId,
}

impl ListAutofillParameters {
    /// Of this user for this template.
    pub fn new(user: impl Into<UserRef>, template: TemplateId) -> Self {
        Self { user: user.into(), template }
    }
}

operation!(ListAutofillParameters => List<UserParameter>, |this| {
    Draft::get(["users", &this.user.to_string(), "autofill-parameters"])
        .query("template_id", Some(this.template))
});

/// `GET /api/v2/users/first`: answers 404 as long as the deployment has no user. Needs no
/// credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckFirstUser;

operation!(
    CheckFirstUser,
    |_this| Draft::get(["users", "first"]),
    fn needs_credential(&self) -> bool {
        false
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// `POST /api/v2/users/first`: the first user of a fresh deployment, its owner. Needs no
/// credential.
#[derive(Clone, Debug, Serialize)]
pub struct CreateFirstUser {
    username: String,
    email: String,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    password: Secret,
}

impl CreateFirstUser {
    /// The owner.
    pub fn new(username: &str, email: &str, password: Secret) -> Self {
        Self { username: username.to_owned(), email: email.to_owned(), password }
    }
}

operation!(CreateFirstUser => FirstUser, |this| Draft::post(["users", "first"]).json(this),
    fn needs_credential(&self) -> bool {
        false
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// `POST /api/v2/users/login`: a session for somebody with a password. Needs no credential.
#[derive(Clone, Debug, Serialize)]
pub struct LoginWithPassword {
    email: String,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    password: Secret,
}

impl LoginWithPassword {
    /// The user with this address and password.
    pub fn new(email: &str, password: Secret) -> Self {
        Self { email: email.to_owned(), password }
    }
}

operation!(LoginWithPassword => NewSession,
    |this| Draft::api(Method::POST, ["users", "login"]).json(this),
    fn needs_credential(&self) -> bool {
        false
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);
