//! Administration: who is signed in, ending sessions, and erasing a person.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use backstage_catalog::{EntityRef, EntityRefError};
use coder_client::UserId;
use coder_core::{DeploymentUrl, cleaned, with_causes};
use jiff::Timestamp;
use serde::Serialize;

use crate::caller::user::{issuer_holder, sign_in_holder};
use crate::error::AuthError;
use crate::grant::key::GrantKey;
use crate::observer::{AuthEvent, AuthEventKind};
use crate::parts::Parts;
use crate::session::SessionId;
use crate::store::{Erasure, GrantRecord, LinkKey, SessionRecord};

/// The number of sessions that are read, or ended, in one step.
const STEP: u32 = 500;
/// The length of an id with its hyphens.
const ID_LENGTH: usize = 36;

/// The administration of one portal, whose methods list sessions, end them and erase persons.
///
/// A program that serves nobody may use it beside the servers of the portal. Each change is one
/// transition of the store, which every server sees with its next request. The tokens of a grant
/// that ends are revoked at Coder (RFC 7009). Where Coder does not answer, they stay among the
/// revocations of the store, and a server tries again within ten minutes.
///
/// [`CoderAuth::administration`](crate::CoderAuth::administration) creates it.
pub struct Administration<'a>(&'a Parts);

/// A session, for an administrator and without any secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionInfo {
    /// Id of the session, from which nobody can make a cookie.
    #[serde(serialize_with = "as_text")]
    pub session: SessionId,
    /// Environment in which the session was made.
    pub environment: String,
    /// Deployment of its user.
    pub deployment: DeploymentUrl,
    /// Id of its user at Coder.
    pub user_id: UserId,
    /// User name at Coder; `None` if the sealing keys do not open the grant.
    pub user_name: Option<String>,
    /// Canonical references of the User entities that this user has signed in as.
    pub user_entity_refs: Vec<String>,
    /// Moment of the sign-in.
    pub signed_in_at: Timestamp,
    /// Moment of the last use, to within a minute.
    pub used_at: Timestamp,
    /// Grant behind the session.
    #[serde(skip)]
    grant: GrantKey,
}

impl SessionInfo {
    /// Tells whether the session is of this person.
    pub fn is_of(&self, person: &PersonName) -> bool {
        match person {
            PersonName::Entity(entity) => {
                self.user_entity_refs.iter().any(|name| name == entity.as_str())
            }
            PersonName::UserId(id) => self.user_id == *id,
            // As at Coder, letter case does not tell users apart.
            PersonName::UserName(name) => {
                self.user_name.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(name))
            }
        }
    }

    /// Makes the event of its end. A user who has signed in as several entities is named without one.
    fn ended(&self) -> AuthEvent {
        let entity = match &*self.user_entity_refs {
            [only] => EntityRef::parse(only).ok(),
            _ => None,
        };
        AuthEvent::new(AuthEventKind::EndedByAdministrator)
            .environment(&self.environment)
            .user(self.user_name.as_deref().unwrap_or_default(), self.user_id)
            .entity(entity)
            .session(&self.session)
    }
}

/// A person, as an administrator names one: by the reference of a User entity, or by the user name or
/// the id of a user of Coder.
///
/// An id has the form of 36 characters (RFC 9562 §4). Every other form of a UUID, such as 32 digits, may
/// be a user name.
///
/// ```
/// use coder_auth::PersonName;
///
/// assert!(matches!("user:default/alice".parse()?, PersonName::Entity(_)));
/// assert!(matches!("a11ce000-0000-4000-8000-000000000001".parse()?, PersonName::UserId(_)));
/// assert!(matches!("alice".parse()?, PersonName::UserName(_)));
/// # Ok::<(), backstage_catalog::EntityRefError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a reader decides about each form")]
pub enum PersonName {
    /// Reference of a User entity.
    Entity(EntityRef),
    /// Id of a user of Coder.
    UserId(UserId),
    /// User name at Coder.
    UserName(String),
}

impl FromStr for PersonName {
    type Err = EntityRefError;

    fn from_str(text: &str) -> Result<Self, EntityRefError> {
        if text.contains([':', '/']) {
            return EntityRef::parse_with_defaults(text, "user", "default").map(Self::Entity);
        }
        Ok(match text.parse() {
            Ok(id) if text.len() == ID_LENGTH => Self::UserId(id),
            Ok(_) | Err(_) => Self::UserName(text.to_owned()),
        })
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(entity) => entity.fmt(formatter),
            Self::UserId(id) => id.fmt(formatter),
            Self::UserName(name) => formatter.write_str(name),
        }
    }
}

