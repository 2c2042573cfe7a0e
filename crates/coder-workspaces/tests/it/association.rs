//! The search finds what a comparison of everything with everything would find.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use coder_client::models::Workspace;
use coder_client::{UserId, WorkspaceId};
use coder_config::{Repository, WorkspacesConfig};
use coder_core::{Lock, random_bytes};
use coder_testkit::{FakeCoder, FakeUser, Fault, RecordedRequest, SeededRandom};
use coder_workspaces::index::{IndexReader, RequestBudget, WorkspaceIndex};
use coder_workspaces::{
    EntityWorkspaces, EntityWorkspacesConfig, Owner, SearchProblem, WorkspacesError,
    find_workspaces,
};
use url::form_urlencoded;

use crate::async_test;
use crate::fake::client;
use crate::repositories::{REPOSITORIES, integrations};

/// wasm is slower by far, and its rules are the same.
const ENTITIES: usize = if cfg!(target_family = "wasm") { 50 } else { 500 };
const WORKSPACES: usize = 2_000;
const USERS: usize = 200;

/// Which parameters an app says that hold a repository.
const KEYS: [&[&str]; 3] = [
    &["repo"],
    &["repo", "git_repo", "custom_repo"],
    // More than fits into one request line.
    &[
        "repo",
        "git_repo",
        "custom_repo",
        "repo_1",
        "repo_2",
        "repo_3",
        "repo_4",
        "repo_5",
        "repo_6",
        "repo_7",
        "repo_8",
        "repo_9",
        "repo_10",
        "repo_11",
        "repo_12",
        "repo_13",
        "repo_14",
        "repo_15",
        "repo_16",
        "repo_17",
        "repo_18",
        "repo_19",
        "repo_20",
        "repo_21",
    ],
];

/// Names of parameters that workspaces hold a repository in: names in another case, one that
/// nobody asks for, and one that `git_repo` finds when `_` stands for any character.
const HOLDERS: [&str; 8] =
    ["repo", "Repo", "git_repo", "custom_repo", "repo_3", "repo_20", "git-repo", "docs_url"];

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes(random_bytes(&self.0).unwrap())) % limit
    }

    fn pick<T: Copy>(&self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// A workspace, as the model knows it.
struct Made {
    id: WorkspaceId,
    owner: usize,
    holder: &'static str,
    /// Its place in the table; `None` for a value that is no repository's.
    repository: Option<usize>,
    value: &'static str,
}

struct Company {
    coder: FakeCoder,
    users: Vec<FakeUser>,
    /// Who may see everything.
    owner: FakeUser,
    workspaces: Vec<Made>,
}

/// What an entity asks, and who.
struct Question {
    repository: usize,
    page: &'static str,
    keys: &'static [&'static str],
    /// Of their own workspaces; `None` for everybody's, asked by who may see everything.
    viewer: Option<usize>,
}

impl Company {
    fn new(dice: &Dice) -> Self {
        let coder = FakeCoder::new();
        let users: Vec<_> =
            (0..USERS).map(|number| coder.add_user(&format!("user-{number}"))).collect();
        let workspaces = (0..WORKSPACES).map(|number| {
            let owner = dice.below(USERS);
            let repository = (dice.below(12) > 0).then(|| dice.below(REPOSITORIES.len()));
            let value = match repository {
                Some(repository) => dice.pick(REPOSITORIES[repository].clones),
                None => dice.pick(&[
                    "",
                    "none",
                    "https://github.com/acme/payments/pulls",
                    "acme/payments",
                ]),
            };
            let holder = dice.pick(&HOLDERS);
            let id = coder
                .add_workspace(&users[owner], &format!("ws-{number}"))
                .parameter(holder, value)
                .parameter("region", "eu")
                .create();
            Made { id, owner, holder, repository, value }
        });
        let workspaces = workspaces.collect();
        let owner = coder.add_owner("root");
        Self { coder, users, owner, workspaces }
    }

    async fn ask(&self, question: &Question) -> Result<EntityWorkspaces, WorkspacesError> {
        self.coder.forget_requests();
        let (user, owner) = match question.viewer {
            Some(viewer) => (&self.users[viewer], Owner::Me),
            None => (&self.owner, Owner::Everyone),
        };
        find_workspaces(&client(&self.coder, user), &question.entity(), owner).await
    }

