//! Icons and API paths, through a portal's proxy or at the deployment.

use coder_workspaces::{AssetUrls, PortalUrls};

use crate::test;

fn assets() -> AssetUrls {
    AssetUrls::from_url("https://portal.test/api/proxy/coder").unwrap()
}

fn icon(text: &str) -> Option<String> {
    assets().icon(text).map(String::from)
}

#[test]
fn a_path_belongs_to_the_deployment_and_cannot_leave_it() {
    let base = "https://portal.test/api/proxy/coder";
    assert_eq!(icon("/icon/k8s.png").unwrap(), format!("{base}/icon/k8s.png"));
    assert_eq!(icon("/icon/../../secret").unwrap(), format!("{base}/icon/secret"));
    assert_eq!(icon("/icon/a b.png?x=1#y").unwrap(), format!("{base}/icon/a%20b.png?x=1"));
}

#[test]
fn a_foreign_icon_is_shown_but_no_credentials_go_there() {
    let foreign = assets().icon("https://evil.test/pixel.png").unwrap();
    assert!(!assets().owns(&foreign));
    for not_ours in [
        "https://portal.test/api/proxy/coder2/x",
        "https://portal.test/",
        "http://portal.test/api/proxy/coder/x",
    ] {
        assert!(!assets().owns(&not_ours.parse().unwrap()), "{not_ours}");
    }
}

#[test]
fn what_is_no_picture_is_not_shown() {
    for text in [
        "",
        "//evil.test/x.png",
        "/\\evil.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://evil.test/x.png",
        "icon/rel.png",
    ] {
        assert_eq!(icon(text), None, "{text}");
    }
    assert!(icon("data:image/png;base64,AA==").is_some());
}

#[test]
fn an_emoji_is_a_picture_below_its_folder() {
    let is_emoji = |path: &str| assets().is_emoji(&assets().icon(path).unwrap());
    assert!(is_emoji("/emojis/1f433.png"));
    assert!(!is_emoji("/emojis/"));
    assert!(!is_emoji("/emojional.png"));
}

#[test]
fn a_longer_word_is_not_the_proxy() {
    let portal = PortalUrls::new("https://x.test/api/proxy-team/api/proxy", "/api/proxy", "coder");
    assert_eq!(portal.base_url, "https://x.test/api/proxy-team");
    assert_eq!(portal.api_route, "https://x.test/api/proxy-team/api/proxy/coder");
}
