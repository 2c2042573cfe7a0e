//! Table for people of what works on which release of Coder.

use std::fmt;

use coder_testkit::Version;

use crate::journeys::{Journey, Trouble};

/// Whether a journey came to its end, or what kept it.
type Verdict = Result<(), String>;

/// The outcome of the journeys on each release.
#[derive(Debug, Default)]
pub struct Table {
    releases: Vec<(Version, Vec<(Journey, Verdict)>)>,
}

impl Table {
    /// Adds what became of the journeys on a release.
    pub fn add(&mut self, version: Version, taken: Vec<(Journey, Result<(), Trouble>)>) {
        let taken = taken
            .into_iter()
            .map(|(journey, outcome)| (journey, outcome.map_err(|trouble| one_line(&trouble))))
            .collect();
        self.releases.push((version, taken));
    }

    /// Names the journeys that did not become what [`Journey::works_on`] says, with the release.
    pub fn surprises(&self) -> Vec<String> {
        let taken = self.releases.iter().flat_map(|(version, taken)| {
            taken.iter().map(move |(journey, outcome)| (*version, *journey, outcome.is_ok()))
        });
        taken
            .filter(|(version, journey, works)| journey.works_on(*version) != *works)
            .map(|(version, journey, works)| {
                format!("{journey} on {version} {}", if works { "works" } else { "fails" })
            })
            .collect()
    }

    /// Returns the reason for which a journey failed on a release.
    fn trouble(&self, version: Version, journey: Journey) -> Option<&str> {
        let (_, taken) = self.releases.iter().find(|(known, _)| *known == version)?;
        let (_, outcome) = taken.iter().find(|(known, _)| *known == journey)?;
        outcome.as_ref().err().map(String::as_str)
    }

    fn row(&self, first: &str, cell: impl Fn(Version) -> String) -> String {
        let cells: Vec<String> = self.releases.iter().map(|(version, _)| cell(*version)).collect();
        format!("| {first} | {} |", cells.join(" | "))
    }
}

/// Markdown: a column for each release, a row for each journey, and the reasons below.
impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.row("Coder", |version| version.number().to_owned()))?;
        writeln!(formatter, "{}", self.row("---", |_| "---".to_owned()))?;
        let source = |version: Version| {
            if version.is_recorded() { "recorded" } else { "description" }.to_owned()
        };
        writeln!(formatter, "{}", self.row("the fake follows", source))?;
        let mut reasons: Vec<&str> = Vec::new();
        for journey in Journey::ALL {
            for (version, _) in &self.releases {
                if let Some(reason) = self.trouble(*version, journey)
                    && !reasons.contains(&reason)
                {
                    reasons.push(reason);
                }
            }
        }
        for journey in Journey::ALL {
            let cell = |version: Version| match self.trouble(version, journey) {
                None => "yes".to_owned(),
                Some(reason) => {
                    let number =
                        reasons.iter().position(|known| *known == reason).unwrap_or_default();
                    format!("no ({})", number + 1)
                }
            };
            writeln!(formatter, "{}", self.row(&journey.to_string(), cell))?;
        }
        for (index, reason) in reasons.iter().enumerate() {
            writeln!(formatter, "\n({}) {reason}", index + 1)?;
        }
        Ok(())
    }
}

/// Returns a reason without what differs from run to run.
fn one_line(trouble: &Trouble) -> String {
    trouble.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_that_fails_where_it_should_work_is_a_surprise_and_so_is_the_opposite() {
        let mut table = Table::default();
        let failed = || Err(Trouble::new("no answer"));
        table.add(Version::V2_24, vec![(Journey::SignIn, failed()), (Journey::Cancel, Ok(()))]);
        table.add(Version::V2_36, vec![(Journey::SignIn, Ok(())), (Journey::Search, failed())]);
        assert_eq!(table.surprises(), ["cancel on 2.24.6 works", "search on 2.36.0 fails"]);
    }

    #[test]
    fn a_reason_stands_once_below_the_table() {
        let mut table = Table::default();
        let too_old = || Err(Trouble::new("this Coder is too old"));
        table.add(
            Version::V2_24,
            vec![(Journey::SignIn, too_old()), (Journey::Rotation, too_old())],
        );
        table.add(Version::V2_38, vec![(Journey::SignIn, Ok(())), (Journey::Rotation, Ok(()))]);
        let text = table.to_string();
        assert!(
            text.contains("| sign in | no (1) | yes |\n| tokens rotate | no (1) | yes |"),
            "{text}"
        );
        assert_eq!(text.matches("this Coder is too old").count(), 1);
        assert!(text.contains("| the fake follows | recorded | description |"), "{text}");
    }
}
