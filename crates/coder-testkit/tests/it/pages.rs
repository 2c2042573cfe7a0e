//! The dashboard's pages, as a browser goes through them.

use std::time::Duration;

use crate::common::{Answer, send};
use bytes::Bytes;
use coder_testkit::{FakeCoder, FakeUser};
use http::Request;
use serde_json::json;

/// A browser with a session.
struct Browser {
    coder: FakeCoder,
    cookie: String,
}

impl Browser {
    fn signed_in(coder: &FakeCoder, user: &FakeUser) -> Self {
        let stranger = Self { coder: coder.clone(), cookie: String::new() };
        let answer = stranger.submit("/login", &[("user", &user.id.to_string())]);
        let cookie = answer.session_cookie().split(';').next().unwrap().to_owned();
        Self { cookie, ..stranger }
    }

    fn open(&self, path: &str) -> Answer {
        let request = Request::get(path).header("cookie", &self.cookie);
        send(&self.coder, request.body(Bytes::new()).unwrap())
    }

    fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        send(&self.coder, request.body(form.into()).unwrap())
    }

    /// Fills in the form on a page that was opened before.
    fn fill_in(&self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let (_, rest) = page.text.split_once("name=\"csrf_token\" value=\"").expect("a form");
        let token = rest.split('"').next().unwrap();
        let mut fields = fields.to_vec();
        fields.push(("csrf_token", token));
        self.submit(path, &fields)
    }
}

#[test]
fn whoever_signs_in_returns_to_where_they_were_going() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let stranger = Browser { coder, cookie: String::new() };
    let sent = stranger.open("/workspaces?filter=owner%3Ame");
    assert_eq!(sent.status, 303);
    let login = stranger.open(sent.header("location"));
    assert!(login.text.contains("id=\"user-alice\""));
    assert!(login.text.contains("name=\"redirect\" value=\"/workspaces?filter=owner%3Ame\""));
    let id = alice.id.to_string();
    let back = stranger.submit("/login", &[("user", &id), ("redirect", "/workspaces")]);
    assert_eq!((back.status.as_u16(), back.header("location")), (303, "/workspaces"));
    let away = stranger.submit("/login", &[("user", &id), ("redirect", "//evil.test")]);
    assert_eq!(away.header("location"), "/workspaces");
}

#[test]
fn the_list_uses_the_search_language() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_workspace(&alice, "dev").create();
    coder.add_workspace(&alice, "old").stopped().create();
    let browser = Browser::signed_in(&coder, &alice);
    let page = browser.open("/workspaces?filter=status:running").text;
    assert!(page.contains("<a href=\"/@alice/dev\">alice/dev</a>"));
    assert!(!page.contains("alice/old"));
    assert!(page.contains("href=\"/templates/devcontainers/workspace\""));
    assert!(browser.open("/workspaces?filter=a:b:c").text.contains("role=\"alert\""));
}

#[test]
fn a_link_prefills_the_form_and_the_form_creates_the_workspace() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder
        .add_template("go")
        .required_parameter("repo")
        .rich_parameter(json!({ "name": "cpu", "display_name": "Cores", "default_value": "4" }));
    let browser = Browser::signed_in(&coder, &alice);
    let path = "/templates/go/workspace?mode=manual&name=pay&disable_params=repo\
                &param.repo=https%3A%2F%2Fgithub.com%2Facme%2Fpay&param.unknown=x";
    let page = browser.open(path);
    assert!(page.text.contains("name=\"name\" value=\"pay\""));
    assert!(
        page.text.contains(
            "name=\"param.repo\" value=\"https://github.com/acme/pay\" required readonly"
        )
    );
    assert!(page.text.contains(">Cores</label>"));
    assert!(page.text.contains("name=\"param.cpu\" value=\"4\""));
    assert!(!page.text.contains("param.unknown"));

    let missing = browser.fill_in(&page, path, &[("name", "pay"), ("param.repo", "")]);
    assert_eq!(missing.status, 400);
    assert!(missing.text.contains("Required parameter not provided"));

    let fields = [("name", "pay"), ("param.repo", "https://github.com/acme/pay")];
    let created = browser.fill_in(&page, path, &fields);
    assert_eq!((created.status.as_u16(), created.header("location")), (303, "/@alice/pay"));
    let shown = browser.open("/@alice/pay").text;
    assert!(shown.contains("id=\"status\">pending</dd>"));
    assert!(shown.contains("<dt>cpu</dt><dd>4</dd>"));

    let taken = browser.fill_in(&page, path, &fields);
    assert!(taken.text.contains("Workspace &quot;pay&quot; already exists."));
    let forged = browser.submit(path, &fields);
    assert_eq!(forged.status, 400, "no CSRF token, no workspace");
}

#[test]
fn an_auto_link_asks_first_or_opens_what_matches() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("go").preset("Large", &[("cpu", "16")]).parameter("cpu", "4");
    let browser = Browser::signed_in(&coder, &alice);
    let link = "/templates/go/workspace?mode=auto&match=param:cpu&preset=Large&param.cpu=2";
    let page = browser.open(link);
    assert!(page.text.contains("Confirm and create"));
    assert!(page.text.contains("name=\"param.cpu\" value=\"16\""), "the preset wins");
    coder.add_workspace(&alice, "mine").template("go").parameter("cpu", "2").create();
    assert_eq!(browser.open(link).header("location"), "/@alice/mine");
}

#[test]
fn templates_of_other_organizations_have_their_own_address() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("go").organization("data");
    let browser = Browser::signed_in(&coder, &alice);
    assert_eq!(browser.open("/templates/go/workspace").status, 404);
    assert_eq!(browser.open("/templates/data/go/workspace").status, 200);
}

#[test]
fn a_workspace_is_stopped_and_started_with_a_button() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let bob = coder.add_user("bob");
    coder.add_workspace(&alice, "dev").create();
    let browser = Browser::signed_in(&coder, &alice);
    let page = browser.open("/@me/dev");
    let pressed = browser.fill_in(&page, "/@me/dev", &[("transition", "stop")]);
    assert_eq!(pressed.header("location"), "/@me/dev");
    assert!(browser.open("/@me/dev").text.contains("id=\"status\">pending</dd>"));
    coder.advance(Duration::from_secs(60));
    assert!(browser.open("/@me/dev").text.contains("id=\"status\">stopped</dd>"));
    assert_eq!(Browser::signed_in(&coder, &bob).open("/@alice/dev").status, 404);
}

#[test]
fn links_of_a_portal_lead_somewhere() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_workspace(&alice, "dev").create();
    let browser = Browser::signed_in(&coder, &alice);
    for path in ["/", "/workspaces", "/@alice/dev/terminal", "/@alice/dev.main/apps/code-server/"] {
        assert!(!browser.open(path).status.is_client_error(), "{path}");
    }
    assert_eq!(browser.open("/icon/k8s.png").header("content-type"), "image/svg+xml");
    let nowhere = browser.open("/nowhere");
    assert_eq!(nowhere.status, 200, "the dashboard is one page for every path");
    assert_eq!(nowhere.header("content-type"), "text/html; charset=utf-8");
}
