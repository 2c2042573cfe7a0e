//! What a check prints.

use std::io::Write as _;

use coder_portal::{Finding, Verdict};
use serde::Serialize;

use crate::failure::Failure;

/// The findings of a check, with the verdict over all of them.
#[derive(Serialize)]
pub(super) struct Report {
    ok: bool,
    findings: Vec<Finding>,
}

impl Report {
    /// Creates the report. If `strict`, a notice is as bad as a mistake.
    pub(super) fn new(findings: Vec<Finding>, strict: bool) -> Self {
        let is_bad = |finding: &Finding| match finding.verdict {
            Verdict::Good | Verdict::Unchecked => false,
            Verdict::Notice => strict,
            Verdict::Wrong => true,
        };
        Self { ok: !findings.iter().any(is_bad), findings }
    }

    pub(super) fn is_good(&self) -> bool {
        self.ok
    }

    pub(super) fn print(&self) -> Result<(), Failure> {
        let mut text = String::new();
        for finding in &self.findings {
            text += &format!("{:<9}  {finding}\n", finding.verdict);
        }
        let count = |verdict| self.findings.iter().filter(|it| it.verdict == verdict).count();
        let [wrong, notices, unchecked] =
            [Verdict::Wrong, Verdict::Notice, Verdict::Unchecked].map(count);
        text += &format!("{wrong} wrong, {notices} to look at, {unchecked} not checked\n");
        write_out(text.as_bytes())
    }

    pub(super) fn print_json(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|error| Failure::Output(error.into()))?;
        write_out((text + "\n").as_bytes())
    }
}

fn write_out(text: &[u8]) -> Result<(), Failure> {
    std::io::stdout().lock().write_all(text).map_err(Failure::Output)
}
