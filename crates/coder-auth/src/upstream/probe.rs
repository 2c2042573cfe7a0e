//! Proving an OAuth2 application at Coder, without a person and without anybody's token.
//!
//! Coder checks the client, the redirect URI and the secret of a token request before it looks at
//! the code (RFC 6749 §4.1.3). So a code that cannot be tells about all of them.

use bytes::Bytes;
use coder_client::{Capabilities, Capability, Client, ClientError, Operation, read_empty};
use coder_core::{DeploymentUrl, Secret};
use http::{Request, Response, StatusCode};
use url::Url;

use super::exchange::MAX_ANSWER;
use super::exchange::{post_form, uri};

/// A code of the form of Coder's codes, which it has never issued.
const IMPOSSIBLE_CODE: &str = "coder_0000000000_0000000000000000000000000000000000000000";
/// A code verifier of the form of RFC 7636 §4.1.
const VERIFIER: &str = "0000000000000000000000000000000000000000000";

/// A check whether Coder accepts an application: its client id, secret and callback URL.
///
/// ```
/// use coder_auth::{ApplicationProbe, ApplicationVerdict};
/// use coder_client::{Client, operations::GetBuildInfo};
/// use coder_core::Secret;
/// use url::Url;
///
/// # async fn probe(client: &Client, secret: &Secret, callback: &Url) -> Result<(), coder_client::ClientError> {
/// let release = (&client.send(&GetBuildInfo).await?).into();
/// let probe = ApplicationProbe::new("8a7c1f0e-5d0b-4f55-9f6b-0c8f5b1f6f0a", secret, callback);
/// if probe.ask(client, &release).await? == ApplicationVerdict::CallbackDiffers {
///     println!("the application at Coder has another callback URL than {callback}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ApplicationProbe<'a> {
    client_id: &'a str,
    client_secret: &'a Secret,
    callback_url: &'a Url,
}

/// The result of checking an application at Coder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to have a text for each of them")]
pub enum ApplicationVerdict {
    /// The client id, the secret and the callback URL are right.
    Accepted,
    /// The release has no OAuth2 provider that a login can use. 2.25 is the first that has.
    TooOld,
    /// The OAuth2 provider is switched off.
    ProviderOff,
    /// There is no application with this client id.
    ApplicationUnknown,
    /// The application has another callback URL. Its secret may be right or wrong.
    CallbackDiffers,
    /// Coder knows the application and refuses its secret.
    SecretRefused,
    /// No mistake was found, and this release does not reveal everything.
    NotProvable {
        /// Explanation for the operator: the part that this release does not reveal, and the first
        /// release that does.
        reason: &'static str,
    },
}

impl<'a> ApplicationProbe<'a> {
    /// Creates the check for an application. `callback_url` is the URL to which Coder sends
    /// browsers back.
    pub fn new(client_id: &'a str, client_secret: &'a Secret, callback_url: &'a Url) -> Self {
        Self { client_id, client_secret, callback_url }
    }

    /// Sends one request (`POST /oauth2/tokens`), and a second one (`GET /oauth2/authorize`) if
    /// Coder refuses the client.
    ///
    /// `client` needs no credential. `release` holds the known capabilities of the deployment.
    ///
    /// # Errors
    ///
    /// Fails when no answer came, or one that says nothing about the application.
    pub async fn ask(
        &self,
        client: &Client,
        release: &Capabilities,
    ) -> Result<ApplicationVerdict, ClientError> {
        if release.has(Capability::Pkce) == Some(false) {
            return Ok(ApplicationVerdict::TooOld);
        }
        let error = match client.send(&Exchange(self)).await {
            // Coder does not do this; whoever does is not Coder.
            Ok(()) => return Ok(UNEXPECTED),
            Err(error) => error,
        };
        match oauth_code(&error) {
            Some("invalid_request") => Ok(ApplicationVerdict::CallbackDiffers),
            Some("invalid_grant") => Ok(accepted(release)),
            Some("invalid_client") => self.tell_client_from_secret(client).await,
            Some(_) => Err(error),
            None => no_provider(error),
        }
    }

    /// Requests the consent page without a login. Coder redirects to its login page, unless the
    /// application does not exist.
    async fn tell_client_from_secret(
        &self,
        client: &Client,
    ) -> Result<ApplicationVerdict, ClientError> {
        match client.send(&Authorize(self)).await {
            Err(ClientError::Redirected { status: StatusCode::SEE_OTHER, .. }) => {
                Ok(ApplicationVerdict::SecretRefused)
            }
            Err(error) => match oauth_code(&error) {
                Some("invalid_client") => Ok(ApplicationVerdict::ApplicationUnknown),
                Some(_) => Err(error),
                None => no_provider(error),
            },
            Ok(()) => Ok(UNEXPECTED),
        }
    }
}

const UNEXPECTED: ApplicationVerdict = ApplicationVerdict::NotProvable {
    reason: "something answered a token request without a valid code as if it were one; check \
             `deploymentUrl`",
};

fn accepted(release: &Capabilities) -> ApplicationVerdict {
    match release.has(Capability::ExactRedirectUri) {
        Some(true) => ApplicationVerdict::Accepted,
        Some(false) => ApplicationVerdict::NotProvable {
            reason: "client id and secret are right; before 2.31.1 Coder accepts every callback \
                     URL that begins with the registered one, so it does not tell whether they \
                     are equal",
        },
        None => ApplicationVerdict::NotProvable {
            reason: "client id and secret are right; the release of Coder is not known, and \
                     before 2.31.1 it accepts every callback URL that begins with the registered \
                     one",
        },
    }
}

/// Classifies the answer of a deployment without an OAuth2 provider: 403 through 2.37, 404 from
/// 2.38 on.
fn no_provider(error: ClientError) -> Result<ApplicationVerdict, ClientError> {
    let said = error.api().map(|api| api.message.to_ascii_lowercase()).unwrap_or_default();
    if said.contains("oauth2 provider is under development") {
        Ok(ApplicationVerdict::TooOld)
    } else if error.is_unsupported() || (error.is_forbidden() && said.contains("oauth2")) {
        Ok(ApplicationVerdict::ProviderOff)
    } else {
        Err(error)
    }
}

fn oauth_code(error: &ClientError) -> Option<&str> {
    error.api()?.oauth_code.as_deref()
}

/// The request `POST /oauth2/tokens` with a code that cannot exist.
struct Exchange<'a>(&'a ApplicationProbe<'a>);

/// The request `GET /oauth2/authorize` without a login.
struct Authorize<'a>(&'a ApplicationProbe<'a>);

impl Operation for Exchange<'_> {
    type Output = ();

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", self.0.client_id),
            ("client_secret", self.0.client_secret.expose()),
            ("code", IMPOSSIBLE_CODE),
            ("redirect_uri", self.0.callback_url.as_str()),
            ("code_verifier", VERIFIER),
        ];
        post_form(&deployment.endpoint(["oauth2", "tokens"]), &form)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<(), ClientError> {
        read_empty(&response)
    }

    fn needs_credential(&self) -> bool {
        false
    }

    fn max_answer(&self) -> usize {
        MAX_ANSWER
    }
}

impl Operation for Authorize<'_> {
    type Output = ();

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        let mut url = deployment.endpoint(["oauth2", "authorize"]);
        url.query_pairs_mut().append_pair("client_id", self.0.client_id);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri(&url)?;
        Ok(request)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<(), ClientError> {
        read_empty(&response)
    }

    fn needs_credential(&self) -> bool {
        false
    }

    fn max_answer(&self) -> usize {
        MAX_ANSWER
    }
}
