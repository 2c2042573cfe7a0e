//! Tables for people, and JSON for programs.

use std::io::{self, Write as _};

use comfy_table::{Table, presets};
use jiff::Timestamp;
use serde::Serialize;

/// Makes a table without lines.
pub(crate) fn columns<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    table
}

/// Writes a moment to the minute, in UTC.
pub(crate) fn moment(moment: Option<Timestamp>) -> String {
    moment
        .map_or_else(|| "never".to_owned(), |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}

/// Prints a table and an empty line.
pub(crate) fn print(table: &Table) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for line in table.lines() {
        writeln!(stdout, "{}", line.trim_end())?;
    }
    writeln!(stdout)
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, value)?;
    writeln!(stdout)
}
