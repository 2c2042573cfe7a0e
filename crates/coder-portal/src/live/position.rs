//! Positions in the events of a page, which a browser sends back as `Last-Event-ID`.

use coder_client::{UserId, WorkspaceId};

/// A number that grows with every event of a hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position(pub(super) u64);

/// The scope of an event's id: the events of one hub, about these workspaces, for this user.
///
/// An id of another scope says nothing about what a page has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    hub: u64,
    asked: u64,
}

impl Scope {
    pub(super) fn new(hub: u64, user: UserId, workspaces: &[WorkspaceId]) -> Self {
        // The order of the workspaces makes no difference.
        let ids = workspaces.iter().map(|id| id.as_uuid().as_u128());
        let all = ids.fold(user.as_uuid().as_u128().rotate_left(1), |all, id| all ^ id);
        Self { hub, asked: (all >> 64) as u64 ^ all as u64 }
    }

    /// Writes the id of the event at `position`.
    pub(super) fn event_id(self, position: Position) -> String {
        format!("{:x}-{:x}-{}", self.hub, self.asked, position.0)
    }

    /// Reads an id; `None` for one of another scope, and for any other text.
    pub(super) fn position_of(self, event_id: &str) -> Option<Position> {
        let mut parts = event_id.split('-');
        let mut number = |radix| u64::from_str_radix(parts.next()?, radix).ok();
        let scope = Self { hub: number(16)?, asked: number(16)? };
        let position = Position(number(10)?);
        (scope == self && parts.next().is_none()).then_some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: u8) -> WorkspaceId {
        format!("00000000-0000-4000-8000-0000000000{last:02x}").parse().unwrap()
    }

    fn scope(hub: u64, workspaces: &[WorkspaceId]) -> Scope {
        let user = "10000000-0000-4000-8000-000000000000".parse().unwrap();
        Scope::new(hub, user, workspaces)
    }

    #[test]
    fn an_id_counts_for_the_same_workspaces_of_the_same_hub_only() {
        let asked = scope(7, &[id(1), id(2)]);
        let event_id = asked.event_id(Position(41));
        assert_eq!(asked.position_of(&event_id), Some(Position(41)));
        assert_eq!(scope(7, &[id(2), id(1)]).position_of(&event_id), Some(Position(41)));
        assert_eq!(scope(8, &[id(1), id(2)]).position_of(&event_id), None);
        assert_eq!(scope(7, &[id(1), id(3)]).position_of(&event_id), None);
        assert_eq!(scope(7, &[id(1)]).position_of(&event_id), None);
    }

    #[test]
    fn a_text_that_is_no_id_counts_for_nothing() {
        for text in ["", "41", "7-41", "7-x-41", "7-0-41-1", "é-é-é"] {
            assert_eq!(scope(7, &[id(1)]).position_of(text), None, "{text}");
        }
    }
}
