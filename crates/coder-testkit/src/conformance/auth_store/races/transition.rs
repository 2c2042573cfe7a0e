//! The transitions that meet.

use coder_auth::store::{
    AuthStore, GrantChange, GrantRecord, Lease, LinkKey, LinkRecord, LoginCompletion,
    RevocationRecord,
};
use jiff::SignedDuration;

use super::super::{app, at, due, grant, grant_key, id, login, pair, pending, session, version};

/// One transition, on the state that [`prepare`](super::state::prepare) makes: a grant of Alice
/// with one session, one of Bob with two, none of Carol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    FirstLogin,
    Login,
    LoginThatRevokes,
    LoginInTheSameBrowser,
    LoginInBobsBrowser,
    LoginOfBobInAlicesBrowser,
    LoginThatKeeps,
    LoginWithoutSession,
    Rotate,
    Confirm,
    Lease,
    Release,
    Touch,
    EndOnlySession,
    EndOneSession,
    EndOtherSession,
    EndGrant,
    EndGrantOfBob,
    Expire,
    Claim,
    KeepPair,
    ForgetPair,
    PutLink,
    UpdateLink,
    RemoveLink,
    DeleteLink,
}

use Transition as T;

pub(super) const LOGINS: [Transition; 22] = [
    T::FirstLogin,
    T::Login,
    T::LoginThatRevokes,
    T::LoginInTheSameBrowser,
    T::LoginInBobsBrowser,
    T::LoginOfBobInAlicesBrowser,
    T::LoginThatKeeps,
    T::LoginWithoutSession,
    T::Rotate,
    T::Confirm,
    T::Lease,
    T::Release,
    T::Touch,
    T::EndOnlySession,
    T::EndOneSession,
    T::EndOtherSession,
    T::EndGrant,
    T::EndGrantOfBob,
    T::Expire,
    T::Claim,
    T::KeepPair,
    T::ForgetPair,
];

pub(super) const LINKS: [Transition; 4] = [T::PutLink, T::UpdateLink, T::RemoveLink, T::DeleteLink];

/// The answer of [`Transition::Claim`] when it gets nothing.
pub(super) const NOTHING_CLAIMED: &str = "[]";

pub(super) const ALICE: u128 = 1;
pub(super) const BOB: u128 = 2;
pub(super) const CAROL: u128 = 3;

impl Transition {
    /// Returns the login of a transition that finishes one. Each brings a pair of its own.
    fn login(self) -> Option<LoginCompletion> {
        let name = format!("{self:?}");
        let of = |user, expected| {
            let key = grant_key(user);
            let mut login = login(&key, expected, &name);
            // It is not idle when the others are.
            login.session = Some(session(&name, &key)).map(|mut session| {
                session.used_at = at(60);
                session
            });
            login
        };
        let alice = || of(ALICE, Some("a1"));
        Some(match self {
            Self::FirstLogin => of(CAROL, None),
            Self::Login => alice(),
            Self::LoginThatRevokes => {
                let record = grant(&grant_key(ALICE), &name);
                let change = GrantChange::Replace { record, revoke_former: true };
                LoginCompletion { change, ..alice() }
            }
            Self::LoginInTheSameBrowser => LoginCompletion { former: Some(id("a1")), ..alice() },
            Self::LoginInBobsBrowser => LoginCompletion { former: Some(id("b1")), ..alice() },
            Self::LoginOfBobInAlicesBrowser => {
                LoginCompletion { former: Some(id("a1")), ..of(BOB, Some("b2")) }
            }
            Self::LoginThatKeeps => LoginCompletion { change: GrantChange::Keep, ..alice() },
            Self::LoginWithoutSession => LoginCompletion { session: None, ..alice() },
            Self::Rotate
            | Self::Confirm
            | Self::Lease
            | Self::Release
            | Self::Touch
            | Self::EndOnlySession
            | Self::EndOneSession
            | Self::EndOtherSession
            | Self::EndGrant
            | Self::EndGrantOfBob
            | Self::Expire
            | Self::Claim
            | Self::KeepPair
            | Self::ForgetPair
            | Self::PutLink
            | Self::UpdateLink
            | Self::RemoveLink
            | Self::DeleteLink => return None,
        })
    }

    /// Returns the revocation that must be there before.
    pub(super) fn kept_before(self) -> Option<RevocationRecord> {
        let brought = self.login().map(|login| {
            let due_at = at(100);
            RevocationRecord { due_at, ..pending(login.pair.as_str()) }
        });
        brought.or_else(|| (self == Self::ForgetPair).then(|| due("forgotten", at(100))))
    }

    /// Does it, and gives the answer as a text.
    pub(super) async fn run(self, store: &dyn AuthStore) -> String {
        let (alice, bob) = (grant_key(ALICE), grant_key(BOB));
        match self {
            Self::Rotate => text(store.update_grant(grant(&alice, "rotated"), version("a1")).await),
            Self::Confirm => {
                let confirmed = GrantRecord { pair: pair("a1"), ..grant(&alice, "confirmed") };
                text(store.update_grant(confirmed, version("a1")).await)
            }
            Self::Lease => text(store.lease_grant(&alice, &pair("a1").id, &lease("holder")).await),
            Self::Release => text(store.release_grant(&alice, "holder").await),
            Self::Touch => text(store.touch_session(&id("a1"), at(60)).await),
            Self::EndOnlySession => text(store.end_session(&id("a1"), at(20)).await),
            Self::EndOneSession => text(store.end_session(&id("b1"), at(20)).await),
            Self::EndOtherSession => text(store.end_session(&id("b2"), at(20)).await),
            Self::EndGrant => text(store.end_grant(&alice, at(20)).await),
            Self::EndGrantOfBob => text(store.end_grant(&bob, at(20)).await),
            Self::Expire => text(store.expire_sessions(at(50), at(0), at(20), 10).await),
            Self::Claim => {
                let mut claimed = store.claim_revocations(at(100), at(500), 10).await.unwrap();
                claimed.sort_by(|one, other| one.pair.id.cmp(&other.pair.id));
                format!("{claimed:?}")
            }
            Self::KeepPair => text(store.keep_pair(due("kept", at(100))).await),
            Self::ForgetPair => text(store.forget_revocation(&pair("forgotten").id).await),
            Self::PutLink => text(store.put_link(link("put")).await),
            Self::UpdateLink => {
                let updated = Some(link("updated"));
                text(store.update_link(&link_key(), version("before"), updated).await)
            }
            Self::RemoveLink => text(store.update_link(&link_key(), version("before"), None).await),
            Self::DeleteLink => text(store.delete_link(&link_key()).await),
            Self::FirstLogin
            | Self::Login
            | Self::LoginThatRevokes
            | Self::LoginInTheSameBrowser
            | Self::LoginInBobsBrowser
            | Self::LoginOfBobInAlicesBrowser
            | Self::LoginThatKeeps
            | Self::LoginWithoutSession => match self.login() {
                Some(login) => text(store.finish_login(login).await),
                None => String::new(),
            },
        }
    }
}

fn text<T: std::fmt::Debug>(answer: Result<T, coder_auth::store::StoreError>) -> String {
    format!("{:?}", answer.unwrap())
}

pub(super) fn lease(holder: &str) -> Lease {
    Lease { holder: holder.to_owned(), now: at(0), lasts: SignedDuration::from_secs(60) }
}

pub(super) fn link_key() -> LinkKey {
    LinkKey { deployment: app().deployment, holder: "user:default/alice".to_owned() }
}

pub(super) fn link(name: &str) -> LinkRecord {
    LinkRecord { key: link_key(), version: version(name), sealed: name.into() }
}
