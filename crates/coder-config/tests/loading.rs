//! Loading app-config: what people are told when a file, a variable or an include is not as it
//! should be.
#![cfg(test)]

use std::collections::BTreeMap;

use coder_config::{
    ConfigErrors, ConfigSources, CreationMode, Environment, LoadedConfig, Node, WorkspacesConfig,
};

fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn load(
    given: &[(&str, &str)],
    environment: &[(&str, &str)],
) -> Result<LoadedConfig, ConfigErrors> {
    let files = files(given);
    let environment = environment.iter().copied().collect();
    ConfigSources::new(&files, &environment).load()
}

#[test]
fn every_fault_of_a_source_is_told_with_its_place() {
    let text = "
app:
  a: { $env: [x] }
  b: { $env: X, other: 1 }
  c: { $file: nope.txt }
  d: { $include: nope.yaml }
  e: { $include: x.toml }
  f: { $include: x.yaml#a.b.c }
  g: { $include: x.yaml#nope.b }
  h: { $include: '${NOPE}.yaml' }
  i: { $include: broken.yaml }
  j: { $include: broken.json }
  k: { $include: many.yaml }
__proto__: { polluted: yes }
";
    let given = [
        ("app-config.yaml", text),
        ("x.yaml", "a: { b: deep }"),
        ("broken.yaml", "a: [1\nb: 2"),
        ("broken.json", "{ a: 1 }"),
        ("many.yaml", "a: 1\n---\nb: 2\n"),
    ];
    let environment = [
        ("APP_CONFIG_app__x", "1"),
        ("APP_CONFIG_1a", "1"),
        ("APP_CONFIG_a", "1"),
        ("APP_CONFIG_a_b", "2"),
        ("APP_CONFIG_c_d", "1"),
        ("APP_CONFIG_c", "{}"),
        ("APP_CONFIG_n", "null"),
    ];
    let errors = load(&given, &environment).unwrap_err();
    let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn faults_of_whole_files_are_told() {
    let told: Vec<_> = [
        load(&[], &[]),
        load(&[("app-config.yaml", "")], &[]),
        load(&[("app-config.yaml", "# only a comment\n")], &[]),
        load(&[("app-config.yaml", "- a\n")], &[]),
        load(&[("app-config.yaml", "hello\n")], &[]),
        load(&[("app-config.yaml", "a: 1\n---\nb: 2\n")], &[]),
        load(&[("app-config.yaml", "a: 1\nb: 2\na: 3\n")], &[]),
        load(&[("app-config.yaml", "a:\n\tb: 1\n")], &[]),
        load(&[("app-config.yaml", "a: @x\n")], &[]),
        load(&[("app-config.yaml", "v: {a: ${FOO}}\n")], &[]),
        load(&[("app-config.yaml", "a: 1\n"), ("app-config.local.yaml", "a: [\n")], &[]),
    ]
    .into_iter()
    .map(|result| result.map(|_| ()).unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn files_named_by_hand_must_exist_and_be_files() {
    let files = files(&[("app-config.yaml", "a: 1"), ("b.yaml", "a: 2")]);
    let environment = Environment::default();
    let load = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        let loaded = ConfigSources::new(&files, &environment).with_files(&paths).load();
        loaded.map(|loaded| loaded.sources().collect::<Vec<_>>().join(", "))
    };
    assert_eq!(load(&["b.yaml", "app-config.yaml"]).unwrap(), "b.yaml, app-config.yaml");
    let errors = load(&["nope.yaml", "https://config.example/x.yaml"]).unwrap_err();
    insta::assert_snapshot!(errors, @"there is no file `nope.yaml`; `--config https://config.example/x.yaml` looks like a URL; only files can be read, so download it first");
}

#[test]
fn what_is_left_out_is_told_with_the_reason() {
    let text = "
a: pre-${NOPE}-post
b: [x, '${NOPE}', { $env: NOPE }]
c: '${EMPTY:-}'
d: { $include: x.yaml#a.nope }
e: { $include: x.yaml#b }
";
    let given = [("app-config.yaml", text), ("x.yaml", "a: {}\nb: { c: '${ALSO} and ${NOPE}' }")];
    let loaded = load(&given, &[("EMPTY", "")]).unwrap();
    let told: Vec<_> = loaded.notices().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(loaded.files(), ["app-config.yaml", "x.yaml", "x.yaml"]);
    assert_eq!(loaded.root().to_json(), serde_json::json!({"b": ["x"], "e": {}}));
}

#[test]
fn the_environment_of_backstage_chooses_files_beside_the_default_ones() {
    let files = files(&[
        ("conf/app-config.yaml", "a: base\nb: base\nc: base\nd: base"),
        ("conf/app-config.staging.yaml", "b: staging\nc: staging\nd: staging"),
        ("conf/app-config.local.yaml", "c: local\nd: local"),
        ("conf/app-config.staging.local.yaml", "d: staging.local"),
        ("conf/app-config.production.yaml", "a: production"),
    ]);
    let environment = Environment::from_iter([("BACKSTAGE_ENV", "staging")]);
    let loaded = ConfigSources::new(&files, &environment).in_directory("conf").load().unwrap();
    assert_eq!(
        loaded.root().to_json(),
        serde_json::json!({"a": "base", "b": "staging", "c": "local", "d": "staging.local"}),
    );
    let place = loaded.get("b").unwrap().location().to_string();
    assert_eq!(place, "conf/app-config.staging.yaml:1:4");
}

#[test]
fn backstage_env_is_a_list_whose_later_names_override_earlier_ones() {
    let files = files(&[
        ("app-config.yaml", "a: base\nb: base\nc: base\nd: base\ne: base"),
        (
            "app-config.production.yaml",
            "b: production\nc: production\nd: production\ne: production",
        ),
        ("app-config.eu.yaml", "c: eu\nd: eu\ne: eu"),
        ("app-config.local.yaml", "d: local\ne: local"),
        ("app-config.production.local.yaml", "e: production.local"),
    ]);
    let first = ["base", "production", "eu", "local", "production.local"];
    for names in [
        "production,eu",
        "production, eu",
        " production ,eu ",
        "production,eu,",
        "production,,eu",
        ",production,eu",
    ] {
        let environment = Environment::from_iter([("BACKSTAGE_ENV", names)]);
        let loaded = ConfigSources::new(&files, &environment).load().unwrap();
        let values =
            ["a", "b", "c", "d", "e"].map(|key| loaded.get(key).unwrap().as_str().unwrap());
        assert_eq!(values, first, "{names}");
        assert!(loaded.notices().is_empty(), "{names}");
    }
    let environment = Environment::from_iter([("BACKSTAGE_ENV", "eu,production")]);
    let loaded = ConfigSources::new(&files, &environment).load().unwrap();
    assert_eq!(loaded.get("c").unwrap().as_str(), Some("production"));
}

#[test]
fn a_name_in_backstage_env_without_a_file_is_told() {
    let told = |names: &str| {
        let loaded = load(&[("app-config.yaml", "a: 1")], &[("BACKSTAGE_ENV", names)]).unwrap();
        loaded.notices().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told("prod"), @"`BACKSTAGE_ENV` names `prod`, and there is neither `app-config.prod.yaml` nor `app-config.prod.local.yaml`");
    assert_eq!(told("prod, eu").lines().count(), 2);
    for none in ["", " ", ","] {
        assert_eq!(told(none), "", "{none}");
    }
}

#[test]
fn the_plugins_own_configuration_is_read_alone() {
    let text = "
deployment: { accessUrl: https://coder.example.com/ }
workspaces: { defaultTemplateName: dev, defaultMode: auto, repoUrlParamKeys: [b, a, b], params: { z: 1.20, a: x } }
";
    let loaded = load(&[("app-config.yaml", text)], &[]).unwrap();
    let (config, notices) = WorkspacesConfig::from_loaded(&loaded).unwrap();
    assert!(notices.is_empty());
    assert_eq!(config.access_url.as_str(), "https://coder.example.com");
    assert_eq!(config.default_mode, CreationMode::Auto);
    assert_eq!(config.repo_url_param_keys, ["b", "a"]);
    let params: Vec<_> =
        config.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(params, ["z=1.20", "a=x"]);
    let missing = load(&[("app-config.yaml", "workspaces: {}")], &[]).unwrap();
    assert_eq!(
        WorkspacesConfig::from_loaded(&missing).unwrap_err().to_string(),
        "missing `deployment.accessUrl`: add it to `app-config.yaml`",
    );
}

#[test]
fn a_key_that_javascript_keeps_for_itself_is_refused_in_an_object_too() {
    let app = r#"{"coder": {"workspaces": [{"__proto__": "x", "a": 1}]}, "__proto__": {}}"#;
    let node: Node = serde_json::from_str(app).unwrap();
    let errors = LoadedConfig::from_node(node).unwrap_err();
    let paths: Vec<_> = errors.iter().map(|error| error.path().unwrap()).collect();
    assert_eq!(paths, ["coder.workspaces[0].__proto__", "__proto__"]);
}
