//! The search finds what a comparison of everything with everything would find.

use std::collections::BTreeSet;

use coder_client::WorkspaceId;
use coder_config::{Repository, Scm, ScmIntegrations, WorkspacesConfig};
use coder_core::random_bytes;
use coder_testkit::{FakeCoder, SeededRandom};
use coder_workspaces::{EntityWorkspacesConfig, Owner, compile, find_workspaces};

use crate::fake::client;

const ENTITIES: usize = 60;
const WORKSPACES: usize = 240;
const USERS: usize = 12;
const KEYS: [&str; 3] = ["repo", "git_repo", "custom_repo"];

/// Where entities say they live: the same repositories again and again, by their pages, their
/// directories, their branches; forks; and one that Coder's search has no words for.
const PLACES: [&str; 16] = [
    "https://github.com/acme/payments",
    "https://github.com/acme/payments/tree/main/services/ledger/",
    "https://github.com/acme/payments/tree/feature/new-ledger/",
    "https://github.com/dana/payments/blob/main/catalog-info.yaml",
    "https://github.com/Acme/Payments.git",
    "https://gitlab.com/group/sub/project/-/tree/main/",
    "https://gitlab.com/group/sub/project/-/blob/main/deep/catalog-info.yaml",
    "https://gitlab.com/group/project",
    "https://bitbucket.org/team/tool/src/main/",
    "https://dev.azure.com/org/project/_git/repository?path=%2Fsrc",
    "https://dev.azure.com/org/project/_git/other",
    "https://gitea.test/acme/site/src/branch/main/",
    "https://bitbucket.test/projects/KEY/repos/tool/browse/src",
    "git@github.com:acme/payments.git",
    "https://git.test/team=a/thing",
    "https://git.test/team/thing.git",
];

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes(random_bytes(&self.0).unwrap())) % limit
    }

    fn pick<T: Clone>(&self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

fn integrations() -> ScmIntegrations {
    let mut integrations = ScmIntegrations::default();
    integrations.add("gitea.test", Scm::Gitea);
    integrations.add("bitbucket.test", Scm::BitbucketServer);
    integrations
}

fn repository(place: &str) -> Repository {
    Repository::from_url(place, &integrations()).unwrap()
}

fn entity(place: &str) -> EntityWorkspacesConfig {
    let mut config = WorkspacesConfig::new("https://coder.test".parse().unwrap());
    config.repo_url_param_keys = KEYS.map(str::to_owned).to_vec();
    compile(&config, None, Some(&repository(place)))
}

#[tokio::test]
async fn every_entity_gets_its_workspaces_and_no_others() {
    let dice = Dice(SeededRandom::new("association"));
    let coder = FakeCoder::new();
    let users: Vec<_> =
        (0..USERS).map(|number| coder.add_user(&format!("user-{number}"))).collect();
    let mut workspaces = Vec::new();
    for number in 0..WORKSPACES {
        let owner = dice.below(USERS);
        let spellings = repository(dice.pick(&PLACES)).spellings();
        let value = match dice.below(10) {
            0 => "https://github.com/acme/payments-old".to_owned(),
            1 => String::new(),
            _ => dice.pick(&spellings),
        };
        // A parameter that is not for repositories may hold one all the same.
        let key = if dice.below(8) == 0 { "docs_url" } else { dice.pick(&KEYS) };
        let id = coder
            .add_workspace(&users[owner], &format!("ws-{number}"))
            .parameter(key, &value)
            .parameter("region", "eu")
            .create();
        workspaces.push((owner, id, key, value));
    }
    for _ in 0..ENTITIES {
        let place = dice.pick(&PLACES);
        let viewer = dice.below(USERS);
        coder.forget_requests();
        let (client, entity) = (client(&coder, &users[viewer]), entity(place));
        let found = find_workspaces(&client, &entity, Owner::Me).await.unwrap();
        let repository = repository(place);
        let expected: BTreeSet<WorkspaceId> = workspaces
            .iter()
            .filter(|(owner, ..)| *owner == viewer)
            .filter(|(_, _, key, value)| KEYS.contains(key) && repository.matches(value))
            .map(|(_, id, ..)| *id)
            .collect();
        let got: BTreeSet<WorkspaceId> =
            found.workspaces.iter().map(|workspace| workspace.id).collect();
        assert_eq!(got, expected, "{place}");
        assert!(!found.is_partial());
        let one_by_one = place.contains('=') && !place.contains('?');
        assert!(one_by_one || coder.requests().len() == 1, "{place}");
    }
}
