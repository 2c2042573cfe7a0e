//! Events of logins, for operators: the audit log, and whoever counts.
//!
//! Each event is written to the log as it happens, at the target [`AUDIT_TARGET`], and told to the
//! [`AuthObserver`] of the options.

use std::fmt;
use std::sync::Arc;

use backstage_catalog::EntityRef;
use coder_client::UserId;
use coder_core::{MaybeSend, MaybeSync, cleaned, with_causes};

use crate::error::AuthError;
use crate::grant::StoredGrant;
use crate::session::SessionId;

/// The target of audit events in the log: `RUST_LOG=info,coder_backstage::audit=off` leaves them out.
pub const AUDIT_TARGET: &str = "coder_backstage::audit";

/// The kinds of [`AuthEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an observer decides about each")]
pub enum AuthEventKind {
    /// A login has ended well, and the browser has a new session.
    SignedIn,
    /// A login that a browser had begun was refused, for a reason of the person or of Coder.
    SignInRefused,
    /// A login that a browser had begun has failed: Coder, the catalog or the store did not do its part.
    SignInFailed,
    /// The tokens of a session were handed out to its browser.
    Refreshed,
    /// A browser has a session, and nothing was handed out: only a login helps, or nothing does.
    RefreshRefused,
    /// A browser has a session, and Coder, the catalog or the store did not do its part.
    RefreshFailed,
    /// A person has signed out.
    SignedOut,
    /// A person has linked a Coder session token.
    Linked,
    /// Coder did not accept a token to be linked, or it is that of somebody else.
    LinkRefused,
    /// A person has taken a linked token back.
    Unlinked,
    /// An administrator of the portal has ended a session.
    EndedByAdministrator,
    /// An administrator of the portal has ended all sessions.
    AllEndedByAdministrator,
    /// An administrator of the portal has erased a person.
    ErasedByAdministrator,
    /// Coder has replaced the token pair of a grant.
    Rotated,
    /// Coder does not accept the refresh token of a grant, whose user has to sign in again.
    RotationRefused,
    /// A sweep has ended what was over.
    Swept,
    /// A sweep has failed, and is tried again.
    SweepFailed,
}

impl AuthEventKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 17] = [
        Self::SignedIn,
        Self::SignInRefused,
        Self::SignInFailed,
        Self::Refreshed,
        Self::RefreshRefused,
        Self::RefreshFailed,
        Self::SignedOut,
        Self::Linked,
        Self::LinkRefused,
        Self::Unlinked,
        Self::EndedByAdministrator,
        Self::AllEndedByAdministrator,
        Self::ErasedByAdministrator,
        Self::Rotated,
        Self::RotationRefused,
        Self::Swept,
        Self::SweepFailed,
    ];

    /// Returns the name for programs, such as `signed_in`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignInFailed => "sign_in_failed",
            Self::Refreshed => "refreshed",
            Self::RefreshRefused => "refresh_refused",
            Self::RefreshFailed => "refresh_failed",
            Self::SignedOut => "signed_out",
            Self::Linked => "linked",
            Self::LinkRefused => "link_refused",
            Self::Unlinked => "unlinked",
            Self::EndedByAdministrator => "ended_by_administrator",
            Self::AllEndedByAdministrator => "all_ended_by_administrator",
            Self::ErasedByAdministrator => "erased_by_administrator",
            Self::Rotated => "rotated",
            Self::RotationRefused => "rotation_refused",
            Self::Swept => "swept",
            Self::SweepFailed => "sweep_failed",
        }
    }

    /// Returns the sentence for the audit log; `None` for what no person has done, which is not in it.
    fn sentence(self) -> Option<&'static str> {
        match self {
            Self::SignedIn => Some("signed in"),
            Self::SignInRefused => Some("a sign-in was refused"),
            Self::SignInFailed => Some("a sign-in has failed"),
            Self::Refreshed => Some("a session was refreshed"),
            Self::RefreshRefused => Some("a session was not refreshed"),
            Self::RefreshFailed => Some("the refresh of a session has failed"),
            Self::SignedOut => Some("signed out"),
            Self::Linked => Some("a token was linked"),
            Self::LinkRefused => Some("a token to be linked was refused"),
            Self::Unlinked => Some("the link was removed"),
            Self::EndedByAdministrator => Some("an administrator has ended a session"),
            Self::AllEndedByAdministrator => Some("an administrator has ended all sessions"),
            Self::ErasedByAdministrator => Some("an administrator has erased a person"),
            Self::Rotated | Self::RotationRefused | Self::Swept | Self::SweepFailed => None,
        }
    }
}

