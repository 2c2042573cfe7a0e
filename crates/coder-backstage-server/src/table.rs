//! Tables for people, and JSON for programs.

use std::fmt::Write as _;
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
    let mut text = String::new();
    for sign in serde_json::to_string_pretty(value)?.chars() {
        // The terminal of a person may obey them. They occur within texts only.
        if sign != '\n' && coder_core::is_unseen(sign) {
            let mut units = [0; 2];
            for unit in sign.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(sign);
        }
    }
    writeln!(io::stdout().lock(), "{text}")
}