/// The outcome of ending sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EndedSessions {
    /// Number of sessions that have ended.
    pub sessions: u64,
    /// Number of token pairs that were due, and that Coder has not revoked yet; `None` if the store
    /// failed after the sessions had ended, so that nobody knows.
    pub unrevoked: Option<u64>,
}

/// The outcome of erasing a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErasedPerson {
    /// Number of sessions that have ended.
    pub sessions: u64,
    /// Number of grants that have ended.
    pub grants: u64,
    /// Number of users whose ownership was deleted.
    pub persons: u64,
    /// Number of linked tokens that were deleted.
    pub links: u64,
    /// Number of token pairs that were due, and that Coder has not revoked yet; `None` if the store
    /// failed after the sessions had ended, so that nobody knows.
    pub unrevoked: Option<u64>,
}

impl<'a> Administration<'a> {
    pub(crate) fn new(parts: &'a Parts) -> Self {
        Self(parts)
    }

    /// Lists all sessions, the one that was used last first.
    ///
    /// # Errors
    ///
    /// Fails when the store does.
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, AuthError> {
        let store = &self.0.store;
        let mut persons = BTreeMap::new();
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = store.sessions(after.as_ref(), STEP).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.id.clone());
            for (session, grant) in page {
                let version = grant.version.as_str().to_owned();
                if !persons.contains_key(&version) {
                    let names = store.persons_of_grant(&grant.key).await?;
                    persons.insert(version.clone(), names);
                }
                let names = persons.get(&version).cloned().unwrap_or_default();
                listed.push(self.info(session, grant, names));
            }
        }
        listed.sort_by_key(|session| std::cmp::Reverse(session.used_at));
        Ok(listed)
    }

    fn info(
        &self,
        session: SessionRecord,
        grant: GrantRecord,
        user_entity_refs: Vec<String>,
    ) -> SessionInfo {
        let SessionRecord { id, grant: key, environment, created_at, used_at } = session;
        let opened = self.0.grants.open(grant);
        SessionInfo {
            session: id,
            environment,
            deployment: key.app.deployment.clone(),
            user_id: key.user,
            user_name: opened.map(|stored| stored.grant.profile.username),
            user_entity_refs,
            signed_in_at: created_at,
            used_at,
            grant: key,
        }
    }

    /// Ends one session and, with the last one, its grant. One that is gone already is not counted.
    ///
    /// # Errors
    ///
    /// Fails when the store does.
    pub async fn end_session(&self, session: &SessionInfo) -> Result<EndedSessions, AuthError> {
        let there = self.still_there(std::slice::from_ref(session)).await?;
        let now = self.0.world.clock.now();
        self.0.store.end_session(&session.session, now).await?;
        self.tell_ended(&there);
        Ok(EndedSessions { sessions: there.len() as u64, unrevoked: self.revoke().await })
    }

    /// Ends the grants behind these sessions, and with them every session of their users at these
    /// applications, in one transition.
    ///
    /// # Errors
    ///
    /// Fails when the store does.
    pub async fn end_grants(&self, sessions: &[SessionInfo]) -> Result<EndedSessions, AuthError> {
        let there = self.still_there(sessions).await?;
        let grants = sessions.iter().map(|session| session.grant.clone()).collect();
        let due_at = self.0.world.clock.now();
        let erased = self.0.store.erase(Erasure { grants, links: Vec::new(), due_at }).await?;
        self.tell_ended(&there);
        Ok(EndedSessions { sessions: erased.sessions, unrevoked: self.revoke().await })
    }

    /// Returns those of the sessions that have not ended since they were listed.
    async fn still_there<'s>(
        &self,
        sessions: &'s [SessionInfo],
    ) -> Result<Vec<&'s SessionInfo>, AuthError> {
        let mut there = Vec::new();
        for session in sessions {
            if self.0.store.session(&session.session).await?.is_some() {
                there.push(session);
            }
        }
        Ok(there)
    }

    fn tell_ended(&self, sessions: &[&SessionInfo]) {
        for session in sessions {
            self.0.events.tell(&session.ended());
        }
    }

    /// Ends every session and every grant of this portal.
    ///
    /// # Errors
    ///
    /// Fails when the store does. The sessions that are left then are ended by the next call.
    pub async fn end_all(&self) -> Result<EndedSessions, AuthError> {
        let (all, now) = (Timestamp::MAX, self.0.world.clock.now());
        let mut sessions = 0;
        loop {
            let ended = self.0.store.expire_sessions(all, all, now, STEP).await?;
            sessions += ended;
            if ended < u64::from(STEP) {
                break;
            }
        }
        self.0.events.tell(&AuthEvent::new(AuthEventKind::AllEndedByAdministrator));
        Ok(EndedSessions { sessions, unrevoked: self.revoke().await })
    }

    /// Deletes what the store keeps of a person, in one transition: sessions, grants, ownership and
    /// linked tokens.
    ///
    /// A user of Coder who has no session is found by the id alone. Linked tokens of users of a
    /// trusted issuer are found by the reference of their entity.
    ///
    /// A login of the person that ends later, even one that has begun before, makes a new session. Who
    /// must not come back is first suspended at Coder, or no longer found by the sign-in resolvers.
    ///
    /// # Errors
    ///
    /// Fails when the store does.
    pub async fn erase(&self, person: &PersonName) -> Result<ErasedPerson, AuthError> {
        let listed = self.sessions().await?;
        let of_person: Vec<_> = listed.into_iter().filter(|it| it.is_of(person)).collect();
        let mut grants: Vec<GrantKey> = of_person.iter().map(|it| it.grant.clone()).collect();
        let mut names: BTreeSet<String> = BTreeSet::new();
        match person {
            PersonName::Entity(entity) => {
                grants.extend(self.0.store.grants_of_person(entity.as_str()).await?);
                names.insert(entity.as_str().to_owned());
            }
            PersonName::UserId(id) => {
                let apps = self.0.environments.usable().map(|it| it.upstream.app().clone());
                grants.extend(apps.map(|app| GrantKey::new(app, *id)));
            }
            PersonName::UserName(_) => {}
        }
        let mut environments: BTreeSet<&str> = self.0.environments.names().collect();
        environments.extend(of_person.iter().map(|it| it.environment.as_str()));
        let links = self.links(&grants, &names, &environments);
        let due_at = self.0.world.clock.now();
        let erased = self.0.store.erase(Erasure { grants, links, due_at }).await?;
        self.0.events.tell(&of_erasure(person));
        Ok(ErasedPerson {
            sessions: erased.sessions,
            grants: erased.revocations.len() as u64,
            persons: erased.persons,
            links: erased.links,
            unrevoked: self.revoke().await,
        })
    }

    /// Lists the keys under which a linked token of this person may be stored.
    fn links(
        &self,
        grants: &[GrantKey],
        names: &BTreeSet<String>,
        environments: &BTreeSet<&str>,
    ) -> Vec<LinkKey> {
        let signed_in = grants.iter().flat_map(|key| {
            environments.iter().map(|environment| sign_in_holder(key, environment))
        });
        let known = self
            .0
            .trusted
            .issuer_names()
            .flat_map(|issuer| names.iter().map(move |entity| issuer_holder(issuer, entity)));
        let holders: BTreeSet<String> = signed_in.chain(known).collect();
        let deployments: BTreeSet<&str> =
            self.0.environments.usable().map(|it| it.upstream.deployment().as_str()).collect();
        let deployments: Vec<DeploymentUrl> =
            deployments.iter().filter_map(|url| url.parse().ok()).collect();
        holders
            .iter()
            .flat_map(|holder| {
                deployments.iter().map(|deployment| LinkKey {
                    deployment: deployment.clone(),
                    holder: holder.clone(),
                })
            })
            .collect()
    }

    /// Revokes every pair that is due, and returns the number of those that are left; `None` if the
    /// store fails. What is to end has ended by now, and a server revokes what is left.
    async fn revoke(&self) -> Option<u64> {
        let environments = &self.0.environments;
        let upstream_of = |app: &_| environments.upstream_of(app).cloned();
        let left = self.0.revocations.sweep(|revocation| upstream_of(&revocation.app)).await;
        left.inspect_err(|error| {
            tracing::warn!(
                error = with_causes(error),
                "which token pairs are revoked is not known; a server revokes what is left"
            );
        })
        .ok()
    }
}

impl fmt::Debug for Administration<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Administration")
    }
}

/// Makes the event of an erasure: the person is named as the administrator has named it.
fn of_erasure(person: &PersonName) -> AuthEvent {
    let event = AuthEvent::new(AuthEventKind::ErasedByAdministrator);
    match person {
        PersonName::Entity(entity) => event.entity(Some(entity.clone())),
        PersonName::UserId(id) => event.user("", *id),
        PersonName::UserName(name) => AuthEvent { username: Some(cleaned(name)), ..event },
    }
}

fn as_text<S: serde::Serializer>(id: &SessionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}
