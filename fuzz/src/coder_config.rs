//! What must hold for every text that `coder-config` reads.

use std::collections::BTreeMap;

use coder_config::{
    AppConfig, CoderSpec, ConfigError, ConfigSources, Entity, EntityRef, Environment, Location,
    LocationRef, Node, Repository, SOURCE_LOCATION, ScmIntegrations, TemplateRef, parse_entities,
    yaml,
};

/// Checks that every value and every mistake has a place inside the text, and that what was read
/// can be written down and read again.
pub fn yaml(text: &str) {
    let files = BTreeMap::from([("x.yaml", text)]);
    let documents = yaml::documents("x.yaml", text);
    for document in &documents {
        match document {
            Ok(node) => {
                each_place(node, &mut |location| assert_inside(location, &files));
                let value = node.to_json();
                let written = value.to_string();
                match yaml::document("written.json", &written) {
                    Ok(again) => assert_eq!(again.to_json(), value, "{written}"),
                    // A key on one line is looked for in the next 1024 characters.
                    Err(error) => assert!(longest_key(&value) > 1000, "{error} in {written}"),
                }
                let _ = CoderSpec::from_node(node);
            }
            Err(error) => assert_told(error, &files),
        }
    }
    for entity in parse_entities("x.yaml", text) {
        match entity {
            Ok(entity) => {
                let _ = (entity.coder_spec(), entity.repository(&ScmIntegrations::default()));
            }
            Err(error) => assert_told(&error, &files),
        }
    }
}

/// Reads three files in one text, separated by lines of `===`: `app-config.yaml`, `x.yaml` for it
/// to include, and environment variables. Every mistake is told in one line with a place inside of
/// these, and what is printed can be read.
pub fn app_config(text: &str) {
    let mut parts = text.splitn(3, "\n===\n");
    let mut part = || parts.next().unwrap_or_default();
    let texts = BTreeMap::from([("app-config.yaml", part()), ("x.yaml", part())]);
    let environment: Environment = part()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let owned = |(name, text): (&&str, &&str)| ((*name).to_owned(), (*text).to_owned());
    let files: BTreeMap<String, String> = texts.iter().map(owned).collect();
    let loaded = match ConfigSources::new(&files, &environment).load() {
        Ok(loaded) => loaded,
        Err(errors) => return errors.iter().for_each(|error| assert_told(error, &texts)),
    };
    each_place(loaded.root(), &mut |location| assert_inside(location, &texts));
    let (errors, notices) = match AppConfig::from_loaded(&loaded) {
        Ok(config) => (Vec::new(), config.notices().to_vec()),
        Err(errors) => (errors.iter().cloned().collect(), errors.notices().to_vec()),
    };
    errors.iter().for_each(|error| assert_told(error, &texts));
    for notice in &notices {
        assert_one_line(&notice.to_string());
        if let Some(provenance) = &notice.provenance {
            assert_inside(provenance.location(), &texts);
        }
    }
    let printed = loaded.to_redacted_yaml();
    if let Err(error) = yaml::document("printed.yaml", &printed) {
        panic!("{error} in\n{printed}");
    }
    assert_eq!(loaded.to_redacted_lines().lines().count(), count_values(loaded.root()));
}

/// Checks that a source location leads to one repository: its clone URL leads to the same one,
/// holds no credentials, and all of its spellings are recognised.
pub fn source_location(text: &str) {
    let integrations = ScmIntegrations::default();
    if let Ok(repository) = Repository::from_url(text, &integrations) {
        assert_repository(&repository, &integrations);
    }
    let entity = serde_json::json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": { "name": "x", "annotations": { SOURCE_LOCATION: text } },
    });
    if let Ok(entity) = Entity::from_node(&Node::from_json(&entity)) {
        match entity.repository(&integrations) {
            Ok(repository) => assert_repository(&repository, &integrations),
            Err(reason) => assert_one_line(&reason.to_string()),
        }
    }
}

fn assert_repository(repository: &Repository, integrations: &ScmIntegrations) {
    let url = repository.clone_url();
    let again = Repository::from_url(url, integrations)
        .unwrap_or_else(|reason| panic!("the clone URL `{url}` is none: {reason}"));
    assert_eq!(again.clone_url(), url);
    assert_eq!(&again, repository);
    for spelling in repository.spellings() {
        assert!(repository.matches(&spelling), "{spelling} of {url}");
        assert_one_line(&spelling);
    }
    if let Some((_, rest)) = url.split_once("://").filter(|(scheme, _)| *scheme != "ssh") {
        let authority = rest.split('/').next().unwrap_or_default();
        assert!(!authority.contains('@'), "credentials in {url}");
    }
}

/// Checks that a reference is printed as text that is that reference.
pub fn entity_ref(text: &str) {
    for reference in
        [EntityRef::parse(text), EntityRef::parse_with_defaults(text, "component", "team-a")]
    {
        match reference {
            Ok(reference) => {
                let again = EntityRef::parse(reference.as_str());
                assert_eq!(again.as_ref(), Ok(&reference), "{text}");
                assert!(reference.is_kind(reference.kind()));
            }
            Err(error) => assert_one_line(&error.to_string()),
        }
    }
    match LocationRef::parse(text) {
        Ok(location) => assert_eq!(location.to_string().parse(), Ok(location)),
        Err(error) => assert_one_line(&error.to_string()),
    }
    match TemplateRef::parse(text) {
        Ok(template) => assert_eq!(template.to_string().parse(), Ok(template)),
        Err(error) => assert_one_line(&error.to_string()),
    }
}

/// Checks that an error has one line, with a place inside the texts if it has one.
fn assert_told(error: &ConfigError, files: &BTreeMap<&str, &str>) {
    assert_one_line(&error.to_string());
    if let Some(location) = error.location() {
        assert_inside(location, files);
    }
}

fn assert_one_line(message: &str) {
    assert!(!message.is_empty() && !message.contains(['\n', '\r']), "{message:?}");
}

/// Checks that a place is inside the files. Places other than in files have no line to be checked.
fn assert_inside(location: &Location, files: &BTreeMap<&str, &str>) {
    let Location::File { file, line, column, .. } = location else { return };
    let text = files.get(&**file).unwrap_or_else(|| panic!("{location}: there is no such file"));
    let mut lines = text.split('\n');
    let at = lines.nth(*line as usize - 1).unwrap_or_else(|| panic!("{location}: no such line"));
    // What is missing at a line's end is told right behind it.
    let columns = at.chars().count() + 1;
    assert!((1..=columns).contains(&(*column as usize)), "{location} is not in {at:?}");
}

fn each_place(node: &Node, visit: &mut impl FnMut(&Location)) {
    visit(node.location());
    for item in node.as_list().into_iter().flatten() {
        each_place(item, visit);
    }
    for (_, member) in node.members().into_iter().flatten() {
        each_place(member, visit);
    }
}

/// Counts scalars, and collections that are empty.
fn count_values(node: &Node) -> usize {
    let items = node.as_list().into_iter().flatten().map(count_values).sum::<usize>();
    let members = node.members().into_iter().flatten();
    (items + members.map(|(_, member)| count_values(member)).sum::<usize>()).max(1)
}

/// Returns the length of the longest key, in characters as JSON writes them.
fn longest_key(value: &serde_json::Value) -> usize {
    let written = |key: &str| serde_json::Value::from(key).to_string().len();
    let members = value.as_object().into_iter().flatten();
    let members = members.map(|(key, value)| written(key).max(longest_key(value)));
    let items = value.as_array().into_iter().flatten().map(longest_key);
    members.chain(items).max().unwrap_or_default()
}
