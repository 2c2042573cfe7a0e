//! The binary, as an operator runs it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const SECRET: &str = "canary-5f1d7c";

fn coder_backstage() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
    command
        .env_remove("RUST_LOG")
        .env_remove("BACKSTAGE_ENV")
        .env_remove("NODE_EXTRA_CA_CERTS")
        .env_remove("STATE_DIRECTORY");
    command
}

/// Makes a directory with this app-config in it.
fn configured(app_config: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("app-config.yaml"), app_config).unwrap();
    directory
}

/// Makes a whole app-config that listens there.
fn app_config(listen: &str) -> String {
    format!(
        "app: {{ baseUrl: http://localhost:7007 }}
backend: {{ baseUrl: http://localhost:7007, listen: '{listen}' }}
auth:
  providers:
    coder:
      development:
        clientId: id
        clientSecret: ${{CODER_OAUTH_CLIENT_SECRET}}
        deploymentUrl: https://coder.example.com
"
    )
}

/// Serves the app-config of this directory, which must fail.
fn fail_to_serve(directory: &TempDir) -> String {
    let Output { status, stderr, .. } =
        coder_backstage().arg("serve").current_dir(directory).output().unwrap();
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).unwrap()
}

#[cfg(feature = "demo")]
#[test]
fn the_demo_plays_its_whole_line() {
    let output = coder_backstage().args(["demo", "--smoke", "--port", "0"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}\n{log}");
    let steps: Vec<&str> = printed.lines().filter(|line| line.starts_with("ok  ")).collect();
    for step in ["start", "consent", "callback", "refresh", "workspaces", "logout"] {
        let is_there = steps.iter().any(|line| line.contains(&format!(". {step}: ")));
        assert!(is_there, "no step `{step}` in\n{printed}");
    }
}

/// A demo that is ended when this is dropped.
#[cfg(feature = "demo")]
struct Demo(std::process::Child);

#[cfg(feature = "demo")]
impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(feature = "demo")]
#[test]
fn registering_and_checking_can_be_practised_at_the_demos_coder() {
    let mut command = coder_backstage();
    command.args(["demo", "--register", "--port", "0"]).stdin(Stdio::null());
    let mut demo = Demo(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The two lines that the demo prints for a shell.
    let mut token = lines.find(|line| line.starts_with("export ")).unwrap();
    let token = token.split_off("export CODER_SESSION_TOKEN=".len());
    let register = lines.find(|line| line.starts_with("coder-backstage ")).unwrap();
    let arguments = register.split(' ').skip(1);
    let output =
        coder_backstage().args(arguments).env("CODER_SESSION_TOKEN", token).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");

    let (block, variables) = told.split_once("In the environment").unwrap();
    let block = block.split_once("In app-config.yaml:").unwrap().1;
    // There is no Backstage to practise with, so nobody signs in to one.
    let is_of_backstage = |line: &&str| line.contains("signIn: {") || line.contains("catalog: {");
    let block: Vec<&str> = block.lines().filter(|line| !is_of_backstage(line)).collect();
    let directory = configured(&block.join("\n"));
    let mut check = coder_backstage();
    for variable in variables.lines().filter_map(|line| line.split_once('=')) {
        check.env(variable.0, variable.1);
    }
    let output = check.arg("check").current_dir(&directory).output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{found}");
    assert!(found.contains("good       application of `production`"), "{found}");
}

#[test]
fn a_file_of_a_value_is_not_read_beyond_its_limit() {
    let directory = configured(
        &app_config("127.0.0.1:0").replace("${CODER_OAUTH_CLIENT_SECRET}", "{ $file: large }"),
    );
    std::fs::File::create(directory.path().join("large")).unwrap().set_len(5 << 20).unwrap();
    let told = fail_to_serve(&directory);
    assert!(
        told.contains("app-config.yaml:8:23: cannot read `large`: it is too large; at most 4194304 bytes are accepted"),
        "{told}"
    );
}

#[test]
fn a_missing_client_secret_is_named_with_its_file() {
    let directory = configured(&app_config("127.0.0.1:0"));
    let stderr = fail_to_serve(&directory);
    assert!(stderr.contains("auth.providers.coder.development.clientSecret"), "{stderr}");
    assert!(stderr.contains("app-config.yaml"), "{stderr}");
}

#[test]
fn every_mistake_has_a_line_of_its_own_that_begins_with_its_place() {
    let directory = configured(
        "app: { baseUrl: ftp://portal }
backend: { baseUrl: http://localhost:7007, listen: here }
auth:
  providers:
    coder:
      development:
        clientId: id
        clientSecret: secret
        deploymentUrl: http://coder.example.com
",
    );
    let stderr = fail_to_serve(&directory);
    for place in ["app-config.yaml:1:", "app-config.yaml:2:", "app-config.yaml:9:"] {
        let count = stderr.lines().filter(|line| line.starts_with(place)).count();
        assert_eq!(count, 1, "{place} in\n{stderr}");
    }
}

#[test]
fn a_place_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = configured(&app_config(&address).replace("${CODER_OAUTH_CLIENT_SECRET}", "s"));
    let stderr = fail_to_serve(&directory);
    assert!(stderr.contains(&format!("cannot listen at `{address}`")), "{stderr}");
}

#[test]
fn postgres_without_keys_is_refused_with_what_to_do() {
    let config = app_config("127.0.0.1:0").replace("${CODER_OAUTH_CLIENT_SECRET}", "s")
        + "coder: { session: { store: { type: postgres, url: 'postgres://db/portal' } } }\n";
    let stderr = fail_to_serve(&configured(&config));
    assert!(stderr.starts_with("app-config.yaml:10:"), "{stderr}");
    assert!(stderr.contains("`coder.session.keys"), "{stderr}");
    assert!(stderr.contains("openssl rand -base64 32"), "{stderr}");
}

#[test]
fn sessions_that_cannot_be_kept_are_a_reason_not_to_start() {
    let config = app_config("127.0.0.1:0").replace("${CODER_OAUTH_CLIENT_SECRET}", "s");
    let directory = configured(&config);
    let missing = directory.path().join("missing");
    let mut serve = coder_backstage();
    serve.args(["serve", "--data-dir"]).arg(&missing).current_dir(&directory);
    let output = serve.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(missing.to_str().unwrap()) && told.contains("--data-dir"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_server_answers_tells_no_secret_and_ends_when_asked() {
    let directory = configured(&app_config("127.0.0.1:0"));
    let mut server = coder_backstage()
        .args(["serve", "--config", "app-config.yaml"])
        .current_dir(&directory)
        .env("CODER_OAUTH_CLIENT_SECRET", SECRET)
        .env("RUST_LOG", "trace")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    let mut logged = String::new();
    let address = loop {
        let start = logged.len();
        assert!(log.read_line(&mut logged).unwrap() > 0, "it ended:\n{logged}");
        let line = logged.get(start..).unwrap();
        if let Some((_, rest)) = line.split_once("address=") {
            break rest.split_whitespace().next().unwrap().to_owned();
        }
    };

    let health = get(&address, "/.backstage/health/v1/readiness");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let page = get(&address, "/");
    assert!(page.contains("data-environment=\"development\""), "{page}");
    let start = get(&address, "/api/auth/coder/start?env=development");
    assert!(start.contains("https://coder.example.com/oauth2/authorize"), "{start}");

    let killed = Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(server.wait().unwrap().success());
    log.read_to_string(&mut logged).unwrap();
    assert!(!logged.contains(SECRET));
}

/// Returns the whole answer to a request, head and body.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost:7007\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn registering_without_a_token_says_where_to_get_one() {
    let output = coder_backstage()
        .args(["register", "--deployment-url", "https://coder.example.com"])
        .args(["--backend-url", "https://portal.example.com"])
        .env_remove("CODER_SESSION_TOKEN")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("CODER_SESSION_TOKEN"), "{told}");
    assert!(told.contains("https://coder.example.com/settings/tokens"), "{told}");
}

#[cfg(feature = "demo")]
#[tokio::test(flavor = "multi_thread")]
async fn a_registered_portal_is_told_what_to_write_into_its_app_config() {
    let server =
        coder_testkit::FakeServer::start(coder_testkit::FakeCoder::builder()).await.unwrap();
    let coder = server.coder();
    let owner = coder.add_owner("owner");
    let output = coder_backstage()
        .args(["register", "--deployment-url", coder.url().as_str(), "--environment", "staging"])
        .args(["--backend-url", "https://portal.example.com/"])
        .env("CODER_SESSION_TOKEN", owner.session_token.expose())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}{}", String::from_utf8(output.stderr).unwrap());
    assert!(told.contains("https://portal.example.com/api/auth/coder/handler/frame"), "{told}");
    assert!(
        told.contains("      staging:\n        clientId: ${CODER_OAUTH_CLIENT_ID}\n"),
        "{told}"
    );
    for part in ["signIn: {", "listen: ':7007'", "  session: {", "\nCODER_OAUTH_CLIENT_ID="] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.contains("clientSecret: ${CODER_OAUTH_CLIENT_SECRET}"), "{told}");
    let pinned = "callbackUrl: https://portal.example.com/api/auth/coder/handler/frame\n";
    assert!(told.contains(pinned), "a second deployment would change the default: {told}");
    assert!(told.contains("\nCODER_OAUTH_CLIENT_SECRET=coder_"), "{told}");
    assert!(!told.contains(owner.session_token.expose()));
    assert!(told.contains("`unset CODER_SESSION_TOKEN`"), "{told}");
    // Nobody else reaches a portal that is tried out.
    let output = coder_backstage()
        .args(["register", "--deployment-url", coder.url().as_str()])
        .args(["--backend-url", "http://localhost:7008"])
        .env("CODER_SESSION_TOKEN", owner.session_token.expose())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("listen: '127.0.0.1:7008' #"), "{told}");
}

