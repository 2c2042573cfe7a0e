//! What the sections of the OAuth2 provider share: applications, codes and token pairs.

use serde_json::{Value, json};

use crate::server::{Reply, Server};

/// The verifier of every login, and its S256 challenge.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A secret, code or token of the right form that no Coder has issued.
pub(crate) const UNKNOWN_SECRET: &str = "coder_AAAAAAAAAA_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

/// The applications of administrators.
pub(super) const APPS: &str = "/api/v2/oauth2-provider/apps";

/// Names and values of a query or a form, in order.
pub(super) type Pairs = Vec<(String, String)>;

/// Sets a parameter, or removes it (`None`).
pub(super) type Change<'a> = (&'a str, Option<&'a str>);

/// Changes pairs: a known name changes where it stands, a new one comes last.
pub(super) fn with(pairs: &[(&str, &str)], changes: &[Change<'_>]) -> Pairs {
    let mut result: Vec<(String, Option<String>)> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
    for (name, value) in changes {
        let value = value.map(str::to_owned);
        match result.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => result.push(((*name).to_owned(), value)),
        }
    }
    result.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Borrows pairs as requests take them.
pub(super) fn borrowed(pairs: &Pairs) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// An application of this run.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) callback: String,
}

/// A token pair; its texts are empty when there was none.
#[derive(Clone, Debug)]
pub(super) struct TokenPair {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl TokenPair {
    /// Reads the pair of a token answer.
    pub(super) fn from_reply(reply: &Reply) -> Self {
        Self { access: reply.text_at("/access_token"), refresh: reply.text_at("/refresh_token") }
    }

    /// Returns the pair of this answer if it has one, else this pair.
    pub(super) fn or_newer(self, reply: &Reply) -> Self {
        if reply.status == 200 { Self::from_reply(reply) } else { self }
    }
}

impl App {
    /// Makes the parameters of an authorization request.
    pub(super) fn authorization(&self, changes: &[Change<'_>]) -> Pairs {
        let usual = [
            ("client_id", self.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &self.callback),
            ("state", "st-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        with(&usual, changes)
    }

    /// Makes the form that exchanges a code.
    pub(super) fn exchange(&self, code: &str, changes: &[Change<'_>]) -> Pairs {
        let usual = [
            ("grant_type", "authorization_code"),
            ("client_id", self.id.as_str()),
            ("client_secret", &self.secret),
            ("code", code),
            ("redirect_uri", &self.callback),
            ("code_verifier", VERIFIER),
        ];
        with(&usual, changes)
    }

    /// Makes the form that refreshes a pair.
    pub(super) fn refresh(&self, token: &str, changes: &[Change<'_>]) -> Pairs {
        let usual = [
            ("grant_type", "refresh_token"),
            ("client_id", self.id.as_str()),
            ("client_secret", &self.secret),
            ("refresh_token", token),
        ];
        with(&usual, changes)
    }
}

impl Server {
    /// Registers an application with a secret, shown as `{name.client_id}` and `{name.secret0}`.
    pub(crate) async fn add_app(&mut self, name: &str, callback: &str) -> App {
        let owner = self.token("ada");
        let full_name = format!("{name}-{}", self.run());
        let body = json!({ "name": full_name, "callback_url": callback, "icon": "" });
        let made = self.quietly("POST", APPS).token(&owner).json(&body).send().await;
        let id = made.text_at("/id");
        self.name(&id, &format!("{{{name}.client_id}}"));
        self.name(&full_name, name);
        self.made(&format!("{APPS}/{id}"), &owner);
        let secrets = format!("{APPS}/{id}/secrets");
        let secret = self.quietly("POST", &secrets).token(&owner).send().await;
        let full = secret.text_at("/client_secret_full");
        self.name(&full, &format!("{{{name}.secret0}}"));
        self.name(&secret.text_at("/id"), &format!("{{{name}.secret0.id}}"));
        App { id, secret: full, callback: callback.to_owned() }
    }

    /// Gets a code for the person of this session; empty when it is refused.
    pub(super) async fn code(&mut self, app: &App, token: &str, changes: &[Change<'_>]) -> String {
        let query = app.authorization(changes);
        let reply = self
            .quietly("POST", "/oauth2/authorize")
            .token(token)
            .query(&borrowed(&query))
            .send()
            .await;
        reply.location_parameters().remove("code").unwrap_or_default()
    }

    /// Sends a form to the token endpoint.
    pub(super) async fn tokens(&mut self, label: &str, form: &Pairs) -> Reply {
        self.ask(label, "POST", "/oauth2/tokens").form(&borrowed(form)).send().await
    }

    /// Exchanges an authorization code for a pair.
    pub(super) async fn exchange(
        &mut self,
        label: &str,
        app: &App,
        code: &str,
        changes: &[Change<'_>],
    ) -> Reply {
        self.tokens(label, &app.exchange(code, changes)).await
    }

    /// Gets a token pair; none of the answers is kept.
    pub(super) async fn pair(&mut self, app: &App, token: &str) -> TokenPair {
        let code = self.code(app, token, &[]).await;
        let form = app.exchange(&code, &[]);
        let reply = self.quietly("POST", "/oauth2/tokens").form(&borrowed(&form)).send().await;
        TokenPair::from_reply(&reply)
    }

    /// Exchanges a refresh token for a new pair.
    pub(super) async fn refresh(
        &mut self,
        label: &str,
        app: &App,
        token: &str,
        changes: &[Change<'_>],
    ) -> Reply {
        self.tokens(label, &app.refresh(token, changes)).await
    }

    /// Asks who a token is.
    pub(super) async fn me(&mut self, label: &str, token: &str) {
        self.ask(label, "GET", "/api/v2/users/me").token(token).send().await;
    }

    /// Posts JSON to the applications, and deletes what was made.
    pub(super) async fn try_app(&mut self, label: &str, token: &str, body: &Value) {
        let reply = self.ask(label, "POST", APPS).token(token).json(body).send().await;
        if reply.status == 201 {
            let owner = self.token("ada");
            let path = format!("{APPS}/{}", reply.text_at("/id"));
            self.quietly("DELETE", &path).token(&owner).send().await;
        }
    }
}

/// Replaces the last three characters of a text: the right first half, a wrong second.
pub(super) fn wrong_half(token: &str) -> String {
    let kept = token.char_indices().rev().nth(2).map_or(0, |(index, _)| index);
    format!("{}zzz", token.get(..kept).unwrap_or_default())
}
