//! Asks a server everything of a part, and compares its answers with the recorded ones.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

use crate::answer::Answer;
use crate::compare::{Difference, differences};
use crate::sections::Part;
use crate::server::Server;

/// Returns the folder of the recorded answers.
pub fn recorded_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded")
}

/// Returns the releases of which answers were recorded: `2.36.0`.
pub fn recorded_releases() -> Vec<String> {
    let folders = fs::read_dir(recorded_folder()).into_iter().flatten().flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let names = folders.filter_map(|folder| folder.file_name().into_string().ok());
    let mut releases: Vec<String> = names.filter(|name| !name.ends_with("-off")).collect();
    releases.sort();
    releases
}

/// The recorded answers of one part of one release.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Recording {
    /// In the order they were asked for.
    pub entries: Vec<Answer>,
}

impl Recording {
    /// Reads the recording of a release (`2.36.0`); `None` when this part was not recorded there.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn read(release: &str, part: Part) -> io::Result<Option<Self>> {
        let folder = recorded_folder();
        let off = folder.join(format!("{release}-off"));
        let folder = if part == Part::Off && off.is_dir() { off } else { folder.join(release) };
        let file = folder.join(format!("{part}.json"));
        if !file.is_file() {
            return Ok(None);
        }
        serde_json::from_slice(&fs::read(&file)?).map(Some).map_err(io::Error::other)
    }
}

/// The outcome of replaying one part.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// How many answers were compared.
    pub compared: usize,
    /// The answers that differ.
    pub different: Vec<DifferentAnswer>,
}

/// An answer that differs from the recorded one.
#[derive(Debug)]
#[non_exhaustive]
pub struct DifferentAnswer {
    /// The label of the request.
    pub label: String,
    /// The method and the path of the request.
    pub request: String,
    /// The places where the answers differ.
    pub differences: Vec<Difference>,
}

impl Outcome {
    /// Returns how many answers are alike.
    pub fn alike(&self) -> usize {
        self.compared - self.different.len()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for answer in &self.different {
            writeln!(formatter, "\n{}   {}", answer.label, answer.request)?;
            for difference in answer.differences.iter().take(12) {
                writeln!(formatter, "    {difference}")?;
            }
        }
        let (alike, differ) = (self.alike(), self.different.len());
        write!(formatter, "{} answers compared, {alike} alike, {differ} differ", self.compared)
    }
}

/// Plays a part on a server and compares.
pub async fn replay(server: &mut Server, part: Part, recording: &Recording) -> Outcome {
    part.play(server).await;
    let mut different = Vec::new();
    for recorded in &recording.entries {
        let found = differences(recorded, server.answers().get(&recorded.label));
        if !found.is_empty() {
            let request = format!("{} {}", recorded.request.method, recorded.request.path);
            different.push(DifferentAnswer {
                label: recorded.label.clone(),
                request: request.chars().take(160).collect(),
                differences: found,
            });
        }
    }
    Outcome { compared: recording.entries.len(), different }
}
