//! One search for an entity's workspaces.

use coder_client::WorkspaceFilter;
use coder_client::models::Workspace;
use coder_config::WorkspacesConfig;
use coder_workspaces::{
    EntityWorkspacesConfig, NotSearchable, Owner, Search, WorkspacesError, find_workspaces,
};
use insta::assert_snapshot;
use serde_json::json;

use crate::async_test;
use crate::support::{Coder, entity, id, numbered, query};
#[cfg(not(target_family = "wasm"))]
use crate::test;

const PAY: &str = "https://github.com/acme/pay";

fn names(workspaces: &[Workspace]) -> Vec<&str> {
    workspaces.iter().map(|workspace| workspace.name.as_str()).collect()
}

#[async_test]
async fn one_request_asks_for_every_key_and_every_spelling() {
    let coder = Coder::listing(&[]);
    let entity = entity(PAY, &["repo", "git_repo"]);
    find_workspaces(&coder.client(), &entity, Owner::Me).await.unwrap();
    let [query] = coder.queries().try_into().unwrap();
    assert_snapshot!(query.replace(" param", "\nparam"), @r#"
    owner:me
    param:"repo=https://github.com/acme/pay"
    param:"repo=https://github.com/acme/pay.git"
    param:"repo=https://github.com/acme/pay/"
    param:"repo=git@github.com:acme/pay.git"
    param:"repo=git@github.com:acme/pay"
    param:"repo=ssh://git@github.com/acme/pay.git"
    param:"repo=ssh://git@github.com/acme/pay"
    param:"repo=ssh://git@ssh.github.com:443/acme/pay.git"
    param:"repo=ssh://git@ssh.github.com:443/acme/pay"
    param:"repo=git@github.com:/acme/pay.git"
    param:"repo=git@github.com:/acme/pay"
    param:"repo=http://github.com/acme/pay"
    param:"repo=http://github.com/acme/pay.git"
    param:"repo=http://github.com/acme/pay/"
    param:"git_repo=https://github.com/acme/pay"
    param:"git_repo=https://github.com/acme/pay.git"
    param:"git_repo=https://github.com/acme/pay/"
    param:"git_repo=git@github.com:acme/pay.git"
    param:"git_repo=git@github.com:acme/pay"
    param:"git_repo=ssh://git@github.com/acme/pay.git"
    param:"git_repo=ssh://git@github.com/acme/pay"
    param:"git_repo=ssh://git@ssh.github.com:443/acme/pay.git"
    param:"git_repo=ssh://git@ssh.github.com:443/acme/pay"
    param:"git_repo=git@github.com:/acme/pay.git"
    param:"git_repo=git@github.com:/acme/pay"
    param:"git_repo=http://github.com/acme/pay"
    param:"git_repo=http://github.com/acme/pay.git"
    param:"git_repo=http://github.com/acme/pay/"
    "#);
}

#[async_test]
async fn everyones_workspaces_are_asked_for_without_an_owner() {
    let coder = Coder::listing(&[]);
    find_workspaces(&coder.client(), &entity(PAY, &["repo"]), Owner::Everyone).await.unwrap();
    assert!(!coder.queries()[0].contains("owner:"));
}

#[async_test]
async fn running_and_recently_used_workspaces_come_first() {
    let coder = Coder::listing(&[
        numbered(1, "stopped-lately", "stopped", 50),
        numbered(2, "running-long-ago", "running", 1),
        numbered(3, "starting", "starting", 2),
        numbered(4, "running-lately", "running", 40),
        numbered(5, "stopped-long-ago", "stopped", 3),
        numbered(6, "stopped-long-ago-too", "stopped", 3),
    ]);
    let found = find_workspaces(&coder.client(), &entity(PAY, &["repo"]), Owner::Me).await.unwrap();
    assert!(!found.is_partial());
    assert_eq!(
        names(&found.workspaces),
        [
            "running-lately",
            "running-long-ago",
            "starting",
            "stopped-lately",
            "stopped-long-ago",
            "stopped-long-ago-too"
        ]
    );
}

#[async_test]
async fn pages_follow_one_another_in_that_order() {
    let names_of_five = ["a", "b", "c", "d", "e"];
    let of = |(number, name): (u32, &&str)| numbered(number, name, "running", number);
    let five: Vec<_> = (1..).zip(&names_of_five).map(of).collect();
    let coder = Coder::listing(&five);
    let entity = entity(PAY, &["repo"]);
    let mut seen = Vec::new();
    for offset in [0, 2, 4, 6] {
        let page = Search::new(&entity).page(2, offset).run(&coder.client()).await.unwrap();
        assert_eq!(page.count, 5);
        seen.push(names(&page.workspaces).join(" "));
    }
    assert_eq!(seen, ["e d", "c b", "a", ""]);
}

#[async_test]
async fn a_person_s_own_search_is_kept_word_for_word() {
    let coder = Coder::listing(&[]);
    let written = WorkspaceFilter::from_query("status:running  my text").unwrap();
    let entity = entity(PAY, &["repo"]);
    Search::new(&entity).filter(written).run(&coder.client()).await.unwrap();
    assert!(coder.queries()[0].starts_with("status:running  my text owner:me param:"));
}

#[async_test]
async fn a_person_s_own_parameters_narrow_the_answer_although_coder_would_widen_it() {
    let both = vec![numbered(1, "eu", "running", 1), numbered(2, "us", "running", 2)];
    let page = |workspaces: &[Workspace]| json!({"count": 0, "workspaces": workspaces});
    let (all, eu) = (page(&both), page(&both[..1]));
    let coder = Coder::new(move |url| {
        let written = query(url).unwrap_or_default().contains("region=eu");
        (200, if written { eu.clone() } else { all.clone() })
    });
    let written = WorkspaceFilter::from_query("param:region=eu").unwrap();
    let entity = entity(PAY, &["repo"]);
    let found = Search::new(&entity).filter(written).run(&coder.client()).await.unwrap();
    assert_eq!(names(&found.workspaces), ["eu"]);
    assert!(!coder.queries()[0].contains("region"));
}

#[async_test]
async fn what_the_search_cannot_say_is_compared_here() {
    let candidates = vec![
        numbered(1, "ours", "running", 1),
        numbered(2, "other", "running", 2),
        numbered(3, "deleted-meanwhile", "running", 3),
    ];
    let page = json!({"count": 3, "workspaces": candidates});
    let coder = Coder::new(move |url| match url.path() {
        "/api/v2/workspaces" => (200, page.clone()),
        path if path.contains(&id(1).to_string()) => {
            (200, json!([{"name": "Repo", "value": "https://git.test/a=b/c.git"}]))
        }
        path if path.contains(&id(2).to_string()) => (
            200,
            json!([{"name": "repo", "value": PAY}, {"name": "x", "value": "https://git.test/a=b/c"}]),
        ),
        _ => (404, json!({"message": "gone"})),
    });
    let entity = entity("https://git.test/a=b/c", &["repo"]);
    let found = find_workspaces(&coder.client(), &entity, Owner::Me).await.unwrap();
    assert_eq!(names(&found.workspaces), ["ours"]);
    assert!(!found.is_partial());
    assert_eq!(coder.queries(), ["owner:me param:repo"]);
}

#[async_test]
async fn a_workspace_whose_parameters_cannot_be_read_makes_the_answer_partial() {
    let candidates = vec![numbered(1, "ours", "running", 1), numbered(2, "unread", "running", 2)];
    let page = json!({"count": 2, "workspaces": candidates});
    let coder = Coder::new(move |url| match url.path() {
        "/api/v2/workspaces" => (200, page.clone()),
        path if path.contains(&id(1).to_string()) => {
            (200, json!([{"name": "repo", "value": "https://git.test/a=b/c"}]))
        }
        _ => (500, json!({"message": "an internal server error occurred"})),
    });
    let entity = entity("https://git.test/a=b/c", &["repo"]);
    let found = find_workspaces(&coder.client(), &entity, Owner::Me).await.unwrap();
    assert_eq!(names(&found.workspaces), ["ours"]);
    assert_snapshot!(found.problems[0], @"one of several requests failed: coder answered 500: an internal server error occurred");
}

#[async_test]
async fn a_workspace_that_cannot_be_read_is_told_beside_the_others() {
    let mut odd = json!(numbered(2, "odd", "running", 2));
    odd["owner_id"] = json!(7);
    let page = json!({"count": 2, "workspaces": [numbered(1, "ours", "running", 1), odd]});
    let coder = Coder::new(move |_| (200, page.clone()));
    let found = find_workspaces(&coder.client(), &entity(PAY, &["repo"]), Owner::Me).await.unwrap();
    assert_eq!(names(&found.workspaces), ["ours"]);
    assert_snapshot!(found.problems[0], @"left out of coder's list: `[1].owner_id`: a number instead of a UUID");
}

#[async_test]
async fn a_key_that_would_leave_its_place_is_refused_and_reported() {
    let coder = Coder::listing(&[]);
    let entity = entity(PAY, &["repo\" owner:\"admin", "repo"]);
    let found = find_workspaces(&coder.client(), &entity, Owner::Me).await.unwrap();
    assert!(!coder.queries()[0].contains("admin"));
    assert_snapshot!(found.problems[0], @r#"the parameter `repo" owner:"admin` was left out: `repo\" owner:\"admin` cannot be searched for: Coder's search has no way to write '"' in it; search for another text"#);
}

#[async_test]
async fn when_every_key_is_refused_nothing_is_asked() {
    let coder = Coder::listing(&[]);
    let error = find_workspaces(&coder.client(), &entity(PAY, &["a\"b"]), Owner::Me).await;
    assert_snapshot!(error.unwrap_err(), @r#"coder cannot be asked for the parameter `a"b`"#);
    assert!(coder.asked().is_empty());
}

#[async_test]
async fn long_questions_are_asked_in_parts_and_a_failed_part_is_reported() {
    let long = format!("https://github.com/acme/{}", "p".repeat(200));
    let keys: Vec<String> = (0..6).map(|number| format!("repository_url_{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let page = json!({"count": 1, "workspaces": [numbered(1, "ours", "running", 1)]});
    let coder = Coder::new(move |url| {
        let failing = query(url).unwrap_or_default().contains("repository_url_5");
        if failing { (500, json!({})) } else { (200, page.clone()) }
    });
    let found = find_workspaces(&coder.client(), &entity(&long, &keys), Owner::Me).await.unwrap();
    assert!(coder.asked().iter().all(|url| url.as_str().len() < 8 * 1024));
    assert_eq!(names(&found.workspaces), ["ours"]);
    assert!(found.is_partial());
}

#[async_test]
async fn a_failure_is_never_an_empty_list() {
    for status in [400, 401, 403, 404, 500] {
        let coder = Coder::new(move |_| (status, json!({"message": "no"})));
        let error = find_workspaces(&coder.client(), &entity(PAY, &["repo"]), Owner::Me).await;
        assert!(matches!(error, Err(WorkspacesError::Client(_))), "{status}");
    }
}

#[async_test]
async fn a_refused_credential_is_an_error_even_when_other_parts_succeeded() {
    let candidates = vec![numbered(1, "ours", "running", 1), numbered(2, "late", "running", 2)];
    let page = json!({"count": 2, "workspaces": candidates});
    let coder = Coder::new(move |url| match url.path() {
        "/api/v2/workspaces" => (200, page.clone()),
        path if path.contains(&id(1).to_string()) => (200, json!([])),
        _ => (401, json!({"message": "signed out"})),
    });
    let entity = entity("https://git.test/a=b/c", &["repo"]);
    let error = find_workspaces(&coder.client(), &entity, Owner::Me).await.unwrap_err();
    assert!(matches!(error, WorkspacesError::Client(error) if error.is_unauthorized()));
}

#[async_test]
async fn without_repository_or_keys_there_is_nothing_to_ask() {
    let coder = Coder::listing(&[]);
    let config = WorkspacesConfig::new("https://coder.test".parse().unwrap());
    let nothing = EntityWorkspacesConfig::resolve(&config, None, None);
    let error = find_workspaces(&coder.client(), &nothing, Owner::Me).await.unwrap_err();
    assert!(matches!(error, WorkspacesError::NotSearchable(NotSearchable::NoRepository)));
    let error = find_workspaces(&coder.client(), &entity(PAY, &[]), Owner::Me).await.unwrap_err();
    assert!(matches!(error, WorkspacesError::NotSearchable(NotSearchable::NoParamKeys)));
    assert!(coder.asked().is_empty());
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_search_can_be_moved_to_another_thread() {
    fn assert_send<T: Send>(_: T) {}
    let coder = Coder::listing(&[]);
    let (client, entity) = (coder.client(), entity(PAY, &["repo"]));
    assert_send(find_workspaces(&client, &entity, Owner::Me));
}
