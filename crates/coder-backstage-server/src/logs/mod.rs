//! The log, on standard error: lines for people, or JSON for programs.

mod json;
mod text;

use std::io::{IsTerminal as _, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use json::{JsonFields, JsonLine};

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people: `key=value`, with quotes around every value that needs them.
    #[default]
    Text,
    /// A JSON object a line, for programs.
    Json,
}

/// Logs what `RUST_LOG` asks for, by default everything from `info` on. `traces` takes its spans.
pub(crate) fn init<L>(format: LogFormat, traces: Option<L>)
where
    L: Layer<Registry> + Send + Sync,
{
    let lines = lines(format).with_filter(filter());
    match traces {
        Some(traces) => tracing_subscriber::registry().with(traces.and_then(lines)).init(),
        None => tracing_subscriber::registry().with(lines).init(),
    }
}

/// Makes the lines of the log, without a filter.
fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    match format {
        LogFormat::Text => {
            lines.with_ansi(stderr().is_terminal()).fmt_fields(text::fields()).boxed()
        }
        LogFormat::Json => {
            lines.with_ansi(false).fmt_fields(JsonFields).event_format(JsonLine).boxed()
        }
    }
}

/// Returns the filter of `RUST_LOG`. Spans of traces are never in the log.
fn filter() -> EnvFilter {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    match "coder_backstage::trace=off".parse() {
        Ok(never) => filter.add_directive(never),
        Err(_) => filter,
    }
}
