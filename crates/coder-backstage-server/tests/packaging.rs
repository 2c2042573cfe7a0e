//! What `packaging/` names exists: flags, paths, ports and variables; and its app-configs are right.
#![cfg(unix)]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use coder_config::{Listen, yaml};
use coder_core::SystemClock;
use coder_testkit::FakeCoder;
use http::StatusCode;
use serde_json::{Value, json};
use serving::browsing::visitor;
use serving::{House, Process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_coder-backstage");
/// The name of the release in which the chart is rendered.
const RELEASE: &str = "portal";
/// The user of the container, whom no system has otherwise.
const USER: u64 = 65532;

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

fn read(path: &str) -> String {
    let path = packaging().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads the documents of a YAML file.
fn documents(file: &str, text: &str) -> Vec<Value> {
    let documents = yaml::documents(file, text).into_iter();
    documents
        .map(|document| document.unwrap_or_else(|error| panic!("{error}\n{text}")).to_json())
        .collect()
}

/// Renders a template of the chart: values, `quote`, `toYaml` with `nindent` and `sha256sum`, and
/// `with`, which is all that the chart uses.
fn render(template: &str, values: &Value) -> String {
    let mut rendered = String::new();
    let mut rest = template;
    while let Some((before, expression)) = rest.split_once("{{") {
        let (expression, after) = expression.split_once("}}").unwrap();
        let trims = expression.starts_with('-');
        rendered += if trims { before.trim_end() } else { before };
        let expression = expression.trim_start_matches('-').trim();
        if let Some(path) = expression.strip_prefix("with ") {
            let (block, after) = after.split_once("{{- end }}").unwrap();
            let value = value_of(path, values);
            if !matches!(value, Value::Null) && *value != json!({}) {
                rendered += &render(block.trim_end(), value);
            }
            rest = after;
        } else {
            rendered += &evaluate(expression, values);
            rest = after;
        }
    }
    rendered + rest
}

fn value_of<'a>(path: &str, values: &'a Value) -> &'a Value {
    let pointer = if path == "." { String::new() } else { path.replace('.', "/") };
    values.pointer(&pointer).unwrap_or_else(|| panic!("`{path}` is no value"))
}

