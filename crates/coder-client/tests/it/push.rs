//! Pushing templates, and what else may be done with their versions.

use std::time::Duration;

use crate::async_test;
use crate::door::Door;
use coder_client::models::JobStatus;
use coder_client::operations::{
    ArchiveTemplateVersions, CancelTemplateVersion, CreateTemplateVersion, CreateWorkspace,
    DownloadFile, GetTemplateByName, GetTemplateVersion, ListTemplateVersions,
    PromoteTemplateVersion, UpdateTemplate, UpdateTemplateVersion, UploadFile,
};
use coder_client::subscriptions::FollowTemplateVersionLogs;
use coder_client::{Channel, Client, PushTemplate, PushTemplateError};
use futures_util::TryStreamExt as _;

const FILES: &[u8] = b"the files of a template";

async fn opened() -> (Door, Client) {
    let door = Door::open().await;
    let root = door.coder.add_owner("root");
    let client = door.client(&root);
    (door, client)
}

fn push() -> PushTemplate {
    PushTemplate::new("devcontainers", UploadFile::tar(FILES))
}

#[async_test]
async fn the_first_push_creates_the_template_and_tells_each_step_once() {
    let (_door, client) = opened().await;
    let mut steps = Vec::new();
    let first = push().version_name("v1").message("begins");
    let pushed = first.run(&client, |step| steps.push(step.to_string())).await.unwrap();
    assert!(pushed.created);
    assert_eq!(pushed.template.active_version_id, Some(pushed.version.id));
    assert_eq!(pushed.version.template_id, Some(pushed.template.id));
    assert_eq!((&*pushed.version.name, &*pushed.version.message), ("v1", "begins"));
    let begin = ["uploading the files", "importing the version v1", "Setting up"];
    assert_eq!(steps[..3], begin);
    assert_eq!(steps[steps.len() - 2..], ["Cleaning Up", "creating the template devcontainers"]);
    assert_eq!(steps.iter().filter(|step| *step == "Setting up").count(), 1);
}

#[async_test]
async fn a_later_push_makes_its_version_active_unless_told_otherwise() {
    let (_door, client) = opened().await;
    let first = push().version_name("v1").run(&client, |_| {}).await.unwrap();
    let hidden = push().version_name("v2").activate(false).run(&client, |_| {}).await.unwrap();
    assert_eq!(hidden.template.active_version_id, Some(first.version.id));
    let second = push().version_name("v3").run(&client, |_| {}).await.unwrap();
    assert!(!second.created);
    assert_eq!(second.template.active_version_id, Some(second.version.id));
    let versions = client.send(&ListTemplateVersions::new(second.template.id)).await.unwrap();
    let names: Vec<_> = versions.iter().map(|version| version.name.as_str()).collect();
    assert_eq!(names, ["v1", "v2", "v3"]);
    let again = push().version_name("v3").run(&client, |_| {}).await.unwrap_err();
    let PushTemplateError::Client(error) = again else { panic!("{again}") };
    assert!(error.is_conflict(), "the name is taken: {error}");
}

#[async_test]
async fn a_version_is_usable_when_its_import_is_over() {
    let (_door, client) = opened().await;
    let file = client.send(&UploadFile::tar(FILES)).await.unwrap().id;
    let pushed = push().run(&client, |_| {}).await.unwrap();
    let create = CreateTemplateVersion::new("default", file).template(pushed.template.id);
    let version = client.send(&create).await.unwrap();
    assert_eq!(version.job.status, JobStatus::Pending);
    assert_eq!(version.job.file_id, Some(file));
    let promote = PromoteTemplateVersion::new(pushed.template.id, version.id);
    let early = client.send(&promote).await.unwrap_err();
    assert!(early.to_string().contains("built successfully"), "{early}");
    let workspace = CreateWorkspace::from_version(version.id, "dev".parse().unwrap());
    assert!(client.send(&workspace).await.is_err());

    client.world().runtime.sleep(Duration::from_secs(60)).await;
    client.send(&promote).await.unwrap();
    client.send(&workspace).await.unwrap();
}

