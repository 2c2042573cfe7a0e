//! Pages that a browser navigates to.

use coder_auth::{AuthErrorKind, PageError, RequestError};
use coder_testkit::Fault;
use http::request::Parts;
use http::{Method, StatusCode};
use url::Url;

use crate::support::{Browser, House, PORTAL};

const PAGE: &str = "/tools/report?week=3";

/// Makes the request for a page with these headers, by a browser with its cookies.
fn page(browser: &Browser, method: &Method, headers: &[(&str, &str)]) -> Parts {
    let request = browser.request(method.as_str(), PAGE);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

const CLICK: [(&str, &str); 3] = [
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];
const LED_HERE: [(&str, &str); 3] = [
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

#[tokio::test(start_paused = true)]
async fn a_page_of_the_same_origin_or_of_a_bookmark_knows_who_asks() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    for site in ["same-origin", "none"] {
        for method in [Method::GET, Method::HEAD] {
            let request = page(&browser, &method, &[("sec-fetch-site", site)]);
            let caller = house.auth.caller_of_page(&request, None).await.unwrap();
            assert_eq!(caller.user_id(), alice.id);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_may_change_something_needs_the_header_of_a_script() {
    let house = House::current();
    let browser = house.signed_in(&house.coder.add_user("alice")).await;
    let request = page(&browser, &Method::POST, &CLICK);
    let error = house.auth.caller_of_page(&request, None).await.unwrap_err();
    assert_eq!(error.to_response(&Method::POST, PAGE).status(), StatusCode::UNAUTHORIZED);

    let script = [CLICK[0], ("x-requested-with", "XMLHttpRequest"), ("origin", PORTAL)];
    let request = page(&browser, &Method::POST, &script);
    assert!(house.auth.caller_of_page(&request, None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_another_site_led_to_is_loaded_once_more_and_a_framed_one_is_refused() {
    let house = House::current();
    let browser = house.signed_in(&house.coder.add_user("alice")).await;
    for site in ["cross-site", "same-site"] {
        let mut led_here = LED_HERE;
        led_here[0].1 = site;
        let error = house.auth.caller_of_page(&page(&browser, &Method::GET, &led_here), None).await;
        let error = error.unwrap_err();
        assert!(matches!(error, PageError::OtherSite), "{error:?}");
        let response = error.to_response(&Method::GET, PAGE);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["x-frame-options"], "deny");
        let body = response.into_body().collect(1024).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("http-equiv=\"refresh\""));
    }
    for (mode, destination) in
        [("navigate", "iframe"), ("no-cors", "image"), ("no-cors", "script"), ("cors", "empty")]
    {
        let headers = [LED_HERE[0], ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)];
        let error = house.auth.caller_of_page(&page(&browser, &Method::GET, &headers), None).await;
        let status = error.unwrap_err().to_response(&Method::GET, PAGE).status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{destination}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_sent_to_the_login_and_comes_back_to_the_page() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let error = house.auth.caller_of_page(&page(&browser, &Method::GET, &CLICK), None).await;
    let response = error.unwrap_err().to_response(&Method::GET, PAGE);
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let login = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();

    let start = browser.navigate(&house, &login[url::Position::BeforePath..]).await;
    let callback = house.coder.approve(start.location(), &alice).unwrap();
    let back = browser.call_back(&house, &callback).await;
    assert_eq!(back.location().as_str(), format!("{PORTAL}{PAGE}"));
    // Coder's page has led the browser here.
    let arrival = house.auth.caller_of_page(&page(&browser, &Method::GET, &LED_HERE), None).await;
    assert!(matches!(arrival, Err(PageError::OtherSite)), "{arrival:?}");
    let reloaded = house.auth.caller_of_page(&page(&browser, &Method::GET, &CLICK), None).await;
    assert_eq!(reloaded.unwrap().user_id(), alice.id);
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_round_in_circles_between_a_page_and_the_login() {
    let house = House::current();
    // A login without success.
    let request =
        Browser::new().request("GET", "/tools?error=denied").header(CLICK[0].0, CLICK[0].1);
    let (request, ()) = request.body(()).unwrap().into_parts();
    let error = house.auth.caller_of_page(&request, None).await.unwrap_err();
    assert_eq!(error.to_response(&Method::GET, "/tools").status(), StatusCode::UNAUTHORIZED);
    // A browser that is signed in, and does not say where it comes from.
    let browser = house.signed_in(&house.coder.add_user("alice")).await;
    let error =
        house.auth.caller_of_page(&page(&browser, &Method::GET, &[]), None).await.unwrap_err();
    let PageError::Auth(error) = error else { panic!("{error:?}") };
    assert!(matches!(error.kind(), AuthErrorKind::Request(RequestError::UnknownSite)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_script_without_a_session_and_an_outage_are_not_sent_to_the_login() {
    let house = House::current();
    let script = [CLICK[0], ("sec-fetch-mode", "cors")];
    let error =
        house.auth.caller_of_page(&page(&Browser::new(), &Method::GET, &script), None).await;
    assert_eq!(error.unwrap_err().to_response(&Method::GET, PAGE).status(), 401);

    let browser = house.signed_in(&house.coder.add_user("alice")).await;
    house.advance(std::time::Duration::from_secs(3600));
    house.coder.fail_next(Fault::connection_refused().times(100));
    let error = house.auth.caller_of_page(&page(&browser, &Method::GET, &CLICK), None).await;
    assert_eq!(error.unwrap_err().to_response(&Method::GET, PAGE).status(), 503);
}
