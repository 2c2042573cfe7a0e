//! Where a deployment's apps and shells are.

use std::time::Duration;

use coder_testkit::{FakeCoder, Fault};
use coder_workspaces::{DeploymentHosts, DeploymentHostsCache};

use crate::async_test;
use crate::fake::client;

#[async_test]
async fn a_deployment_tells_its_places() {
    let coder = FakeCoder::new();
    let client = client(&coder, &coder.add_user("alice"));
    let places = DeploymentHosts::fetch(&client, coder.url().clone()).await.unwrap();
    assert_eq!(places.wildcard_hostname.as_deref(), Some("*.apps.coder.test"));
    assert_eq!(places.path_app_url, *coder.url());
    assert_eq!(places.ssh_suffix, "coder");
}

#[async_test]
async fn they_are_asked_for_once_in_ten_minutes() {
    let coder = FakeCoder::new();
    let client = client(&coder, &coder.add_user("alice"));
    let known = DeploymentHostsCache::default();
    let first = known.get(&client, coder.url()).await;
    assert_eq!(known.get(&client, coder.url()).await, first);
    assert_eq!(coder.count("GET", "/api/v2/regions"), 1);
    coder.advance(Duration::from_secs(600));
    // What was known stays, when it cannot be asked for again.
    coder.fail_next(Fault::bad_gateway().on("/api/v2/regions"));
    assert_eq!(known.get(&client, coder.url()).await, first);
    assert_eq!(coder.count("GET", "/api/v2/regions"), 2);
}

#[async_test]
async fn a_deployment_that_does_not_answer_has_its_pages_all_the_same() {
    let coder = FakeCoder::new();
    let client = client(&coder, &coder.add_user("alice"));
    let known = DeploymentHostsCache::default();
    coder.fail_next(Fault::bad_gateway().on("/api/v2/regions"));
    let plain = DeploymentHosts::new(coder.url().clone());
    assert_eq!(known.get(&client, coder.url()).await, plain);
    assert_eq!(known.get(&client, coder.url()).await, plain);
    assert_eq!(coder.count("GET", "/api/v2/regions"), 1);
    coder.advance(Duration::from_secs(60));
    assert_ne!(known.get(&client, coder.url()).await, plain);
}