#[cfg(feature = "demo")]
#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_deployments_is_told_a_callback_and_a_secret_of_its_own() {
    let mut blocks = String::new();
    let mut secrets = Vec::new();
    for name in ["one", "two-b"] {
        let builder = coder_testkit::FakeCoder::builder();
        let server = coder_testkit::FakeServer::start(builder).await.unwrap();
        let owner = server.coder().add_owner("owner");
        let output = coder_backstage()
            .args(["register", "--deployment-url", server.coder().url().as_str()])
            .args(["--backend-url", "https://portal.example.com", "--environment", name])
            .arg("--several-deployments")
            .env("CODER_SESSION_TOKEN", owner.session_token.expose())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{told}{}", String::from_utf8(output.stderr).unwrap());
        let callback = format!("https://portal.example.com/api/auth/coder/handler/frame/{name}");
        assert!(told.contains(&format!("with the callback {callback}\n")), "{told}");
        assert!(!told.contains("\n  environment:"), "it stands there already: {told}");
        let (pasted, secret) = told.split_once("\nIn the environment").unwrap();
        let variable = secret.lines().last().unwrap().split_once('=').unwrap().0;
        assert!(pasted.contains(&format!("clientSecret: ${{{variable}}}")), "{told}");
        let block = pasted.split_once("    coder:\n").unwrap().1;
        let id = variable.replace("SECRET", "ID");
        blocks += &block
            .replace(&format!("${{{variable}}}"), SECRET)
            .replace(&format!("${{{id}}}"), "id");
        secrets.push(variable.to_owned());
    }
    assert_eq!(secrets, ["CODER_OAUTH_CLIENT_SECRET_ONE", "CODER_OAUTH_CLIENT_SECRET_TWO_B"]);
    // What is printed is an app-config that the server takes.
    let directory = configured(&format!(
        "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
auth:
  environment: one
  providers:
    coder:
{blocks}
coder:
  catalog: {{ type: backstage, baseUrl: https://portal.example.com, token: token-of-a-test }}
"
    ));
    let (code, out, err) = config(&directory, &["check"]);
    assert_eq!(code, Some(0), "{out}{err}");
    for name in ["one", "two-b"] {
        assert!(out.contains(&format!("/api/auth/coder/handler/frame/{name}\n")), "{out}");
    }
}

#[test]
fn the_help_names_the_files_that_are_read_without_any() {
    let output = coder_backstage().args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for file in ["app-config.$BACKSTAGE_ENV.yaml", "app-config.$BACKSTAGE_ENV.local.yaml"] {
        assert!(help.contains(file), "{file}: {help}");
    }
}

#[cfg(feature = "demo")]
#[tokio::test(flavor = "multi_thread")]
async fn a_portal_registers_itself_without_anybodys_token_where_coder_lets_it() {
    let builder = coder_testkit::FakeCoder::builder().version(coder_testkit::Version::V2_34);
    let server = coder_testkit::FakeServer::start(builder).await.unwrap();
    let output = coder_backstage()
        .args(["register", "--dynamic", "--deployment-url", server.coder().url().as_str()])
        .args(["--backend-url", "https://portal.example.com"])
        .env_remove("CODER_SESSION_TOKEN")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}{}", String::from_utf8(output.stderr).unwrap());
    assert!(told.contains("\nCODER_OAUTH_CLIENT_SECRET=coder_"), "{told}");
    // What is printed is an app-config that the server takes.
    let pasted = told.split("In app-config.yaml:").nth(1).unwrap();
    let pasted = pasted.split("In the environment").next().unwrap();
    let directory = configured(
        &pasted
            .replace("${CODER_OAUTH_CLIENT_ID}", "id")
            .replace("${BACKSTAGE_CATALOG_TOKEN}", "token-of-a-test"),
    );
    let (code, out, err) = config(&directory, &["check"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.ends_with("nothing is wrong\n"), "{out}");
}

#[cfg(feature = "demo")]
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_cannot_work_is_refused_with_the_reason() {
    let builder = coder_testkit::FakeCoder::builder().version(coder_testkit::Version::V2_34);
    let server = coder_testkit::FakeServer::start(builder).await.unwrap();
    let coder = server.coder();
    let owner = coder.add_owner("owner");
    let register = |deployment: &str, backend: &str, arguments: &[&str]| {
        let output = coder_backstage()
            .args(["register", "--deployment-url", deployment, "--backend-url", backend])
            .args(arguments)
            .env("CODER_SESSION_TOKEN", owner.session_token.expose())
            .output()
            .unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        (output.status.success(), out, err)
    };
    let url = coder.url().as_str().trim_end_matches('/').to_owned();
    for (backend, reason) in [
        ("ftp://portal.example.com", "the scheme must be https or http"),
        ("https://portal.example.com/?x=1#frag", "remove what follows `?` or `#`"),
        ("http://portal.example.com", "plain http is refused"),
    ] {
        let (is_good, out, err) = register(&url, backend, &[]);
        assert!(!is_good && err.contains(reason), "{backend}: {out}{err}");
    }
    let (is_good, _, err) =
        register(&format!("{url}/some/path"), "https://portal.example.com", &[]);
    assert!(!is_good && err.contains("the path `/some/path` of `--deployment-url`"), "{err}");
    assert_eq!(coder.count("POST", "/api/v2/oauth2-provider/apps"), 0);

    let plain = ["--dangerously-allow-http"];
    let (is_good, out, err) = register(&url, "http://portal.example.com", &plain);
    assert!(is_good && out.contains("dangerouslyAllowHttp: true"), "{out}{err}");
    let (is_good, out, err) = register(&url, "https://portal.example.com", &[]);
    assert!(is_good, "{err}");
    let told = "Another application is named `backstage`, too, with the callback \
                `http://portal.example.com/api/auth/coder/handler/frame`";
    assert!(out.contains(told), "{out}");
    let (is_good, out, err) = register(&url, "https://portal.example.com", &["--json"]);
    assert!(is_good, "{err}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["reused"], true);
    assert!(told["clientSecret"].as_str().unwrap().starts_with("coder_"));
    assert_eq!(told["callbackUrl"], "https://portal.example.com/api/auth/coder/handler/frame");
}

fn config(directory: &TempDir, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = coder_backstage()
        .arg("config")
        .args(arguments)
        .current_dir(directory)
        .env("CODER_OAUTH_CLIENT_SECRET", SECRET)
        .output()
        .unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code(), out, err)
}

#[test]
fn a_good_configuration_passes_the_check_with_what_is_worth_knowing() {
    let directory = configured(
        &app_config(":7007").replace("clientId: id", "clientId: id\n        colour: red"),
    );
    let (code, out, err) = config(&directory, &["check"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("app-config.yaml:8:9: "), "{out}");
    assert!(out.contains("colour") && out.ends_with(": no errors, 1 notice\n"), "{out}");
    let register = "callback URL of `development` to register at https://coder.example.com: \
                    http://localhost:7007/api/auth/coder/handler/frame\n";
    assert!(out.contains(register), "{out}");
    let (_, printed, _) = config(&directory, &["print"]);
    assert!(printed.contains(&format!("\n# {register}")), "{printed}");
}

#[test]
fn a_variable_of_node_that_has_no_effect_is_told_unless_ours_is_set() {
    let directory = configured(&app_config("127.0.0.1:0"));
    let checked = |ours: Option<&str>| {
        let mut command = coder_backstage();
        command.env("NODE_EXTRA_CA_CERTS", "/etc/ca.pem").env_remove("SSL_CERT_FILE");
        command.env("CODER_OAUTH_CLIENT_SECRET", SECRET).envs(ours.map(|it| ("SSL_CERT_FILE", it)));
        let output = command.args(["config", "check"]).current_dir(&directory).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let told = checked(None);
    assert!(told.contains("NODE_EXTRA_CA_CERTS") && told.contains("`SSL_CERT_FILE`"), "{told}");
    let authorities = std::env::var("SSL_CERT_FILE");
    let authorities = authorities.as_deref().unwrap_or("/etc/ssl/certs/ca-certificates.crt");
    assert!(!checked(Some(authorities)).contains("NODE_EXTRA_CA_CERTS"));
}

#[test]
fn a_bad_configuration_fails_the_check_with_a_line_for_each_mistake() {
    let directory = configured(&app_config(":7007").replace("clientId: id", "clientid: id"));
    let (code, _, err) = config(&directory, &["check"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("auth.providers.coder.development.clientId"), "{err}");
}

#[test]
fn a_printed_configuration_holds_no_secret_and_says_where_values_came_from() {
    let directory = configured(&app_config(":7007"));
    for arguments in [&["print"][..], &["print", "--with-origin"]] {
        let (code, out, err) = config(&directory, arguments);
        assert_eq!(code, Some(0), "{err}");
        assert!(out.contains("https://coder.example.com") && out.contains("[redacted]"), "{out}");
        assert!(!out.contains(SECRET), "{out}");
    }
    let (_, out, _) = config(&directory, &["print", "--with-origin"]);
    let line = "clientSecret = [redacted] # app-config.yaml:8:23 (from environment variable `CODER_OAUTH_CLIENT_SECRET`)";
    assert!(out.contains(line), "{out}");
}

#[test]
fn a_sign_in_resolver_that_nobody_has_fails_the_check_with_the_nearest_name() {
    let resolver = "deploymentUrl: https://coder.example.com
        signIn: { resolvers: [{ resolver: usernameMatchingUserEntity }] }";
    let text = app_config(":7007").replace("deploymentUrl: https://coder.example.com", resolver);
    let (code, out, err) = config(&configured(&text), &["check"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(err.contains("app-config.yaml:10:43: "), "{err}");
    assert!(err.contains("did you mean `usernameMatchingUserEntityName`?"), "{err}");
}

/// Makes an app-config whose people sign in by this resolver, with more behind it.
fn with_resolver(resolver: &str, more: &str) -> String {
    let sign_in = format!(
        "deploymentUrl: https://coder.example.com\n        signIn: {{ resolvers: [{resolver}] }}"
    );
    app_config(":7007").replace("deploymentUrl: https://coder.example.com", &sign_in) + more
}

const BY_NAME: &str = "{ resolver: usernameMatchingUserEntityName }";
const PEOPLE: &str = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: { name: alice }\n\
                      spec: { memberOf: [] }\n";

#[test]
fn resolvers_that_can_find_nobody_fail_the_check_and_the_start_with_what_to_do() {
    for (more, hint) in [
        ("", "`coder.catalog`"),
        ("catalog: { locations: [] }\n", "`coder.catalog`"),
        ("catalog: { providers: { githubOrg: {} } }\n", "`coder.catalog`"),
        (
            "catalog: { locations: [{ type: url, target: https://x.example/org.yaml }] }\n",
            "`coder.catalog`",
        ),
        ("catalog: { locations: [{ type: file, target: org.yaml }] }\n", "allow: [User, Group]"),
        (
            "catalog: { rules: [], locations: [{ type: file, target: org.yaml }] }\n",
            "allow: [User, Group]",
        ),
    ] {
        let directory = configured(&with_resolver(BY_NAME, more));
        let (code, out, err) = config(&directory, &["check"]);
        assert_eq!(code, Some(1), "{more}{out}");
        assert!(err.contains("app-config.yaml:10:9: "), "{more}{err}");
        assert!(err.contains("signIn.resolvers") && err.contains(hint), "{more}{err}");
    }
    let directory =
        configured(&with_resolver(BY_NAME, "").replace("${CODER_OAUTH_CLIENT_SECRET}", "s"));
    assert!(fail_to_serve(&directory).contains("signIn.resolvers"));
}

#[test]
fn resolvers_that_can_find_somebody_pass_the_check() {
    let anybody = "{ resolver: emailLocalPartMatchingUserEntityName, \
                   dangerouslyAllowSignInWithoutUserInCatalog: true }";
    let remote =
        "coder: { catalog: { type: backstage, baseUrl: https://b.example.com, token: t } }\n";
    let file =
        "catalog: { locations: [{ type: file, target: org.yaml, rules: [{ allow: [User] }] }] }\n";
    let ruled =
        "catalog: { rules: [{ allow: [User] }], locations: [{ type: file, target: org.yaml }] }\n";
    for (resolver, more) in [(anybody, ""), (BY_NAME, remote), (BY_NAME, file), (BY_NAME, ruled)] {
        let directory = configured(&with_resolver(resolver, more));
        std::fs::write(directory.path().join("org.yaml"), PEOPLE).unwrap();
        let (code, out, err) = config(&directory, &["check"]);
        assert_eq!(code, Some(0), "{more}{err}");
        assert_eq!(out.lines().count(), 2, "{out}");
    }
}

#[test]
fn the_check_tells_what_is_not_read_and_which_entities_no_rule_lets_in() {
    let more = "catalog:\n  locations:\n    - { type: file, target: ./*.people.yaml }\n    \
                - { type: url, target: https://x.example/org.yaml }\n";
    let directory = configured(&(app_config(":7007") + more));
    std::fs::write(directory.path().join("our.people.yaml"), PEOPLE).unwrap();
    let (code, out, err) = config(&directory, &["check"]);
    assert_eq!(code, Some(0), "{err}");
    let refused = "app-config.yaml:12:7: `./*.people.yaml` leads to `user:default/alice` at \
                   our.people.yaml:1:1, which no rule lets in; add `rules: [{ allow: [User] }]`";
    assert!(out.contains(refused), "{out}");
    let elsewhere =
        "app-config.yaml:13:7: the location `https://x.example/org.yaml` is of type `url`";
    assert!(out.contains(elsewhere) && out.contains("`coder.catalog`"), "{out}");
}

/// The app-config of a portal with many plugins, and what the check says of it.
const PORTAL: &str = include_str!("portal/app-config.yaml");
const CHECK: &str = include_str!("portal/check.txt");

#[test]
fn the_check_of_a_real_portal_tells_what_changes_this_server_and_of_the_rest_one_line() {
    let directory = configured(PORTAL);
    std::fs::write(directory.path().join("rds-ca.pem"), "a certificate").unwrap();
    let output = coder_backstage()
        .args(["config", "check"])
        .current_dir(&directory)
        .env_clear()
        .envs([("CODER_OAUTH_CLIENT_ID", "id"), ("CODER_OAUTH_CLIENT_SECRET", SECRET)])
        .env("BACKSTAGE_CATALOG_TOKEN", "token")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8(output.stderr).unwrap());
    assert_eq!(told, CHECK);
}

#[test]
fn a_session_of_more_than_ten_years_fails_the_check() {
    let text = app_config(":7007") + "coder: { session: { absolute: { years: 300000 } } }\n";
    let (code, out, err) = config(&configured(&text), &["check"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(err.starts_with("app-config.yaml:10:"), "{err}");
}

#[test]
fn a_portal_on_https_whose_base_url_is_this_machine_fails_the_check() {
    let text = app_config(":7007").replace(
        "clientId: id",
        "clientId: id
        callbackUrl: https://portal.example.com/api/auth/coder/handler/frame",
    );
    let (code, out, err) = config(&configured(&text), &["check"]);
    assert_eq!(code, Some(1), "{out}{err}");
}

#[test]
fn a_configuration_that_cannot_be_read_fails_the_check_and_the_printing() {
    let directory = configured("app: [\n");
    for command in ["check", "print"] {
        let (code, out, err) = config(&directory, &[command]);
        assert_eq!(code, Some(1), "{command}");
        assert!(err.starts_with("app-config.yaml:"), "{command}: {err}");
        assert_eq!(out, "", "{command}");
    }
    let (code, _, err) = config(&TempDir::new().unwrap(), &["check"]);
    assert_eq!(code, Some(1));
    assert!(err.starts_with("there is no file `app-config.yaml`"), "{err}");
}

#[test]
fn every_kind_of_secret_is_left_out_of_what_is_printed() {
    let text = app_config(":7007")
        + "coder:
  session:
    keys: [do-not-print-0123456789-0123456789-01]
    store: { type: postgres, url: 'postgres://db/x?user=me&password=do-not-print' }
integrations:
  github: [{ host: ghe.example.com, token: do-not-print, apps: [{ appId: 1, webhookSecret: do-not-print, privateKey: do-not-print }] }]
  bitbucketCloud: [{ username: jane, appPassword: do-not-print }]
  awsS3: [{ accessKeyId: AKIA, secretAccessKey: do-not-print }]
  googleGcs: { clientEmail: a@example.com, privateKey: do-not-print }
proxy: { endpoints: { /coder: { target: 'https://coder.example.com', headers: { Authorization: Bearer do-not-print, Coder-Session-Token: do-not-print, Cookie: do-not-print } } } }
";
    let text = text.replace("auth:\n", "auth:\n  session: { secret: do-not-print }\n");
    let directory = configured(&text);
    std::fs::write(
        directory.path().join("app-config.local.yaml"),
        "backend: { auth: { keys: [{ secret: do-not-print }] }, database: { connection: { password: do-not-print } } }\n",
    )
    .unwrap();
    for arguments in [&["print"][..], &["print", "--with-origin"]] {
        let (code, out, err) = config(&directory, arguments);
        assert_eq!(code, Some(0), "{err}");
        assert!(out.contains("[redacted]") && out.contains("ghe.example.com"), "{out}");
        assert!(!out.contains("do-not-print"), "{out}");
    }
}

#[cfg(unix)]
#[test]
fn a_database_that_others_may_write_is_a_reason_not_to_start() {
    use std::os::unix::fs::PermissionsExt as _;
    let config = app_config("127.0.0.1:0").replace("${CODER_OAUTH_CLIENT_SECRET}", "s");
    let directory = configured(&config);
    let database = directory.path().join("coder-backstage.sqlite");
    std::fs::write(&database, "").unwrap();
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o666)).unwrap();
    let stderr = fail_to_serve(&directory);
    assert!(
        stderr.contains("coder-backstage.sqlite` can be read or written by others"),
        "{stderr}"
    );
    assert!(stderr.contains("chmod 600"), "{stderr}");
}

/// Checks a directory in which the kernel gives nobody, not even its administrator, a file.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_written_to_is_a_reason_not_to_start() {
    let config = app_config("127.0.0.1:0").replace("${CODER_OAUTH_CLIENT_SECRET}", "s");
    let directory = configured(&config);
    let mut serve = coder_backstage();
    serve.args(["serve", "--data-dir", "/proc/self"]).current_dir(&directory);
    let output = serve.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("nothing can be written to the directory `/proc/self`"), "{told}");
}

#[test]
fn what_others_could_use_fails_the_check_at_its_place() {
    let good = app_config(":7007");
    let session = |text: &str| format!("{good}coder: {{ session: {{ {text} }} }}\n");
    let in_auth = |line: &str| good.replace("auth:\n", &format!("auth:\n  {line}\n"));
    for (text, place) in [
        (good.replace("development:", "'..':"), "app-config.yaml:6:7: "),
        (session("idle: 1ms"), "app-config.yaml:10:"),
        (in_auth("experimentalExtraAllowedOrigins: ['http://*']"), "app-config.yaml:4:37: "),
        (session("keys: [kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk]"), "app-config.yaml:10:"),
        (session("store: { type: sqlite, file: app-config.yaml }"), "app-config.yaml:10:"),
    ] {
        let (code, out, err) = config(&configured(&text), &["check"]);
        assert_eq!(code, Some(1), "{text}\n{out}");
        assert!(err.starts_with(place), "{text}\n{err}");
    }
    let (code, out, err) =
        config(&configured(&in_auth("backstageTokenExpiration: 1ms")), &["check"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("app-config.yaml:4:29: `auth.backstageTokenExpiration`"), "{out}");
}

#[cfg(unix)]
#[test]
fn a_place_where_no_database_can_be_fails_the_check_and_the_server_does_not_start() {
    for file in ["/dev/null", "/dev/zero", "folder", "text.txt"] {
        let text = app_config("127.0.0.1:0").replace("${CODER_OAUTH_CLIENT_SECRET}", "s")
            + &format!("coder: {{ session: {{ store: {{ type: sqlite, file: {file} }} }} }}\n");
        let directory = configured(&text);
        std::fs::create_dir(directory.path().join("folder")).unwrap();
        private_file(&directory.path().join("text.txt"), "not a database, and long enough for one");
        let (code, out, err) = config(&directory, &["check"]);
        assert_eq!(code, Some(1), "{file}: {out}");
        assert!(err.starts_with("app-config.yaml:10:50: `coder.session.store.file` "), "{err}");
        assert!(err.contains(&format!("{file}` is ")), "{err}");
        fail_to_serve(&directory);
    }
}

#[cfg(unix)]
fn private_file(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_check_looks_at_the_data_directory_and_changes_nothing_in_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = configured(&app_config(":7007"));
    let data = tempfile::tempdir().unwrap();
    let check = || config(&directory, &["check", "--data-dir", data.path().to_str().unwrap()]);
    let open = |mode| {
        std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(0o777);
    let (code, out, err) = check();
    assert_eq!(code, Some(0), "{err}");
    let told = format!("the directory `{}` can be written to by everybody", data.path().display());
    assert!(out.contains(&told) && out.contains("chmod o-w"), "{out}");
    // Where only the owner of a file may replace it, others are kept out.
    for mode in [0o700, 0o775, 0o1777] {
        open(mode);
        let (code, out, _) = check();
        assert_eq!((code, out.contains("everybody")), (Some(0), false), "{out}");
    }
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
    let database = data.path().join("coder-backstage.sqlite");
    std::fs::write(&database, "").unwrap();
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, err) = check();
    assert_eq!(code, Some(1));
    assert!(err.contains("chmod 600"), "{err}");
}

#[cfg(unix)]
#[test]
fn a_server_that_starts_in_a_directory_of_everybody_warns() {
    use std::os::unix::fs::PermissionsExt as _;
    let config = app_config("127.0.0.1:0").replace("${CODER_OAUTH_CLIENT_SECRET}", "s");
    let directory = configured(&config);
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let server = serving::Process::start(directory.path(), |_| {});
    assert!(server.log().contains("can be written to by everybody"), "{}", server.log());
}
