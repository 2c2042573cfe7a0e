//! `@backstage/config-loader` and `@backstage/config`.

use std::collections::BTreeMap;

use coder_config::compat::{ConfigReader, ReadError};
use coder_config::{ConfigError, ConfigErrors, ConfigSources, Environment, LoadedConfig, Node};
use coder_testkit::recordings::Json;

use crate::suite::{Outcome, hold};

#[test]
fn config_loader() {
    hold("config_loader", run);
}

fn run(input: &Json) -> Outcome {
    let files: BTreeMap<String, String> =
        texts(input, "files").map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let environment: Environment = texts(input, "env").collect();
    let targets = config_arguments(input);
    let mut sources = ConfigSources::new(&files, &environment).with_files(&targets);
    if matches!(input.get("allowMissingDefaultConfig"), Some(Json::Bool(true))) {
        sources = sources.without_required_default();
    }
    let loaded = sources.load().map_err(|errors| kind(&errors))?;
    let reader = ConfigReader::new(&loaded);
    let mut result = vec![
        ("sources", strings(loaded.sources())),
        ("data", json_of(&reader.get_optional("").unwrap().expect("some source"))),
    ];
    if let Some(reads) = input.get("reads").and_then(Json::as_list) {
        let plain = input.get("reader").and_then(Json::as_str) == Some("plain");
        let reads = reads.iter().map(|read| outcome(answer(&reader, read, plain))).collect();
        result.push(("reads", Json::List(reads)));
    }
    Ok(Json::map(result))
}

fn json_of(node: &Node) -> Json {
    if let Some(items) = node.as_list() {
        return Json::List(items.iter().map(json_of).collect());
    }
    if let Some(members) = node.members() {
        return Json::map(members.map(|(key, node)| (key, json_of(node))));
    }
    match (node.as_number(), node.as_bool(), node.as_str()) {
        (Some(number), ..) => Json::number(number),
        (_, Some(value), _) => Json::Bool(value),
        (.., Some(text)) => Json::String(text.to_owned()),
        _ => Json::Null,
    }
}

fn texts<'a>(input: &'a Json, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let Some(Json::Map(map)) = input.get(key) else { panic!("no {key}") };
    map.iter().map(|(name, text)| (name.as_str(), text.as_str().expect("a text")))
}

fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Json {
    Json::List(texts.into_iter().map(|text| Json::String(text.to_owned())).collect())
}

/// The values of `--config x` and `--config=x`.
fn config_arguments(input: &Json) -> Vec<String> {
    let arguments = input.get("args").and_then(Json::as_list).unwrap_or_default();
    let mut arguments = arguments.iter().map(|argument| argument.as_str().unwrap());
    let mut targets = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            targets.extend(arguments.next().map(str::to_owned));
        } else if let Some(target) = argument.strip_prefix("--config=") {
            targets.push(target.to_owned());
        }
    }
    targets
}

/// What JavaScript calls the first of these errors.
fn kind(errors: &ConfigErrors) -> String {
    match errors.iter().next().expect("an error") {
        ConfigError::Unreadable { .. } => "NotFoundError",
        ConfigError::TooLarge { what, .. } if what.contains("aliases") => "ReferenceError",
        ConfigError::Syntax { .. }
        | ConfigError::DuplicateKey { .. }
        | ConfigError::TooLarge { .. } => "YAMLParseError",
        ConfigError::Directive { at, .. } if at.location().file().is_none() => "TypeError",
        _ => "Error",
    }
    .to_owned()
}

type Answer = Result<Json, ReadError>;

fn outcome(answer: Answer) -> Json {
    match answer {
        Ok(value) => Json::map([("ok", value)]),
        Err(error) => {
            let kind = match error {
                ReadError::Type { .. } | ReadError::Key { .. } => "TypeError",
                _ => "Error",
            };
            let message = Json::String(error.to_string());
            let kind = Json::String(kind.to_owned());
            Json::map([("error", Json::map([("kind", kind), ("message", message)]))])
        }
    }
}

fn answer(reader: &ConfigReader, read: &Json, plain: bool) -> Answer {
    // What `toConfig` gives looks a section up only when something is read from it; reading
    // something optional from a section that is not there gives nothing.
    let method = match read.text("method") {
        "getConfig" if !plain => "getOptionalConfig",
        method => method,
    };
    let Some(below) = read.get("in").and_then(Json::as_str) else {
        return call(reader, method, read);
    };
    let optional = method.contains("Optional") || matches!(method, "has" | "keys");
    if plain || !optional {
        return call(&reader.get_config(below)?, method, read);
    }
    match reader.get_optional_config(below)? {
        Some(section) => call(&section, method, read),
        None => Ok(match method {
            "has" => Json::Bool(false),
            "keys" => Json::List(Vec::new()),
            _ => Json::Null,
        }),
    }
}

fn call(reader: &ConfigReader, method: &str, read: &Json) -> Answer {
    let key = read.get("key").and_then(Json::as_str).unwrap_or_default();
    let whole = |reader: ConfigReader| reader.get("").map(|node| json_of(&node));
    let list = |readers: Vec<ConfigReader>| {
        readers.into_iter().map(whole).collect::<Result<_, _>>().map(Json::List)
    };
    let optional = |answer: Option<Json>| answer.unwrap_or(Json::Null);
    match method {
        "has" => reader.has(key).map(Json::Bool),
        "keys" => Ok(strings(reader.keys().iter().map(String::as_str))),
        "get" => reader.get(key).map(|node| json_of(&node)),
        "getOptional" => Ok(optional(reader.get_optional(key)?.map(|node| json_of(&node)))),
        "getString" => reader.get_string(key).map(Json::String),
        "getOptionalString" => Ok(optional(reader.get_optional_string(key)?.map(Json::String))),
        "getStringArray" => {
            reader.get_string_array(key).map(|texts| strings(texts.iter().map(String::as_str)))
        }
        "getOptionalStringArray" => Ok(optional(
            reader
                .get_optional_string_array(key)?
                .map(|texts| strings(texts.iter().map(String::as_str))),
        )),
        "getNumber" => reader.get_number(key).map(Json::number),
        "getOptionalNumber" => Ok(optional(reader.get_optional_number(key)?.map(Json::number))),
        "getBoolean" => reader.get_boolean(key).map(Json::Bool),
        "getOptionalBoolean" => Ok(optional(reader.get_optional_boolean(key)?.map(Json::Bool))),
        "getConfig" => whole(reader.get_config(key)?),
        "getOptionalConfig" => {
            Ok(optional(reader.get_optional_config(key)?.map(whole).transpose()?))
        }
        "getConfigArray" => list(reader.get_config_array(key)?),
        "getOptionalConfigArray" => {
            Ok(optional(reader.get_optional_config_array(key)?.map(list).transpose()?))
        }
        other => panic!("no method {other}"),
    }
}

/// A configuration that is this JSON text.
pub(crate) fn load(text: String) -> Result<LoadedConfig, ConfigErrors> {
    let files = BTreeMap::from([("app-config.yaml".to_owned(), text)]);
    ConfigSources::new(&files, &Environment::default()).load()
}
