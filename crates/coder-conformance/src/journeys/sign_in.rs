//! Journeys of the login.

use http::StatusCode;

use super::browser::{Browser, Decision, Portal, reason};
use super::{Stage, Trouble, ensure};

/// Longer than the portal goes without asking Coder whether a person still may.
const CONFIRMATION_INTERVAL: i64 = 11 * 60;

/// Tells whether Coder accepts a token.
async fn is_accepted(stage: &mut Stage, token: &str) -> bool {
    let reply = stage.server.quietly("GET", "/api/v2/users/me").token(token).send().await;
    reply.status == 200
}

/// Opens a portal, and a browser that grace has signed in with.
async fn signed_in(stage: &mut Stage) -> Result<(Portal, Browser), Trouble> {
    let portal = Portal::open(stage).await?;
    let mut browser = Browser::default();
    let grace = stage.server.token("grace");
    browser.sign_in(stage, &portal, &grace).await?;
    Ok((portal, browser))
}

pub(super) async fn sign_in(stage: &mut Stage) -> Result<(), Trouble> {
    let (portal, browser) = signed_in(stage).await?;
    let token = browser.access_token(&portal).await?;
    ensure!(is_accepted(stage, &token).await, "Coder refuses the access token");
    Ok(())
}

pub(super) async fn rotation(stage: &mut Stage) -> Result<(), Trouble> {
    let (portal, browser) = signed_in(stage).await?;
    let before = browser.access_token(&portal).await?;
    // The portal's clock stands where the token is as good as expired; Coder's does not.
    portal.advance(24 * 3600 - 60);
    let after = browser.access_token(&portal).await?;
    ensure!(before != after, "the token was not exchanged");
    ensure!(is_accepted(stage, &after).await, "Coder refuses the new token");
    ensure!(!is_accepted(stage, &before).await, "Coder still accepts the old token");
    Ok(())
}

pub(super) async fn second_browser(stage: &mut Stage) -> Result<(), Trouble> {
    let (portal, first) = signed_in(stage).await?;
    let mut second = Browser::default();
    let grace = stage.server.token("grace");
    second.sign_in(stage, &portal, &grace).await?;
    let (one, other) = (first.access_token(&portal).await?, second.access_token(&portal).await?);
    ensure!(one == other, "the browsers have different tokens");
    ensure!(is_accepted(stage, &one).await, "Coder refuses the token of both browsers");
    Ok(())
}

pub(super) async fn log_out(stage: &mut Stage) -> Result<(), Trouble> {
    let (portal, mut browser) = signed_in(stage).await?;
    let token = browser.access_token(&portal).await?;
    let status = browser.log_out(&portal).await?;
    ensure!(status == StatusCode::OK, "signing out answers {status}");
    let (status, _) = browser.refresh(&portal).await?;
    ensure!(status == StatusCode::UNAUTHORIZED, "a refresh afterwards answers {status}");
    ensure!(!is_accepted(stage, &token).await, "Coder still accepts the token");
    Ok(())
}

pub(super) async fn revoked_at_coder(stage: &mut Stage) -> Result<(), Trouble> {
    let (portal, browser) = signed_in(stage).await?;
    browser.access_token(&portal).await?;
    let grace = stage.server.token("grace");
    let path = format!("/oauth2/tokens?client_id={}", portal.app.id);
    let reply = stage.server.quietly("DELETE", &path).token(&grace).send().await;
    ensure!(reply.status == 204, "revoking at Coder answers {}", reply.status);
    portal.advance(CONFIRMATION_INTERVAL);
    let (status, json) = browser.refresh(&portal).await?;
    let told = reason(&json);
    ensure!(status == StatusCode::UNAUTHORIZED, "a refresh answers {status}: {told}");
    Ok(())
}

pub(super) async fn suspension(stage: &mut Stage) -> Result<(), Trouble> {
    let portal = Portal::open(stage).await?;
    let hugo = stage.server.add_user("journey-hugo").await;
    let mut browser = Browser::default();
    browser.sign_in(stage, &portal, &hugo.token).await?;
    browser.access_token(&portal).await?;
    stage.server.set_status("journey-hugo", &hugo, "suspend").await;
    portal.advance(CONFIRMATION_INTERVAL);
    let (status, json) = browser.refresh(&portal).await?;
    ensure!(status == StatusCode::UNAUTHORIZED, "suspended: {status}: {}", reason(&json));
    stage.server.set_status("journey-hugo", &hugo, "activate").await;
    portal.advance(CONFIRMATION_INTERVAL);
    let token = browser.access_token(&portal).await?;
    ensure!(is_accepted(stage, &token).await, "Coder refuses the token of the active person");
    Ok(())
}

pub(super) async fn cancel(stage: &mut Stage) -> Result<(), Trouble> {
    let portal = Portal::open(stage).await?;
    let mut browser = Browser::default();
    let grace = stage.server.token("grace");
    let message = browser.log_in(stage, &portal, &grace, Decision::Cancel).await?;
    let told = reason(&message);
    ensure!(told.contains("rejected"), "the portal says: {told}");
    let is_popup = message.get("type").is_some_and(|kind| kind == "authorization_response");
    ensure!(is_popup, "the popup stays open: {message}");
    let (status, _) = browser.refresh(&portal).await?;
    ensure!(status == StatusCode::UNAUTHORIZED, "a canceled login answers {status}");
    Ok(())
}
