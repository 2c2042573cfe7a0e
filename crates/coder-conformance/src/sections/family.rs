//! Requests as data: tables, and how they are sent.
//!
//! Paths and bodies of a table name things of the world as the recorded answers do:
//! `{workspace.vm}`, `{grace.id}`. They are filled in before a request is sent.

use serde_json::Value;

use crate::server::{Ask, Reply, Server};

/// In the place of a user: the request has no credentials.
pub(super) const NOBODY: &str = "";

/// A request: its label, the user who asks, method and path.
pub(super) type Row<'a> = (&'a str, &'a str, &'a str);

/// Requests whose labels, and whose paths, begin alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    pub(super) labels: &'static str,
    pub(super) paths: &'static str,
}

impl Family {
    /// Begins a request, such as `GET /users/me`.
    pub(super) fn ask<'s>(
        &self,
        server: &'s mut Server,
        (label, who, request): Row<'_>,
    ) -> Ask<'s> {
        let token = session(server, who);
        let (method, path) = request.split_once(' ').unwrap_or((request, ""));
        let path = server.fill(&format!("{}{path}", self.paths));
        let ask = server.ask(&format!("{}{label}", self.labels), method, &path);
        match token {
            Some(token) => ask.token(&token),
            None => ask,
        }
    }

    /// Sends the requests of a table, which have no bodies.
    pub(super) async fn send(&self, server: &mut Server, rows: &[Row<'_>]) {
        for row in rows {
            self.ask(server, *row).send().await;
        }
    }

    /// Sends a request with JSON.
    pub(super) async fn send_json(&self, server: &mut Server, row: Row<'_>, body: &Value) -> Reply {
        let body = filled(server, body);
        self.ask(server, row).json(&body).send().await
    }

    /// Sends one request with many bodies, each under its own label.
    pub(super) async fn send_bodies<const N: usize>(
        &self,
        server: &mut Server,
        who: &str,
        request: &str,
        bodies: [(&str, Value); N],
    ) {
        for (label, body) in bodies {
            self.send_json(server, (label, who, request), &body).await;
        }
    }
}

/// Returns the session token of a user, whom this run may have added.
fn session(server: &Server, who: &str) -> Option<String> {
    (who != NOBODY).then(|| server.fill(&format!("{{{who}.token}}")))
}

/// Fills a body in with the things that it names.
pub(super) fn filled(server: &Server, body: &Value) -> Value {
    match body {
        Value::String(text) => Value::String(server.fill(text)),
        Value::Array(items) => items.iter().map(|item| filled(server, item)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (server.fill(name), filled(server, value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
    }
}