/// An event of a login, with what is known of it and without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthEvent {
    /// Kind of the event.
    pub kind: AuthEventKind,
    /// Name of the environment.
    pub environment: Option<String>,
    /// User name at Coder.
    pub username: Option<String>,
    /// Id of the user at Coder.
    pub user_id: Option<UserId>,
    /// User entity of the person in the catalog.
    pub entity: Option<EntityRef>,
    /// First 8 characters of the session's id, which tell sessions apart and open none.
    pub session: Option<String>,
    /// Sign-in resolvers that were tried in vain, in order.
    pub resolvers: Vec<String>,
    /// Reason of a refusal or a failure, with its causes.
    pub reason: Option<String>,
}

impl AuthEvent {
    /// Creates an event of this kind, of which nothing else is known.
    pub fn new(kind: AuthEventKind) -> Self {
        Self {
            kind,
            environment: None,
            username: None,
            user_id: None,
            entity: None,
            session: None,
            resolvers: Vec::new(),
            reason: None,
        }
    }

    /// Sets the name of the environment.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// Sets the user at Coder. The name is cleaned.
    #[must_use]
    pub fn user(mut self, username: &str, id: UserId) -> Self {
        self.username = Some(cleaned(username)).filter(|name| !name.is_empty());
        self.user_id = Some(id);
        self
    }

    /// Sets the user to that of a grant.
    pub(crate) fn grant(self, stored: &StoredGrant) -> Self {
        self.user(&stored.grant.profile.username, stored.key.user)
    }

    /// Sets the User entity of the person.
    #[must_use]
    pub fn entity(mut self, entity: Option<EntityRef>) -> Self {
        self.entity = entity;
        self
    }

    /// Sets the session that the event is about.
    #[must_use]
    pub fn session(mut self, id: &SessionId) -> Self {
        self.session = Some(id.prefix());
        self
    }

    /// Sets the sign-in resolvers that were tried.
    #[must_use]
    pub fn resolvers(mut self, names: Vec<String>) -> Self {
        self.resolvers = names;
        self
    }

    /// Turns the event of a success into that of its failure: `refused` by the fault of the person, or
    /// `failed` by that of Coder, the catalog or the store.
    pub(crate) fn or_failed(
        mut self,
        error: &AuthError,
        refused: AuthEventKind,
        failed: AuthEventKind,
    ) -> Self {
        self.kind = if error.status().is_server_error() { failed } else { refused };
        self.reason(error)
    }

    /// Turns the event of a login that has ended well into that of its failure.
    pub(crate) fn or_not_signed_in(self, error: &AuthError) -> Self {
        self.or_failed(error, AuthEventKind::SignInRefused, AuthEventKind::SignInFailed)
    }

    /// Sets the reason to this error and its causes.
    #[must_use]
    pub fn reason(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        self.reason = Some(with_causes(error));
        self
    }

    /// Writes the event to the audit log, unless it is about no person.
    ///
    /// The routes and [`Administration`](crate::Administration) do so by themselves.
    pub fn log(&self) {
        let Some(sentence) = self.kind.sentence() else { return };
        let Self { kind, environment, username, user_id, entity, session, resolvers, reason } =
            self;
        let resolvers = (!resolvers.is_empty()).then(|| resolvers.join(", "));
        tracing::info!(
            target: AUDIT_TARGET,
            event = kind.name(),
            environment = environment.as_deref(),
            username = username.as_deref(),
            user_id = user_id.map(tracing::field::display),
            entity = entity.as_ref().map(tracing::field::display),
            session = session.as_deref(),
            resolvers = resolvers.as_deref(),
            reason = reason.as_deref(),
            "{sentence}"
        );
    }
}

/// An observer of logins, such as one that counts them.
///
/// The call happens within the request that the event belongs to, so an observer must not wait.
/// Closures are observers:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use coder_auth::{AuthEvent, AuthEventKind, AuthOptions};
///
/// static LOGINS: AtomicU64 = AtomicU64::new(0);
///
/// fn counted(options: AuthOptions) -> AuthOptions {
///     options.observer(|event: &AuthEvent| {
///         if event.kind == AuthEventKind::SignedIn {
///             LOGINS.fetch_add(1, Ordering::Relaxed);
///         }
///     })
/// }
/// ```
///
/// The events of persons are in the log without any observer, at the target [`AUDIT_TARGET`].
pub trait AuthObserver: MaybeSend + MaybeSync {
    /// Takes note of an event that has just happened.
    fn observe(&self, event: &AuthEvent);
}

impl<F: Fn(&AuthEvent) + MaybeSend + MaybeSync> AuthObserver for F {
    fn observe(&self, event: &AuthEvent) {
        self(event);
    }
}

/// The audit log, and the observer of the options if there is one. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Events(pub(crate) Option<Arc<dyn AuthObserver>>);

impl Events {
    /// Writes an event to the audit log, and tells the observer.
    pub(crate) fn tell(&self, event: &AuthEvent) {
        event.log();
        if let Self(Some(observer)) = self {
            observer.observe(event);
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Events")
    }
}
