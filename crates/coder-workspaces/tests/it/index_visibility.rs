//! A person is shown what Coder would show, and by default only what is the person's own.

use std::collections::BTreeSet;

use coder_client::operations::ListWorkspaces;
use coder_client::{GroupId, OrganizationId, UserId, WorkspaceFilter};
use coder_config::ScmIntegrations;
use coder_core::{Lock, random_bytes};
use coder_testkit::{FakeCoder, SeededRandom};
use coder_workspaces::index::{
    IndexReader, IndexVisibility, IndexedWorkspace, RequestBudget, Viewer, WorkspaceIndex,
};
use serde_json::json;
use uuid::Uuid;

use crate::async_test;
use crate::fake::client;
use crate::test;

/// Where a permission of a role holds.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Site,
    Organization,
}

/// The built-in roles of Coder, and whether they read workspaces: a model of its table of roles.
const ROLES: [(&str, Level, bool); 11] = [
    ("owner", Level::Site, true),
    ("member", Level::Site, false),
    ("auditor", Level::Site, false),
    ("template-admin", Level::Site, true),
    ("user-admin", Level::Site, false),
    ("organization-admin", Level::Organization, true),
    ("organization-member", Level::Organization, false),
    ("organization-auditor", Level::Organization, false),
    ("organization-user-admin", Level::Organization, false),
    ("organization-template-admin", Level::Organization, true),
    ("organization-workspace-creation-ban", Level::Organization, false),
];

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes(random_bytes(&self.0).unwrap())) % limit
    }

    /// Picks some of these.
    fn some<T: Clone>(&self, all: &[T]) -> Vec<T> {
        all.iter().filter(|_| self.below(4) == 0).cloned().collect()
    }
}

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128 + 1)
}

struct Person {
    user: usize,
    /// Each role with the organization that it is for.
    roles: Vec<(&'static str, Level, bool, usize)>,
    groups: Vec<usize>,
}

impl Person {
    fn roll(dice: &Dice) -> Self {
        let roles = ROLES.map(|(name, level, reads)| (name, level, reads, dice.below(3)));
        Self { user: dice.below(6), roles: dice.some(&roles), groups: dice.some(&[0, 1, 2]) }
    }

    fn viewer(&self) -> Viewer {
        let named = |level: Level, organization: Option<usize>| {
            let roles = self.roles.iter().filter(move |role| role.1 == level);
            let here = roles.filter(move |role| organization.is_none_or(|it| it == role.3));
            here.map(|role| role.0).collect::<Vec<_>>()
        };
        let viewer = Viewer::new(UserId::from(id(self.user)))
            .roles(named(Level::Site, None))
            .groups(self.groups.iter().map(|group| GroupId::from(id(*group))));
        (0..3).fold(viewer, |viewer, organization| {
            let roles = named(Level::Organization, Some(organization));
            viewer.organization_roles(OrganizationId::from(id(organization)), roles)
        })
    }
}

struct Made {
    owner: usize,
    organization: usize,
    users: Vec<usize>,
    groups: Vec<usize>,
}

impl Made {
    fn roll(dice: &Dice) -> Self {
        let (owner, organization) = (dice.below(6), dice.below(3));
        let users = dice.some(&[0, 1, 2, 3, 4, 5]);
        Self { owner, organization, users, groups: dice.some(&[0, 1, 2]) }
    }

    fn indexed(&self) -> IndexedWorkspace {
        let ids = |numbers: &[usize]| numbers.iter().map(|it| id(*it)).collect::<Vec<_>>();
        let indexed = json!({
            "id": id(0), "name": "w", "ownerId": id(self.owner), "ownerName": "somebody",
            "organizationId": id(self.organization), "organizationName": "",
            "templateId": null, "templateName": "", "buildId": id(0), "buildNumber": 1,
            "status": "running", "lastUsedAt": null, "dormantAt": null,
            "sharedWithUsers": ids(&self.users), "sharedWithGroups": ids(&self.groups),
            "listedAt": "2026-08-20T10:00:00Z", "repositories": [], "unread": null,
        });
        serde_json::from_value(indexed).unwrap()
    }

    /// Tells whether Coder shows it to a person: a permission at some level, or an entry in the
    /// list of shares.
    fn is_shown_to(&self, person: &Person) -> bool {
        let by_role = person.roles.iter().any(|(_, level, reads, organization)| match level {
            Level::Site => *reads,
            Level::Organization => *reads && *organization == self.organization,
        });
        let by_group = self.groups.iter().any(|group| person.groups.contains(group));
        by_role || by_group || self.owner == person.user || self.users.contains(&person.user)
    }
}

#[test]
fn a_person_is_shown_what_coders_rules_show() {
    let dice = Dice(SeededRandom::new("visibility"));
    let (mut shown, mut hidden) = (0, 0);
    for _ in 0..5_000 {
        let (person, made) = (Person::roll(&dice), Made::roll(&dice));
        let (viewer, workspace) = (person.viewer(), made.indexed());
        let expected = made.is_shown_to(&person);
        assert_eq!(viewer.is_shown(&workspace, IndexVisibility::Coder), expected, "{viewer:?}");
        let own = viewer.is_shown(&workspace, IndexVisibility::default());
        assert_eq!(own, made.owner == person.user);
        assert!(viewer.is_shown(&workspace, IndexVisibility::Everyone));
        if expected { shown += 1 } else { hidden += 1 }
    }
    assert!(shown > 500 && hidden > 500, "{shown} shown, {hidden} hidden");
}

#[test]
fn a_custom_role_shows_no_workspaces_of_others() {
    let workspace = Made { owner: 0, organization: 0, users: vec![], groups: vec![] }.indexed();
    let viewer = Viewer::new(UserId::from(id(1)))
        .roles(["workspace-reader", "Owner"])
        .organization_roles(OrganizationId::from(id(0)), ["owner", "template-admin"]);
    assert!(!viewer.is_shown(&workspace, IndexVisibility::Coder));
}

#[async_test]
async fn each_viewer_is_shown_what_coder_lists_for_that_viewer() {
    let coder = FakeCoder::new();
    let (dana, ali) = (coder.add_user("dana"), coder.add_user("ali"));
    let root = coder.add_owner("root");
    coder.add_workspace(&dana, "own").create();
    coder.add_workspace(&dana, "used").shared_with(&ali, "use").create();
    coder.add_workspace(&ali, "administrated").shared_with(&dana, "admin").create();
    coder.add_workspace(&root, "roots").create();
    let index = Lock::new(WorkspaceIndex::new(["git_repo"], ScmIntegrations::default()));
    let mut reader = IndexReader::new(&client(&coder, &root), RequestBudget::default());
    reader.read_all(&index).await.unwrap();
    for (user, number) in [(&dana, 3), (&ali, 2), (&root, 4)] {
        let client = client(&coder, user);
        let viewer = Viewer::read(&client).await.unwrap();
        assert_eq!(viewer.user_id(), user.id);
        let listed = client.send(&ListWorkspaces::new(WorkspaceFilter::new())).await.unwrap();
        let listed: BTreeSet<_> = listed.workspaces.iter().map(|workspace| workspace.id).collect();
        let index = index.lock();
        let shown = index.workspaces().filter(|it| viewer.is_shown(it, IndexVisibility::Coder));
        let shown: BTreeSet<_> = shown.map(|workspace| workspace.id).collect();
        assert_eq!(shown, listed);
        assert_eq!(shown.len(), number);
    }
}
