//! A deployment: the way to it, its release, its clock, and the portal's application there.

use coder_auth::{ApplicationProbe, ApplicationVerdict};
use coder_client::operations::GetBuildInfo;
use coder_client::{Capabilities, Client, ClientError};
use coder_config::{CoderEnvironment, EnvironmentName};
use coder_core::TransportErrorKind;
use jiff::SignedDuration;
use url::Url;

use super::{Checkup, Finding, Question, Verdict, told};

/// The greatest difference of two clocks that nobody notices.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

impl Checkup<'_> {
    /// Asks a deployment everything that it tells without a credential.
    pub(super) async fn deployment(
        &self,
        name: &EnvironmentName,
        environment: &CoderEnvironment,
    ) -> Vec<Finding> {
        let client = self.client(environment);
        let mut findings = self.reach(&client, environment).await;
        for finding in &mut findings {
            *finding = finding.clone().environment(name);
            if finding.verdict != Verdict::Good {
                finding.place = Some(environment.provenance.clone());
            }
        }
        findings
    }

    async fn reach(&self, client: &Client, environment: &CoderEnvironment) -> Vec<Finding> {
        let url = client.deployment();
        let info = match client.send(&GetBuildInfo).await {
            Ok(info) => info,
            Err(error) => {
                let text = format!("{url} gives no answer of Coder: {}", told(&error));
                let finding = Finding::new(Question::Coder, Verdict::Wrong, text);
                return vec![finding.remedy(remedy(&error))];
            }
        };
        let release = Capabilities::from(&info);
        let text = match release.version() {
            Some(version) => format!("{url} answers as Coder {version}"),
            None => format!("{url} answers as Coder of a release that it does not tell"),
        };
        let mut findings = vec![Finding::new(Question::Coder, Verdict::Good, text)];
        findings.push(self.clock(client));
        if let Some(callback_url) = self.callback_url(environment) {
            findings.push(application(client, &release, environment, callback_url).await);
        }
        if environment.internal_url.is_some() {
            findings.push(self.public_url(environment, &info.deployment_id).await);
        }
        findings
    }

    /// Returns the URL at which logins of this environment end.
    fn callback_url(&self, environment: &CoderEnvironment) -> Option<&Url> {
        let is_it = |name: &str| {
            let found = self.config.auth.environments.get(name);
            let found = found.and_then(|found| found.as_ref().ok());
            found.is_some_and(|found| std::ptr::eq(found, environment))
        };
        self.portal.auth().redirect_uris().find(|(name, _)| is_it(name)).map(|(_, url)| url)
    }

    /// Compares this machine's clock with the `Date` of the last answer.
    fn clock(&self, client: &Client) -> Finding {
        let ahead = client.now().duration_since(self.world().clock.now());
        let seconds = ahead.as_secs().unsigned_abs();
        if ahead.abs() <= SKEW {
            let text = "this machine's clock agrees with Coder's";
            return Finding::new(Question::Clock, Verdict::Good, text);
        }
        let side = if ahead.is_negative() { "ahead of" } else { "behind" };
        let text = format!("this machine's clock is {seconds} seconds {side} Coder's");
        Finding::new(Question::Clock, Verdict::Notice, text).remedy(
            "synchronise both (NTP): a backend whose clock differs refuses identity tokens, and \
             tokens of Coder are renewed at the wrong time",
        )
    }

    /// Asks the deployment at the URL that browsers use, where this server uses another one.
    async fn public_url(&self, environment: &CoderEnvironment, id: &str) -> Finding {
        let mut public = environment.clone();
        public.internal_url = None;
        let url = &environment.deployment_url;
        match self.client(&public).send(&GetBuildInfo).await {
            Ok(info) if info.deployment_id == id => {
                let text = format!("`deploymentUrl` {url} is the same deployment");
                Finding::new(Question::Coder, Verdict::Good, text)
            }
            Ok(_) => {
                let text =
                    format!("`deploymentUrl` {url} is another deployment than `internalUrl`");
                Finding::new(Question::Coder, Verdict::Wrong, text).remedy(
                    "let both name the same one: a login begins at one, and ends at the other",
                )
            }
            Err(error) => {
                let text =
                    format!("`deploymentUrl` {url} cannot be reached from here: {}", told(&error));
                Finding::new(Question::Coder, Verdict::Unchecked, text)
                    .remedy("see that browsers reach it")
            }
        }
    }
}