    /// Finds what is expected by going through all workspaces.
    fn expected(&self, question: &Question) -> BTreeSet<WorkspaceId> {
        let is_key =
            |made: &Made| question.keys.iter().any(|key| made.holder.eq_ignore_ascii_case(key));
        let all = self.workspaces.iter();
        all.filter(|made| question.viewer.is_none_or(|viewer| made.owner == viewer))
            .filter(|made| made.repository == Some(question.repository) && is_key(made))
            .map(|made| made.id)
            .collect()
    }
}

impl Question {
    /// Rolls a question, mostly from somebody who has a workspace of the repository.
    fn roll(dice: &Dice, company: &Company) -> Self {
        let made = &company.workspaces[dice.below(WORKSPACES)];
        let repository = made.repository.unwrap_or_else(|| dice.below(REPOSITORIES.len()));
        let viewer = match dice.below(10) {
            0 => None,
            1..=2 => Some(dice.below(USERS)),
            _ => Some(made.owner),
        };
        // Few apps have that many parameters.
        let keys = KEYS[[0, 0, 0, 1, 1, 1, 1, 1, 1, 2][dice.below(10)]];
        Self { repository, page: dice.pick(REPOSITORIES[repository].pages), keys, viewer }
    }

    fn entity(&self) -> EntityWorkspacesConfig {
        let mut config = WorkspacesConfig::new("https://coder.test".parse().unwrap());
        config.repo_url_param_keys = self.keys.iter().map(|key| (*key).to_owned()).collect();
        EntityWorkspacesConfig::resolve(
            &config,
            None,
            Some(&Repository::from_url(self.page, &integrations()).unwrap()),
        )
    }
}

fn ids(found: &EntityWorkspaces) -> BTreeSet<WorkspaceId> {
    found.workspaces.iter().map(|workspace| workspace.id).collect()
}

/// Tells whether there were more candidates than are compared one by one.
fn too_many(found: &EntityWorkspaces) -> bool {
    found.problems.iter().any(|problem| matches!(problem, SearchProblem::TooMany { .. }))
}

#[async_test]
async fn every_entity_gets_its_workspaces_and_no_others() {
    let dice = Dice(SeededRandom::new("association"));
    let company = Company::new(&dice);
    for _ in 0..ENTITIES {
        let question = Question::roll(&dice, &company);
        let place = format!("{} by {:?}", question.page, question.keys);
        let found = company.ask(&question).await.unwrap();
        let expected = company.expected(&question);
        let requests = company.coder.requests().len();
        if REPOSITORIES[question.repository].can_be_said {
            assert_eq!(ids(&found), expected, "{place}");
            assert!(!found.is_partial(), "{place}");
            assert!(requests == 1 || question.keys.len() > 10, "{requests} for {place}");
            if dice.below(6) == 0 {
                company.lose_a_search(&question, requests).await;
            }
        } else if too_many(&found) {
            assert!(ids(&found).is_subset(&expected), "{place}");
        } else {
            assert_eq!(ids(&found), expected, "{place}");
            if let Some(unread) = found.workspaces.first() {
                company.lose_parameters(&question, unread).await;
            }
        }
    }
}

/// The same questions, with something going wrong.
impl Company {
    /// Makes the first search fail: what the others do not ask for is missing, and nothing else.
    async fn lose_a_search(&self, question: &Question, searches: usize) {
        self.coder.fail_next(Fault::bad_gateway().on("/api/v2/workspaces?"));
        let answer = self.ask(question).await;
        if searches == 1 {
            assert!(matches!(answer, Err(WorkspacesError::Client(_))), "{}", question.page);
            return;
        }
        let found = answer.unwrap();
        assert!(found.is_partial(), "{}", question.page);
        let asked: Vec<String> = self.coder.requests().iter().skip(1).map(query).collect();
        let is_asked_for = |made: &&Made| {
            let term = format!("param:\"{}={}\"", made.holder, made.value).to_lowercase();
            asked.iter().any(|query| query.contains(&term))
        };
        let all = self.expected(question);
        let ours = self.workspaces.iter().filter(|made| all.contains(&made.id));
        let expected = ours.filter(is_asked_for).map(|made| made.id).collect();
        assert_eq!(ids(&found), expected, "{}", question.page);
    }

