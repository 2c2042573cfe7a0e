//! How long reading takes and how much memory it needs, on ordinary and on hostile inputs.
//!
//! `cargo bench -p coder-config` prints one line each: the best of several runs, and (on Linux) by
//! how much the peak of the process's memory grew. Hostile inputs must end within 100 ms and
//! 64 MB. What the engine makes of an entity's configuration is measured in coder-workspaces.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use coder_config::{AppConfig, ConfigSources, Environment, parse_entities, yaml};

const RUNS: usize = 11;
/// How often the system looks who is running.
const TICK: Duration = Duration::from_millis(10);
const HOSTILE_TIME: Duration = Duration::from_millis(100);
const HOSTILE_MEMORY_MB: usize = 64;

fn main() -> io::Result<()> {
    let app_config = include_str!("../tests/fixtures/app-config.yaml");
    let catalog_info = include_str!("../tests/fixtures/catalog-info.yaml");
    measure("a typical app-config, checked", || {
        let files = BTreeMap::from([("app-config.yaml".to_owned(), app_config.to_owned())]);
        let environment = Environment::from_iter([
            ("CODER_OAUTH_CLIENT_ID", "backstage"),
            ("CODER_OAUTH_CLIENT_SECRET", "s"),
            ("CODER_DEPLOYMENT_URL", "https://coder.example.com"),
        ]);
        let loaded = ConfigSources::new(&files, &environment).load();
        loaded.is_ok_and(|loaded| AppConfig::from_loaded(&loaded).is_ok())
    })?;
    measure("a catalog-info with its coder spec", || {
        let mut entities = parse_entities("x", catalog_info).into_iter();
        entities
            .next()
            .is_some_and(|entity| entity.is_ok_and(|entity| entity.coder_spec().is_some()))
    })?;
    let many = vec![catalog_info; 1_500].join("\n---\n");
    measure("1,500 entities in one file", || {
        parse_entities("x", &many).iter().filter(|entity| entity.is_ok()).count() == 1_500
    })?;
    let mut slow = Vec::new();
    for (name, text) in hostile() {
        let refused = || yaml::documents("x", &text).iter().any(Result::is_err);
        let (time, memory) = measure(name, refused)?;
        if time > HOSTILE_TIME || memory.is_some_and(|memory| memory > HOSTILE_MEMORY_MB) {
            slow.push(name);
        }
    }
    if slow.is_empty() { Ok(()) } else { Err(io::Error::other(format!("too much: {slow:?}"))) }
}

fn measure(name: &str, run: impl Fn() -> bool) -> io::Result<(Duration, Option<usize>)> {
    let before = reset_peak();
    let mut best = Duration::MAX;
    let mut as_expected = true;
    for _ in 0..RUNS {
        let (start, on_processor) = (Instant::now(), on_processor());
        as_expected &= black_box(run());
        let elapsed = start.elapsed();
        let needed = self::on_processor().zip(on_processor).map(|(end, start)| end - start);
        // A busy machine lets others run in between. What takes no longer than its tick, it counts
        // badly.
        best = best.min(needed.filter(|needed| *needed > TICK).unwrap_or(elapsed));
    }
    let memory = before.and_then(|before| Some(peak()?.saturating_sub(before)));
    let memory_text = memory.map_or_else(|| "?".to_owned(), |memory| memory.to_string());
    let end = if as_expected { "" } else { "  NOT AS EXPECTED" };
    writeln!(io::stdout(), "{name:40} {best:>12.3?} {memory_text:>5} MB{end}")?;
    if as_expected { Ok((best, memory)) } else { Err(io::Error::other(name.to_owned())) }
}

/// For how long this thread has been running.
fn on_processor() -> Option<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Forgets the highest memory use so far; gives the present one in MB.
fn reset_peak() -> Option<usize> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    status("VmRSS:")
}

fn peak() -> Option<usize> {
    status("VmHWM:")
}

fn status(name: &str) -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().trim_end_matches(" kB").parse::<usize>().ok()? / 1024)
}

fn hostile() -> Vec<(&'static str, String)> {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs += &format!("a{level}: &a{level} [{items}]\n");
    }
    let long = "x".repeat(100_000);
    let nested: String =
        (0..60).map(|index| format!("- &a{index}\n{}", " ".repeat(index + 1))).collect();
    vec![
        ("billion laughs 9×9", laughs),
        (
            "100 kB × 10 000 aliases",
            format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 10_000].join(",")),
        ),
        ("`[` × 10 000", "[".repeat(10_000)),
        ("`- ` × 200 000", "- ".repeat(200_000)),
        ("`{a: ` × 10 000", "{a: ".repeat(10_000)),
        ("60 000 anchors", (0..60_000).map(|index| format!("- &a{index} x\n")).collect()),
        ("nested anchors", format!("{nested}[{}]\n", vec!["x"; 2_000].join(","))),
        ("60 000 values", "- x\n".repeat(60_000)),
        ("4 MiB of one-letter documents", "---\na\n".repeat((4 << 20) / 6)),
        ("4 MiB of broken documents", "---\n[\n".repeat((4 << 20) / 6)),
        ("4 MiB of keys", (0..).map(|i| format!("k{i}: 1\n")).take(300_000).collect()),
    ]
}
