//! The way from outside: which paths arrive at this portal, with which headers, and for how long an
//! answer may take.

use std::collections::BTreeSet;

use bytes::Bytes;
use coder_core::{Body, TransportError, join_path, quoted, timeout, with_causes};
use futures_util::StreamExt as _;
use http::{Method, Request, Response, StatusCode};
use url::Url;

use super::outside::{ENTITIES, KEY_SET, USER_INFO, without_query, wrong};
use super::{Checkup, Finding, QUESTION_TIMEOUT, Question, REQUEST_TIMEOUT, Verdict};
use crate::arrival::{Arrival, HELD, HOLD, TICKET};

/// The greatest length of an answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// The paths that were asked, and what was found.
#[derive(Default)]
pub(super) struct Arrivals {
    elsewhere: BTreeSet<String>,
    pub(super) findings: Vec<Finding>,
}

impl Arrivals {
    /// Tells whether this path arrives at somebody else, while others arrive at this portal.
    pub(super) fn is_elsewhere(&self, path: &str) -> bool {
        self.elsewhere.contains(path)
    }
}

impl Checkup<'_> {
    /// Asks each path with a ticket that this portal alone knows.
    pub(super) async fn arrivals(&self, base: &Url) -> Arrivals {
        let mut paths = vec![ENTITIES.to_owned()];
        if self.environments().any(|(_, it)| !it.sign_in_resolvers.is_empty()) {
            paths.extend([KEY_SET, USER_INFO].map(str::to_owned));
        }
        let proxies = self.config.proxies.iter();
        paths.extend(proxies.map(|proxy| format!("api/proxy{}/api/v2/buildinfo", proxy.route)));
        let mut arrived = None;
        let mut found = Arrivals::default();
        for path in paths {
            match self.arrival(&join_path(base, &path)).await {
                Some(arrival) => arrived = Some(arrival),
                None => drop(found.elsewhere.insert(path)),
            }
        }
        let Some(arrival) = arrived else {
            // Whoever answers there is told by the other questions.
            let text = "whether each path arrives at this portal was not asked: who answers there \
                        has other sealing keys, or is of another release";
            let finding = Finding::new(Question::Outside, Verdict::Unchecked, text);
            let remedy = "run the check with the `coder.session.keys` (or the `--data-dir`) of the \
                          server";
            return Arrivals { findings: vec![finding.remedy(remedy)], ..Arrivals::default() };
        };
        for path in &found.elsewhere {
            let url = join_path(base, path);
            let text = format!("{url} arrives at somebody else, and not at this portal");
            found.findings.push(wrong(text).remedy(remedy(path)));
        }
        found.findings.push(self.headers(base, &arrival));
        found.findings.push(self.patience(base).await);
        found
    }

    /// Asks how a request arrives; `None` if another one answers.
    async fn arrival(&self, url: &Url) -> Option<Arrival> {
        let answer = async {
            let (head, body) = self.asked(url, None).await.ok()?.into_parts();
            let body = body.collect(MAX_ANSWER).await.ok()?;
            (head.status == StatusCode::OK).then_some(body)
        };
        let body = timeout(&*self.world().runtime, REQUEST_TIMEOUT, answer).await.flatten()?;
        serde_json::from_slice(&body).ok()
    }

    async fn asked(&self, url: &Url, hold: Option<u64>) -> Result<Response<Body>, String> {
        let ticket = self.portal.auth().check_ticket().map_err(|error| with_causes(&error))?;
        let mut request = Request::builder().method(Method::GET).uri(url.as_str());
        request = request.header(TICKET, ticket.expose());
        if let Some(seconds) = hold {
            request = request.header(HOLD, seconds);
        }
        let request = request.body(Bytes::new()).map_err(|error| with_causes(&error))?;
        let sent = self.world().transport.send(request).await;
        sent.map_err(|error: TransportError| with_causes(&error))
    }

    /// Tells what the proxies in front say about a request.
    fn headers(&self, base: &Url, arrival: &Arrival) -> Finding {
        let Arrival { path: _, host, forwarded_host, forwarded_proto, forwarded_for } = arrival;
        let told = |value: &Option<String>| match value {
            Some(value) => quoted(value),
            None => "nothing".to_owned(),
        };
        let text = format!(
            "a request arrives with the host {}, and forwarded are the host {}, the scheme {} and the \
             client {}",
            told(host),
            told(forwarded_host),
            told(forwarded_proto),
            told(forwarded_for)
        );
        let own_host = base.host_str().map(|host| match base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        });
        let ends_tls = base.scheme() == "https" && self.config.backend.certificate.is_none();
        let is_proxied = ends_tls || *host != own_host;
        if is_proxied && forwarded_for.is_none() {
            return Finding::new(Question::Outside, Verdict::Notice, text).remedy(
                "let the proxy set `X-Forwarded-For`, else the log knows no client's address",
            );
        }
        if ends_tls && forwarded_proto.as_deref().is_some_and(|scheme| scheme != "https") {
            return Finding::new(Question::Outside, Verdict::Notice, text)
                .remedy("let the proxy set `X-Forwarded-Proto` to `https`, as browsers see it");
        }
        Finding::new(Question::Outside, Verdict::Good, text)
    }

    /// Lets the portal hold a stream of events back for a while, and sees what comes of it.
    async fn patience(&self, base: &Url) -> Finding {
        let url = without_query(&join_path(base, "api/coder/v1/live"));
        let (clock, hold) = (&self.world().clock, self.hold.as_secs());
        let began = clock.now();
        let seconds = || clock.now().duration_since(began).as_secs().unsigned_abs();
        let asked = async {
            let response = self.asked(&url, Some(hold)).await?;
            if response.status() != StatusCode::OK {
                return Err(format!("the answer is {}", response.status()));
            }
            let mut body = response.into_body();
            let mut first = None;
            let mut read = Vec::new();
            while let Some(chunk) = body.next().await {
                // What was cut off ends with an error, or without one.
                let Ok(chunk) = chunk else { break };
                first.get_or_insert_with(seconds);
                read.extend_from_slice(&chunk);
                if read.len() > MAX_ANSWER {
                    break;
                }
            }
            Ok((first, String::from_utf8_lossy(&read).into_owned()))
        };
        let limit = self.hold + QUESTION_TIMEOUT / 3;
        let answer = timeout(&*self.world().runtime, limit, asked).await;
        let answer = answer.unwrap_or_else(|| Err("there is none in time".to_owned()));
        let cut = |said: &str| {
            let text =
                format!("an answer that takes {hold} seconds is cut off after {}{said}", seconds());
            wrong(text).remedy(
                "raise the time-outs of the proxy to 30 seconds at least (`proxy_read_timeout` of \
                 nginx)",
            )
        };
        match answer {
            Err(reason) => cut(&(": ".to_owned() + &reason)),
            Ok((_, read)) if !read.contains(&format!("data: {HELD}")) => cut(""),
            Ok((Some(first), _)) if hold > 0 && first >= hold => wrong(format!(
                "events of {url} arrive {first} seconds late: something in front keeps them back"
            ))
            .remedy(
                "switch buffering and compression off for `/api/coder/*` (`proxy_buffering off` of \
                 nginx)",
            ),
            Ok(_) => {
                let text = format!("an answer may take {hold} seconds, and events arrive at once");
                Finding::new(Question::Outside, Verdict::Good, text)
            }
        }
    }
}

/// Returns what to do for a path that arrives elsewhere.
fn remedy(path: &str) -> &'static str {
    if path.starts_with("api/proxy") {
        "route the endpoint of `proxy.endpoints` below `/api/proxy` to this server, or remove it from \
         its configuration"
    } else if path == KEY_SET || path == USER_INFO {
        "route `/api/auth/.well-known/*` and `/api/auth/v1/userinfo` to this server, or let the \
         backends ask it by `discovery.endpoints`"
    } else {
        "route `/api/coder/*` to this server"
    }
}