#[async_test]
async fn a_failed_import_changes_nothing_and_tells_why() {
    let (door, client) = opened().await;
    let first = push().version_name("v1").run(&client, |_| {}).await.unwrap();
    door.coder.imports_fail(Some("Error: Unsupported argument"));
    let error = push().version_name("v2").run(&client, |_| {}).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "coder could not import the version `v2`: Error: Unsupported argument"
    );
    let get = GetTemplateByName::new("default", "devcontainers");
    let template = client.send(&get).await.unwrap();
    assert_eq!(template.active_version_id, Some(first.version.id));
    let archived = client.send(&ArchiveTemplateVersions::new(template.id)).await.unwrap();
    assert_eq!(archived.archived_ids.len(), 1, "the failed one");
}

#[async_test]
async fn a_push_ends_when_its_import_is_canceled_or_takes_too_long() {
    let (door, client) = opened().await;
    let impatient = push().version_name("v1").wait_limit(Duration::from_secs(3));
    let error = impatient.run(&client, |_| {}).await.unwrap_err();
    assert!(matches!(&error, PushTemplateError::TimedOut { waited, .. } if waited.as_secs() == 3));

    let file = client.send(&UploadFile::tar(FILES)).await.unwrap().id;
    let version = client.send(&CreateTemplateVersion::new("default", file)).await.unwrap();
    client.send(&CancelTemplateVersion::new(version.id)).await.unwrap();
    let canceled = client.send(&GetTemplateVersion::new(version.id)).await.unwrap();
    assert_eq!(canceled.job.status, JobStatus::Canceled);
    let late = client.send(&CancelTemplateVersion::new(version.id)).await.unwrap_err();
    assert!(late.is_too_late(), "{late}");
    drop(door);
}

#[async_test]
async fn the_log_of_an_import_is_followed_to_its_end_over_each_channel() {
    for channel in [Channel::WebSocket, Channel::Polling] {
        let (door, client) = opened().await;
        let file = client.send(&UploadFile::tar(FILES)).await.unwrap().id;
        let version = client.send(&CreateTemplateVersion::new("default", file)).await.unwrap();
        let follow = FollowTemplateVersionLogs::new(version.id);
        if channel == Channel::WebSocket {
            door.coder.advance(Duration::from_secs(60));
        }
        let lines: Vec<_> = client.subscribe_over(channel, follow).try_collect().await.unwrap();
        assert_eq!(lines.first().unwrap().stage, "Setting up", "{channel:?}");
        assert_eq!(lines.last().unwrap().stage, "Cleaning Up", "{channel:?}");
        let ids: Vec<_> = lines.iter().map(|line| line.id).collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "each once: {ids:?}");
    }
}

#[async_test]
async fn the_same_files_are_kept_once_and_can_be_downloaded() {
    let (_door, client) = opened().await;
    let one = client.send(&UploadFile::tar(FILES)).await.unwrap();
    let again = client.send(&UploadFile::tar(FILES)).await.unwrap();
    assert_eq!(one, again);
    assert_eq!(client.send(&DownloadFile::new(one.id)).await.unwrap(), FILES);
}

#[async_test]
async fn a_template_keeps_what_an_update_does_not_name() {
    let (_door, client) = opened().await;
    let pushed = push().version_name("v1").run(&client, |_| {}).await.unwrap();
    let update = UpdateTemplate::new(&pushed.template).display_name("Dev containers");
    let template = client.send(&update).await.unwrap().unwrap();
    assert_eq!(template.display_name, "Dev containers");
    assert!(template.allow_user_cancel_workspace_jobs);
    let deprecate = UpdateTemplate::new(&template).deprecation_message("use the other one");
    let template = client.send(&deprecate).await.unwrap().unwrap();
    assert_eq!((template.deprecated, &*template.display_name), (true, "Dev containers"));
    let rename = UpdateTemplateVersion::new(pushed.version.id).name("first");
    assert_eq!(client.send(&rename).await.unwrap().name, "first");
}

#[async_test]
async fn members_push_no_templates() {
    let (door, _) = opened().await;
    let alice = door.coder.add_user("alice");
    let error = push().run(&door.client(&alice), |_| {}).await.unwrap_err();
    let PushTemplateError::Client(error) = error else { panic!("{error}") };
    assert!(error.is_forbidden(), "{error}");
}
