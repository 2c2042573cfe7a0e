//! `POST …/workspaces`.

use serde_json::{Value, json};

use super::family::{NOBODY, filled};
use crate::server::{Reply, Server};

const OWN: &str = "/users/me/workspaces";

/// Sender of requests that create workspaces.
struct Creating<'s> {
    server: &'s mut Server,
    /// How many names it has given.
    names: u32,
}

/// The name that is replaced by a new one.
const NEW_NAME: &str = "*";

/// The name of the first workspace that the run creates, which the sections after this one use.
pub(super) const FIRST_NAME: &str = "f{run}-1";

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    let mut creating = Creating { server, names: 0 };
    creating.create("plain", "ada", plain(json!({}))).await;
    creating.templates().await;
    creating.names().await;
    creating.time_to_live().await;
    creating.schedules().await;
    creating.parameters().await;
    creating.faulty_parameters().await;
    creating.presets().await;
    creating.owners().await;
}

/// Makes a body for the template without parameters.
fn plain(fields: Value) -> Value {
    with(json!({ "template_id": "{template.plain}", "name": NEW_NAME }), fields)
}

/// Makes a body for the template with parameters.
fn full(fields: Value) -> Value {
    with(json!({ "template_id": "{template.devcontainers}", "name": NEW_NAME }), fields)
}

