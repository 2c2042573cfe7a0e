//! WebSockets and server-sent events, read as they are on the wire.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::answer::{self, Answer, BodyKind, Request};
use crate::server::{REQUEST_TIMEOUT, Reply, Server};

/// How a stream is read.
#[derive(Clone, Debug)]
pub(crate) struct Listen<'a> {
    /// The value of the header `Coder-Session-Token`.
    pub(crate) token: Option<&'a str>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// The time without another message after which nothing more is waited for. The first message
    /// is waited for as long as any answer.
    pub(crate) silence: Duration,
    /// No more messages than this.
    pub(crate) messages: usize,
    /// Said by the client together with its handshake, on a WebSocket.
    pub(crate) say: Option<&'a str>,
}

impl Default for Listen<'_> {
    fn default() -> Self {
        Self { token: None, headers: &[], silence: REQUEST_TIMEOUT, messages: 6, say: None }
    }
}

impl<'a> Listen<'a> {
    /// Listens with a session token.
    pub(crate) fn as_user(token: &'a str) -> Self {
        Self { token: Some(token), ..Self::default() }
    }
}

impl Server {
    /// Opens a WebSocket and keeps its messages under this label.
    pub(crate) async fn web_socket(
        &mut self,
        label: &str,
        path: &str,
        listen: Listen<'_>,
    ) -> Vec<Value> {
        let opened = open(self.placeholders().host(), path, &listen).await;
        let Some((reply, mut wire)) = opened else {
            let none = Reply { status: 0, headers: HeaderMap::new(), body: Vec::new() };
            let answer = self.shown(label.to_owned(), "GET", path, &none);
            self.keep(answer);
            return Vec::new();
        };
        if reply.status != 101 {
            let answer = self.shown(label.to_owned(), "GET", path, &reply);
            self.keep(answer);
            return Vec::new();
        }
        let messages = wire.messages(self, &listen).await;
        self.keep(Answer {
            label: label.to_owned(),
            status: reply.status,
            headers: answer::headers(&reply.headers, self.placeholders()),
            kind: BodyKind::Ws,
            body: messages.clone().into(),
            request: Request { method: "GET".to_owned(), path: self.placeholders().text(path) },
        });
        messages
    }

    /// Reads server-sent events and keeps them under this label.
    pub(crate) async fn events(
        &mut self,
        label: &str,
        path: &str,
        listen: Listen<'_>,
    ) -> Vec<Value> {
        let mut request = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map(|http| http.get(format!("{}{path}", self.seed().base)))
            .ok()
            .map(|request| request.header("accept", "text/event-stream"));
        if let Some(token) = listen.token {
            request = request.map(|request| request.header("coder-session-token", token));
        }
        let response = match request {
            Some(request) => request.send().await.ok(),
            None => None,
        };
        let Some(response) = response else { return Vec::new() };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if status != 200 {
            let body = response.bytes().await.unwrap_or_default().to_vec();
            let answer =
                self.shown(label.to_owned(), "GET", path, &Reply { status, headers, body });
            self.keep(answer);
            return Vec::new();
        }
        let mut text = String::new();
        let mut chunks = response.bytes_stream();
        let mut until = Instant::now() + REQUEST_TIMEOUT;
        while let Ok(Some(Ok(chunk))) = timeout_at(until, chunks.next()).await {
            text.push_str(&String::from_utf8_lossy(&chunk));
            until = Instant::now() + listen.silence;
            if text.matches("\n\n").count() >= listen.messages {
                break;
            }
        }
        let events: Vec<Value> = text
            .split("\n\n")
            .filter(|event| !event.is_empty())
            .map(|event| self.event(event))
            .collect();
        self.keep(Answer {
            label: label.to_owned(),
            status,
            headers: answer::headers(&headers, self.placeholders()),
            kind: BodyKind::Sse,
            body: events.clone().into(),
            request: Request { method: "GET".to_owned(), path: self.placeholders().text(path) },
        });
        events
    }

    fn event(&self, event: &str) -> Value {
        let lines: Vec<&str> = event
            .lines()
            .map(|line| {
                let name = line.split_once(':').map_or(line, |(name, _)| name);
                if line.starts_with("event") { line } else { name }
            })
            .collect();
        let mut shown = json!({ "lines": lines });
        for data in event.lines().filter_map(|line| line.strip_prefix("data:")) {
            if data.trim().is_empty() {
                continue;
            }
            let (field, value) = match serde_json::from_str::<Value>(data) {
                Ok(json) => ("json", self.placeholders().json(&json)),
                Err(_) => ("data", self.placeholders().text(data).into()),
            };
            if let Some(object) = shown.as_object_mut() {
                object.insert(field.to_owned(), value);
            }
        }
        shown
    }
}

/// A connection that has become a WebSocket.
struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// One frame (RFC 6455 §5.2).
struct Frame {
    last: bool,
    opcode: u8,
    payload: Vec<u8>,
}

