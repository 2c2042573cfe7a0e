//! Requests over many connections at once.

use std::time::{Duration, Instant};

use coder_testkit::{FakeCoder, FakeUser};
use http::StatusCode;

use crate::browser;
use crate::connection::Connection;
use crate::outcome::Outcome;
use crate::process::Process;

/// One of the people who use a server, with a connection of their own.
pub(crate) struct Person {
    pub(crate) connection: Connection,
    pub(crate) coder: FakeCoder,
    /// Has a session, which these cookies name.
    pub(crate) cookies: String,
    /// Signs in anew, time and again.
    pub(crate) user: FakeUser,
}

/// Work that the load generator repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A request without cookies that is answered with this status.
    Get(String, StatusCode),
    /// A request through a proxy, with the person's cookies.
    Proxied(String),
    /// A refresh with the session's cookie.
    Refresh,
    /// A whole login: start, consent at the fake, callback.
    Login,
}

/// One measurement of one kind of work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// CPU time of the server process per unit of work, in microseconds.
    pub(crate) cpu: f64,
    /// How long each unit took.
    pub(crate) latencies: Vec<Duration>,
}

/// Does `units` of `work`, divided among people who do it at the same time.
///
/// # Errors
///
/// When an answer is not the expected one: a measurement of refusals says nothing.
pub(crate) async fn measure(
    process: &Process,
    people: &mut Vec<Person>,
    work: &Work,
    units: usize,
) -> Outcome<Sample> {
    // A server lets a limited number of logins through, so it may be fewer than there are people.
    let busy = units.clamp(1, people.len().max(1));
    let each = units.div_ceil(busy);
    let mut idle = std::mem::take(people).into_iter();
    let before = process.cpu()?;
    let tasks: Vec<_> = idle
        .by_ref()
        .take(busy)
        .map(|person| tokio::spawn(repeat(person, work.clone(), each)))
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        let (person, took) = task.await??;
        people.push(person);
        latencies.extend(took);
    }
    people.extend(idle);
    let cpu = process.cpu()?.since(&before);
    let units = u32::try_from(latencies.len())?;
    Ok(Sample { cpu: cpu.as_secs_f64() * 1e6 / f64::from(units.max(1)), latencies })
}

async fn repeat(mut person: Person, work: Work, each: usize) -> Outcome<(Person, Vec<Duration>)> {
    let mut latencies = Vec::with_capacity(each);
    for _ in 0..each {
        let begun = Instant::now();
        once(&mut person, &work).await?;
        latencies.push(begun.elapsed());
    }
    Ok((person, latencies))
}

async fn once(person: &mut Person, work: &Work) -> Outcome<()> {
    let (path, cookies, expected) = match work {
        Work::Login => {
            browser::sign_in(&mut person.connection, &person.coder, &person.user).await?;
            return Ok(());
        }
        Work::Get(path, status) => (path.as_str(), "", *status),
        Work::Proxied(path) => (path.as_str(), person.cookies.as_str(), StatusCode::OK),
        Work::Refresh => (browser::REFRESH, person.cookies.as_str(), StatusCode::OK),
    };
    let answer = person.connection.get(path, cookies).await?;
    if answer.status() != expected {
        return Err(format!("{path} answered {}", browser::text(&answer)).into());
    }
    Ok(())
}
