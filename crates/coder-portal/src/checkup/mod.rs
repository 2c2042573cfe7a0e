//! The questions whose answers tell whether people will be able to sign in, and find workspaces.

mod arrivals;
mod catalog;
mod deployment;
mod finding;
mod index;
mod outside;
mod store;
mod templates;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use coder_auth::store::AuthStore;
use coder_client::{Client, ClientError};
use coder_config::{AppConfig, CoderEnvironment, EnvironmentName};
use coder_core::{BoxFuture, RetryPolicy, Secret, World, timeout, with_causes};
use futures_util::future::join_all;
use url::Url;

pub use self::finding::{Finding, Question, Verdict};
use crate::portal::Portal;

/// The time limit of a question, however many requests it makes.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(15);
/// The time for which an answer is held back, to see whether something in front cuts it off: longer than
/// any answer takes, and than a stream of events is silent.
const HOLD: Duration = Duration::from_secs(21);
/// The time limit of one request to Coder.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// A check of a portal in its surroundings: its deployments, its store, its catalog and its public
/// URL. It needs no person, and changes nothing anywhere.
///
/// ```
/// use coder_config::AppConfig;
/// use coder_portal::{Checkup, Portal, Verdict};
///
/// # async fn example(config: &AppConfig, portal: &Portal) {
/// for finding in Checkup::new(config, portal).run().await {
///     if finding.verdict == Verdict::Wrong {
///         eprintln!("{finding}");
///     }
/// }
/// # }
/// ```
pub struct Checkup<'a> {
    config: &'a AppConfig,
    portal: &'a Portal,
    store: Option<Arc<dyn AuthStore>>,
    token: Option<Secret>,
    outside: Option<Url>,
    hold: Duration,
}

impl<'a> Checkup<'a> {
    /// Creates the check of a portal that was built from this configuration.
    pub fn new(config: &'a AppConfig, portal: &'a Portal) -> Self {
        Self { config, portal, store: None, token: None, outside: None, hold: HOLD }
    }

    /// Sets the opened store, which is asked whether the sealing keys open its content.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn AuthStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets a session token of the deployment of `auth.environment`, which is asked for templates
    /// and their parameters. The token is sent to no other deployment.
    #[must_use]
    pub fn session_token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets the URL of the backend as browsers see it, through every proxy. The running portal is
    /// asked there. A user name and a password in the URL are left out.
    #[must_use]
    pub fn from_outside(mut self, mut url: Url) -> Self {
        // A URL that cannot have them has none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        self.outside = Some(url);
        self
    }

    /// Sets for how long the running portal holds an answer back, to see whether something in front
    /// cuts it off. Default: 21 seconds, which is longer than any answer takes. At most 2 minutes.
    #[must_use]
    pub fn hold(mut self, time: Duration) -> Self {
        self.hold = time;
        self
    }

    /// Asks all questions side by side, and returns the findings in the order of [`Question`].
    ///
    /// Each question has 15 seconds, and that from outside the time of [`hold`](Self::hold) besides. One that is not answered by then is a finding as well.
    pub async fn run(&self) -> Vec<Finding> {
        let mut questions: Vec<BoxFuture<'_, Vec<Finding>>> = Vec::new();
        for (name, environment) in self.environments() {
            let asked = self.deployment(name, environment);
            questions.push(Box::pin(self.in_time(Question::Coder, Some(name), asked)));
        }
        if let Some(store) = &self.store {
            questions.push(Box::pin(self.in_time(Question::Store, None, self.keys(&**store))));
        }
        questions.push(Box::pin(self.in_time(Question::Catalog, None, self.people())));
        questions.push(Box::pin(self.in_time(Question::Templates, None, self.templates())));
        questions.push(Box::pin(self.in_time(Question::Index, None, self.index())));
        if let Some(url) = &self.outside {
            let outside = self.outside(url);
            let limit = QUESTION_TIMEOUT + self.hold;
            questions.push(Box::pin(self.within(limit, Question::Outside, None, outside)));
        }
        let mut findings: Vec<Finding> = join_all(questions).await.into_iter().flatten().collect();
        findings.sort_by_key(|finding| finding.question);
        findings
    }

    async fn in_time(
        &self,
        question: Question,
        environment: Option<&EnvironmentName>,
        asked: impl Future<Output = Vec<Finding>>,
    ) -> Vec<Finding> {
        self.within(QUESTION_TIMEOUT, question, environment, asked).await
    }

    async fn within(
        &self,
        limit: Duration,
        question: Question,
        environment: Option<&EnvironmentName>,
        asked: impl Future<Output = Vec<Finding>>,
    ) -> Vec<Finding> {
        let answer = timeout(&*self.world().runtime, limit, asked).await;
        answer.unwrap_or_else(|| {
            let limit = limit.as_secs();
            let text = format!("there was no answer within {limit} seconds");
            let finding = Finding::new(question, Verdict::Unchecked, text);
            vec![match environment {
                Some(name) => finding.environment(name),
                None => finding,
            }]
        })
    }

    fn world(&self) -> &World {
        &self.portal.state().world
    }

    /// Lists the environments that can be used. Mistakes in another one are reported where the
    /// configuration is read.
    fn environments(&self) -> impl Iterator<Item = (&EnvironmentName, &CoderEnvironment)> {
        let environments = &self.config.auth.environments;
        environments.iter().filter_map(|(name, ready)| Some((name, ready.as_ref().ok()?)))
    }

    /// Returns a client without a credential that reaches the deployment as logins do.
    fn client(&self, environment: &CoderEnvironment) -> Client {
        let url = environment.internal_url.as_ref().unwrap_or(&environment.deployment_url);
        Client::new(self.world(), url.clone())
            .with_retry(RetryPolicy::NEVER)
            .with_timeout(REQUEST_TIMEOUT)
            .with_deadline(REQUEST_TIMEOUT)
    }
}

impl fmt::Debug for Checkup<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config: _, portal, store: _, token, outside, hold } = self;
        formatter
            .debug_struct("Checkup")
            .field("portal", portal)
            .field("token", token)
            .field("outside", outside)
            .field("hold", hold)
            .finish_non_exhaustive()
    }
}

/// Returns the text of an error of Coder with its causes.
fn told(error: &ClientError) -> String {
    with_causes(error)
}