    /// Makes the parameters of one workspace unreadable: it is missing, and nothing else.
    async fn lose_parameters(&self, question: &Question, unread: &Workspace) {
        let path = format!("/api/v2/workspacebuilds/{}", unread.latest_build.id);
        self.coder.fail_next(Fault::bad_gateway().on(&path));
        let found = self.ask(question).await.unwrap();
        assert!(found.is_partial(), "{}", question.page);
        let mut expected = self.expected(question);
        expected.remove(&unread.id);
        assert_eq!(ids(&found), expected, "{}", question.page);
    }
}

/// Returns the search of a request, in lower case as Coder reads it.
fn query(request: &RecordedRequest) -> String {
    let mut pairs = form_urlencoded::parse(request.query.as_bytes());
    pairs.find_map(|(name, value)| (name == "q").then(|| value.to_lowercase())).unwrap()
}

#[async_test]
async fn the_index_answers_each_entity_as_a_search_does() {
    let dice = Dice(SeededRandom::new("index"));
    let company = Company::new(&dice);
    let everyone = Index::read(&company, &company.owner, Owner::Everyone).await;
    let mut own = HashMap::new();
    for _ in 0..ENTITIES {
        let question = Question::roll(&dice, &company);
        let place = format!("{} by {:?}", question.page, question.keys);
        let expected = company.expected(&question);
        let all = everyone.ids(&question, question.viewer.map(|viewer| company.users[viewer].id));
        assert_eq!(all, expected, "{place}");
        if let Some(viewer) = question.viewer.filter(|viewer| viewer % 10 == 0) {
            if let Entry::Vacant(place) = own.entry(viewer) {
                let user = &company.users[viewer];
                place.insert(Index::read(&company, user, Owner::Me).await);
            }
            assert_eq!(own[&viewer].ids(&question, None), expected, "{place} of {viewer}");
        }
        // A search compares with two hundred workspaces where Coder has no words.
        let found = company.ask(&question).await.unwrap();
        if !too_many(&found) {
            assert_eq!(ids(&found), expected, "{place}");
        }
    }
}

#[async_test]
async fn an_index_for_certain_entities_answers_each_of_them_as_a_search_does() {
    let dice = Dice(SeededRandom::new("entities"));
    let company = Company::new(&dice);
    let questions: Vec<_> = (0..ENTITIES).map(|_| Question::roll(&dice, &company)).collect();
    let can_be_said = |question: &&Question| REPOSITORIES[question.repository].can_be_said;
    let questions: Vec<_> = questions.iter().filter(can_be_said).take(40).collect();
    let index = Lock::new(WorkspaceIndex::new(KEYS.concat(), integrations()));
    let client = client(&company.coder, &company.owner);
    let reader = IndexReader::new(&client, RequestBudget::default()).owner(Owner::Everyone);
    let mut reader = reader.entities(questions.iter().map(|question| question.entity()));
    reader.read_all(&index).await.unwrap();
    assert!(index.lock().len() < WORKSPACES, "they were searched for");
    let index = Index(index);
    for question in questions {
        let owner = question.viewer.map(|viewer| company.users[viewer].id);
        let place = format!("{} by {:?}", question.page, question.keys);
        assert_eq!(index.ids(question, owner), company.expected(question), "{place}");
    }
}

/// An index of the company's workspaces.
struct Index(Lock<WorkspaceIndex>);

impl Index {
    async fn read(company: &Company, user: &FakeUser, owner: Owner) -> Self {
        let index = Lock::new(WorkspaceIndex::new(KEYS.concat(), integrations()));
        let client = client(&company.coder, user);
        let mut reader = IndexReader::new(&client, RequestBudget::default()).owner(owner);
        reader.read_all(&index).await.unwrap();
        Self(index)
    }

    fn ids(&self, question: &Question, owner: Option<UserId>) -> BTreeSet<WorkspaceId> {
        let index = self.0.lock();
        let found = index.of(&question.entity()).unwrap();
        let owned = found.iter().filter(|found| owner.is_none_or(|owner| found.owner_id == owner));
        owned.map(|found| found.id).collect()
    }
}