async fn application(
    client: &Client,
    release: &Capabilities,
    environment: &CoderEnvironment,
    callback_url: &Url,
) -> Finding {
    let CoderEnvironment { client_id, client_secret, .. } = environment;
    let wrong = |text: String| Finding::new(Question::Application, Verdict::Wrong, text);
    let probe = ApplicationProbe::new(client_id, client_secret, callback_url);
    match probe.ask(client, release).await {
        Ok(ApplicationVerdict::Accepted) => {
            let text = format!(
                "Coder accepts client id, client secret and the callback URL {callback_url}"
            );
            Finding::new(Question::Application, Verdict::Good, text)
        }
        Ok(ApplicationVerdict::NotProvable { reason }) => {
            let text = format!("no mistake was found, and not all can be proven: {reason}");
            Finding::new(Question::Application, Verdict::Unchecked, text)
                .remedy(format!("see that the application at Coder has {callback_url}"))
        }
        Ok(ApplicationVerdict::TooOld) => {
            wrong("this release of Coder has no OAuth2 provider that a login can use".to_owned())
                .remedy("upgrade Coder to 2.25 or newer")
        }
        Ok(ApplicationVerdict::ProviderOff) => {
            wrong("the OAuth2 provider of this deployment is switched off".to_owned()).remedy(
                "start Coder with `CODER_EXPERIMENTS=oauth2`, from 2.38 on with \
                 `CODER_OAUTH2_PROVIDER_ENABLE=true`",
            )
        }
        Ok(ApplicationVerdict::ApplicationUnknown) => {
            wrong("Coder has no OAuth2 application with this `clientId`".to_owned())
                .remedy("register the portal: `coder-backstage register`")
        }
        Ok(ApplicationVerdict::CallbackDiffers) => wrong(format!(
            "the application at Coder has another callback URL than {callback_url}"
        ))
        .remedy(
            "set that URL at Coder (Deployment, OAuth2 applications), or `callbackUrl` to the one \
             that is registered; each character counts",
        ),
        Ok(ApplicationVerdict::SecretRefused) => {
            let remedy = if is_in_quotes(client_secret.expose()) {
                "it is in quotes, which are part of the value: remove them (an env-file of a \
                 container keeps them)"
            } else {
                "make a new one: `coder-backstage register` adds a secret to the application"
            };
            wrong("Coder refuses the `clientSecret`".to_owned()).remedy(remedy)
        }
        Err(error) => {
            let text = format!("Coder did not tell: {}", told(&error));
            Finding::new(Question::Application, Verdict::Unchecked, text)
        }
    }
}

fn is_in_quotes(secret: &str) -> bool {
    ['"', '\''].iter().any(|quote| secret.starts_with(*quote) && secret.ends_with(*quote))
}

/// Returns what to do when `/api/v2/buildinfo` has no answer of Coder.
fn remedy(error: &ClientError) -> &'static str {
    match error {
        ClientError::Transport(error) => match error.kind() {
            TransportErrorKind::UnknownHost => {
                "correct the host in `deploymentUrl` (or `internalUrl`), or this machine's DNS"
            }
            TransportErrorKind::Refused | TransportErrorKind::Reset => {
                "correct the port, or start Coder; a firewall may refuse as well"
            }
            TransportErrorKind::Tls => {
                "the port may speak plain http: correct the port or the scheme"
            }
            TransportErrorKind::Certificate => {
                "add the authority to the system's store, or name its PEM file by `SSL_CERT_FILE`"
            }
            TransportErrorKind::Protocol => {
                "the port may speak https: correct the port or the scheme"
            }
            TransportErrorKind::Timeout
            | TransportErrorKind::Connect
            | TransportErrorKind::Interrupted => {
                "see that this machine reaches Coder: firewall, `HTTPS_PROXY`, `NO_PROXY`"
            }
            TransportErrorKind::TooLarge
            | TransportErrorKind::Request
            | TransportErrorKind::Unsupported
            | TransportErrorKind::Other => "correct `deploymentUrl`",
        },
        ClientError::Redirected { .. } => {
            "let this server past the single sign-on, or set `internalUrl`"
        }
        ClientError::NotJson(_)
        | ClientError::Unreadable(_)
        | ClientError::Unsupported(_)
        | ClientError::Api(_) => {
            "something else may answer there, or `deploymentUrl` may have a path that is not \
             Coder's: correct it, let this server past a login page, or set `internalUrl`"
        }
        ClientError::RateLimited { .. } => "ask again in a minute",
        ClientError::Request(_) | ClientError::Credential(_) => "correct `deploymentUrl`",
    }
}