fn evaluate(expression: &str, values: &Value) -> String {
    let (path, filters) = match expression.strip_prefix("toYaml ") {
        Some(rest) => rest.split_once(" | ").unwrap(),
        None => expression.split_once(" | ").unwrap_or((expression, "")),
    };
    let value = value_of(path.trim(), values);
    match filters.split_once(' ').map_or((filters, ""), |(name, argument)| (name, argument)) {
        // Below the first level JSON is YAML, in one line.
        ("nindent", indent) => {
            let indent = format!("\n{}", " ".repeat(indent.parse().unwrap()));
            match value.as_object().filter(|it| !it.is_empty()) {
                Some(object) => object
                    .iter()
                    .map(|(key, value)| format!("{indent}{}: {value}", json!(key)))
                    .collect(),
                None => format!("{indent}{value}"),
            }
        }
        ("quote", "") => json!(plain(value)).to_string(),
        // Another digest, which changes with the value as well.
        ("sha256sum", "") => {
            let mut hasher = DefaultHasher::new();
            value.to_string().hash(&mut hasher);
            format!("{:x}", hasher.finish())
        }
        ("", "") => plain(value),
        (other, _) => panic!("`{other}` is not used in the chart"),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns the objects that the chart makes.
fn chart() -> Vec<Value> {
    chart_with(|_| {})
}

/// Returns the objects that the chart makes with changed values.
fn chart_with(change: impl FnOnce(&mut Value)) -> Vec<Value> {
    const CHART: &str = "helm/coder-backstage";
    let mut about = documents("Chart.yaml", &read(&format!("{CHART}/Chart.yaml"))).remove(0);
    let mut values = documents("values.yaml", &read(&format!("{CHART}/values.yaml"))).remove(0);
    change(&mut values);
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(about["appVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(values["image"]["tag"], env!("CARGO_PKG_VERSION"));
    let version = about["appVersion"].take();
    let values = json!({ "Values": values, "Release": { "Name": RELEASE }, "Chart": { "AppVersion": version } });
    let mut templates: Vec<_> = fs::read_dir(packaging().join(CHART).join("templates"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    templates.sort();
    let rendered = templates.iter().flat_map(|file| {
        let text = render(&fs::read_to_string(file).unwrap(), &values);
        documents(&file.display().to_string(), &text)
    });
    rendered.collect()
}

/// Returns the objects of the manifests.
fn manifests() -> Vec<Value> {
    let file = "kubernetes/coder-backstage.yaml";
    let objects = documents(file, &read(file));
    let image = concat!("coder-backstage:", env!("CARGO_PKG_VERSION"));
    assert_eq!(pod(&objects)["containers"][0]["image"], image);
    objects
}

/// Returns both sets of objects, each with a name for messages.
fn clusters() -> [(&'static str, Vec<Value>); 2] {
    [("manifests", manifests()), ("chart", chart())]
}

fn object<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

fn pod(objects: &[Value]) -> &Value {
    &object(objects, "Deployment")["spec"]["template"]["spec"]
}

/// Returns the arguments of each command that a file starts the server with.
fn commands() -> Vec<(&'static str, Vec<String>)> {
    let strings =
        |value: &Value| value.as_array().unwrap().iter().map(plain).collect::<Vec<String>>();
    let dockerfile = read("container/Dockerfile");
    let command = dockerfile.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
    let unit = read("systemd/coder-backstage.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let start = start.split(' ').skip(1).map(str::to_owned).collect();
    let mut commands =
        vec![("Dockerfile", strings(&serde_json::from_str(command).unwrap())), ("unit", start)];
    for (name, objects) in clusters() {
        commands.push((name, strings(&pod(&objects)["containers"][0]["args"])));
    }
    commands
}

/// Runs the program to its end.
fn run(arguments: &[&str], directory: &Path) -> Output {
    let mut command = Command::new(PROGRAM);
    command.env_remove("STATE_DIRECTORY").env_remove("RUST_LOG").env_remove("BACKSTAGE_ENV");
    for variable in variables() {
        command.env(variable, "https://a-value-of-more-than-32-bytes.example.com");
    }
    command.env("DATABASE_URL", "postgres://portal:a-password@db.example.com/portal");
    command.args(arguments).current_dir(directory).output().unwrap()
}

/// Returns the variables that the Secret of the manifests has, as their comment makes it.
fn variables() -> BTreeSet<String> {
    let text = read("kubernetes/coder-backstage.yaml");
    let literals = text.split("--from-literal=").skip(1);
    literals.map(|literal| literal.split('=').next().unwrap().to_owned()).collect()
}

#[test]
fn each_command_is_one_of_the_programs_with_flags_that_it_has() {
    let here = tempfile::tempdir().unwrap();
    for (file, arguments) in commands() {
        let (command, flags) = arguments.split_first().unwrap();
        let help = run(&[command, "--help"], here.path());
        assert!(help.status.success(), "{file}: {command}");
        let help = String::from_utf8(help.stdout).unwrap();
        for flag in flags.iter().filter(|flag| flag.starts_with("--")) {
            assert!(help.contains(&format!("{flag} <")), "{file}: {command} has no {flag}");
        }
    }
}

#[test]
fn the_configuration_is_read_where_it_is_mounted_and_the_program_starts_where_it_is_put() {
    for (file, arguments) in commands() {
        let configuration = arguments.iter().position(|argument| argument == "--config").unwrap();
        assert_eq!(arguments[configuration + 1], "/etc/coder-backstage/app-config.yaml", "{file}");
    }
    for (name, objects) in clusters() {
        let mount = &pod(&objects)["containers"][0]["volumeMounts"][0];
        assert_eq!(mount["mountPath"], "/etc/coder-backstage", "{name}");
        assert_eq!(mount["name"], pod(&objects)["volumes"][0]["name"], "{name}");
        let map = object(&objects, "ConfigMap");
        assert_eq!(pod(&objects)["volumes"][0]["configMap"]["name"], map["metadata"]["name"]);
    }
    let dockerfile = read("container/Dockerfile");
    assert!(dockerfile.contains(r#"ENTRYPOINT ["/usr/bin/coder-backstage"]"#));
    assert!(dockerfile.contains("/image/usr/bin/coder-backstage"));
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    assert!(
        read("systemd/coder-backstage.service").contains("ExecStart=/usr/bin/coder-backstage ")
    );
    for asset in manifest.split('"').filter(|part| part.starts_with("packaging/")) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(asset);
        assert!(file.is_file(), "Cargo.toml: {asset}");
    }
}

#[test]
fn each_port_is_the_one_at_which_the_server_listens() {
    let port = u64::from(Listen::default().port);
    let dockerfile = read("container/Dockerfile");
    assert!(dockerfile.contains(&format!("\nEXPOSE {port}\n")));
    assert!(read("systemd/coder-backstage.socket").contains(&format!("\nListenStream={port}\n")));
    for (name, objects) in clusters() {
        let container = &pod(&objects)["containers"][0];
        assert_eq!(container["ports"][0]["containerPort"], port, "{name}");
        let its = &object(&objects, "Service")["spec"]["ports"][0];
        assert_eq!(
            (&its["port"], &its["targetPort"]),
            (&json!(port), &container["ports"][0]["name"])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_probe_asks_a_path_that_the_server_answers() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let server = Process::start(directory.path(), |_| {});
    for (name, objects) in clusters() {
        let container = &pod(&objects)["containers"][0];
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            let asked = &container[probe]["httpGet"];
            assert_eq!(asked["port"], container["ports"][0]["name"], "{name}: {probe}");
            let answer = visitor().navigate(&server, asked["path"].as_str().unwrap()).await;
            assert_eq!(answer.status(), StatusCode::OK, "{name}: {probe}");
        }
    }
}

#[test]
fn each_app_config_is_right_with_the_variables_of_the_secret() {
    for (name, objects) in clusters() {
        let here = tempfile::tempdir().unwrap();
        let text = object(&objects, "ConfigMap")["data"]["app-config.yaml"].as_str().unwrap();
        let file = here.path().join("app-config.yaml");
        fs::write(&file, text).unwrap();
        let checked = run(&["config", "check", "--config", file.to_str().unwrap()], here.path());
        let told = format!(
            "{}{}",
            String::from_utf8(checked.stdout).unwrap(),
            String::from_utf8(checked.stderr).unwrap()
        );
        assert!(checked.status.success() && told.contains("nothing is wrong"), "{name}: {told}");
        let used: BTreeSet<_> =
            text.split("${").skip(1).map(|it| it.split('}').next().unwrap()).collect();
        let given = variables();
        let given: BTreeSet<_> = given.iter().map(String::as_str).collect();
        assert_eq!(used, given, "{name}");
    }
}

#[test]
fn the_container_runs_as_nobody_in_particular_and_writes_nowhere() {
    assert!(read("container/Dockerfile").contains(&format!("\nUSER {USER}:{USER}\n")));
    for (name, objects) in clusters() {
        let pod = pod(&objects);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["securityContext"]["runAsUser"], USER, "{name}");
        let container = &pod["containers"][0]["securityContext"];
        assert_eq!(container["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(container["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(container["capabilities"]["drop"], json!(["ALL"]), "{name}");
    }
}

#[test]
fn whoever_ends_the_process_waits_for_the_drain_and_for_what_is_under_way() {
    // As the help of `serve` and docs/operating.md tell.
    const UNDER_WAY: u64 = 20;
    for (name, objects) in clusters() {
        let arguments = pod(&objects)["containers"][0]["args"].as_array().unwrap();
        let drain = arguments.iter().position(|argument| argument == "--drain").unwrap();
        let drain: u64 = plain(&arguments[drain + 1]).parse().unwrap();
        let grace = pod(&objects)["terminationGracePeriodSeconds"].as_u64().unwrap();
        assert!(grace > drain + UNDER_WAY, "{name}: {grace}");
    }
    let unit = read("systemd/coder-backstage.service");
    let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
    assert!(stop.parse::<u64>().unwrap() > 5 + UNDER_WAY, "{stop}");
}

#[test]
fn another_app_config_restarts_the_pods_of_the_chart_and_annotations_are_added() {
    let annotations = |objects: &[Value]| {
        object(objects, "Deployment")["spec"]["template"]["metadata"]["annotations"].clone()
    };
    let before = annotations(&chart());
    assert!(before["checksum/config"].is_string(), "{before}");
    let other = |values: &mut Value| {
        values["appConfig"]["app"]["baseUrl"] = json!("https://other.example.com");
        values["podAnnotations"] = json!({ "prometheus.io/scrape": "true" });
    };
    let after = annotations(&chart_with(other));
    assert_ne!(before["checksum/config"], after["checksum/config"]);
    assert_eq!(after["prometheus.io/scrape"], "true");
}

#[test]
fn a_node_can_be_drained_also_where_there_is_one_replica() {
    for (name, objects) in clusters() {
        let budget = &object(&objects, "PodDisruptionBudget")["spec"];
        assert_eq!(budget["maxUnavailable"], 1, "{name}");
        assert!(budget["minAvailable"].is_null(), "{name}");
    }
}

#[test]
fn what_the_manual_lets_an_operator_write_beside_the_source_is_not_sent_to_the_build() {
    let ignored = read("container/Dockerfile.dockerignore");
    for pattern in ["/*.env", "/app-config*.yaml", "**/app-config.local.yaml"] {
        assert!(ignored.lines().any(|line| line == pattern), "{pattern}");
    }
}

/// Checks that systemd's own judge rates the exposure of the service as docs/operating.md says, in tenths.
/// 0 is locked up, 100 is open.
#[test]
#[ignore = "needs systemd-analyze of systemd 252 or later: cargo xtask test --only packaging"]
fn systemd_finds_the_unit_hardened() {
    let unit = packaging().join("systemd/coder-backstage.service");
    let mut judge = Command::new("systemd-analyze");
    judge.args(["security", "--offline=true", "--threshold=12"]).arg(unit);
    let judged = judge.output().unwrap();
    let told = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{}", told.lines().last().unwrap_or_default());
}

#[test]
#[ignore = "needs helm: cargo xtask test --only packaging"]
fn helm_finds_nothing_wrong_with_the_chart() {
    let chart = packaging().join("helm/coder-backstage");
    let linted = Command::new("helm").args(["lint", "--strict"]).arg(chart).output().unwrap();
    assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stdout));
}

#[test]
fn completions_and_manual_name_every_command() {
    let here = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let completions = run(&["completions", shell], here.path());
        let completions = String::from_utf8(completions.stdout).unwrap();
        assert!(completions.contains("migrate") && completions.contains("drain"), "{shell}");
    }
    let pages = here.path().join("share/man/man1");
    assert!(run(&["man", pages.to_str().unwrap()], here.path()).status.success());
    for page in ["coder-backstage.1", "coder-backstage-serve.1", "coder-backstage-config-check.1"] {
        let text = fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    fs::write(here.path().join("file"), "").unwrap();
    let impossible = run(&["man", "file/man1"], here.path());
    let told = String::from_utf8(impossible.stderr).unwrap();
    assert!(told.contains("the manual cannot be written to `file/man1`"), "{told}");
}

#[test]
fn the_version_names_the_commit_or_says_that_there_is_none() {
    let here = tempfile::tempdir().unwrap();
    let version = String::from_utf8(run(&["--version"], here.path()).stdout).unwrap();
    let commit = option_env!("CODER_BACKSTAGE_COMMIT").unwrap_or("built from source");
    assert_eq!(version, format!("coder-backstage {} ({commit})\n", env!("CARGO_PKG_VERSION")));
    let build = read("container/Dockerfile");
    assert!(build.contains("ENV CODER_BACKSTAGE_COMMIT="), "the container file hands it on");
}
