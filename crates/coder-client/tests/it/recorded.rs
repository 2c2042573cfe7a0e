//! What real Coders answered, read by the operations: nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use coder_client::models::AgentMetadatum;
use coder_client::operations::*;
use coder_client::subscriptions::WatchAgentMetadata;
use coder_client::{ClientError, List, Operation, Subscription as _, UserRef, WorkspaceName};
use coder_core::Secret;
use http::Response;
use serde_json::{Map, Value};

const ID: &str = "9da8cec4-f30f-4e0a-ae17-61e9264f5deb";

/// The releases whose answers to the operations were recorded.
const RELEASES: [&str; 3] = ["2.24.6", "2.31.14", "2.36.0"];

/// Reads an answer, and writes down what was read; nothing when that cannot be written: a secret.
type Read = fn(Response<Bytes>) -> Result<Option<Value>, ClientError>;

/// What reads the answers to an operation.
pub(crate) struct Reader {
    read: Read,
    /// The type that is read, like `List<Workspace>`.
    pub(crate) output: String,
}

impl Reader {
    fn new<T>(read: Read) -> Self {
        let names = std::any::type_name::<T>().split_inclusive(['<', '>', ',']);
        Self { read, output: names.map(|name| name.rsplit("::").next().unwrap()).collect() }
    }
}

macro_rules! readers {
    (
        $($name:ident $(::$new:ident($($argument:expr),*))?,)+
        -- secret --
        $($secret:ident $(::$secret_new:ident($($secret_argument:expr),*))?,)+
    ) => {
        pub(crate) fn reader(operation: &str) -> Reader {
            match operation {
                $(stringify!($name) => Reader::new::<<$name as Operation>::Output>(|answer| {
                    let operation = $name $(::$new($($argument),*))?;
                    Ok(Some(serde_json::to_value(operation.parse(answer)?).unwrap()))
                }),)+
                $(stringify!($secret) => Reader::new::<<$secret as Operation>::Output>(|answer| {
                    $secret $(::$secret_new($($secret_argument),*))?.parse(answer).map(|_| None)
                }),)+
                "WatchAgentMetadata" => Reader::new::<List<AgentMetadatum>>(|answer| {
                    let text = std::str::from_utf8(answer.body()).unwrap();
                    let read = WatchAgentMetadata::new(id()).read(text)?;
                    Ok(Some(serde_json::to_value(&read[0]).unwrap()))
                }),
                _ => panic!("no reader for {operation}"),
            }
        }
    };
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    ID.parse().unwrap()
}

fn me() -> UserRef {
    UserRef::Me
}

fn name() -> WorkspaceName {
    "dev".parse().unwrap()
}

fn text() -> String {
    "x".to_owned()
}

readers! {
    CheckForUpdate,
    EvaluateDynamicParameters::new(id()),
    GetAgent::new(id()),
    GetApiKey::new(me(), text()),
    GetAppHost,
    GetAppearance,
    GetBuild::new(id()),
    GetBuildByNumber::new(me(), name(), 1),
    GetBuildInfo,
    GetBuildTimings::new(id()),
    GetDeploymentConfig,
    GetDeploymentStats,
    GetEntitlements,
    GetExternalAuth::new(text()),
    GetOAuth2App::new(id()),
    GetOAuth2ResourceMetadata,
    GetOAuth2ServerMetadata,
    GetOAuth2Settings,
    GetOrganization::new("x"),
    GetPreviousTemplateVersion::new("x", "x", "x"),
    GetSshConfig,
    GetTemplate::new(id()),
    GetTemplateByName::new("x", text()),
    GetTemplateVersion::new(id()),
    GetTemplateVersionByName::new(id(), text()),
    GetTemplateVersionByNames::new("x", text(), text()),
    GetTokenByName::new(me(), text()),
    GetTokenConfig::new(me()),
    GetUser::me(),
    GetUserLoginType::new(me()),
    GetUserOrganization::new(me(), text()),
    GetWorkspace::new(id()),
    GetWorkspaceAcl::new(id()),
    GetWorkspaceByName::new(me(), name()),
    GetWorkspaceQuota::new("x", me()),
    GetWorkspaceTimings::new(id()),
    ListAgentContainers::new(id()),
    ListAgentLogs::new(id()),
    ListAuthMethods,
    ListAutofillParameters::new(me(), id()),
    ListAvailableExperiments,
    ListBuildLogs::new(id()),
    ListBuildParameters::new(id()),
    ListBuildResources::new(id()),
    ListBuilds::new(id()),
    ListExperiments,
    ListExternalAuth,
    ListListeningPorts::new(id()),
    ListOAuth2AppSecrets::new(id()),
    ListOAuth2Apps::new(),
    ListOrganizationMembers::new("x"),
    ListOrganizationTemplates::new("x"),
    ListOrganizations,
    ListPortShares::new(id()),
    ListPresets::new(id()),
    ListProvisionerDaemons::new("x"),
    ListRegions,
    ListScopes,
    ListTemplateVersionExternalAuth::new(id()),
    ListTemplateVersionLogs::new(id()),
    ListTemplateVersionParameters::new(id()),
    ListTemplateVersionResources::new(id()),
    ListTemplateVersionVariables::new(id()),
    ListTemplateVersions::new(id()),
    ListTemplates::default(),
    ListTokens::new(me()),
    ListUserOrganizations::new(me()),
    ListUsers::default(),
    ListWorkspaces::default(),
    ResolveAutostart::new(id()),
    -- secret --
    CheckFirstUser,
    GetExternalAgentCredentials::new(id(), text()),
    GetOAuth2Client::new(id(), Secret::new("x")),
    StartExternalAuthDevice::new(text()),
}

