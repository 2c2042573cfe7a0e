//! One OAuth2 app at one Coder deployment: the protocol's own steps.
//!
//! Exactly the parameters that every Coder from 2.25 on accepts are sent, and nothing more, since
//! versions before 2.38 refuse a request with an unknown one. PKCE with S256 is always used.

mod application_check;
mod budget;
mod cached;
pub(crate) mod error;
mod exchange;
pub(crate) mod probe;
mod reachability;
pub(crate) mod registration;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use coder_client::operations::{GetBuildInfo, GetUser, RevokeOAuth2Consent};
use coder_client::{Capabilities, Capability, Client, Credential};
use coder_core::{DeploymentUrl, Secret, World, cleaned, timeout};
use jiff::Timestamp;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse as _,
    TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::grant::key::OAuth2App;
use crate::grant::profile::Profile;
use crate::grant::tokens::TokenPair;
use budget::{Burst, LoginBudget};
use cached::Cached;
use exchange::{Exchange, Revocation};
use probe::ApplicationVerdict;
use reachability::Reachability;

pub use error::UpstreamError;

// How long each call to Coder may take, retries included. A route ends within 20 seconds in all: a
// login makes an exchange and asks for the user, a refresh a rotation and the same, a logout asks
// for the release and revokes.
/// The time limit of a code exchange and of a rotation.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(11);
/// The time limit of a request for the user.
const USER_TIMEOUT: Duration = Duration::from_secs(8);
/// The time limit of a revocation.
const REVOKE_TIMEOUT: Duration = Duration::from_secs(11);
/// The time limit of a request for the release.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// The greatest lifetime of an access token that is believed, in seconds: ten years.
const MAX_LIFETIME: i64 = 10 * 366 * 24 * 3600;
/// The greatest length of a field of a profile, in characters.
const MAX_NAME: usize = 200;
/// The greatest length of an e-mail address, in characters (RFC 5321 §4.5.3.1).
const MAX_EMAIL: usize = 320;
/// The greatest length of the URL of a picture, in bytes. A longer one is left out.
const MAX_PICTURE: usize = 2048;

/// A token response of Coder (RFC 6749 §5.1), with the expiry as a time.
type TokenAnswer = StandardTokenResponse<Expiry, BasicTokenType>;

type OAuthClient = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The field `expiry` of a token response. Before 2.30, Coder names the lifetime nowhere else.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Expiry {
    #[serde(default)]
    expiry: Option<String>,
}

impl ExtraTokenFields for Expiry {}

/// The authorization server of one environment: one OAuth2 application at one deployment.
pub(crate) struct Upstream {
    world: World,
    app: OAuth2App,
    client_secret: Secret,
    callback_url: Url,
    /// URL of Coder's consent page, with the parameters that every login has.
    consent: Url,
    oauth: OAuthClient,
    /// Client without a credential, at the URL under which this server reaches Coder.
    client: Client,
    release: Cached<Capabilities>,
    application: Cached<ApplicationVerdict>,
    budget: Arc<LoginBudget>,
    reachability: Reachability,
}

/// State that the environments of one deployment share.
#[derive(Clone, Default)]
pub(crate) struct SharedDeployment {
    budget: Arc<LoginBudget>,
    release: Cached<Capabilities>,
}

