//! OAuth scopes: the names Coder knows, and what each allows.

use std::collections::BTreeSet;

use crate::Version;

/// Every scope a client may ask for, in the order the metadata lists them.
const CATALOG: &[&str] = &[
    "api_key:*",
    "api_key:create",
    "api_key:delete",
    "api_key:read",
    "api_key:update",
    ALL,
    "coder:apikeys.manage_self",
    "coder:application_connect",
    "coder:templates.author",
    "coder:templates.build",
    "coder:workspaces.access",
    "coder:workspaces.create",
    "coder:workspaces.delete",
    "coder:workspaces.operate",
    "file:*",
    "file:create",
    "file:read",
    "organization:*",
    "organization:delete",
    "organization:read",
    "organization:update",
    "task:*",
    "task:create",
    "task:delete",
    "task:read",
    "task:update",
    "template:*",
    "template:create",
    "template:delete",
    "template:read",
    "template:update",
    "template:use",
    "user:*",
    "user:read",
    "user:read_personal",
    "user:update_personal",
    "user_secret:*",
    "user_secret:create",
    "user_secret:delete",
    "user_secret:read",
    "user_secret:update",
    "user_skill:*",
    "user_skill:create",
    "user_skill:delete",
    "user_skill:read",
    "user_skill:update",
    "workspace:*",
    "workspace:application_connect",
    "workspace:create",
    "workspace:delete",
    "workspace:read",
    "workspace:ssh",
    "workspace:start",
    "workspace:stop",
    "workspace:update",
];

/// Scopes that came after 2.29, with the release that brought them.
const LATER: [(&str, Version); 7] = [
    ("user:read", Version::V2_31),
    ("user_skill:*", Version::V2_34),
    ("user_skill:create", Version::V2_34),
    ("user_skill:delete", Version::V2_34),
    ("user_skill:read", Version::V2_34),
    ("user_skill:update", Version::V2_34),
    ("user:*", Version::V2_36),
];

/// Returns the scopes of a release: 48 in 2.29, 49 in 2.31, 54 in 2.34, 55 since 2.36.
pub(crate) fn catalog(version: Version) -> Vec<&'static str> {
    let is_later =
        |scope: &str| LATER.iter().any(|(name, since)| *name == scope && *since > version);
    CATALOG.iter().copied().filter(|scope| !is_later(scope)).collect()
}

/// The scope that is everything.
pub(crate) const ALL: &str = "coder:all";

const APPLICATION_CONNECT: &str = "coder:application_connect";

/// Expands a scope. A composite is more than its name; anything else is itself.
fn expand(scope: &str) -> &[&str] {
    match scope {
        ALL | "all" => &["*"],
        "coder:application_connect" | "application_connect" => &["workspace:application_connect"],
        "coder:workspaces.create" => &[
            "template:read",
            "template:use",
            "workspace:create",
            "workspace:read",
            "workspace:update",
            "workspace:start",
            "workspace:stop",
            "organization_member:read",
        ],
        "coder:workspaces.operate" => &[
            "template:read",
            "workspace:read",
            "workspace:update",
            "workspace:start",
            "workspace:stop",
            "organization_member:read",
        ],
        "coder:workspaces.delete" => &[
            "template:read",
            "template:use",
            "workspace:read",
            "workspace:delete",
            "organization_member:read",
        ],
        "coder:workspaces.access" => &[
            "template:read",
            "workspace:read",
            "workspace:ssh",
            "workspace:application_connect",
            "organization_member:read",
        ],
        "coder:templates.build" => &["template:read", "file:create", "file:read"],
        "coder:templates.author" => &[
            "template:read",
            "template:create",
            "template:update",
            "template:delete",
            "file:create",
            "file:read",
        ],
        "coder:apikeys.manage_self" => {
            &["api_key:read", "api_key:create", "api_key:update", "api_key:delete"]
        }
        _ => &[],
    }
}

/// The permissions that a set of scopes gives.
#[derive(Clone, Debug)]
pub(crate) struct Permissions(BTreeSet<String>);

impl Permissions {
    pub(crate) fn new<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> Self {
        let mut all = BTreeSet::new();
        for scope in scopes {
            match expand(scope.as_ref()) {
                [] => {
                    all.insert(scope.as_ref().to_owned());
                }
                expanded => all.extend(expanded.iter().map(ToString::to_string)),
            }
        }
        Self(all)
    }

