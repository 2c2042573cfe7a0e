//! Lists, page by page.

use crate::async_test;
use crate::door::Door;
use coder_client::WorkspaceFilter;
use coder_client::operations::{ListBuilds, ListUsers, ListWorkspaces};
use coder_testkit::Fault;
use futures_util::{StreamExt as _, TryStreamExt as _};

#[async_test]
async fn a_list_is_read_page_by_page_as_it_is_wanted() {
    let door = Door::open().await;
    let alice = door.coder.add_user("alice");
    for number in 0..5 {
        door.coder.add_workspace(&alice, &format!("dev-{number}")).create();
    }
    let client = door.client(&alice);
    let all = || ListWorkspaces::new(WorkspaceFilter::new().mine());
    let asked = || {
        let requests = door.coder.requests();
        let queries = requests.iter().map(|asked| asked.query.replace("q=owner%3Ame&", ""));
        let queries: Vec<String> = queries.collect();
        door.coder.forget_requests();
        queries
    };
    let mut workspaces = client.items(all(), 2);
    assert!(asked().is_empty());
    assert_eq!(workspaces.try_next().await.unwrap().unwrap().name, "dev-0");
    assert_eq!(workspaces.try_next().await.unwrap().unwrap().name, "dev-1");
    assert_eq!(asked(), ["limit=2&offset=0"]);
    let rest: Vec<_> = workspaces.try_collect().await.unwrap();
    assert_eq!(rest.len(), 3);
    assert_eq!(asked(), ["limit=2&offset=2", "limit=2&offset=4"]);

    let pages: Vec<_> = client.pages(all(), 5).try_collect().await.unwrap();
    let sizes: Vec<_> = pages.iter().map(|page| page.workspaces.len()).collect();
    assert_eq!(sizes, [5, 0], "a full page may be the last one, which only the next one shows");
    assert!(pages.iter().all(|page| page.count == 5));
}

#[async_test]
async fn an_error_is_the_last_that_comes() {
    let door = Door::open().await;
    let alice = door.coder.add_user("alice");
    door.coder.add_workspace(&alice, "dev").create();
    door.coder.fail_next(Fault::login_page());
    let list = ListWorkspaces::new(WorkspaceFilter::new());
    let mut workspaces = door.client(&alice).items(list, 1);
    assert!(workspaces.next().await.unwrap().is_err());
    assert!(workspaces.next().await.is_none());
}

#[async_test]
async fn builds_and_users_come_in_pages_too() {
    let door = Door::open().await;
    let root = door.coder.add_owner("root");
    for name in ["ada", "bob", "cyd"] {
        door.coder.add_user(name);
    }
    let dev = door.coder.add_workspace(&root, "dev").stopped().create();
    let client = door.client(&root);
    let builds: Vec<_> = client.items(ListBuilds::new(dev), 1).try_collect().await.unwrap();
    let numbers: Vec<_> = builds.iter().map(|build| build.build_number).collect();
    assert_eq!(numbers, [2, 1]);
    let users: Vec<_> = client.items(ListUsers::default(), 3).try_collect().await.unwrap();
    assert_eq!(users.len(), 4);
}
