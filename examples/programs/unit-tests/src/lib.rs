//! Code of one's own, and its tests: on the fake Coder, on stubs, and on a sign-in rule alone.

use std::error::Error;

use async_trait::async_trait;
use backstage_catalog::{Catalog, EntityFilter};
use coder_auth::{BackstageIdentity, Profile, SignInError, SignInResolver};
use coder_client::models::WorkspaceStatus;
use coder_client::operations::ListWorkspaces;
use coder_client::{Client, WorkspaceFilter};
use coder_workspaces::ManageWorkspace;

/// Stops the workspaces of a person, and returns their names.
pub async fn stop_all(client: &Client, owner: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let running = WorkspaceFilter::new().owner(owner)?.status(&WorkspaceStatus::Running)?;
    let mut stopped = Vec::new();
    for workspace in client.send(&ListWorkspaces::new(running)).await?.workspaces {
        ManageWorkspace::new(client, workspace.id).stop(|_| ()).await?;
        stopped.push(workspace.name);
    }
    Ok(stopped)
}

/// A sign-in rule: the person whose `spec.profile.email` is that of the Coder user, in our company.
pub struct Colleague;

#[async_trait]
impl SignInResolver for Colleague {
    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        let email = user.email.as_deref().filter(|email| email.ends_with("@example.com"));
        let Some(email) = email else { return Err(SignInError::NotFound) };
        let filter = EntityFilter::kind("user").with("spec.profile.email", email);
        match catalog.entities(&filter).await?.as_slice() {
            [] => Err(SignInError::NotFound),
            [person] => Ok(BackstageIdentity::from_entity(person)),
            _ => Err(SignInError::Ambiguous),
        }
    }
}

#[cfg(test)]
mod tests {
    use backstage_catalog::MemoryCatalog;
    use coder_testkit::wiremock::matchers::query_param;
    use coder_testkit::{CoderMock, FakeCoder, Fault};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_runs_is_stopped() {
        let coder = FakeCoder::new();
        let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
        let dev = coder.add_workspace(&alice, "dev").running().create();
        coder.add_workspace(&alice, "old").stopped().create();
        coder.add_workspace(&bob, "dev").running().create();

        let root = coder.client(&coder.add_owner("root"));
        assert_eq!(stop_all(&root, "alice").await.unwrap(), ["dev"]);
        assert_eq!(coder.workspace(dev).latest_build.status, WorkspaceStatus::Stopped);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_stops_nothing_twice() {
        let coder = FakeCoder::new();
        let alice = coder.add_user("alice");
        let dev = coder.add_workspace(&alice, "dev").running().create();
        coder.fail_next(Fault::answer_lost());

        assert_eq!(stop_all(&coder.client(&alice), "alice").await.unwrap(), ["dev"]);
        assert_eq!(coder.workspace(dev).latest_build.build_number, 2);
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_the_words_of_coder() {
        let coder = CoderMock::start().await;
        let list = coder.list_workspaces().and(query_param("q", "owner:alice status:running"));
        list.api_error(403, "You may not.", "").expect(1).mount().await;

        let client = Client::connect(coder.url().as_str(), "a-token").unwrap();
        let error = stop_all(&client, "alice").await.unwrap_err();
        assert!(error.to_string().contains("You may not."), "{error}");
    }

    #[tokio::test]
    async fn a_colleague_is_found_by_the_address_and_a_stranger_is_not() {
        let people = coder_config::parse_entities("people.yaml", PEOPLE);
        let catalog = MemoryCatalog::new(people.into_iter().map(Result::unwrap));
        let alice = Profile::new("alice").email("alice@example.com");
        let identity = Colleague.resolve(&alice, &catalog).await.unwrap();
        assert_eq!(identity.user.to_string(), "user:default/alice.smith");

        for stranger in [Profile::new("alice"), Profile::new("eve").email("eve@elsewhere.org")] {
            let refused = Colleague.resolve(&stranger, &catalog).await;
            assert!(matches!(refused, Err(SignInError::NotFound)));
        }
    }

    const PEOPLE: &str = "{ apiVersion: backstage.io/v1alpha1, kind: User,
        metadata: { name: alice.smith }, spec: { profile: { email: alice@example.com } } }";
}
