//! `coder.session`: how long people stay signed in, and where and how what they need is kept.

use coder_core::{CookieName, Secret};
use jiff::SignedDuration;

use super::auth::AuthConfig;
use super::duration::Range;
use super::reader::{Reader, Section, Value};
use crate::suggest::or_known;
use crate::{ConfigError, Provenance};

/// The absolute lifetime of a session that no key sets.
const DEFAULT_ABSOLUTE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// `coder.session`: how long browsers stay signed in, and what protects what is stored.
///
/// The struct is exhaustive, so that a portal that does not read a new key does not compile.
#[derive(Clone, Debug, Default)]
pub struct SessionConfig {
    /// `idle`: a session that was not used for this long ends.
    pub idle: Option<SignedDuration>,
    /// `absolute`: a session ends this long after its sign-in, used or not.
    pub absolute: Option<SignedDuration>,
    /// `logout`: what signing out ends.
    pub logout: Logout,
    /// `accessToken`: whether browsers get Coder's access token.
    pub access_token: AccessTokenPolicy,
    /// `cookieName`: the name of the session cookie. Two portals of one host need different ones.
    pub cookie_name: CookieName,
    /// `dangerouslyAllowHttp`: whether the portal may be served over plain http off this machine.
    pub dangerously_allow_http: bool,
    /// `keys` that seal what is stored, the newest first.
    pub keys: Vec<Secret>,
    /// `store`: where grants and sessions are kept, if the app-config names it.
    pub store: Option<SessionStoreConfig>,
}

impl SessionConfig {
    /// Returns the error for a place where sessions cannot be kept, at the place where it is
    /// written: `problem` says what is wrong with it and what to do.
    pub fn invalid_store(&self, problem: impl Into<String>) -> ConfigError {
        const STORE: &str = "coder.session.store";
        match &self.store {
            Some(SessionStoreConfig::Sqlite { provenance: Some(at), .. }) => {
                ConfigError::invalid(format!("{STORE}.file"), at.clone(), problem)
            }
            Some(
                SessionStoreConfig::Memory
                | SessionStoreConfig::Sqlite { provenance: None, .. }
                | SessionStoreConfig::Postgres { .. },
            )
            | None => ConfigError::invalid(STORE, None, problem),
        }
    }
}

/// Scope of signing out: `session` or `grant`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum Logout {
    /// The session of this browser; the grant with its last session.
    #[default]
    Session,
    /// The grant, and with it the sessions of all browsers of this person.
    Grant,
}

/// Holder of Coder's access token: `browser` or `server`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum AccessTokenPolicy {
    /// The browser gets it, as in Backstage, and may call Coder itself.
    #[default]
    Browser,
    /// The token stays here; browsers reach Coder through the portal's own routes only.
    Server,
}

/// `coder.session.store`: where grants and sessions are kept.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum SessionStoreConfig {
    /// `memory`: a restart signs everybody out.
    Memory,
    /// `sqlite`: a file, for one process.
    #[non_exhaustive]
    Sqlite {
        /// `file`, as it is written; `None` leaves the place to the program that opens the store.
        file: Option<String>,
        /// Place where the file is written, if it is.
        provenance: Option<Provenance>,
    },
    /// `postgres`: a database that many processes share.
    #[non_exhaustive]
    Postgres {
        /// Key `url`, as in `postgres://user:password@host/database`.
        url: Secret,
    },
}

