//! Accounts that are missing, on releases that tell about the caller only.

use coder_workspaces::missing_accounts;
use serde_json::json;

use crate::async_test;
use crate::support::{Coder, fixture, workspace};

/// Makes a Coder of this release: the caller has linked nothing, and the owner of workspaces
/// everything.
fn coder(release: &'static str, caller: &'static str) -> Coder {
    let mut user = json!({"username": "dana", "email": "dana@example.com", "status": "active",
        "created_at": "2026-08-20T09:00:00Z", "updated_at": "2026-08-20T09:00:00Z",
        "last_seen_at": "2026-08-20T09:00:00Z", "login_type": "password"});
    user["id"] = caller.into();
    Coder::new(move |url| {
        let path = url.path();
        if path.ends_with("/buildinfo") {
            (200, json!({"version": format!("v{release}+f00")}))
        } else if path.ends_with("/users/me") {
            (200, user.clone())
        } else {
            let is_of_another = release >= "2.36" && url.query().is_some();
            let account = json!({"id": "github", "type": "github", "display_name": "GitHub",
                "display_icon": "", "authenticate_url": "https://coder.test/external-auth/github",
                "authenticated": is_of_another});
            (200, json!([account]))
        }
    })
}

async fn missing(release: &'static str, caller: &'static str) -> usize {
    let workspace = workspace(fixture("workspace_running"));
    let client = coder(release, caller).client();
    missing_accounts(&client, &workspace).await.unwrap().len()
}

#[async_test]
async fn an_older_release_tells_of_the_callers_own_workspace_and_of_no_other() {
    let owner = workspace(fixture("workspace_running")).owner_id.to_string().leak();
    let another = "00000000-0000-0000-0000-000000000099";
    assert_eq!(missing("2.34.6", owner).await, 1);
    // What comes back is the caller's, not the owner's.
    assert_eq!(missing("2.34.6", another).await, 0);
    assert_eq!(missing("2.36.0", another).await, 0);
}