/// An answer as it was recorded.
pub(crate) struct Recorded {
    pub(crate) file: String,
    pub(crate) operation: String,
    status: u16,
    content_type: Option<String>,
    pub(crate) body: Value,
}

impl Recorded {
    fn read(path: &Path, operation: &str) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let recorded: Value = serde_json::from_str(&text).unwrap();
        Self {
            file: path.display().to_string(),
            operation: operation.to_owned(),
            status: recorded["status"].as_u64().unwrap().try_into().unwrap(),
            content_type: recorded["content_type"].as_str().map(str::to_owned),
            body: recorded.get("body").cloned().unwrap_or_default(),
        }
    }

    /// Tells whether it is an answer of the API. Outside of it an older Coder gives a page for an
    /// unknown path.
    pub(crate) fn is_success(&self) -> bool {
        let page = self.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
        (200..300).contains(&self.status) && !page
    }

    /// Returns what its operation makes of it, with another body.
    pub(crate) fn parsed(&self, body: &Value) -> Result<Option<Value>, ClientError> {
        let content_type = self.content_type.as_deref().unwrap_or("application/json");
        let body = match body {
            Value::String(text) if !content_type.contains("json") => text.clone(),
            Value::Null if self.status == 204 => String::new(),
            body => body.to_string(),
        };
        let mut answer = Response::builder().status(self.status);
        if self.content_type.as_deref() != Some("") {
            answer = answer.header("content-type", content_type);
        }
        (reader(&self.operation).read)(answer.body(body.into()).unwrap())
    }
}

fn folder(below: &str) -> Vec<PathBuf> {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../coder-conformance/recorded");
    let entries = fs::read_dir(Path::new(recorded).join(below)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// Returns every recorded answer to an operation, and every one while an agent was in some state.
pub(crate) fn every_answer() -> Vec<Recorded> {
    let operations = RELEASES.iter().flat_map(|release| folder(&format!("{release}/operations")));
    let operations = operations.map(|path| {
        let operation = stem(&path).split('.').next().unwrap().to_owned();
        Recorded::read(&path, &operation)
    });
    let live = folder("2.36.0/live").into_iter().map(|path| {
        let kind = stem(&path).rsplit('-').next().unwrap();
        let kind = kind.trim_end_matches("_b").trim_end_matches("_main");
        let operation = match kind {
            "workspace" => "GetWorkspace",
            "build" => "GetBuild",
            "agent" => "GetAgent",
            "agent_logs" => "ListAgentLogs",
            "agent_metadata" => "WatchAgentMetadata",
            "build_logs" => "ListBuildLogs",
            "build_timings" => "GetBuildTimings",
            "containers" => "ListAgentContainers",
            "listening_ports" => "ListListeningPorts",
            kind => panic!("no operation for {kind}"),
        };
        Recorded::read(&path, operation)
    });
    operations.chain(live).collect()
}

#[test]
fn every_answer_is_read_and_written_back_without_loss() {
    let mut faults = Vec::new();
    let mut read = 0;
    for recorded in every_answer() {
        match recorded.parsed(&recorded.body) {
            // Of the first version of a template, older releases say with 404 that none is before it.
            Ok(Some(Value::Null)) if recorded.status == 404 => {}
            Ok(written) => {
                assert!(recorded.is_success(), "{}: read", recorded.file);
                read += 1;
                if let Some(written) = written {
                    let lost = differences(&recorded.body, &written, "");
                    faults.extend(lost.into_iter().map(|lost| format!("{}{lost}", recorded.file)));
                }
            }
            Err(error) if recorded.is_success() => {
                faults.push(format!("{}: {error}", recorded.file))
            }
            Err(error) => {
                assert_eq!(error.status().map(|status| status.as_u16()), Some(recorded.status));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(read >= 896, "only {read}");
}

/// Returns where what was written is not what came. What is missing, null and empty says the same.
pub(crate) fn differences(came: &Value, written: &Value, path: &str) -> Vec<String> {
    match (came, written) {
        (Value::Object(came), Value::Object(written)) => fields_of(came, written)
            .into_iter()
            .flat_map(|(name, came, written)| differences(came, written, &format!("{path}.{name}")))
            .collect(),
        (Value::Array(came), Value::Array(written)) if came.len() == written.len() => came
            .iter()
            .zip(written)
            .enumerate()
            .flat_map(|(at, (came, written))| differences(came, written, &format!("{path}[{at}]")))
            .collect(),
        (Value::Number(came), Value::Number(written)) if came.as_f64() == written.as_f64() => {
            Vec::new()
        }
        _ if came == written || (is_empty(came) && is_empty(written)) => Vec::new(),
        _ => vec![format!("{path}: {came} became {written}")],
    }
}

/// Returns all fields of the two, by name.
fn fields_of<'a>(
    came: &'a Map<String, Value>,
    written: &'a Map<String, Value>,
) -> Vec<(&'a String, &'a Value, &'a Value)> {
    let news = written.keys().filter(|name| !came.contains_key(*name));
    let of = |fields: &'a Map<String, Value>, name| fields.get(name).unwrap_or(&Value::Null);
    came.keys().chain(news).map(|name| (name, of(came, name), of(written, name))).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
    }
}