    pub(crate) fn everything() -> Self {
        Self::new([ALL])
    }

    /// Tells whether an action like `workspace:read`, or every action of a kind (`workspace:*`), is
    /// allowed.
    pub(crate) fn allow(&self, action: &str) -> bool {
        let kind = action.split_once(':').map_or(action, |(kind, _)| kind);
        self.0.contains("*") || self.0.contains(action) || self.0.contains(&format!("{kind}:*"))
    }

    fn cover(&self, others: &Self) -> bool {
        others.0.iter().all(|action| self.allow(action))
    }
}

/// Returns today's name of a scope that had another one.
pub(crate) fn canonical(scope: &str) -> &str {
    match scope {
        "all" => ALL,
        "application_connect" => APPLICATION_CONNECT,
        other => other,
    }
}

/// Returns the value of the one field that tokens had before they had several scopes.
pub(crate) fn legacy(scopes: &[String]) -> &'static str {
    match scopes {
        [all] if all == ALL => "all",
        [connect] if connect == APPLICATION_CONNECT => "application_connect",
        _ => "",
    }
}

/// Tells whether a client may ask for `scope`.
pub(crate) fn is_known(scope: &str) -> bool {
    CATALOG.contains(&scope) || matches!(scope, "all" | "application_connect")
}

/// Returns the scopes that are granted when a client with the ceiling `allowed` asks for `asked`;
/// both are lists separated by spaces.
///
/// # Errors
///
/// The first scope that is unknown or above the ceiling.
pub(crate) fn negotiate(allowed: Option<&str>, asked: &str) -> Result<Vec<String>, String> {
    let asked: Vec<&str> = asked.split_whitespace().collect();
    if let Some(unknown) = asked.iter().find(|scope| !is_known(scope)) {
        return Err(format!("unknown or unsupported scope: {unknown}"));
    }
    let allowed: Option<Vec<&str>> = allowed.map(|list| list.split_whitespace().collect());
    match (allowed, asked.as_slice()) {
        (None, []) => Ok(vec![ALL.to_owned()]),
        (Some(ceiling), []) => Ok(ceiling.into_iter().map(str::to_owned).collect()),
        (None, names) => Ok(names.iter().map(ToString::to_string).collect()),
        (Some(ceiling), names) => {
            let ceiling = Permissions::new(ceiling);
            match names.iter().find(|name| !ceiling.cover(&Permissions::new([*name]))) {
                Some(name) => Err(format!("scope not allowed for this application: {name}")),
                None => Ok(names.iter().map(ToString::to_string).collect()),
            }
        }
    }
}

/// Returns the scopes in `asked` if `granted` covers them all. The error is the first one that it
/// does not cover.
pub(crate) fn narrower(granted: &[String], asked: &str) -> Result<Vec<String>, String> {
    if asked.trim().is_empty() {
        return Ok(granted.to_vec());
    }
    negotiate(Some(&granted.join(" ")), asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_ceiling_the_request_decides() {
        assert_eq!(negotiate(None, "").unwrap(), ["coder:all"]);
        assert_eq!(
            negotiate(None, "workspace:read user:read_personal").unwrap(),
            ["workspace:read", "user:read_personal"]
        );
    }

    #[test]
    fn with_a_ceiling_permissions_are_compared_not_names() {
        let ceiling = Some("coder:workspaces.operate");
        assert_eq!(negotiate(ceiling, "").unwrap(), ["coder:workspaces.operate"]);
        assert_eq!(negotiate(ceiling, "workspace:read").unwrap(), ["workspace:read"]);
        let refused = negotiate(ceiling, "workspace:read workspace:create").unwrap_err();
        assert!(refused.ends_with("workspace:create"), "{refused}");
        assert!(negotiate(ceiling, "workspace:*").is_err());
    }

    #[test]
    fn scopes_of_openid_connect_are_unknown() {
        for scope in ["openid", "profile", "email", "offline_access"] {
            assert!(negotiate(None, scope).unwrap_err().contains("unknown or unsupported"));
        }
    }

    #[test]
    fn a_wildcard_allows_every_action_of_its_kind() {
        let permissions = Permissions::new(["workspace:*"]);
        assert!(permissions.allow("workspace:start"));
        assert!(!permissions.allow("template:read"));
        assert!(Permissions::everything().allow("organization_member:read"));
    }
}