/// Declares the types of stores, each with its name in configuration.
macro_rules! store_types {
    ($($variant:ident = $name:literal;)+) => {
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum StoreType { $($variant),+ }

        impl StoreType {
            const ALL: &[Self] = &[$(Self::$variant),+];
            pub(crate) const NAMES: &[&str] = &[$($name),+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

store_types! {
    Memory = "memory";
    Sqlite = "sqlite";
    Postgres = "postgres";
}

impl<'a> Reader<'a> {
    pub(super) fn session(
        &mut self,
        coder: &Section<'a>,
        auth: Option<&AuthConfig>,
    ) -> SessionConfig {
        let section = self.section(coder, "session");
        let known = [
            "idle",
            "absolute",
            "logout",
            "accessToken",
            "cookieName",
            "dangerouslyAllowHttp",
            "keys",
            "store",
        ];
        self.only(&section, &known);
        let logout = self.parsed(&section, "logout", |text| match text {
            "session" => Ok(Logout::Session),
            "grant" => Ok(Logout::Grant),
            _ => Err("it must be `session` or `grant`"),
        });
        let access_token = self.parsed(&section, "accessToken", |text| match text {
            "browser" => Ok(AccessTokenPolicy::Browser),
            "server" => Ok(AccessTokenPolicy::Server),
            _ => Err("it must be `browser` or `server`"),
        });
        let session = SessionConfig {
            idle: self.duration(&section, "idle", &Range::SESSION),
            absolute: self.duration(&section, "absolute", &Range::SESSION),
            logout: logout.unwrap_or_default(),
            access_token: access_token.unwrap_or_default(),
            cookie_name: self.parsed(&section, "cookieName", str::parse).unwrap_or_default(),
            dangerously_allow_http: self.flag(&section, "dangerouslyAllowHttp").unwrap_or_default(),
            keys: self.sealing_keys(&section),
            store: self.store(&section),
        };
        self.idle_within_absolute(&section, &session, auth);
        if let Some(SessionStoreConfig::Postgres { .. }) = session.store
            && session.keys.is_empty()
            && let Some(value) = self.value(&section, "store")
        {
            let problem = "is a database that processes share, so they have to share the keys that \
                           seal what is in it: add `coder.session.keys: ['${CODER_SESSION_KEY}']`, and \
                           let `openssl rand -base64 32` make one";
            self.invalid(&value, problem);
        }
        session
    }

    /// Refuses an idle lifetime that a session never reaches, since its absolute one ends it
    /// before.
    fn idle_within_absolute(
        &mut self,
        section: &Section<'a>,
        session: &SessionConfig,
        auth: Option<&AuthConfig>,
    ) {
        let Some(idle) = session.idle else { return };
        let own = auth.and_then(|auth| auth.environments.get(&auth.environment)?.as_ref().ok());
        let own_duration = own.and_then(|environment| environment.session_duration);
        let (absolute, what) = match (session.absolute, own_duration) {
            (Some(absolute), _) => (absolute, "`coder.session.absolute`"),
            (None, Some(duration)) => (duration, "`sessionDuration` of the portal's environment"),
            (None, None) => {
                (DEFAULT_ABSOLUTE, "the 30 days after which a session ends; set `absolute` as well")
            }
        };
        if idle > absolute
            && let Some(value) = self.value(section, "idle")
        {
            self.invalid(&value, format!("is longer than {what}"));
        }
    }

    /// Reads the name of a store, or a mapping with its `type` and what that needs.
    fn store(&mut self, session: &Section<'a>) -> Option<SessionStoreConfig> {
        let value = self.value(session, "store")?;
        if value.node.as_map().is_none() {
            if value.node.scalar_text().is_none() {
                self.wrong(&value, "the name of a store or a mapping");
            }
            let kind = value.node.scalar_text()?;
            return match self.store_type(&value, kind)? {
                StoreType::Memory => Some(SessionStoreConfig::Memory),
                StoreType::Sqlite => {
                    Some(SessionStoreConfig::Sqlite { file: None, provenance: None })
                }
                StoreType::Postgres => {
                    let problem = "is `postgres`, but not which database; write \
                                   `store: { type: postgres, url: '${DATABASE_URL}' }`";
                    self.invalid(&value, problem);
                    None
                }
            };
        }
        let section = self.section(session, "store");
        self.only(&section, &["type", "file", "url"]);
        let kind = self.required(&section, "type")?;
        let value = self.value(&section, "type")?;
        let kind = self.store_type(&value, kind)?;
        // Ignoring one would keep sessions where nobody expects them.
        for (option, owner) in [("file", StoreType::Sqlite), ("url", StoreType::Postgres)] {
            if kind != owner
                && let Some(value) = self.value(&section, option)
            {
                let (owner, kind) = (owner.as_str(), kind.as_str());
                self.invalid(&value, format!("is an option of `{owner}`, not of `{kind}`"));
            }
        }
        match kind {
            StoreType::Memory => Some(SessionStoreConfig::Memory),
            StoreType::Sqlite => {
                let file = self.parsed(&section, "file", |text| match text {
                    ":memory:" => Err("not a file; write `store: memory`"),
                    file => Ok(file.to_owned()),
                });
                let written = self.value(&section, "file");
                let provenance = written.map(|value| value.node.provenance().clone());
                Some(SessionStoreConfig::Sqlite { file, provenance })
            }
            StoreType::Postgres => {
                let url = self.required_secret(&section, "url")?;
                let scheme = url.expose().split_once("://").map(|(scheme, _)| scheme);
                if !matches!(scheme, Some("postgres" | "postgresql"))
                    && let Some(value) = self.value(&section, "url")
                {
                    let problem = "is not the URL of a PostgreSQL database; write it like \
                                   `postgres://user:password@host/database`";
                    self.invalid(&value, problem);
                }
                Some(SessionStoreConfig::Postgres { url })
            }
        }
    }

    fn store_type(&mut self, value: &Value<'a>, kind: &str) -> Option<StoreType> {
        let known = StoreType::ALL.iter().find(|known| known.as_str() == kind.trim()).copied();
        if known.is_none() {
            let hint = or_known(kind, StoreType::NAMES);
            let kind = crate::message::shown(kind);
            self.invalid(value, format!("is `{kind}`, and there is no such store{hint}"));
        }
        known
    }
}
