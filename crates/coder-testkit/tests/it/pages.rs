//! The dashboard's pages, as a browser goes through them.

use std::future::ready;
use std::time::Duration;

use bytes::Bytes;
use coder_testkit::{Answer, Browser, FakeCoder, FakeUser, Site};
use http::Request;
use serde_json::json;

/// A person with a browser, at the pages of a deployment.
struct Visitor {
    browser: Browser,
    coder: FakeCoder,
}

impl Visitor {
    fn new(coder: &FakeCoder) -> Self {
        Self { browser: Browser::new(), coder: coder.clone() }
    }

    async fn signed_in(coder: &FakeCoder, user: &FakeUser) -> Self {
        let mut visitor = Self::new(coder);
        visitor.submit("/login", &[("user", &user.id.to_string())]).await;
        visitor
    }

    fn pages(&self) -> impl Site + use<> {
        let coder = self.coder.clone();
        move |request: Request<Bytes>| ready(coder.respond(request))
    }

    async fn open(&mut self, path: &str) -> Answer {
        self.browser.navigate(&self.pages(), path).await
    }

    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.browser.submit(&self.pages(), path, fields).await
    }

    /// Fills in the form on a page that was opened before.
    async fn fill_in(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = page.text();
        let (_, rest) = page.split_once("name=\"csrf_token\" value=\"").expect("a form");
        let token = rest.split('"').next().unwrap();
        self.submit(path, &[fields, &[("csrf_token", token)]].concat()).await
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn whoever_signs_in_returns_to_where_they_were_going() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let mut stranger = Visitor::new(&coder);
    let sent = stranger.open("/workspaces?filter=owner%3Ame").await;
    assert_eq!(sent.status(), 303);
    let login = stranger.open(header(&sent, "location")).await;
    assert!(login.text().contains("id=\"user-alice\""));
    assert!(login.text().contains("name=\"redirect\" value=\"/workspaces?filter=owner%3Ame\""));
    let id = alice.id.to_string();
    let back = stranger.submit("/login", &[("user", &id), ("redirect", "/workspaces")]).await;
    assert_eq!((back.status().as_u16(), header(&back, "location")), (303, "/workspaces"));
    let away = stranger.submit("/login", &[("user", &id), ("redirect", "//evil.test")]).await;
    assert_eq!(header(&away, "location"), "/workspaces");
}

#[tokio::test]
async fn the_list_uses_the_search_language() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_workspace(&alice, "dev").create();
    coder.add_workspace(&alice, "old").stopped().create();
    let mut browser = Visitor::signed_in(&coder, &alice).await;
    let page = browser.open("/workspaces?filter=status:running").await.text();
    assert!(page.contains("<a href=\"/@alice/dev\">alice/dev</a>"));
    assert!(!page.contains("alice/old"));
    assert!(page.contains("href=\"/templates/devcontainers/workspace\""));
    assert!(browser.open("/workspaces?filter=a:b:c").await.text().contains("role=\"alert\""));
}

#[tokio::test]
async fn a_link_prefills_the_form_and_the_form_creates_the_workspace() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder
        .add_template("go")
        .required_parameter("repo")
        .rich_parameter(json!({ "name": "cpu", "display_name": "Cores", "default_value": "4" }));
    let mut browser = Visitor::signed_in(&coder, &alice).await;
    let path = "/templates/go/workspace?mode=manual&name=pay&disable_params=repo\
                &param.repo=https%3A%2F%2Fgithub.com%2Facme%2Fpay&param.unknown=x";
    let page = browser.open(path).await;
    assert!(page.text().contains("name=\"name\" value=\"pay\""));
    assert!(
        page.text().contains(
            "name=\"param.repo\" value=\"https://github.com/acme/pay\" required readonly"
        )
    );
    assert!(page.text().contains(">Cores</label>"));
    assert!(page.text().contains("name=\"param.cpu\" value=\"4\""));
    assert!(!page.text().contains("param.unknown"));

    let missing = browser.fill_in(&page, path, &[("name", "pay"), ("param.repo", "")]).await;
    assert_eq!(missing.status(), 400);
    assert!(missing.text().contains("Required parameter not provided"));

    let fields = [("name", "pay"), ("param.repo", "https://github.com/acme/pay")];
    let created = browser.fill_in(&page, path, &fields).await;
    assert_eq!((created.status().as_u16(), header(&created, "location")), (303, "/@alice/pay"));
    let shown = browser.open("/@alice/pay").await.text();
    assert!(shown.contains("id=\"status\">pending</dd>"));
    assert!(shown.contains("<dt>cpu</dt><dd>4</dd>"));

    let taken = browser.fill_in(&page, path, &fields).await;
    assert!(taken.text().contains("Workspace &quot;pay&quot; already exists."));
    let forged = browser.submit(path, &fields).await;
    assert_eq!(forged.status(), 400, "no CSRF token, no workspace");
}

#[tokio::test]
async fn an_auto_link_asks_first_or_opens_what_matches() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("go").preset("Large", &[("cpu", "16")]).parameter("cpu", "4");
    let mut browser = Visitor::signed_in(&coder, &alice).await;
    let link = "/templates/go/workspace?mode=auto&match=param:cpu&preset=Large&param.cpu=2";
    let page = browser.open(link).await;
    assert!(page.text().contains("Confirm and create"));
    assert!(page.text().contains("name=\"param.cpu\" value=\"16\""), "the preset wins");
    coder.add_workspace(&alice, "mine").template("go").parameter("cpu", "2").create();
    assert_eq!(header(&browser.open(link).await, "location"), "/@alice/mine");
}

#[tokio::test]
async fn templates_of_other_organizations_have_their_own_address() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("go").organization("data");
    let mut browser = Visitor::signed_in(&coder, &alice).await;
    assert_eq!(browser.open("/templates/go/workspace").await.status(), 404);
    assert_eq!(browser.open("/templates/data/go/workspace").await.status(), 200);
}

#[tokio::test]
async fn a_workspace_is_stopped_and_started_with_a_button() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let bob = coder.add_user("bob");
    coder.add_workspace(&alice, "dev").create();
    let mut browser = Visitor::signed_in(&coder, &alice).await;
    let page = browser.open("/@me/dev").await;
    let pressed = browser.fill_in(&page, "/@me/dev", &[("transition", "stop")]).await;
    assert_eq!(header(&pressed, "location"), "/@me/dev");
    assert!(browser.open("/@me/dev").await.text().contains("id=\"status\">pending</dd>"));
    coder.advance(Duration::from_secs(60));
    assert!(browser.open("/@me/dev").await.text().contains("id=\"status\">stopped</dd>"));
    assert_eq!(Visitor::signed_in(&coder, &bob).await.open("/@alice/dev").await.status(), 404);
}

#[tokio::test]
async fn links_of_a_portal_lead_somewhere() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_workspace(&alice, "dev").create();
    let mut browser = Visitor::signed_in(&coder, &alice).await;
    for path in ["/", "/workspaces", "/@alice/dev/terminal", "/@alice/dev.main/apps/code-server/"] {
        assert!(!browser.open(path).await.status().is_client_error(), "{path}");
    }
    assert_eq!(header(&browser.open("/icon/k8s.png").await, "content-type"), "image/svg+xml");
    let nowhere = browser.open("/nowhere").await;
    assert_eq!(nowhere.status(), 200, "the dashboard is one page for every path");
    assert_eq!(header(&nowhere, "content-type"), "text/html; charset=utf-8");
}
