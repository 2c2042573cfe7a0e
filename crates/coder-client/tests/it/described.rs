//! Answers that nobody has recorded: made from Coder's own description, they are read without a
//! loss, and a field of an unknown form spoils nothing beside it.

use coder_client::models::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::fixture;
use crate::test;

/// Reads a model, and writes down what was read.
type Read = fn(Value) -> Result<Value, serde_json::Error>;

fn read<T: DeserializeOwned + Serialize>(answer: Value) -> Result<Value, serde_json::Error> {
    serde_json::from_value::<T>(answer).map(|model| serde_json::to_value(model).unwrap())
}

macro_rules! described {
    ($($model:ident),+ $(,)?) => {
        const MODELS: &[(&str, Read)] = &[$((stringify!($model), read::<$model>)),+];
    };
}

described! {
    AuditLogPage,
    ConnectionLogPage,
    UploadedFile,
    Group,
    GroupMemberPage,
    TemplateAcl,
    TemplateAclCandidates,
    HealthReport,
    DailyActiveUsers,
    TemplateInsights,
    UserActivityInsights,
    UserLatencyInsights,
    UserStatusCounts,
    Inbox,
    ArrivedNotification,
    NotificationSettings,
    NotificationTemplate,
    NotificationPreference,
    Membership,
    MemberPage,
    ProvisionerKey,
    ProvisionerKeyDaemons,
    WorkspaceProxies,
    Replica,
    License,
    PrebuildsSettings,
    TemplateExample,
    AssignableRole,
    PasswordValidity,
    GitSshKey,
    UserSecret,
    QuietHours,
}

/// The fields without which a thing is none.
const MAKES: &[&str] =
    &["hash", "id", "key", "name", "notification", "public_key", "user_id", "username"];

fn described(model: &str) -> Value {
    let all: Value = serde_json::from_str(fixture("described.json")).unwrap();
    all[model].clone()
}

#[test]
fn an_answer_as_coder_describes_it_is_read_without_a_loss() {
    for (model, read) in MODELS {
        let answer = described(model);
        assert_eq!(read(answer.clone()).unwrap(), answer, "{model}");
    }
}

#[test]
fn a_field_of_an_unknown_form_spoils_nothing_beside_it() {
    for (model, read) in MODELS {
        let answer = described(model);
        for field in answer.as_object().unwrap().keys() {
            for odd in [Value::Null, json!([[1]]), json!({ "odd": 7 }), json!(1e300), json!("odd")]
            {
                let mut changed = answer.clone();
                changed[field] = odd.clone();
                match read(changed) {
                    Ok(written) => {
                        for (other, value) in answer.as_object().unwrap() {
                            let same = other == field || written[other] == *value;
                            assert!(same, "{model}: {field} = {odd} spoils {other}");
                        }
                    }
                    Err(error) => {
                        assert!(
                            MAKES.contains(&field.as_str()),
                            "{model}: {field} = {odd}: {error}"
                        );
                    }
                }
            }
        }
    }
}
