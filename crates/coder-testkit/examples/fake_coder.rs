//! A fake Coder for tests in other languages: it listens on a free port of this machine until its
//! input ends.
//!
//! ```console
//! $ cargo run --package coder-testkit --example fake_coder
//! {"url":"http://127.0.0.1:40123","token":"…","workspaces":{"running":"…","stopped":"…"}}
//! ```
//!
//! Its first line tells where it is, a token of the user `alice`, and the ids of her workspaces, which
//! were made from the template `devcontainers` for `https://github.com/acme/payments`. Each line of its
//! input lets something happen, and is answered by a line of JSON:
//!
//! - `start`, `stop` and `lose-agents` with `running` or `stopped`: to that workspace.
//! - `add NAME`: a person, unless that one is there; their `token`.
//! - `register CALLBACK`: an application with this callback URL; its `clientId` and `clientSecret`.
//! - `limit`: the next request is refused, as one too many.
//!
//! With the argument `2.24` it is a Coder of that release.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use std::{env, error, io};

use coder_core::{OsRandom, SystemClock};
use coder_testkit::{FakeCoder, FakeServer, Fault, Pace, Version};
use serde_json::{Value, json};

const REPOSITORY: &str = "https://github.com/acme/payments";

#[tokio::main]
async fn main() -> Result<(), Box<dyn error::Error>> {
    let version = match env::args().nth(1).as_deref() {
        Some("2.24") => Version::V2_24,
        _ => Version::default(),
    };
    let builder = FakeCoder::builder()
        .version(version)
        .clock(Arc::new(SystemClock))
        .random(Arc::new(OsRandom))
        .pace(Pace::INSTANT);
    let server = FakeServer::start(builder).await?;
    let coder = server.coder();
    let alice = coder.add_user("alice");
    coder.add_template("devcontainers").parameter("repo", "").parameter("region", "eu-helsinki");
    let new = |name| {
        let workspace = coder.add_workspace(&alice, name).template("devcontainers");
        workspace.parameter("repo", REPOSITORY)
    };
    let running = new("running").running().create();
    let stopped = new("stopped").stopped().create();
    let told = json!({
        "url": coder.url().as_str(),
        "token": alice.session_token.expose(),
        "workspaces": { "running": running, "stopped": stopped },
    });
    writeln!(io::stdout(), "{told}")?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (action, object) = line.split_once(' ').unwrap_or((&line, "running"));
        let workspace = if object == "stopped" { stopped } else { running };
        let mut answer = json!({});
        match action {
            "start" => coder.start(workspace),
            "stop" => coder.stop(workspace),
            "lose-agents" => coder.lose_agents(workspace),
            "add" => answer = json!({ "token": coder.add_user(object).session_token.expose() }),
            "register" => answer = registered(coder, object),
            "limit" => coder.fail_next(Fault::rate_limited(30)),
            _ => answer = json!({ "error": format!("there is no action `{action}`") }),
        }
        writeln!(io::stdout(), "{answer}")?;
    }
    Ok(())
}

/// Registers an application with this callback URL.
fn registered(coder: &FakeCoder, callback: &str) -> Value {
    let app = coder.add_oauth2_app("backstage", callback);
    json!({ "clientId": app.client_id, "clientSecret": app.client_secret.expose() })
}
