//! `@backstage/config-loader` and `@backstage/config`.

use std::collections::BTreeMap;

use coder_config::{ConfigError, ConfigErrors, ConfigSources, Environment, LoadedConfig};
use coder_testkit::recordings::Json;

use crate::config_reader::{ConfigReader, ReadError, recorded, value_of};
use crate::suite::{Outcome, hold};

#[test]
fn config_loader() {
    hold("config_loader", run);
}

fn run(input: &Json) -> Outcome {
    let files: BTreeMap<String, String> =
        texts(input, "files").map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let variables: Vec<_> = texts(input, "env").collect();
    let environment: Environment = variables.iter().copied().collect();
    let targets = config_arguments(input);
    let mut sources = ConfigSources::new(&files, &environment).with_files(&targets);
    if matches!(input.get("allowMissingDefaultConfig"), Some(Json::Bool(true))) {
        sources = sources.without_required_default();
    }
    let loaded = sources.load().map_err(|errors| kind(&errors))?;
    let mut result =
        vec![("sources", strings(loaded.sources())), ("data", recorded(&value_of(loaded.root())))];
    if let Some(reads) = input.get("reads").and_then(Json::as_list) {
        let reader = ConfigReader::new(&files, &variables, &targets, &loaded);
        let plain = input.get("reader").and_then(Json::as_str) == Some("plain");
        let reads = reads.iter().map(|read| outcome(answer(&reader, read, plain))).collect();
        result.push(("reads", Json::List(reads)));
    }
    Ok(Json::map(result))
}

fn texts<'a>(input: &'a Json, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let Some(Json::Map(map)) = input.get(key) else { panic!("no {key}") };
    map.iter().map(|(name, text)| (name.as_str(), text.as_str().expect("a text")))
}

fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Json {
    Json::List(texts.into_iter().map(|text| Json::String(text.to_owned())).collect())
}

/// Returns the values of `--config x` and `--config=x`.
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

/// Returns what JavaScript calls the first of these errors.
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
            let kind = Json::String(error.kind.to_owned());
            let message = Json::String(error.message);
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
        let section = reader.get_optional_config(below)?;
        return call(&section.ok_or_else(|| reader.missing(below))?, method, read);
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
    let list =
        |readers: Vec<ConfigReader>| Json::List(readers.iter().map(ConfigReader::all).collect());
    match method {
        "has" => return reader.has(key).map(Json::Bool),
        "keys" => return Ok(strings(reader.keys().iter().map(String::as_str))),
        _ => {}
    }
    // Each other method has a twin that takes nothing for an answer.
    let wanted = method.strip_prefix("getOptional");
    let found = match wanted.or_else(|| method.strip_prefix("get")) {
        Some("") => reader.get_optional(key)?.as_ref().map(recorded),
        Some("String") => reader.get_optional_string(key)?,
        Some("StringArray") => reader.get_optional_string_array(key)?,
        Some("Number") => reader.get_optional_number(key)?,
        Some("Boolean") => reader.get_optional_boolean(key)?,
        Some("Config") => reader.get_optional_config(key)?.as_ref().map(ConfigReader::all),
        Some("ConfigArray") => reader.get_optional_config_array(key)?.map(list),
        _ => panic!("no method {method}"),
    };
    match found {
        Some(found) => Ok(found),
        None if wanted.is_some() => Ok(Json::Null),
        None => Err(reader.missing(key)),
    }
}

/// Loads a configuration that is this JSON text.
pub(crate) fn load(text: String) -> Result<LoadedConfig, ConfigErrors> {
    let files = BTreeMap::from([("app-config.yaml".to_owned(), text)]);
    ConfigSources::new(&files, &Environment::default()).load()
}
