//! What owners learn of a deployment and its templates, and secrets that no text shows.

use std::fmt::Debug;

use crate::door::Door;
use crate::{async_test, test};
use coder_client::jiff::{SignedDuration, Timestamp};
use coder_client::models::{HealthSeverity, JobStatus, SecretsFormat};
use coder_client::operations::*;
use coder_client::{Client, Secret};
use coder_testkit::{FakeCoder, Pace};

async fn opened() -> (Door, Client) {
    let door = Door::to(FakeCoder::builder().pace(Pace::INSTANT)).await;
    let client = door.client(&door.coder.add_owner("root"));
    (door, client)
}

#[async_test]
async fn the_health_report_has_each_section() {
    let (door, owner) = opened().await;
    let report = owner.send(&GetHealth::new()).await.unwrap();
    assert!(report.healthy);
    assert_eq!(report.severity, HealthSeverity::Ok);
    assert!(report.derp.is_some() && report.websocket.is_some());
    assert!(report.access_url.unwrap().reachable && report.database.unwrap().reachable);
    assert!(report.workspace_proxy.unwrap().workspace_proxies.is_some());
    assert!(!report.provisioner_daemons.unwrap().items.is_empty());
    let member = door.client(&door.coder.add_user("alice"));
    assert!(member.send(&GetHealth::new()).await.unwrap_err().is_not_found());
}

#[async_test]
async fn insights_of_a_deployment_that_nobody_uses_are_empty() {
    let (door, owner) = opened().await;
    let hours = |hours| SignedDuration::from_hours(hours);
    let full = door.coder.clock().now().as_second() / 3600 * 3600;
    let end = Timestamp::from_second(full).unwrap();
    let start = end - hours(24);
    let templates = owner.send(&GetTemplateInsights::new(start, end)).await.unwrap();
    let report = templates.report.unwrap();
    assert_eq!((report.start_time, report.end_time), (Some(start), Some(end)));
    assert_eq!((report.active_users, report.apps_usage.len()), (0, 4));
    let activity = owner.send(&GetUserActivity::new(start, end)).await.unwrap();
    assert!(activity.report.users.is_empty());
    let latency = owner.send(&GetUserLatency::new(start, end)).await.unwrap();
    assert!(latency.report.users.is_empty());
    assert!(owner.send(&GetDailyActiveUsers::new(0)).await.unwrap().entries.is_empty());
    let counts = owner.send(&GetUserStatusCounts::new()).await.unwrap();
    assert!(counts.status_counts.contains_key("suspended"));
    for (start, end) in
        [(start, end + hours(48)), (end, start), (start + SignedDuration::from_secs(1), end)]
    {
        let refused = owner.send(&GetUserActivity::new(start, end)).await.unwrap_err();
        assert_eq!(refused.status().unwrap(), 400, "{refused}");
    }
    let member = door.client(&door.coder.add_user("alice"));
    assert!(member.send(&GetUserActivity::new(start, end)).await.unwrap_err().is_not_found());
}

#[async_test]
async fn a_dry_run_tells_the_resources_of_a_workspace_that_is_not_made() {
    let (door, _) = opened().await;
    let hers = door.client(&door.coder.add_user("alice"));
    let version = door.coder.add_template("small").active_version_id();
    let create = CreateDryRun::new(version, "dev").parameter("cpu", "4");
    let job = hers.send(&create).await.unwrap();
    let job = hers.send(&GetDryRun::new(version, job.id)).await.unwrap();
    assert_eq!(job.status, JobStatus::Succeeded);
    let resources = hers.send(&ListDryRunResources::new(version, job.id)).await.unwrap();
    assert!(!resources.is_empty());
    assert!(!hers.send(&ListDryRunLogs::new(version, job.id)).await.unwrap().is_empty());
    let late = hers.send(&CancelDryRun::new(version, job.id)).await.unwrap_err();
    assert!(late.is_too_late(), "{late}");
}

#[test]
fn no_operation_shows_its_secret() {
    const SECRET: &str = "s3cr3t-value";
    let secret = || Secret::new(SECRET);
    let id = "3f9f6d3c-1111-4222-8333-944445555666";
    let version = id.parse().unwrap();
    let shown: [(&str, Box<dyn Debug>); 9] = [
        ("AddLicense", Box::new(AddLicense::new(SECRET))),
        ("CreateUserSecret", Box::new(CreateUserSecret::new("me", "npm", SECRET))),
        ("UpdateUserSecret", Box::new(UpdateUserSecret::new("me", "npm").value(SECRET))),
        ("ImportUserSecrets", {
            Box::new(ImportUserSecrets::new("me", SecretsFormat::Env, SECRET))
        }),
        ("SetPassword", Box::new(SetPassword::new("me", SECRET).old_password(SECRET))),
        ("ValidatePassword", Box::new(ValidatePassword::new(SECRET))),
        ("CreateUser", Box::new(CreateUser::from_password("ann", "ann@example.com", secret()))),
        ("LoginWithPassword", Box::new(LoginWithPassword::new("ann@example.com", secret()))),
        ("CreateDryRun", Box::new(CreateDryRun::new(version, "dev").variable("key", SECRET))),
    ];
    for (name, operation) in shown {
        let text = format!("{operation:?} {operation:#?}");
        assert!(text.starts_with(name), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}
