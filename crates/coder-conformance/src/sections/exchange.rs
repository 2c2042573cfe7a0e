//! The exchange of a code at `/oauth2/tokens`: every parameter in every wrong form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::provider::{App, Change, Pairs, TokenPair, UNKNOWN_SECRET, borrowed, wrong_half};
use crate::placeholders::UNKNOWN_ID;
use crate::server::Server;

const TOKENS: &str = "/oauth2/tokens";
const LABEL: &str = "tokens/code/";

/// Exchanges codes of one application; `other` is a second one.
pub(super) struct Exchange<'a> {
    pub(super) app: &'a App,
    pub(super) other: &'a App,
    pub(super) member: &'a str,
}

impl Exchange<'_> {
    /// Sends the requests of this section.
    pub(super) async fn play(&self, server: &mut Server) {
        let code = self.code(server, &[]).await;
        server.name(&code, "{code}");
        self.wrong_grant_and_client(server, &code).await;
        let code = self.wrong_secrets(server, &code).await;
        self.wrong_codes(server, &code).await;
        self.forms(server, &code).await;
        self.basic(server, &code).await;
        self.send(server, "right-after-all-that", &code, &[]).await;
        self.other_clients(server).await;
        self.verifiers(server).await;
        self.redirects(server).await;
        self.resources(server).await;
        self.scopes(server).await;
        self.good_basic(server).await;
        self.query(server).await;
        self.reuse(server).await;
    }

    async fn code(&self, server: &mut Server, changes: &[Change<'_>]) -> String {
        server.code(self.app, self.member, changes).await
    }

    async fn send(
        &self,
        server: &mut Server,
        label: &str,
        code: &str,
        changes: &[Change<'_>],
    ) -> crate::server::Reply {
        server.exchange(&format!("{LABEL}{label}"), self.app, code, changes).await
    }

    async fn wrong_grant_and_client(&self, server: &mut Server, code: &str) {
        for (label, change) in [
            ("no-grant-type", ("grant_type", None)),
            ("empty-grant-type", ("grant_type", Some(""))),
            ("unknown-grant-type", ("grant_type", Some("foo"))),
            ("password-grant", ("grant_type", Some("password"))),
            ("client_credentials-grant", ("grant_type", Some("client_credentials"))),
            ("implicit-grant", ("grant_type", Some("implicit"))),
            ("device-grant", ("grant_type", Some("urn:ietf:params:oauth:grant-type:device_code"))),
            ("no-client_id", ("client_id", None)),
            ("empty-client_id", ("client_id", Some(""))),
            ("bad-client_id", ("client_id", Some("abc"))),
            ("unknown-client_id", ("client_id", Some(UNKNOWN_ID))),
        ] {
            self.send(server, label, code, &[change]).await;
        }
    }

    /// Exchanges with wrong secrets, and returns the code that later requests go on with.
    async fn wrong_secrets(&self, server: &mut Server, code: &str) -> String {
        let same_prefix = wrong_half(&self.app.secret);
        for (label, secret) in [
            ("no-secret", None),
            ("empty-secret", Some("")),
            ("malformed-secret", Some("abc")),
            ("wrong-secret", Some(UNKNOWN_SECRET)),
            ("wrong-secret-same-prefix", Some(same_prefix.as_str())),
        ] {
            self.send(server, label, code, &[("client_secret", secret)]).await;
        }
        let second = self.code(server, &[]).await;
        let others = [("client_secret", Some(self.other.secret.as_str()))];
        self.send(server, "other-apps-secret", &second, &others).await;
        self.send(server, "other-apps-secret-then-right", &second, &[]).await;
        let code = self.code(server, &[]).await;
        server.name(&code, "{code}");
        code
    }

    async fn wrong_codes(&self, server: &mut Server, code: &str) {
        let half = wrong_half(code);
        for (label, code) in [
            ("no-code", None),
            ("empty-code", Some("")),
            ("malformed-code", Some("abc")),
            ("unknown-code", Some(UNKNOWN_SECRET)),
            ("wrong-half-code", Some(half.as_str())),
        ] {
            self.send(server, label, "", &[("code", code)]).await;
        }
        let slash = format!("{}/", self.app.callback);
        for (label, change) in [
            ("other-redirect", ("redirect_uri", Some("http://evil.test/cb"))),
            ("redirect-slash", ("redirect_uri", Some(slash.as_str()))),
            ("unknown-param", ("foo", Some("bar"))),
            ("state-param", ("state", Some("st-1"))),
        ] {
            self.send(server, label, code, &[change]).await;
        }
    }

    /// Sends parameters twice, bodies of other types, and other methods.
    async fn forms(&self, server: &mut Server, code: &str) {
        let form = self.app.exchange(code, &[]);
        for name in ["code", "grant_type", "client_id", "client_secret"] {
            let mut twice = form.clone();
            twice.extend(form.iter().filter(|(known, _)| known == name).cloned());
            server.tokens(&format!("{LABEL}repeated-{name}"), &twice).await;
        }
        let json: Map<String, Value> =
            form.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let label = |case: &str| format!("{LABEL}{case}");
        server.ask(&label("json-body"), "POST", TOKENS).json(&json.into()).send().await;
        let encoded: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(borrowed(&form)).finish();
        server.ask(&label("no-content-type"), "POST", TOKENS).raw(encoded.clone()).send().await;
        let plain = server.ask(&label("text-plain"), "POST", TOKENS);
        plain.header("content-type", "text/plain").raw(encoded).send().await;
        server.ask(&label("empty-body"), "POST", TOKENS).send().await;
        server
            .ask(&label("broken-form"), "POST", TOKENS)
            .header("content-type", "application/x-www-form-urlencoded")
            .raw("%zz=1&grant_type=authorization_code")
            .send()
            .await;
        for method in ["GET", "PUT", "PATCH", "HEAD", "OPTIONS"] {
            let query = if method == "GET" { borrowed(&form) } else { Vec::new() };
            server.ask(&format!("tokens/{method}"), method, TOKENS).query(&query).send().await;
        }
        server
            .ask("tokens/OPTIONS-preflight", "OPTIONS", TOKENS)
            .header("origin", "https://portal.test")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
            .send()
            .await;
        server
            .ask("tokens/origin", "POST", TOKENS)
            .header("origin", "https://portal.test")
            .form(&[("grant_type", "foo"), ("client_id", &self.app.id)])
            .send()
            .await;
    }

    async fn basic(&self, server: &mut Server, code: &str) {
        let (id, secret) = (self.app.id.as_str(), self.app.secret.as_str());
        let form = self.app.exchange(code, &[("client_id", None), ("client_secret", None)]);
        let conflict = |name: &str, value: &str| {
            let mut form = form.clone();
            form.push((name.to_owned(), value.to_owned()));
            form
        };
        let other_id = conflict("client_id", &self.other.id);
        let other_secret = conflict("client_secret", &self.other.secret);
        for (label, form, user, password) in [
            ("basic-wrong-secret", &form, id, UNKNOWN_SECRET),
            ("basic-empty-secret", &form, id, ""),
            ("basic-unknown-client", &form, UNKNOWN_ID, secret),
            ("basic-conflict-id", &other_id, id, secret),
            ("basic-conflict-secret", &other_secret, id, secret),
        ] {
            let ask = server.ask(&format!("{LABEL}{label}"), "POST", TOKENS);
            ask.form(&borrowed(form)).basic(user, password).send().await;
        }
        let bearer = format!("Bearer {secret}");
        for (label, value) in [("basic-garbage", "Basic !!!"), ("bearer-instead", bearer.as_str())]
        {
            let ask = server.ask(&format!("{LABEL}{label}"), "POST", TOKENS);
            ask.form(&borrowed(&form)).header("authorization", value).send().await;
        }
        let ask = server.ask(&format!("{LABEL}basic-empty-user"), "POST", TOKENS);
        ask.form(&borrowed(&form)).basic("", secret).send().await;
    }

    async fn other_clients(&self, server: &mut Server) {
        let code = self.code(server, &[]).await;
        let other = self.other;
        let callback = ("redirect_uri", Some(other.callback.as_str()));
        let owners = ("client_secret", Some(self.app.secret.as_str()));
        for (label, changes) in [
            ("other-client-with-own-secret", vec![callback]),
            ("other-client-with-own-secret-no-redirect", vec![("redirect_uri", None)]),
            ("other-client-with-owners-secret", vec![callback, owners]),
        ] {
            server.exchange(&format!("{LABEL}{label}"), other, &code, &changes).await;
        }
        self.send(server, "right-after-other-client", &code, &[]).await;
    }

    async fn verifiers(&self, server: &mut Server) {
        let (odd, wrong, long) = ("!".repeat(43), "a".repeat(43), "a".repeat(129));
        for (label, verifier) in [
            ("absent", None),
            ("empty", Some("")),
            ("short", Some("abc")),
            ("badchars", Some(odd.as_str())),
            ("wrong", Some(wrong.as_str())),
            ("129", Some(long.as_str())),
        ] {
            let code = self.code(server, &[]).await;
            let change = [("code_verifier", verifier)];
            self.send(server, &format!("verifier-{label}"), &code, &change).await;
            self.send(server, &format!("verifier-{label}-then-right"), &code, &[]).await;
        }
        let code = self.code(server, &[("code_challenge_method", None)]).await;
        self.send(server, "no-method-sent-then-S256", &code, &[]).await;
    }

    async fn redirects(&self, server: &mut Server) {
        let none = ("redirect_uri", None);
        for (label, changes) in [
            ("redirect-not-sent-at-authorize-and-absent", vec![none]),
            ("redirect-not-sent-at-authorize-but-here", vec![]),
            (
                "redirect-not-sent-at-authorize-wrong-here",
                vec![("redirect_uri", Some("http://evil.test/cb"))],
            ),
        ] {
            let code = self.code(server, &[none]).await;
            self.send(server, label, &code, &changes).await;
        }
        let code = self.code(server, &[]).await;
        self.send(server, "redirect-sent-at-authorize-absent-here", &code, &[none]).await;
        self.send(server, "redirect-sent-at-authorize-absent-here-then-right", &code, &[]).await;
    }

    /// Asks for tokens of a resource (RFC 8707).
    async fn resources(&self, server: &mut Server) {
        let base = server.seed().base.clone();
        let (own, foreign) =
            (("resource", Some(base.as_str())), ("resource", Some("https://other.test")));
        let code = self.code(server, &[own]).await;
        self.send(server, "resource-at-authorize-absent-here", &code, &[]).await;
        self.send(server, "resource-at-authorize-absent-here-then-right", &code, &[own]).await;
        let code = self.code(server, &[own]).await;
        self.send(server, "resource-both-other", &code, &[foreign]).await;
        let code = self.code(server, &[own]).await;
        let reply = self.send(server, "resource-both-base", &code, &[own]).await;
        if reply.status == 200 {
            server.me("me/resource-base", &TokenPair::from_reply(&reply).access).await;
        }
        let code = self.code(server, &[foreign]).await;
        let reply = self.send(server, "resource-both-foreign", &code, &[foreign]).await;
        if reply.status == 200 {
            let access = TokenPair::from_reply(&reply).access;
            server.me("me/resource-foreign", &access).await;
            let ask = server.ask("me/resource-foreign-bearer", "GET", "/api/v2/users/me");
            ask.bearer(&access).send().await;
        }
        for (label, value) in
            [("resource-only-here", base.as_str()), ("resource-bad-syntax-here", "/x")]
        {
            let code = self.code(server, &[]).await;
            self.send(server, label, &code, &[("resource", Some(value))]).await;
        }
    }

    async fn scopes(&self, server: &mut Server) {
        for (label, scope) in
            [("scope-sent-here", "coder:all"), ("scope-unknown-sent-here", "no:such")]
        {
            let code = self.code(server, &[]).await;
            self.send(server, label, &code, &[("scope", Some(scope))]).await;
        }
        let code = self.code(server, &[("scope", Some("workspace:read"))]).await;
        self.send(server, "scope-at-authorize", &code, &[]).await;
    }

    async fn good_basic(&self, server: &mut Server) {
        let (id, secret) = (self.app.id.as_str(), self.app.secret.as_str());
        let both = [("client_id", id), ("client_secret", secret)];
        for (label, added) in [
            ("basic-good", both.get(..0)),
            ("basic-and-body-equal", both.get(..2)),
            ("basic-with-body-id", both.get(..1)),
        ] {
            let form = self.form_without_client(server, added.unwrap_or_default()).await;
            let ask = server.ask(&format!("{LABEL}{label}"), "POST", TOKENS);
            ask.form(&borrowed(&form)).basic(id, secret).send().await;
        }
        let form = self.form_without_client(server, &[]).await;
        let lower = format!("basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let ask = server.ask(&format!("{LABEL}lowercase-basic"), "POST", TOKENS);
        ask.form(&borrowed(&form)).header("authorization", &lower).send().await;
    }

    async fn form_without_client(&self, server: &mut Server, added: &[(&str, &str)]) -> Pairs {
        let code = self.code(server, &[]).await;
        let mut form = self.app.exchange(&code, &[("client_id", None), ("client_secret", None)]);
        form.extend(added.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    }

    /// Sends parameters in the query.
    async fn query(&self, server: &mut Server) {
        let (id, secret) = (self.app.id.as_str(), self.app.secret.as_str());
        let code = self.code(server, &[]).await;
        let all = self.app.exchange(&code, &[]);
        let label = |case: &str| format!("{LABEL}{case}");
        server.ask(&label("all-in-query"), "POST", TOKENS).query(&borrowed(&all)).send().await;
        let form = self.form_without_client(server, &[]).await;
        let client = [("client_id", id), ("client_secret", secret)];
        let ask = server.ask(&label("client-in-query"), "POST", TOKENS).query(&client);
        ask.form(&borrowed(&form)).send().await;
        let code = self.code(server, &[]).await;
        let form = self.app.exchange(&code, &[]);
        let ask =
            server.ask(&label("client_id-in-both"), "POST", TOKENS).query(&[("client_id", id)]);
        ask.form(&borrowed(&form)).send().await;
        let code = self.code(server, &[]).await;
        self.send(server, "extra-cookie-session", &code, &[]).await;
    }

    async fn reuse(&self, server: &mut Server) {
        let first = self.code(server, &[]).await;
        let second = self.code(server, &[]).await;
        self.send(server, "first-code-after-second-issued", &first, &[]).await;
        let reply = self.send(server, "second-code", &second, &[]).await;
        self.send(server, "code-reuse", &second, &[]).await;
        if reply.status == 200 {
            let pair = TokenPair::from_reply(&reply);
            server.me("me/after-code-reuse", &pair.access).await;
            server.refresh("tokens/refresh/after-code-reuse", self.app, &pair.refresh, &[]).await;
        }
    }
}
