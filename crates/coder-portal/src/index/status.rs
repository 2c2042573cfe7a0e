//! How old an answer is, and what is missing in it.

use coder_core::cleaned;
use coder_workspaces::index::{IndexVisibility, WorkspaceIndex};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::view::{Shown, View};

/// The age from which a list is out of date: it is read every 15 minutes.
const OLD: SignedDuration = SignedDuration::from_mins(45);

/// The age and the gaps of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexStatus {
    /// Moment at which the list of all workspaces was last begun to be read; null before the first one
    /// was read to its end. What was used since is read every minute.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    read_at: Option<Timestamp>,
    /// `true` when workspaces, or their entities, may be missing or out of date; `notices` tell why.
    partial: bool,
    /// Workspaces that the answer is made from: those that the caller's credential may see
    /// (`caller`), or of a service account's those that the operator lets the caller see: own ones
    /// (`own`), those that Coder shows (`coder`), or all (`everyone`).
    scope: IndexScope,
    /// Messages for people.
    notices: Vec<String>,
}

/// The workspaces that an answer is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) enum IndexScope {
    Caller,
    Own,
    Coder,
    Everyone,
}

impl IndexStatus {
    /// Tells about the part of the index that the person is shown. How far the others are read is
    /// told to nobody.
    pub(super) fn new(index: &WorkspaceIndex, view: &View, now: Timestamp) -> Self {
        let mut notices: Vec<String> =
            view.problem.iter().map(|problem| cleaned(problem)).collect();
        if index.listed_at().is_none() && notices.is_empty() {
            notices.push("the workspaces are still being read; ask again in a while".to_owned());
        }
        // Such as where another process reads, and does not get on.
        if index.age(now).is_some_and(|age| age > OLD) {
            notices.push("the list of workspaces is more than 45 minutes old".to_owned());
        }
        match view.shown {
            Shown::All => {
                notices
                    .extend(index.problems().iter().map(|problem| cleaned(&problem.to_string())));
            }
            Shown::Cut(..) if index.problems().is_empty() => {}
            Shown::Cut(..) => notices.push("workspaces may be missing in coder's list".to_owned()),
        }
        let waiting = index.to_be_read().filter(|workspace| view.shows(workspace)).count();
        if waiting > 0 {
            notices.push(match waiting {
                1 => "the build of one workspace is still to be read".to_owned(),
                _ => format!("the builds of {waiting} workspaces are still to be read"),
            });
        }
        let unread = index.unread().filter(|workspace| view.shows(workspace)).count();
        if unread > 0 {
            notices.push(match unread {
                1 => "the parameters of one workspace could not be read".to_owned(),
                _ => format!("the parameters of {unread} workspaces could not be read"),
            });
        }
        Self {
            read_at: index.listed_at(),
            partial: !notices.is_empty(),
            scope: match view.shown {
                Shown::All => IndexScope::Caller,
                Shown::Cut(IndexVisibility::Own, _) => IndexScope::Own,
                Shown::Cut(IndexVisibility::Coder, _) => IndexScope::Coder,
                Shown::Cut(IndexVisibility::Everyone, _) => IndexScope::Everyone,
            },
            notices,
        }
    }

    /// Returns whether something may be missing or out of date.
    pub(super) fn is_partial(&self) -> bool {
        self.partial
    }

    /// Returns the moment at which the workspaces were read.
    pub(super) fn read_at(&self) -> Option<Timestamp> {
        self.read_at
    }
}
