//! `GET /api/v2/users`.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Open;
use crate::api::workspaces::Page;
use crate::model::User;
use crate::rules::search::{FreeText, SearchFault, Terms};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

const STATUSES: [&str; 3] = ["active", "dormant", "suspended"];
const LOGIN_TYPES: [&str; 6] =
    ["github", "none", "oauth2_provider_app", "oidc", "password", "token"];

/// The filters of a search for users. An empty list is not a filter.
struct UserSearch {
    text: Option<String>,
    name: Option<String>,
    statuses: Vec<String>,
    roles: Vec<String>,
    login_types: Vec<String>,
    created: Span,
    last_seen: Span,
    /// Nobody has an account at GitHub.
    github: bool,
}

/// A span of time that may be open at both ends.
struct Span {
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Span {
    fn read(terms: &mut Terms, after: &str, before: &str) -> Self {
        Self { after: terms.time(after), before: terms.time(before) }
    }

    fn holds(&self, time: Timestamp) -> bool {
        self.after.is_none_or(|after| time >= after)
            && self.before.is_none_or(|before| time <= before)
    }
}

impl UserSearch {
    fn read(search: &str, deployment: &Deployment<'_>) -> Result<Self, Vec<SearchFault>> {
        let dialect = deployment.dialect();
        let free = FreeText::of_key("search", dialect);
        let mut terms = Terms::read(search, free).map_err(|fault| vec![fault])?;
        let found = Self {
            text: terms.one("search"),
            name: if dialect.searches_full_names { terms.one("name") } else { None },
            statuses: terms.words("status", &STATUSES),
            roles: terms.list("role"),
            login_types: terms.words("login_type", &LOGIN_TYPES),
            created: Span::read(&mut terms, "created_after", "created_before"),
            last_seen: Span::read(&mut terms, "last_seen_after", "last_seen_before"),
            github: terms.integer("github_com_user_id").is_some_and(|id| id != 0),
        };
        terms.finish()?;
        Ok(found)
    }

    fn finds(&self, user: &User) -> bool {
        let contains = |wanted: &Option<String>, texts: &[&str]| {
            wanted.as_ref().is_none_or(|wanted| {
                texts.iter().any(|text| text.to_lowercase().contains(wanted.as_str()))
            })
        };
        let among = |wanted: &[String], value: &str| {
            wanted.is_empty() || wanted.iter().any(|known| known == value)
        };
        let has_role = |role: &String| role == "member" || (role == "owner" && user.owner);
        contains(&self.text, &[&user.username, &user.email])
            && contains(&self.name, &[&user.name])
            && among(&self.statuses, user.status())
            && among(&self.login_types, "password")
            && (self.roles.is_empty() || self.roles.iter().any(has_role))
            && self.created.holds(user.created_at)
            && self.last_seen.holds(user.last_seen_at)
            && !self.github
    }
}

/// Answers the list of users: an owner sees everybody, another user only that user. `count` counts
/// all that was found, but is zero beyond the end.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let search =
        UserSearch::read(call.query("q").unwrap_or_default(), deployment).map_err(|faults| {
            Reply::invalid(StatusCode::BAD_REQUEST, "Invalid user search query.", faults)
        })?;
    let page = Page::read(call)?;
    let mut found: Vec<&User> = deployment
        .state
        .users
        .values()
        .filter(|user| caller.user.owner || user.id == caller.user.id)
        .filter(|user| search.finds(user))
        .collect();
    found.sort_by_key(|user| user.username.to_lowercase());
    let count = found.len();
    if let Some(after) = page.after {
        let behind = found.iter().position(|user| user.id == after).map_or(count, |at| at + 1);
        found.drain(..behind);
    }
    let users: Vec<Value> = page.of(found).map(|user| user.json(deployment)).collect();
    let count = if users.is_empty() { 0 } else { count };
    Ok(Reply::ok(&json!({ "users": users, "count": count })))
}