impl Upstream {
    /// Creates the authorization server. `internal` is the URL under which this server reaches the
    /// deployment, if it differs from that for browsers.
    pub(crate) fn new(
        world: &World,
        deployment: DeploymentUrl,
        internal: Option<DeploymentUrl>,
        client_id: String,
        client_secret: Secret,
        callback_url: &Url,
    ) -> Self {
        let reached = internal.unwrap_or_else(|| deployment.clone());
        let oauth: OAuthClient = oauth2::Client::new(ClientId::new(client_id.clone()))
            .set_client_secret(ClientSecret::new(client_secret.expose().to_owned()))
            // In the body, which every version takes; Basic came with 2.31.1.
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(reached.endpoint(["oauth2", "tokens"])))
            .set_redirect_uri(RedirectUrl::from_url(callback_url.clone()));
        let mut consent = deployment.endpoint(["oauth2", "authorize"]);
        consent
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client_id)
            .append_pair("redirect_uri", callback_url.as_str())
            .append_pair("code_challenge_method", "S256");
        let client = Client::new(world, reached);
        Self {
            world: world.clone(),
            app: OAuth2App::new(deployment, client_id),
            client_secret,
            callback_url: callback_url.clone(),
            consent,
            oauth,
            client,
            release: Cached::default(),
            application: Cached::default(),
            budget: Arc::default(),
            reachability: Reachability::default(),
        }
    }

    /// Shares the budget of logins and the known release with other environments of the same
    /// deployment.
    pub(crate) fn sharing(self, shared: SharedDeployment) -> Self {
        Self { budget: shared.budget, release: shared.release, ..self }
    }

    /// Returns the URL under which browsers reach the deployment.
    pub(crate) fn deployment(&self) -> &DeploymentUrl {
        &self.app.deployment
    }

    /// Returns the application that token pairs are issued to.
    pub(crate) fn app(&self) -> &OAuth2App {
        &self.app
    }

    /// Returns whether the deployment answered the last time that it was asked for a probe; `None` if
    /// that is not known yet. It is asked beside the caller.
    pub(crate) fn is_reached(&self) -> Option<bool> {
        self.reachability.last_known(&self.world, &self.client)
    }

    /// Returns a client for Coder's API with this access token.
    pub(crate) fn client_for(&self, access_token: Secret) -> Client {
        // Not `Authorization`: a proxy in front of Coder may use that for itself.
        self.client.clone().with_credential(Credential::SessionToken(access_token))
    }

    /// Returns the capabilities of the deployment, from memory if they are known. One question at a
    /// time is asked.
    ///
    /// # Errors
    ///
    /// Fails when nothing is known and the last question got no answer.
    pub(crate) async fn capabilities(
        &self,
    ) -> Result<Capabilities, Arc<coder_client::ClientError>> {
        let question = || {
            let client = self.client.clone();
            async move { client.send(&GetBuildInfo).await.map(|info| Capabilities::from(&info)) }
        };
        self.release.get(&self.world, RELEASE_TIMEOUT, question).await
    }

    /// Returns the URL of Coder's consent page (RFC 6749 §4.1.1, RFC 7636 §4.3).
    pub(crate) fn authorize_url(&self, state: &str, verifier: &Secret, scope: &[String]) -> Url {
        let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let mut url = self.consent.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("state", state).append_pair("code_challenge", challenge.as_str());
        if !scope.is_empty() {
            query.append_pair("scope", &scope.join(" "));
        }
        drop(query);
        url
    }

    /// Exchanges an authorization code (RFC 6749 §4.1.3).
    ///
    /// Run it detached, because the code is used up whether or not anyone waits for the answer.
    pub(crate) async fn exchange(
        &self,
        code: &Secret,
        verifier: &Secret,
    ) -> Result<TokenPair, UpstreamError> {
        let release = self.capabilities().await.ok();
        self.budget.take(self.world.clock.now(), Burst::for_release(release.as_ref()))?;
        let send = Exchange::sender(&self.client);
        let request = self
            .oauth
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
        let tokens = self.token_pair(Box::pin(request.request_async(&send))).await;
        if let Err(UpstreamError::ClientRefused(_) | UpstreamError::ProviderOff(_)) = tokens {
            self.application.forget();
        }
        tokens
    }

    /// Rotates a token pair (RFC 6749 §6). The old pair is dead as soon as Coder has acted.
    pub(crate) async fn rotate(&self, refresh_token: &Secret) -> Result<TokenPair, UpstreamError> {
        let send = Exchange::sender(&self.client);
        let refresh_token = RefreshToken::new(refresh_token.expose().to_owned());
        let request = self.oauth.exchange_refresh_token(&refresh_token);
        let tokens = self.token_pair(Box::pin(request.request_async(&send))).await;
        // Before 2.38 a rotation for an application that Coder has dropped finds no grant.
        if let Err(
            UpstreamError::GrantRefused(_)
            | UpstreamError::ClientRefused(_)
            | UpstreamError::ProviderOff(_),
        ) = tokens
        {
            self.application.forget();
        }
        tokens
    }

    async fn token_pair(
        &self,
        // Pinned on the heap by the caller: the future is large, and those of all routes nest it.
        answer: impl Future<
            Output = Result<
                TokenAnswer,
                RequestTokenError<coder_client::ClientError, BasicErrorResponse>,
            >,
        > + Unpin,
    ) -> Result<TokenPair, UpstreamError> {
        let answer = timeout(&*self.world.runtime, TOKEN_TIMEOUT, answer).await;
        let tokens = match answer.ok_or_else(UpstreamError::timed_out)? {
            Ok(tokens) => tokens,
            Err(RequestTokenError::Request(error)) => {
                if let coder_client::ClientError::RateLimited { retry_after } = &error {
                    self.budget.pause(self.world.clock.now(), *retry_after);
                }
                return Err(UpstreamError::from_token_request(error));
            }
            // The other variants hold the body, and with it perhaps tokens. Only the place in the
            // document is kept.
            Err(RequestTokenError::Parse(error, _)) => {
                return Err(UpstreamError::UnreadableTokens {
                    at: cleaned(&error.path().to_string()),
                });
            }
            Err(_) => return Err(UpstreamError::UnreadableTokens { at: ".".to_owned() }),
        };
        let secret = |text: &str| Secret::new(text.to_owned());
        let words = |scopes: &Vec<Scope>| scopes.iter().map(|scope| scope.to_string()).collect();
        Ok(TokenPair {
            access_token: secret(tokens.access_token().secret()),
            refresh_token: tokens.refresh_token().map(|token| secret(token.secret())),
            expires_in: expires_in(&tokens, self.world.clock.now()),
            scope: tokens.scopes().map(words),
        })
    }

    /// Returns the user of an access token (`GET /api/v2/users/me`).
    pub(crate) async fn user(
        &self,
        access_token: &Secret,
    ) -> Result<(coder_client::UserId, Profile), UpstreamError> {
        let client = self.client_for(access_token.clone());
        let answer = self.bounded(USER_TIMEOUT, client.send(&GetUser::me())).await;
        let user = answer.map_err(UpstreamError::from_user_request)?;
        if user.username.chars().count() > MAX_NAME || user.email.chars().count() > MAX_EMAIL {
            return Err(UpstreamError::NoUser);
        }
        if user.id.is_nil() {
            return Err(UpstreamError::NoUser);
        }
        let short = |text: String| text.chars().take(MAX_NAME).collect::<String>();
        let full_name = user.name.filter(|name| !name.is_empty());
        Ok((
            user.id,
            Profile {
                display_name: short(full_name.unwrap_or_else(|| user.username.clone())),
                // A name that was cut could be the name of somebody else.
                username: user.username,
                email: Some(user.email).filter(|email| !email.is_empty()),
                picture: user.avatar_url.filter(|url| !url.is_empty() && url.len() <= MAX_PICTURE),
            },
        ))
    }

    /// Revokes a pair by its refresh token, or else by its access token (RFC 7009 §2.1).
    ///
    /// Revoking either one ends both. A pair that is already dead is not a failure.
    pub(crate) async fn revoke(&self, tokens: &TokenPair) -> Result<(), UpstreamError> {
        // Coder's own way to end an app's access ends every pair of the user, so it is not used
        // where revoking one is possible.
        if !self.revokes_pairs().await
            && let Ok(app) = self.app.client_id.parse()
        {
            let client = self.client_for(tokens.access_token.clone());
            let answer =
                self.bounded(REVOKE_TIMEOUT, client.send(&RevokeOAuth2Consent::new(app))).await;
            return match answer.map_err(UpstreamError::from_user_request) {
                Err(UpstreamError::TokenRefused(_)) => Ok(()),
                answer => answer,
            };
        }
        let revocation = Revocation {
            token: tokens.refresh_token.as_ref().unwrap_or(&tokens.access_token),
            client_id: &self.app.client_id,
            client_secret: &self.client_secret,
        };
        self.bounded(REVOKE_TIMEOUT, self.client.send(&revocation))
            .await
            .map_err(UpstreamError::from_token_request)
    }

    /// Tells whether this deployment can revoke one pair and leave the user's others alone: from
    /// 2.28 on.
    pub(crate) async fn revokes_pairs(&self) -> bool {
        let capabilities = self.capabilities().await.ok();
        capabilities.and_then(|known| known.has(Capability::Revocation)) != Some(false)
    }

    async fn bounded<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, coder_client::ClientError>>,
    ) -> Result<T, coder_client::ClientError> {
        timeout(&*self.world.runtime, limit, work)
            .await
            .unwrap_or_else(|| Err(error::no_answer_in_time().into()))
    }
}

/// Returns the lifetime of the access token from `now` on, in seconds: at most ten years.
fn expires_in(tokens: &TokenAnswer, now: Timestamp) -> Option<u32> {
    let seconds = match (tokens.expires_in(), &tokens.extra_fields().expiry) {
        (Some(lifetime), _) => i64::try_from(lifetime.as_secs()).unwrap_or(MAX_LIFETIME),
        (None, Some(expiry)) => {
            let expiry: Timestamp = expiry.parse().ok()?;
            expiry.duration_since(now).as_secs()
        }
        (None, None) => return None,
    };
    u32::try_from(seconds.min(MAX_LIFETIME)).ok()
}
