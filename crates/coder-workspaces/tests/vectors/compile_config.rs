//! `compileCoderConfig`.

use coder_config::{
    CoderSpec, ConfigSources, Environment, Node, Repository, ScmIntegrations, WorkspacesConfig,
    yaml,
};
use coder_testkit::recordings::Json;
use coder_workspaces::EntityWorkspacesConfig;

use crate::suite::{Outcome, hold};

#[test]
fn compile_config() {
    hold("compile_config", run);
}

fn run(input: &Json) -> Outcome {
    let app = match (input.get("appConfig"), input.get("appConfigJson")) {
        (Some(app), _) => app.clone(),
        (_, Some(app)) => Json::parse(app.as_str().unwrap()),
        _ => panic!("no app config"),
    };
    let config = app_config(&app)?;
    let spec = match (input.get("rawYaml"), input.get("rawYamlJson"), input.get("catalogInfoYaml"))
    {
        (Some(value), ..) => Some(CoderSpec::from_node(&node(value))),
        (_, Some(text), _) => {
            let (value, lossy) = parse_lossy(text.as_str().unwrap());
            let spec = CoderSpec::from_node(&node(&value));
            if lossy
                && spec.template.as_ref().is_some_and(|name| name.template().contains('\u{fffd}'))
            {
                // Half a character in a path: no Rust string holds it, so it stops before us.
                return Err("URIError".to_owned());
            }
            Some(spec)
        }
        (.., Some(text)) => spec_of_first_entity(text.as_str().unwrap())?,
        _ => None,
    };
    let repository = input.get("repoUrl").map(|url| url.as_str().unwrap());
    let repository =
        repository.and_then(|url| Repository::from_url(url, &ScmIntegrations::default()).ok());
    let compiled = EntityWorkspacesConfig::resolve(&config, spec.as_ref(), repository.as_ref());

    let texts = |texts: Vec<&str>| -> Json {
        Json::List(texts.into_iter().map(|text| Json::String(text.to_owned())).collect())
    };
    let pairs = compiled.creation_url.as_ref().map_or(Json::Null, |url| {
        Json::List(url.query_pairs().map(|(name, value)| texts(vec![&name, &value])).collect())
    });
    let order = texts(compiled.params.keys().map(String::as_str).collect());
    let Json::Map(mut result) = Json::parse(&serde_json::to_string(&compiled).unwrap()) else {
        panic!("no object");
    };
    result.shift_remove("accessUrl");
    result.shift_remove("notices");
    result.insert("paramOrder".to_owned(), order);
    result.insert("queryPairs".to_owned(), pairs);
    Ok(Json::Map(result))
}

/// Reads JSON with its order, by way of its text.
fn node(value: &Json) -> Node {
    yaml::document("vector.json", &value.to_text()).unwrap()
}

/// Returns the spec of the first entity. The recordings take any object for an entity.
fn spec_of_first_entity(text: &str) -> Result<Option<CoderSpec>, String> {
    let mut documents = yaml::documents("catalog-info.yaml", text).into_iter();
    let entity = loop {
        let document = documents.next().ok_or("YamlError")?.map_err(|_| "YamlError")?;
        if !document.is_null() {
            break document;
        }
    };
    if entity.members().is_none() {
        return Err("YamlError".to_owned());
    }
    let coder = entity.get("spec").and_then(|spec| spec.get("coder"));
    Ok(coder.map(CoderSpec::from_node))
}

/// Reads the plugin's `CoderAppConfig`, which its users write in TypeScript, as configuration.
fn app_config(app: &Json) -> Result<WorkspacesConfig, String> {
    let text = app.to_text();
    let files = |_: &str| Ok(text.clone());
    let (paths, environment) = (["app-config.yaml".to_owned()], Environment::default());
    let sources = ConfigSources::new(&files, &environment).with_files(&paths);
    let loaded = sources.load().map_err(|_| "ConfigError")?;
    let (config, _notices) = WorkspacesConfig::from_loaded(&loaded).map_err(|_| "ConfigError")?;
    Ok(config)
}

/// Parses JSON text as JavaScript takes it: halves of a surrogate pair become U+FFFD, as they do
/// when they come to Rust. The second result says whether there were any.
fn parse_lossy(text: &str) -> (Json, bool) {
    let bytes = text.as_bytes();
    let unit = |at: usize| {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (mut whole, mut at, mut lossy) = (Vec::new(), 0, false);
    while at < bytes.len() {
        let length = match (bytes[at], unit(at), unit(at + 6)) {
            (_, Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (_, Some(0xD800..=0xDFFF), _) => {
                lossy = true;
                whole.extend(b"\\ufffd");
                at += 6;
                continue;
            }
            (b'\\', ..) => 2,
            _ => 1,
        };
        whole.extend(&bytes[at..at + length]);
        at += length;
    }
    (Json::parse(std::str::from_utf8(&whole).unwrap()), lossy)
}
