//! What templates and agents say is one short line in every message.

use coder_workspaces::{Availability, EnsureWorkspace, NotCreatable, OpenWorkspace};

use crate::open::{Scene, entity, entity_from, scene};
use crate::support::{fixture, now, workspace};
use crate::{async_test, test};

fn evil() -> String {
    format!("a\n\u{1b}[31m\u{202e}`{}", "x".repeat(100_000))
}

fn is_harmless(told: &str) {
    assert!(!told.contains(['\n', '\u{1b}', '\u{202e}']), "{told:?}");
    assert!(!told.contains(&"x".repeat(201)), "{} characters", told.len());
}

#[async_test]
async fn the_words_of_a_template_are_cleaned_and_cut() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("fails").required_parameter("repo").builds_fail(&evil(), None);
    let fails = entity_from("fails");
    let error = OpenWorkspace::new(&fails).run(&client, |_| {}).await.unwrap_err();
    is_harmless(&error.to_string());
    is_harmless(&format!("{error:?}"));
    coder.add_template("old").deprecated(&evil());
    let old = entity_from("default/old");
    let error = OpenWorkspace::new(&old).run(&client, |_| {}).await.unwrap_err();
    is_harmless(&error.to_string());
    is_harmless(&format!("{error:?}"));
    coder.add_template("devcontainers").preset(&evil(), &[]);
    let entity = entity();
    for wish in [
        EnsureWorkspace::new(&entity, "one".parse().unwrap()).preset("none"),
        EnsureWorkspace::new(&entity, "one".parse().unwrap()).preset(evil()),
        EnsureWorkspace::new(&entity, "one".parse().unwrap()).parameter(evil(), evil()),
        EnsureWorkspace::new(&entity, "one".parse().unwrap()).parameter("repo", evil()),
    ] {
        if let Err(error) = wish.run(&client).await {
            is_harmless(&error.to_string());
        }
    }
}

#[test]
fn a_caller_s_own_texts_are_shown_as_one_line_too() {
    let organizations = vec![evil()];
    for error in [
        NotCreatable::TemplateNotFound { template: evil() },
        NotCreatable::TemplateAmbiguous { template: evil(), organizations },
        NotCreatable::TemplateDeprecated { template: evil(), message: evil() },
        NotCreatable::NoActiveVersion { template: evil() },
        NotCreatable::PresetNotFound { preset: evil(), known: vec![evil()] },
        NotCreatable::OwnerNotFound(evil()),
    ] {
        is_harmless(&error.to_string());
    }
}

#[test]
fn the_words_of_an_agent_are_cleaned_and_cut() {
    let mut json = fixture("workspace_running");
    json["health"]["healthy"] = false.into();
    let agent = &mut json["latest_build"]["resources"][0]["agents"][0];
    agent["status"] = "timeout".into();
    agent["name"] = evil().into();
    agent["health"] = serde_json::json!({ "healthy": false, "reason": evil() });
    agent["troubleshooting_url"] = evil().into();
    is_harmless(&Availability::new(&workspace(json), now()).reason.unwrap());
    let mut json = fixture("workspace_failed");
    json["latest_build"]["job"]["error"] = evil().into();
    is_harmless(&Availability::new(&workspace(json), now()).reason.unwrap());
}
