//! The table.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::load::Sample;
use crate::outcome::Outcome;

/// The name of the handler that only sends bytes.
pub(crate) const BARE: &str = "bare axum handler";
const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->";

/// Results of a measurement.
pub(crate) struct Report {
    /// By work and server.
    pub(crate) samples: BTreeMap<(&'static str, &'static str), Vec<Sample>>,
    /// The peak of every server, in MiB.
    pub(crate) memory: Vec<(&'static str, f64)>,
    pub(crate) connections: usize,
    pub(crate) rounds: usize,
}

impl Report {
    /// Writes everything as Markdown: what was measured, then the targets.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = format!(
            "{} connections; medians of {} interleaved rounds; CPU time (user and kernel mode) of \
             the server process only.\n\n\
             | work | server | requests per CPU-second | CPU time, µs | p50, ms | p99, ms |\n\
             |---|---|---:|---:|---:|---:|\n",
            self.connections, self.rounds
        );
        for ((work, server), samples) in &self.samples {
            let cpu = median(samples.iter().map(|sample| sample.cpu));
            let mut latencies: Vec<Duration> =
                samples.iter().flat_map(|sample| sample.latencies.iter().copied()).collect();
            latencies.sort_unstable();
            let rate = 1e6 / cpu;
            let (p50, p99) = (percentile(&latencies, 50), percentile(&latencies, 99));
            text +=
                &format!("| {work} | {server} | {rate:.0} | {cpu:.1} | {p50:.2} | {p99:.2} |\n");
        }
        text += "\n| server | peak memory, MiB |\n|---|---:|\n";
        for (server, memory) in &self.memory {
            text += &format!("| {server} | {memory:.1} |\n");
        }
        text + "\n" + &self.targets()
    }

    fn targets(&self) -> String {
        let mut text = "| target (on SQLite) | measured | reached |\n|---|---:|---|\n".to_owned();
        let cpu = |work, server| {
            let samples = self.samples.get(&(work, server)).into_iter().flatten();
            median(samples.map(|sample: &Sample| sample.cpu))
        };
        let start = cpu("start", "SQLite");
        let mut line = |name: &str, measured: f64, reached: bool| {
            let reached = if reached { "yes" } else { "no" };
            text += &format!("| {name} | {measured:.2} | {reached} |\n");
        };
        let ratio = cpu("start", BARE) / start;
        line("start: at least 0.6 of the bare handler", ratio, ratio >= 0.6);
        let ratio = cpu("JWKS", BARE) / cpu("JWKS", "SQLite");
        line("JWKS: at least 0.8 of the bare handler", ratio, ratio >= 0.8);
        let ratio = cpu("refresh", "SQLite") / start;
        line("refresh: at most 5 times the CPU time of start", ratio, ratio <= 5.0);
        let ratio = cpu("login", "SQLite") / start;
        line("a whole login: at most 35 times the CPU time of start", ratio, ratio <= 35.0);
        let servers = self.memory.iter().filter(|(server, _)| *server != BARE);
        let most = servers.map(|(_, memory)| *memory).fold(0.0, f64::max);
        line("peak memory on any store: at most 40 MB, in MiB", most, most * 1.048_576 <= 40.0);
        text
    }
}

/// Returns the middle value; not a number when there is none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns a percentile of sorted times, in milliseconds.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1e3
}

/// Document with markers, between which a table stands.
pub(crate) struct Document {
    file: PathBuf,
    before: String,
    after: String,
}

impl Document {
    /// Reads the document, before anything is measured for it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or has no markers.
    pub(crate) fn read(file: &Path) -> Outcome<Self> {
        let shown = file.display();
        let text = fs::read_to_string(file).map_err(|error| format!("`{shown}`: {error}"))?;
        let missing = || format!("`{shown}` has no lines `{BEGIN}` and `{END}`; add them");
        let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
        let (_, after) = rest.split_once(END).ok_or_else(missing)?;
        Ok(Self { file: file.to_owned(), before: before.to_owned(), after: after.to_owned() })
    }

    /// Writes the document with this table between its markers.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn write(&self, table: &str) -> Outcome<()> {
        let Self { file, before, after } = self;
        Ok(fs::write(file, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", table.trim()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_slow_round() {
        assert_eq!(median([3.0, 1.0, 1000.0, 2.0, 2.5].into_iter()).to_string(), "2.5");
    }

    #[test]
    fn a_document_that_is_not_there_or_has_no_markers_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let shown = file.path().display().to_string();
        for error in [Document::read(file.path()).err(), Document::read(Path::new("no/file")).err()]
        {
            let error = error.unwrap().to_string();
            assert!(error.contains(&shown) || error.contains("no/file"), "{error}");
        }
    }

    #[test]
    fn the_table_replaces_only_what_is_between_the_markers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), format!("before\n{BEGIN}old\n{END}\nafter\n")).unwrap();
        Document::read(file.path()).unwrap().write("new\n").unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        assert_eq!(text, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
    }
}