async fn open(host: &str, path: &str, listen: &Listen<'_>) -> Option<(Reply, Wire)> {
    let until = Instant::now() + REQUEST_TIMEOUT;
    let mut stream = TcpStream::connect(host).await.ok()?;
    let key = STANDARD.encode(*b"coder-conforman!");
    let mut head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
    );
    if let Some(token) = listen.token {
        head.push_str(&format!("Coder-Session-Token: {token}\r\n"));
    }
    for (name, value) in listen.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut request = head.into_bytes();
    if let Some(text) = listen.say {
        request.extend(masked(text));
    }
    stream.write_all(&request).await.ok()?;
    let mut wire = Wire { stream, unread: Vec::new() };
    let end = loop {
        if let Some(end) = wire.unread.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        wire.read_more(until).await?;
    };
    let head: Vec<u8> = wire.unread.drain(..end + 4).collect();
    let (status, headers) = read_head(&String::from_utf8_lossy(&head))?;
    let mut body = Vec::new();
    if status != 101 {
        body = wire.body(&headers, until).await?;
    }
    Some((Reply { status, headers, body }, wire))
}

fn read_head(head: &str) -> Option<(u16, HeaderMap)> {
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    Some((status, headers))
}

impl Wire {
    async fn read_more(&mut self, until: Instant) -> Option<()> {
        match timeout_at(until, self.stream.read_buf(&mut self.unread)).await {
            Ok(Ok(count)) if count > 0 => Some(()),
            _ => None,
        }
    }

    /// Reads the body of an answer that is not a WebSocket.
    async fn body(&mut self, headers: &HeaderMap, until: Instant) -> Option<Vec<u8>> {
        let length = headers.get("content-length");
        let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        loop {
            let body = match length {
                Some(length) => self.unread.get(..length).map(<[u8]>::to_vec),
                None => joined_chunks(&self.unread),
            };
            if body.is_some() {
                return body;
            }
            self.read_more(until).await?;
        }
    }

    async fn frame(&mut self, until: Instant) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = parse_frame(&self.unread) {
                self.unread.drain(..length);
                return Some(frame);
            }
            self.read_more(until).await?;
        }
    }

    /// Reads the messages, and shows them: text by text, with the number of their frames.
    async fn messages(&mut self, server: &Server, listen: &Listen<'_>) -> Vec<Value> {
        let mut until = Instant::now() + REQUEST_TIMEOUT;
        let (mut shown, mut parts): (Vec<Value>, Vec<Frame>) = (Vec::new(), Vec::new());
        while shown.len() < listen.messages {
            let Some(frame) = self.frame(until).await else { break };
            until = Instant::now() + listen.silence;
            match frame.opcode {
                8 => {
                    shown.push(close(&frame.payload, server));
                    break;
                }
                9 => shown.push(json!({ "ping": frame.payload.len() })),
                10 => {}
                _ => {
                    let last = frame.last;
                    parts.push(frame);
                    if last {
                        shown.push(message(&std::mem::take(&mut parts), server));
                    }
                }
            }
        }
        shown
    }
}

/// Masks a text as a client sends it (RFC 6455 §5.3); at most 125 bytes of it.
fn masked(text: &str) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let length = u8::try_from(text.len()).unwrap_or(125).min(125);
    let mut frame = vec![0x81, 0x80 | length];
    frame.extend(mask);
    let keys = mask.iter().cycle();
    frame.extend(text.bytes().take(length.into()).zip(keys).map(|(byte, key)| byte ^ key));
    frame
}

fn close(payload: &[u8], server: &Server) -> Value {
    let code = payload.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
    let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
    json!({ "close": code, "reason": server.placeholders().text(&reason) })
}

fn message(parts: &[Frame], server: &Server) -> Value {
    let opcode = parts.first().map_or(0, |frame| frame.opcode);
    let bytes: Vec<u8> = parts.iter().flat_map(|frame| frame.payload.clone()).collect();
    let text = String::from_utf8_lossy(&bytes);
    match serde_json::from_str::<Value>(&text) {
        Ok(json) => json!({
            "op": opcode,
            "frames": parts.len(),
            "json": server.placeholders().json(&json),
            "newline": text.ends_with('\n'),
        }),
        Err(_) => {
            let cut: String = text.chars().take(200).collect();
            json!({ "op": opcode, "frames": parts.len(), "text": server.placeholders().text(&cut) })
        }
    }
}

/// Joins a body in chunks (RFC 9112 §7.1), once it is complete.
fn joined_chunks(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let (size, rest) = bytes.split_at_checked(end)?;
        let size = usize::from_str_radix(str::from_utf8(size).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let chunk = rest.get(2..)?;
        body.extend(chunk.get(..size)?);
        bytes = chunk.get(size + 2..)?;
    }
}

/// Parses the first frame of these bytes, and returns how many of them it takes.
fn parse_frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, start) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(*bytes.get(2..4)?.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*bytes.get(2..10)?.first_chunk()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let end = start + length;
    let payload = bytes.get(start..end)?.to_vec();
    Some((Frame { last: first & 0x80 != 0, opcode: first & 0x0f, payload }, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_once_all_of_them_are_there() {
        assert_eq!(joined_chunks(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), Some(b"abcde".to_vec()));
        for incomplete in [&b"3\r\nab"[..], b"3\r\nabc\r\n", b"3", b""] {
            assert_eq!(joined_chunks(incomplete), None);
        }
    }
}
