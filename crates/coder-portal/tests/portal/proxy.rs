//! The proxy to Coder, with the original plugin's own block and the requests that its card sends.

use std::sync::Arc;
use std::time::Duration;

use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::MemoryAuthStore;
use coder_client::WorkspaceId;
use coder_config::parse_entities;
use coder_core::{
    Body, Transport, TransportError, TransportErrorKind, WebSocket, WebSocketMessage,
    WebSocketResponse,
};
use coder_portal::Portal;
use coder_testkit::{FakeCoder, FakeUser, Fault, RecordedRequest};
use futures_util::{StreamExt as _, stream};
use http::{Method, Request, Response, StatusCode};

use crate::support::{
    APP_CONFIG, APP_CONFIG_LOCAL, Answer, Browser, CATALOG, PORTAL, load, routes, send, variables,
    visitor, world,
};

const CALLBACK: &str = "https://portal.example.com/api/auth/coder/handler/frame";

/// The block of the original plugin's README, letter by letter.
const DOCUMENTED: &str = "\
proxy:
  endpoints:
    '/coder':
      # Replace with your Coder deployment access URL (add a trailing slash)
      target: 'https://coder.example.com/'

      changeOrigin: true
      # Add methods based on what API calls you need
      allowedMethods: ['GET', 'POST']
      allowedHeaders: ['Authorization', 'Coder-Session-Token']
      headers:
        X-Custom-Source: backstage
";

/// A portal with this further configuration, at `https://coder.example.com`.
struct House {
    coder: FakeCoder,
    portal: Portal,
}

impl House {
    fn with(more: &str) -> Self {
        let coder = FakeCoder::builder().url("https://coder.example.com").build();
        Self::behind(coder.clone(), coder, more)
    }

    /// Makes the same behind this network.
    fn behind(transport: impl Transport + 'static, coder: FakeCoder, more: &str) -> Self {
        let app = coder.add_oauth2_app("backstage", CALLBACK);
        coder.add_template("devcontainers");
        let variables = variables(&coder, &app);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, &**value)).collect();
        let local = format!("{APP_CONFIG_LOCAL}{more}");
        let files = [("app-config.yaml", APP_CONFIG), ("app-config.local.yaml", &*local)];
        let config = load(&files, &variables).unwrap();
        let entities = parse_entities("catalog-info.yaml", CATALOG).into_iter();
        let catalog = Arc::new(MemoryCatalog::new(entities.map(Result::unwrap)));
        let world = world(transport, &coder);
        let store = Arc::new(MemoryAuthStore::new());
        let portal = Portal::from_config(&config, &world, catalog, store).unwrap();
        Self { coder, portal }
    }

    fn documented() -> Self {
        Self::with(DOCUMENTED)
    }

    /// Makes the same, where Coder's token stays on the server.
    fn keeping_tokens() -> Self {
        Self::with(&format!("{DOCUMENTED}coder: {{ session: {{ accessToken: server }} }}\n"))
    }

    async fn card(&self, user: &FakeUser) -> Card {
        let mut browser = visitor();
        let site = routes(&self.portal);
        let message = browser.sign_in(&site, &self.coder, user).await;
        assert_eq!(message.get("error"), None, "{message}");
        let answer = browser.refresh(&site).await;
        Card {
            token: answer.access_token().to_owned(),
            identity: answer.identity_token().to_owned(),
            browser,
        }
    }

    async fn ask(&self, request: http::request::Builder) -> Answer {
        send(&self.portal, request, Bytes::new()).await
    }

    /// Returns the last request of the proxy to Coder.
    fn seen(&self) -> RecordedRequest {
        self.coder.requests().pop().unwrap()
    }
}

/// The original card in a browser, signed in.
struct Card {
    token: String,
    identity: String,
    browser: Browser,
}

impl Card {
    /// Makes a request as the plugin's axios sends it from another origin: no cookie, both tokens.
    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("/api/proxy/coder{path}"))
            .header("accept", "application/json, text/plain, */*")
            .header("origin", PORTAL)
            .header("coder-session-token", &self.token)
            .header("authorization", format!("Bearer {}", self.identity))
    }

    /// Makes the same on the portal's own origin, without a sign-in to Backstage: the browser adds the
    /// cookie.
    fn with_cookie(&self, path: &str) -> http::request::Builder {
        self.browser
            .request("GET", &format!("/api/proxy/coder{path}"))
            .header("sec-fetch-site", "same-origin")
            .header("coder-session-token", &self.token)
    }
}

