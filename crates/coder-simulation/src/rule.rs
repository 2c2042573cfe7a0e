//! The rules of the login, in words.

use std::fmt;

/// A rule of the login that every schedule keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[non_exhaustive]
pub enum Rule {
    /// Nobody is signed in who did not sign in, or after they signed out.
    SignedOut,
    /// No token pair lives at Coder for longer than the sweeper's time without a grant that holds
    /// it.
    NoLeak,
    /// No living pair is lost unless an answer, a process or the store was.
    NoLoss,
    /// A person never sees another's profile, tokens or links.
    OwnOnly,
    /// Every request is answered within its bound.
    Bound,
    /// Nothing is handed out that Coder has not confirmed recently.
    Confirmed,
    /// The store fails only when the plan says so.
    Store,
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SignedOut => "nobody is signed in who did not sign in, or after they signed out",
            Self::NoLeak => "no token pair lives at Coder without a grant that holds it",
            Self::NoLoss => {
                "no living pair is lost unless an answer was, or the process or the store failed"
            }
            Self::OwnOnly => "a person never sees another's profile, tokens or links",
            Self::Bound => "every request is answered within 20 seconds",
            Self::Confirmed => "nothing is handed out unconfirmed",
            Self::Store => "the store fails only when the plan says so",
        })
    }
}
