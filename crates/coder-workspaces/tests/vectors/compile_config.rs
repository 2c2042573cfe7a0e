//! `compileCoderConfig`.

use coder_config::{CoderSpec, Node, Repository, ScmIntegrations, WorkspacesConfig, yaml};
use coder_workspaces::compile;

use crate::json::Json;
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
    let config = app_config(&node(&app)).map_err(|()| "ConfigError".to_owned())?;
    let spec = match (input.get("rawYaml"), input.get("rawYamlJson"), input.get("catalogInfoYaml"))
    {
        (Some(value), ..) => Some(CoderSpec::from_node(&node(value))),
        (_, Some(text), _) => {
            let (value, lossy) = Json::parse_lossy(text.as_str().unwrap());
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
    let compiled = compile(&config, spec.as_ref(), repository.as_ref());

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

/// JSON with its order, by way of its text.
fn node(value: &Json) -> Node {
    yaml::document("vector.json", &value.to_text()).unwrap()
}

/// The recordings take any object for an entity.
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

/// The plugin's `CoderAppConfig`, which its users write in TypeScript, as our configuration.
fn app_config(app: &Node) -> Result<WorkspacesConfig, ()> {
    let access_url = app.get("deployment").and_then(|deployment| deployment.get("accessUrl"));
    let access_url = access_url.and_then(Node::as_str).ok_or(())?;
    let mut config = WorkspacesConfig::new(access_url.parse().map_err(|_| ())?);
    let workspaces = app.get("workspaces").ok_or(())?;
    let set = |key| workspaces.get(key).filter(|node| !node.is_null());
    if let Some(template) = set("defaultTemplateName") {
        config.default_template = Some(template.as_str().ok_or(())?.parse().map_err(|_| ())?);
    }
    if let Some(mode) = set("defaultMode") {
        config.default_mode = mode.as_str().ok_or(())?.parse().map_err(|_| ())?;
    }
    if let Some(keys) = set("repoUrlParamKeys") {
        let keys = keys.as_list().ok_or(())?.iter().map(|key| key.as_str().map(str::to_owned));
        config.repo_url_param_keys = keys.collect::<Option<_>>().ok_or(())?;
    }
    if let Some(params) = set("params") {
        for (name, value) in params.members().ok_or(())? {
            config.params.insert(name.to_owned(), value.scalar_text().ok_or(())?.to_owned());
        }
    }
    Ok(config)
}