const ME: &str = "/api/v2/users/me";
const SEARCH: &str = "/api/v2/workspaces?q=owner%3Ame+param%3A%22repo_url%3Dhttps%3A%2F%2Fgithub.com%2Facme%2Fpython-project%22&limit=0";

/// Returns the requests of the card on an entity's page, as they were recorded.
async fn the_card_works(house: &House) {
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    workspace.parameter("repo_url", "https://github.com/acme/python-project").running().create();
    let card = house.card(&alice).await;
    let preflight = Request::options(format!("/api/proxy/coder{ME}"))
        .header("origin", PORTAL)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,coder-session-token");
    let preflight = house.ask(preflight).await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        preflight.headers()["access-control-allow-headers"],
        "authorization,coder-session-token"
    );
    let me = house.ask(card.request("GET", ME)).await;
    assert_eq!(me.status(), StatusCode::OK, "{me:?}");
    assert_eq!(me.json()["username"], "alice");
    assert!(me.json()["id"].is_string());
    assert_eq!(me.headers()["access-control-allow-origin"], PORTAL);
    assert!(!me.headers().contains_key("set-cookie"));
    for search in [card.request("GET", SEARCH), card.with_cookie(SEARCH)] {
        let found = house.ask(search).await;
        assert_eq!(found.status(), StatusCode::OK, "{found:?}");
        assert_eq!(found.json()["workspaces"][0]["name"], "mine");
    }
    assert_eq!(format!("/api/v2/workspaces?{}", house.seen().query), SEARCH, "untouched");
    for picture in ["/icon/docker.svg", "/emojis/1f680.png"] {
        let svg = Fault::answer(StatusCode::OK, "image/svg+xml", "<svg/>");
        house.coder.fail_next(svg.on(picture));
        let icon = house.ask(card.request("GET", picture)).await;
        assert_eq!((icon.status(), &*icon.text()), (StatusCode::OK, "<svg/>"), "{picture}");
        assert_eq!(icon.headers()["content-type"], "image/svg+xml");
        assert_eq!(icon.headers()["content-security-policy"], "sandbox");
    }
    let backstage = format!("Bearer {}", card.identity);
    for seen in house.coder.requests() {
        let told = format!("{:?}", seen.headers);
        assert!(!told.contains(&backstage), "Backstage's token went to Coder: {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_recorded_requests_of_the_original_card_work() {
    the_card_works(&House::documented()).await;
}

#[tokio::test(start_paused = true)]
async fn they_work_while_coders_token_stays_on_the_server() {
    the_card_works(&House::keeping_tokens()).await;
}

#[tokio::test(start_paused = true)]
async fn the_documented_block_does_what_it_does_in_backstage() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    let body = Bytes::from_static(br#"{"checks":{}}"#);
    let post = card.request("POST", "/api/v2/authcheck").header("content-type", "application/json");
    let passed = send(&house.portal, post.header("content-length", body.len()), body.clone()).await;
    assert_eq!(passed.status(), StatusCode::OK, "{passed:?}");
    let seen = house.seen();
    assert_eq!(
        (&seen.method, &*seen.path),
        (&Method::POST, "/api/v2/authcheck"),
        "no double slash"
    );
    assert_eq!(seen.body, body);
    let sources: Vec<_> = seen.headers.get_all("x-custom-source").iter().collect();
    assert_eq!(sources, ["backstage"], "once");
    for absent in ["authorization", "cookie", "origin", "referer"] {
        assert!(!seen.headers.contains_key(absent), "{absent}");
    }
    let before = house.coder.requests().len();
    let deleted = house.ask(card.request("DELETE", "/api/v2/workspaces/1")).await;
    assert_eq!((deleted.status(), &*deleted.text()), (StatusCode::NOT_FOUND, ""));
    let stranger = house.ask(Request::delete("/api/proxy/coder/api/v2/workspaces/1")).await;
    assert_eq!(stranger.status(), StatusCode::NOT_FOUND, "before anybody is asked who they are");
    assert_eq!(house.coder.requests().len(), before);
}

#[tokio::test(start_paused = true)]
async fn an_identity_is_required_and_missing_it_is_told_in_backstages_words() {
    let house = House::documented();
    let nobody = house.ask(Request::get(format!("/api/proxy/coder{ME}"))).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    let expected = serde_json::json!({
        "error": { "name": "AuthenticationError", "message": "Missing credentials" },
        "request": { "method": "GET", "url": "/coder/api/v2/users/me" },
        "response": { "statusCode": 401 },
    });
    assert_eq!(*nobody.json(), expected);
    let forged = Request::get(format!("/api/proxy/coder{ME}")).header("authorization", "Bearer x");
    assert_eq!(house.ask(forged).await.status(), StatusCode::UNAUTHORIZED);
    assert!(house.coder.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn strangers_reach_coder_without_a_token_only_where_it_is_written_so() {
    let house = House::with(&DOCUMENTED.replace(
        "      changeOrigin: true",
        "      credentials: dangerously-allow-unauthenticated",
    ));
    let build = house.ask(Request::get("/api/proxy/coder/api/v2/buildinfo")).await;
    assert_eq!(build.status(), StatusCode::OK, "{build:?}");
    assert!(!house.seen().headers.contains_key("coder-session-token"));
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_is_away_is_504_and_its_own_401_stays_401() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    for fault in [Fault::connection_refused(), Fault::answer_lost(), Fault::silence()] {
        house.coder.fail_next(fault.on("/api/v2/workspaces"));
        let away = house.ask(card.request("GET", SEARCH)).await;
        assert_eq!(away.status(), StatusCode::GATEWAY_TIMEOUT, "{away:?}");
        let told = away.message();
        assert!(told.starts_with("Error occurred while trying to proxy: "), "{told}");
    }
    let refusal = Fault::api_error(StatusCode::UNAUTHORIZED, "about something else");
    house.coder.fail_next(refusal.on("/api/v2/workspaces"));
    let refused = house.ask(card.request("GET", SEARCH)).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["message"], "about something else");
    for (fault, status) in [
        (Fault::login_page(), StatusCode::BAD_GATEWAY),
        (Fault::sso_redirect(), StatusCode::BAD_GATEWAY),
        (Fault::bad_gateway(), StatusCode::BAD_GATEWAY),
        (Fault::answer(StatusCode::UNAUTHORIZED, "text/html", "<p>"), StatusCode::BAD_GATEWAY),
        (Fault::rate_limited(7), StatusCode::TOO_MANY_REQUESTS),
    ] {
        house.coder.fail_next(fault.on("/api/v2/workspaces"));
        let told = house.ask(card.request("GET", SEARCH)).await;
        assert_eq!(told.status(), status, "{told:?}");
        assert!(!told.headers().contains_key("location"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_real_401_renews_the_token_and_the_page_notices_nothing() {
    for house in [House::documented(), House::keeping_tokens()] {
        let alice = house.coder.add_user("alice");
        let card = house.card(&alice).await;
        // A login elsewhere replaces the pair; Coder knows the old one no longer.
        house.card(&alice).await;
        for request in [card.request("GET", ME), card.with_cookie(ME)] {
            let me = house.ask(request).await;
            assert_eq!(me.status(), StatusCode::OK, "{me:?}");
        }
        let refusal = Fault::api_error(StatusCode::UNAUTHORIZED, "expired").method(Method::POST);
        house.coder.fail_next(refusal.on("/api/v2/authcheck"));
        let body = Bytes::from_static(br#"{"checks":{}}"#);
        let post = card.request("POST", "/api/v2/authcheck");
        let answer =
            send(&house.portal, post.header("content-type", "application/json"), body).await;
        // `/users/me` takes the token: the refusal was about something else, and is passed on.
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(start_paused = true)]
async fn a_former_token_is_good_although_nobody_can_tell_at_the_moment() {
    // Coder may answer again at any of the portal's tries.
    for failures in 1..=8 {
        let house = House::documented();
        let alice = house.coder.add_user("alice");
        let card = house.card(&alice).await;
        // A login elsewhere replaces the pair; Coder knows the old one no longer.
        house.card(&alice).await;
        // The cookie counts where the identity token is that of a Backstage nobody knows here.
        let foreign = card.with_cookie(SEARCH).header("authorization", "Bearer e30.e30.x");
        for request in [card.request("GET", SEARCH), foreign] {
            house.coder.advance(Duration::from_secs(11 * 60));
            let away = Fault::bad_gateway().on("/api/v2/users/me").times(failures);
            house.coder.fail_next(away);
            let told = house.ask(request).await;
            assert_ne!(told.status(), StatusCode::UNAUTHORIZED, "{failures}: {told:?}");
            // Coder has answered all that it does not answer.
            while house.ask(card.request("GET", SEARCH)).await.status() != StatusCode::OK {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_coder_has_forgotten_is_rotated_and_the_request_sent_again() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    let before = house.coder.count("POST", "/oauth2/tokens");
    let forgotten = || Fault::api_error(StatusCode::UNAUTHORIZED, "the access token is invalid");
    house.coder.fail_next(forgotten().on("/api/v2/authcheck"));
    house.coder.fail_next(forgotten().on("/api/v2/users/me"));
    let body = Bytes::from_static(br#"{"checks":{}}"#);
    let post = card.request("POST", "/api/v2/authcheck").header("content-type", "application/json");
    let answer = send(&house.portal, post, body.clone()).await;
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    let seen = house.seen();
    assert!(seen.is("POST", "/api/v2/authcheck") && seen.body == body, "{seen:?}");
    assert_ne!(seen.headers["coder-session-token"], *card.token);
    assert_eq!(house.coder.count("POST", "/oauth2/tokens"), before + 1, "one rotation");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_passed_on_reaches_nobody() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    let before = house.coder.requests().len();
    for (path, status) in [
        ("/oauth2/tokens", StatusCode::FORBIDDEN),
        ("/api/v2/users/me/keys", StatusCode::FORBIDDEN),
        ("/api/v2/users/me/%6beys/tokens", StatusCode::FORBIDDEN),
        ("/api/v2/debug/health", StatusCode::FORBIDDEN),
        ("/api/v2/workspaceagents/1/pty", StatusCode::FORBIDDEN),
        ("/api/v2/Users/me/keys", StatusCode::FORBIDDEN),
        ("/@alice/mine/apps/code-server/", StatusCode::FORBIDDEN),
        ("/", StatusCode::FORBIDDEN),
        ("/api/v2/../../oauth2/tokens", StatusCode::BAD_REQUEST),
        ("/api/v2/%2e%2e/%2e%2e/oauth2/tokens", StatusCode::BAD_REQUEST),
        ("//evil.example/api/v2/users/me", StatusCode::BAD_REQUEST),
        ("/api/v2/users/me?coder_session_token=x", StatusCode::BAD_REQUEST),
        ("/icon?url=https%3A%2F%2Fevil.example%2Fa.png", StatusCode::FORBIDDEN),
    ] {
        let told = house.ask(card.request("GET", path)).await;
        assert_eq!(told.status(), status, "{path}: {told:?}");
    }
    // Two values of one credential are nobody's.
    let two = card.request("GET", ME).header("coder-session-token", "another");
    assert_eq!(house.ask(two).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(house.coder.requests().len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_target_is_what_configuration_says_whatever_a_request_claims() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    let claims = card
        .request("GET", ME)
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-for", "127.0.0.1")
        .header("x-original-url", "/api/v2/debug")
        .header("x-http-method-override", "DELETE")
        .header("x-coder-bypass-ratelimit", "true")
        .header("connection", "close, accept");
    // The fake knows no other origin: a request that went astray would be 504.
    assert_eq!(house.ask(claims).await.status(), StatusCode::OK);
    let seen = house.seen();
    for name in seen.headers.keys() {
        let known = ["coder-session-token", "x-custom-source", "host"].contains(&name.as_str());
        assert!(known, "{name}");
    }
    // The absolute form of a request names no other target (RFC 9112 §3.2.2).
    let absolute = card.request("GET", ME).uri(format!("http://evil.example/api/proxy/coder{ME}"));
    assert_eq!(house.ask(absolute).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn no_answer_of_a_person_is_kept_by_a_cache_between() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    let me = house.ask(card.request("GET", ME)).await;
    assert_eq!(me.headers()["cache-control"], "no-store");
    let vary: Vec<_> = me.headers().get_all("vary").iter().map(|it| it.to_str().unwrap()).collect();
    assert!(vary.concat().contains("Coder-Session-Token"), "{vary:?}");
    assert_eq!(me.headers()["x-content-type-options"], "nosniff");
}

/// Returns what the body of a request says, and how it is announced.
async fn uploaded(house: &House, card: &Card, length: Option<u64>, body: Body) -> Response<Body> {
    let mut request =
        card.request("POST", "/api/v2/files").header("content-type", "application/x-tar");
    if let Some(length) = length {
        request = request.header("content-length", length);
    }
    house.portal.handle(request.body(body).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_body_is_bounded_in_size_and_silence_and_a_stranger_s_is_not_read() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    let chunk = || Ok::<_, TransportError>(Bytes::from_static(&[0; 1024]));
    let never_read = || Body::from_stream(stream::poll_fn(|_| panic!("it was read")));

    let announced = uploaded(&house, &card, Some(200 * 1024 * 1024), never_read()).await;
    assert_eq!(announced.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let begun = stream::iter([chunk()]).chain(stream::pending());
    let slow = uploaded(&house, &card, Some(100 * 1024), Body::from_stream(begun)).await;
    assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
    let asked = tokio::time::Instant::now();
    let dripping = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(9)).await;
        Some((Ok(Bytes::from_static(&[0; 1024])), ()))
    });
    let dripping = uploaded(&house, &card, None, Body::from_stream(dripping)).await;
    assert_eq!(dripping.status(), StatusCode::REQUEST_TIMEOUT);
    // The clock is paused: this is the time that was waited for, not the machine's.
    assert_eq!(asked.elapsed(), Duration::from_secs(15 * 60));
    let cut = Body::from_stream(stream::iter([chunk()]));
    let cut = uploaded(&house, &card, Some(10 * 1024), cut).await;
    assert_eq!(cut.status(), StatusCode::BAD_REQUEST, "less than was announced");
    let more = Body::from_stream(stream::iter([chunk(), chunk()]));
    let more = uploaded(&house, &card, Some(1024), more).await;
    assert_eq!(more.status(), StatusCode::BAD_REQUEST, "more than was announced");

    let stranger = Request::post("/api/proxy/coder/api/v2/files").body(never_read()).unwrap();
    assert_eq!(house.portal.handle(stranger).await.status(), StatusCode::UNAUTHORIZED);

    let stalled = Fault::body_stalls().on("/api/v2/users/me");
    house.coder.fail_next(stalled);
    let request = card.request("GET", ME).body(Bytes::new()).unwrap();
    let answer = house.portal.handle(request).await;
    let asked = tokio::time::Instant::now();
    assert!(answer.into_body().collect(usize::MAX).await.is_err(), "it ends");
    // The clock is paused: this is the time that was waited for, not the machine's.
    assert!(asked.elapsed() <= Duration::from_secs(120), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_icon_of_a_named_host_is_fetched_without_any_credential() {
    let coder = FakeCoder::builder().url("https://coder.example.com").build();
    let fetched = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (fake, log) = (coder.clone(), Arc::clone(&fetched));
    let network = move |request: Request<Bytes>| {
        let (fake, log) = (fake.clone(), Arc::clone(&log));
        async move {
            if request.uri().host() == Some("coder.example.com") {
                return fake.send(request).await;
            }
            log.lock().unwrap().push(request.headers().clone());
            let answer = match request.uri().path() {
                "/a.png" => Response::builder().header("content-type", "image/png"),
                "/page" => Response::builder().header("content-type", "text/html"),
                "/large.png" => {
                    let large = Response::builder().header("content-type", "image/png");
                    return Ok(large.body(Body::from(vec![0; 2 * 1024 * 1024])).unwrap());
                }
                "/moved.png" => {
                    Response::builder().status(302).header("location", "http://169.254.169.254/")
                }
                "/private.png" => {
                    Response::builder().status(401).header("content-type", "image/png")
                }
                _ => return Err(TransportError::new(TransportErrorKind::Connect)),
            };
            Ok(answer.header("set-cookie", "a=b").body(Body::from("picture")).unwrap())
        }
    };
    let more = format!("{DOCUMENTED}coder: {{ proxy: {{ iconHosts: [cdn.example.com] }} }}\n");
    let house = House::behind(network, coder, &more);
    let alice = house.coder.add_user("alice");
    let card = house.card(&alice).await;
    let icon = async |url: &str| {
        let url: String = url.replace(':', "%3A").replace('/', "%2F");
        house.ask(card.request("GET", &format!("/icon?url={url}"))).await
    };
    let good = icon("https://cdn.example.com/a.png").await;
    assert_eq!((good.status(), &*good.text()), (StatusCode::OK, "picture"));
    assert!(!good.headers().contains_key("set-cookie"));
    assert_eq!(good.headers()["content-security-policy"], "sandbox");
    for (url, status) in [
        ("https://cdn.example.com/page", StatusCode::BAD_GATEWAY),
        ("https://cdn.example.com/moved.png", StatusCode::BAD_GATEWAY),
        ("https://cdn.example.com/large.png", StatusCode::BAD_GATEWAY),
        ("https://cdn.example.com/private.png", StatusCode::BAD_GATEWAY),
        ("https://cdn.example.com/gone.png", StatusCode::GATEWAY_TIMEOUT),
        ("https://evil.example/a.png", StatusCode::FORBIDDEN),
        ("http://cdn.example.com/a.png", StatusCode::BAD_REQUEST),
    ] {
        let told = icon(url).await;
        assert_eq!(told.status(), status, "{url}: {told:?}");
        assert!(!told.text().contains("Coder"), "Coder has no part in it: {}", told.text());
    }
    let stranger =
        house.ask(Request::get("/api/proxy/coder/icon?url=https://cdn.example.com/a.png"));
    assert_eq!(stranger.await.status(), StatusCode::UNAUTHORIZED);
    for headers in fetched.lock().unwrap().iter() {
        let names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(names, ["accept"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_web_socket_is_opened_for_a_page_of_the_portal_and_no_shell_is() {
    let house = House::keeping_tokens();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let id = workspace.running().create();
    let card = house.card(&alice).await;
    let watch = format!("/api/v2/workspaces/{id}/watch-ws");
    let open = async |path: &str, origin: Option<&str>| {
        let mut request = card.browser.request("GET", &format!("/api/proxy/coder{path}"));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        house.portal.open_web_socket(request.body(()).unwrap()).await
    };
    let WebSocketResponse::Open(mut socket) = open(&watch, Some(PORTAL)).await else {
        panic!("it is open");
    };
    let first = socket.next().await.unwrap().unwrap();
    assert!(matches!(first, WebSocketMessage::Text(_) | WebSocketMessage::Ping), "{first:?}");
    let before = house.coder.requests().len();
    for (path, origin, status) in [
        (&*watch, Some("https://evil.example"), StatusCode::FORBIDDEN),
        (&*watch, None, StatusCode::FORBIDDEN),
        ("/api/v2/workspaceagents/1/pty", Some(PORTAL), StatusCode::FORBIDDEN),
        ("/api/v2/workspaceagents/1/coordinate", Some(PORTAL), StatusCode::FORBIDDEN),
        ("/icon/a.svg", Some(PORTAL), StatusCode::FORBIDDEN),
        ("/api/v2/..%2f..%2fderp", Some(PORTAL), StatusCode::BAD_REQUEST),
    ] {
        let WebSocketResponse::Refused(refusal) = open(path, origin).await else {
            panic!("{path} is open");
        };
        assert_eq!(refusal.status(), status, "{path} {origin:?}");
    }
    let other = Request::get("/api/coder/v1/entities").header("origin", PORTAL).body(()).unwrap();
    let WebSocketResponse::Refused(refusal) = house.portal.open_web_socket(other).await else {
        panic!("it is open");
    };
    assert_eq!(refusal.status(), StatusCode::NOT_FOUND);
    assert_eq!(house.coder.requests().len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_refused_as_the_proxy_refuses_any_other_request() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let watch = format!("/api/v2/workspaces/{}/watch-ws", workspace.running().create());
    let card = house.card(&alice).await;
    let opened = async |request: http::request::Builder| {
        let opened = house.portal.open_web_socket(request.body(()).unwrap()).await;
        let WebSocketResponse::Refused(refusal) = opened else { panic!("it is open") };
        refusal.status()
    };
    let handshake = |method| card.request(method, &watch);
    for body in [("content-length", "5"), ("transfer-encoding", "chunked")] {
        let status = opened(handshake("GET").header(body.0, body.1)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body:?}");
    }
    assert_eq!(opened(handshake("POST")).await, StatusCode::BAD_REQUEST);
    assert_eq!(opened(handshake("DELETE")).await, StatusCode::NOT_FOUND, "not an allowed method");
}

/// Opens a stream of events and a WebSocket at Coder, for a page.
async fn watched(house: &House, card: &Card, id: WorkspaceId) -> (Body, WebSocket) {
    let path = format!("/api/v2/workspaces/{id}/watch");
    let events = house.portal.handle(card.request("GET", &path).body(Bytes::new()).unwrap()).await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let asked = card.request("GET", &format!("{path}-ws")).body(()).unwrap();
    let socket = match house.portal.open_web_socket(asked).await {
        WebSocketResponse::Open(socket) => Some(socket),
        WebSocketResponse::Refused(_) => None,
    };
    (events.into_body(), socket.unwrap())
}

#[tokio::test(start_paused = true)]
async fn no_person_keeps_connections_to_coder_open_without_end() {
    let house = House::documented();
    let [alice, bob] = ["alice", "bob"].map(|name| house.coder.add_user(name));
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let id = workspace.shared_with(&bob, "use").running().create();
    let card = house.card(&alice).await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(watched(&house, &card, id).await);
    }
    let path = format!("/api/v2/workspaces/{id}/watch");
    let events = house.ask(card.request("GET", &path)).await;
    let asked = card.request("GET", &format!("{path}-ws")).body(()).unwrap();
    let WebSocketResponse::Refused(socket) = house.portal.open_web_socket(asked).await else {
        panic!("it is open");
    };
    let told = "you have 32 connections to Coder open already; close a page";
    assert_eq!((events.status(), events.message()), (StatusCode::TOO_MANY_REQUESTS, told));
    assert_eq!(events.retry_after(), Some("30"));
    assert_eq!(socket.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(socket.headers()["retry-after"], "30");
    // Requests that end by themselves are not counted, and neither are those of somebody else.
    assert_eq!(house.ask(card.request("GET", ME)).await.status(), StatusCode::OK);
    let token = bob.session_token.expose().to_owned();
    let of_bob = Card { token, identity: card.identity.clone(), browser: visitor() };
    let of_bob = watched(&house, &of_bob, id).await;
    open.pop();
    watched(&house, &card, id).await;
    drop(of_bob);
}

#[tokio::test(start_paused = true)]
async fn what_a_page_has_opened_at_coder_ends_when_the_portal_stops() {
    let house = House::documented();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let id = workspace.running().create();
    let card = house.card(&alice).await;
    let (events, socket) = watched(&house, &card, id).await;
    house.portal.close_streams();
    // What is opened meanwhile ends as well.
    for (events, socket) in [(events, socket), watched(&house, &card, id).await] {
        let read = async { (socket.collect::<Vec<_>>().await, events.collect(usize::MAX).await) };
        let (messages, events) = tokio::time::timeout(Duration::from_secs(1), read).await.unwrap();
        let last = messages.into_iter().last().unwrap().unwrap();
        assert_eq!(last, WebSocketMessage::Close { code: 1001, reason: String::new() });
        assert!(events.is_ok(), "a whole answer, not a broken one: {events:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_page_has_opened_at_coder_ends_with_its_session() {
    let house = House::keeping_tokens();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let id = workspace.running().create();
    let card = house.card(&alice).await;
    // Another browser stays signed in, so Coder's tokens live on.
    let _other = house.card(&alice).await;
    let watch = format!("/api/proxy/coder/api/v2/workspaces/{id}/watch");
    let asked = card.browser.request("GET", &format!("{watch}-ws")).header("origin", PORTAL);
    let opened = house.portal.open_web_socket(asked.body(()).unwrap()).await;
    let WebSocketResponse::Open(socket) = opened else { panic!("it is open") };
    let asked = card.browser.script_request("GET", &watch).body(Bytes::new()).unwrap();
    let events = house.portal.handle(asked).await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");

    let mut ends = Box::pin(futures_util::future::join(
        socket.for_each(async |_| ()),
        events.into_body().for_each(async |_| ()),
    ));
    let seconds = Duration::from_secs;
    assert!(tokio::time::timeout(seconds(150), &mut ends).await.is_err(), "the session is good");
    let logout = card.browser.script_request("POST", "/api/auth/coder/logout?env=production");
    assert_eq!(house.ask(logout).await.status(), StatusCode::OK);
    tokio::time::timeout(seconds(61), ends).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_not_configured_is_no_route() {
    let house = House::with("");
    let answer = house.ask(Request::get(format!("/api/proxy/coder{ME}"))).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
