//! A handler that does nothing but send bytes: the measure for everything else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::net::TcpListener;

use crate::outcome::Outcome;

/// Writes an answer for [`serve`]: the status, the headers and the body in lines.
pub(crate) fn write(directory: &Path, name: &str, answer: &Response<Bytes>) -> Outcome<()> {
    let mut text = format!("{}\n", answer.status().as_u16());
    for (name, value) in answer.headers() {
        // hyper adds these by itself.
        if name != "date" && name != "content-length" {
            text = text + name.as_str() + ": " + value.to_str()? + "\n";
        }
    }
    let body = std::str::from_utf8(answer.body())?;
    std::fs::write(directory.join(name), text + "\n" + body)?;
    Ok(())
}

fn read(file: &Path) -> Outcome<Response<Bytes>> {
    let text = std::fs::read_to_string(file)?;
    let (head, body) = text.split_once("\n\n").ok_or("an answer has a head and a body")?;
    let mut lines = head.lines();
    let mut answer = Response::new(Bytes::from(body.to_owned()));
    *answer.status_mut() = StatusCode::from_bytes(lines.next().unwrap_or_default().as_bytes())?;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let (name, value) = (name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
        answer.headers_mut().append(name, value);
    }
    Ok(answer)
}

/// Serves every file of `directory` under its name, until the process is killed.
///
/// # Errors
///
/// When a file is not an answer, or nothing can be listened on.
pub(crate) async fn serve(directory: &Path) -> Outcome<()> {
    let mut answers = BTreeMap::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        answers.insert(entry.file_name().to_string_lossy().into_owned(), read(&entry.path())?);
    }
    let mut routes = Router::new();
    for (name, answer) in answers {
        let answer = Arc::new(answer);
        let handler = move || {
            let answer = Arc::clone(&answer);
            async move { (*answer).clone().map(Body::from) }
        };
        routes = routes.route(&format!("/{name}"), get(handler));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprint_address(&listener)?;
    Ok(axum::serve(listener, routes).await?)
}

#[expect(clippy::print_stderr, reason = "as the server's log tells where it listens")]
pub(crate) fn eprint_address(listener: &TcpListener) -> Outcome<()> {
    eprintln!("address={}", listener.local_addr()?);
    Ok(())
}
