//! The job at the fake Coder.

use backstage_catalog::MemoryCatalog;
use coder_config::parse_entities;
use coder_testkit::FakeCoder;

use super::*;

const CONFIG: &str = "
app: { baseUrl: https://portal.test }
backend: { baseUrl: https://portal.test }
coder: { workspaces: { repoUrlParamKeys: [repo] } }
auth: { providers: { coder: { development: {
  clientId: a, clientSecret: b, deploymentUrl: https://coder.test } } } }
";

const CATALOG: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: payments, annotations: { backstage.io/source-location: 'url:https://github.com/acme/payments/' } }
spec: { type: service, lifecycle: production, owner: team-a }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: nowhere }
spec: { type: service, lifecycle: production, owner: team-a }
";

#[tokio::test]
async fn each_workspace_stands_beside_the_service_of_its_repository() {
    let coder = FakeCoder::new();
    let (alice, root) = (coder.add_user("alice"), coder.add_owner("root"));
    let url = "git@github.com:acme/payments.git";
    coder.add_workspace(&alice, "pay").parameter("repo", url).create();
    coder.add_workspace(&alice, "scratch").create();

    let read = |path: &str| match path {
        "app-config.yaml" => Ok(CONFIG.to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    let environment = Environment::default();
    let loaded = ConfigSources::new(&read, &environment).load().unwrap();
    let config = AppConfig::from_loaded(&loaded).unwrap();
    let entities = parse_entities("catalog-info.yaml", CATALOG).into_iter().map(Result::unwrap);

    let mut csv = Vec::new();
    let catalog = MemoryCatalog::new(entities);
    associate(&coder.client(&root), &config, &catalog, &mut csv).await.unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[1].starts_with("component:default/payments,alice,pay,running,"), "{csv}");
}
