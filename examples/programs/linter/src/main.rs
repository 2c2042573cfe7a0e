//! Lints catalog files and app-config files: one remark after the other, with the line it is about.
//!
//! `linter catalog-info.yaml --config app-config.yaml`

use std::error::Error;
use std::process::ExitCode;

use coder_config::{ConfigSources, Diagnostic, Environment, Severity};
use coder_config::{lint_app_config, lint_catalog_info};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut parts = arguments.split(|argument| argument == "--config");
    let catalog_files = parts.next().unwrap_or_default();
    let configs: Vec<String> = parts.flatten().cloned().collect();

    let mut remarks = Vec::new();
    for file in catalog_files {
        remarks.extend(lint_catalog_info(file, &std::fs::read_to_string(file)?));
    }
    if !configs.is_empty() {
        let read = |path: &str| std::fs::read_to_string(path);
        let environment: Environment = std::env::vars().collect();
        let sources = ConfigSources::new(&read, &environment).with_files(&configs);
        remarks.extend(lint_app_config(&sources, &[]));
    }
    for remark in &remarks {
        println!("{}", shown(remark));
    }
    let is_error = |remark: &Diagnostic| remark.severity == Severity::Error;
    Ok(if remarks.iter().any(is_error) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Returns the remark, and below it the line that it is about, underlined.
fn shown(remark: &Diagnostic) -> String {
    let file = remark.location().and_then(|location| location.file());
    let text = file.and_then(|file| std::fs::read_to_string(file).ok());
    let Some((text, span)) = text.zip(remark.span()) else { return remark.to_string() };
    let start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let column = span.start - start;
    let width = span.len().clamp(1, line.len().saturating_sub(column).max(1));
    format!("{remark}\n  {line}\n  {}{}", " ".repeat(column), "^".repeat(width))
}

#[cfg(test)]
mod tests;