/// Makes a body for the template with parameters, with the one that it requires and these.
pub(super) fn full_with(values: &[(&str, &str)]) -> Value {
    let mut all = vec![("git_repo", "https://a.test/x.git")];
    for (name, value) in values {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    full(json!({ "rich_parameter_values": parameters(&all) }))
}

/// Renders parameter values, as Coder takes them.
pub(super) fn parameters(values: &[(&str, &str)]) -> Value {
    values.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn with(mut body: Value, fields: Value) -> Value {
    if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
        body.extend(fields);
    }
    body
}

impl Creating<'_> {
    /// Creates a workspace of the user's own.
    async fn create(&mut self, label: &str, who: &str, body: Value) -> Reply {
        self.create_at(OWN, label, who, Some(body)).await
    }

    /// Creates a workspace at this path, and waits for its build. It is shown as `{ws:LABEL}`.
    async fn create_at(
        &mut self,
        path: &str,
        label: &str,
        who: &str,
        body: Option<Value>,
    ) -> Reply {
        let token = self.server.fill(&format!("{{{who}.token}}"));
        let path = format!("/api/v2{}", self.server.fill(path));
        let body = body.map(|body| self.named(&body));
        let mut ask = self.server.ask(&format!("create/{label}"), "POST", &path);
        if who != NOBODY {
            ask = ask.token(&token);
        }
        if let Some(body) = &body {
            ask = ask.json(body);
        }
        let reply = ask.send().await;
        if reply.status == 201 {
            if label.starts_with("param:") || label.starts_with("full-") {
                self.parameters_of(&format!("{label}/parameters"), &reply, &token).await;
            }
            let id = reply.text_at("/id");
            self.server.name(&id, &format!("{{ws:{label}}}"));
            self.server.made_workspace(&id, &token);
            self.server.wait(&id, &token).await;
        }
        reply
    }

    /// Fills a body in, with a new name in the place of [`NEW_NAME`].
    fn named(&mut self, body: &Value) -> Value {
        let mut body = filled(self.server, body);
        if let Some(name) = body.get_mut("name").filter(|name| *name == NEW_NAME) {
            self.names += 1;
            let new = format!("f{}-{}", self.server.run(), self.names);
            *name = new.clone().into();
            self.server.name(&new, "{wsname}");
        }
        body
    }

    /// Asks for the parameters of the build that created a workspace.
    async fn parameters_of(&mut self, label: &str, created: &Reply, token: &str) {
        let build = created.text_at("/latest_build/id");
        let path = format!("/api/v2/workspacebuilds/{build}/parameters");
        self.server.ask(&format!("create/{label}"), "GET", &path).token(token).send().await;
    }

    /// Creates several, as `ada`.
    async fn create_all<const N: usize>(&mut self, bodies: [(&str, Value); N]) {
        for (label, body) in bodies {
            self.create(label, "ada", body).await;
        }
    }

    /// Creates workspaces from each kind of source: a template, a version, neither.
    async fn templates(&mut self) {
        self.create_at(OWN, "no-body", "ada", None).await;
        let version = |id: &str| json!({ "template_version_id": id, "name": NEW_NAME });
        let template = |id: &str| json!({ "template_id": id, "name": NEW_NAME });
        self.create_all([
            ("empty", json!({})),
            ("list", json!([])),
            ("bad-json-type", json!({ "template_id": 5, "name": NEW_NAME })),
            ("no-name", json!({ "template_id": "{template.plain}" })),
            ("no-template", json!({ "name": NEW_NAME })),
            ("both-ids", plain(json!({ "template_version_id": "{version.plain}" }))),
            ("by-version", version("{version.plain}")),
            ("unknown-template", template("{unknown}")),
            ("unknown-version", version("{unknown}")),
            ("bad-uuid-template", template("abc")),
            ("nil-template", template("00000000-0000-0000-0000-000000000000")),
            ("unknown-field", plain(json!({ "foo": 1 }))),
        ])
        .await;
    }

    async fn names(&mut self) {
        let named = |name: &str| plain(json!({ "name": name }));
        for name in ["a b", "-a", "a-", "a--b", "a_b", "a.b", "new", "create", "NEW"] {
            self.create(&format!("name:{name}"), "ada", named(name)).await;
        }
        self.create("name:x*33", "ada", named(&"x".repeat(33))).await;
        for (label, name) in [
            ("name:ü", "ü"),
            ("name:", ""),
            ("name:A-B-1", "A-B-1-{run}"),
            ("name:1", "1-{run}"),
            ("name:x*32", "yyyyyyyyyyyyyyyyyyyyyyyyyy{run}"),
        ] {
            self.create(label, "ada", named(name)).await;
        }
        self.create("taken", "ada", named(FIRST_NAME)).await;
        let upper = self.server.fill(FIRST_NAME).to_uppercase();
        self.create("taken-upper", "ada", named(&upper)).await;
        self.create("taken-by-other", "grace", named(FIRST_NAME)).await;
    }

    async fn time_to_live(&mut self) {
        const HOUR: i64 = 3_600_000;
        for (label, milliseconds) in [
            ("ttl-0", json!(0)),
            ("ttl-30s", json!(30_000)),
            ("ttl-1m", json!(60_000)),
            ("ttl-31d", json!(31 * 24 * HOUR)),
            ("ttl-null", Value::Null),
            ("ttl-neg", json!(-5)),
            ("ttl-8h", json!(8 * HOUR)),
            ("ttl-string", json!("1h")),
        ] {
            self.create(label, "ada", plain(json!({ "ttl_ms": milliseconds }))).await;
        }
    }

    async fn schedules(&mut self) {
        for (label, schedule) in [
            ("autostart", json!("CRON_TZ=Europe/Berlin 30 9 * * 1-5")),
            ("autostart-bad", json!("nope")),
            ("autostart-6-fields", json!("* * * * * *")),
            ("autostart-empty", json!("")),
            ("autostart-null", Value::Null),
            ("autostart-dom", json!("30 9 1 * *")),
        ] {
            self.create(label, "ada", plain(json!({ "autostart_schedule": schedule }))).await;
        }
        for (label, updates) in
            [("updates-always", "always"), ("updates-bogus", "bogus"), ("updates-empty", "")]
        {
            self.create(label, "ada", plain(json!({ "automatic_updates": updates }))).await;
        }
    }

    async fn parameters(&mut self) {
        self.create("full-defaults", "ada", full(json!({}))).await;
        let values = [
            ("cpu", "8"),
            ("ide", "jetbrains"),
            ("gpu", "true"),
            ("regions", r#"["eu"]"#),
            ("fixed", "z"),
            ("wipe", "true"),
        ];
        self.create("full-values", "ada", full_with(&values)).await;
        for (label, name, value) in [
            ("unknown-param", "nope", "1"),
            ("bad-number", "cpu", "abc"),
            ("empty-number", "cpu", ""),
            ("float-number", "cpu", "4.5"),
            ("number-too-big", "cpu", "99"),
            ("number-too-small", "cpu", "0"),
            ("bad-option", "ide", "emacs"),
            ("empty-option", "ide", ""),
            ("bad-bool", "gpu", "maybe"),
            ("bool-1", "gpu", "1"),
            ("bool-upper", "gpu", "TRUE"),
            ("empty-bool", "gpu", ""),
            ("bad-list", "regions", "eu"),
            ("list-of-numbers", "regions", "[1]"),
            ("list-empty", "regions", "[]"),
            ("empty-list-string", "regions", ""),
        ] {
            self.create(&format!("param:{label}"), "ada", full_with(&[(name, value)])).await;
        }
    }

    async fn faulty_parameters(&mut self) {
        let repository = json!({ "name": "git_repo", "value": "https://a.test/x.git" });
        let values = |more: Value| {
            let mut all = vec![repository.clone()];
            all.extend(more.as_array().cloned().unwrap_or_default());
            full(json!({ "rich_parameter_values": all }))
        };
        let cpu = |value: &str| json!({ "name": "cpu", "value": value });
        let number = json!([{ "name": "cpu", "value": 5 }]);
        let on_plain = plain(json!({ "rich_parameter_values": parameters(&[("x", "1")]) }));
        self.create_all([
            ("param:two-faults", full_with(&[("cpu", "99"), ("ide", "emacs")])),
            ("param:empty-text", full_with(&[("git_repo", "")])),
            ("param:ephemeral", full_with(&[("wipe", "true")])),
            ("param:repeated", values(json!([cpu("5"), cpu("6")]))),
            ("param:no-name", values(json!([{ "value": "5" }]))),
            ("param:number-value", full(json!({ "rich_parameter_values": number }))),
            ("param:not-list", full(json!({ "rich_parameter_values": { "cpu": "5" } }))),
            ("param:on-plain", on_plain),
            ("param:case", full_with(&[("CPU", "5")])),
        ])
        .await;
    }

    async fn presets(&mut self) {
        let path = self.server.fill("/api/v2/templateversions/{version.devcontainers}/presets");
        let ada = self.server.token("ada");
        let presets = self.server.quietly("GET", &path).token(&ada).send().await.json();
        for preset in presets.as_array().into_iter().flatten() {
            let text = |field: &str| preset.get(field).and_then(Value::as_str).unwrap_or_default();
            self.server.name(text("ID"), &format!("{{preset.{}}}", text("Name")));
        }
        let preset = |id: &str| json!({ "template_version_preset_id": id });
        for (label, values) in [("preset", &[][..]), ("preset-and-value", &[("cpu", "3")][..])] {
            let body = with(full_with(values), preset("{preset.Big}"));
            let reply = self.create(label, "ada", body).await;
            if reply.status == 201 {
                self.parameters_of(&format!("{label}-parameters"), &reply, &ada).await;
            }
        }
        self.create_all([
            ("value-equals-preset", full_with(&[("cpu", "8")])),
            ("preset-unknown", with(full_with(&[]), preset("{unknown}"))),
            ("preset-bad", with(full_with(&[]), preset("abc"))),
            ("preset-of-other", plain(preset("{preset.Big}"))),
        ])
        .await;
    }

    /// Asks for whom, and where, workspaces can be created.
    async fn owners(&mut self) {
        for (label, who, path) in [
            ("for-other-by-owner", "ada", "/users/{linus.id}/workspaces"),
            ("for-other-by-member", "grace", "/users/linus/workspaces"),
            ("for-unknown", "ada", "/users/nobody/workspaces"),
            ("org-path", "ada", "/organizations/{org.id}/members/me/workspaces"),
            ("org-default-path", "ada", "/organizations/default/members/me/workspaces"),
            ("no-token", NOBODY, OWN),
        ] {
            self.create_at(path, label, who, Some(plain(json!({})))).await;
        }
        let failing = json!({ "template_id": "{template.failing}", "name": NEW_NAME });
        self.create("failing", "linus", failing).await;
        let path = self.server.fill("/api/v2/workspaces/{ws:failing}");
        let linus = self.server.token("linus");
        self.server.ask("create/failed-get", "GET", &path).token(&linus).send().await;
    }
}
