//! The differences from real Coders that are accepted, each with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, fs, io};

use serde::{Deserialize, Serialize};

use crate::compare::Difference;
use crate::replay::Outcome;
use crate::sections::Part;

/// Differences that are accepted for one reason: an entry of `accepted.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Accepted {
    /// Why somebody who relies on the fake can live with it.
    pub reason: String,
    /// The part of the requests.
    pub part: Part,
    /// The releases that differ: `2.36.0`.
    pub releases: Vec<String>,
    /// Labels of requests. `*` stands for any text.
    pub labels: Vec<String>,
    /// Where the answers differ, as a [`Difference`] says it. `*` stands for any text.
    #[serde(default = "everywhere", skip_serializing_if = "is_everywhere")]
    pub places: Vec<String>,
}

fn everywhere() -> Vec<String> {
    vec!["*".to_owned()]
}

fn is_everywhere(places: &[String]) -> bool {
    places == everywhere()
}

/// The outcome of one part on one release.
#[derive(Debug)]
#[non_exhaustive]
pub struct Played {
    /// The number of the release: `2.36.0`.
    pub release: String,
    /// The part of the requests.
    pub part: Part,
    /// The differences from the recorded answers.
    pub outcome: Outcome,
}

impl Played {
    /// Says which part of which release it was.
    pub fn new(release: &str, part: Part, outcome: Outcome) -> Self {
        Self { release: release.to_owned(), part, outcome }
    }

    fn differences(&self) -> impl Iterator<Item = (&str, &Difference)> {
        self.outcome.different.iter().flat_map(|answer| {
            answer.differences.iter().map(|difference| (answer.label.as_str(), difference))
        })
    }
}

impl Accepted {
    /// Reads the entries of `accepted.json`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn read_all() -> io::Result<Vec<Self>> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/accepted.json");
        serde_json::from_slice(&fs::read(file)?).map_err(io::Error::other)
    }

    fn is_about(&self, played: &Played) -> bool {
        self.part == played.part && self.releases.contains(&played.release)
    }

    fn accepts(&self, label: &str, place: &str) -> bool {
        self.labels.iter().any(|pattern| matches(pattern, label))
            && self.places.iter().any(|pattern| matches(pattern, place))
    }
}

/// Tells whether a text is of this pattern.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    text.strip_prefix(start).is_some_and(|text| {
        (0..=text.len()).any(|end| text.get(end..).is_some_and(|text| matches(rest, text)))
    })
}

/// How what was played compares with what is accepted.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// Where each answer differs that is not accepted.
    pub differences: Vec<String>,
    /// The entries that would accept them, but for the reason.
    pub missing: Vec<Accepted>,
    /// Entries that are accepted and do not differ.
    pub stale: Vec<String>,
}

impl Verdict {
    /// Compares what was played with what is accepted.
    pub fn new(accepted: &[Accepted], played: &[Played]) -> Self {
        let mut differences = Vec::new();
        let mut releases: BTreeMap<(Part, &str), BTreeSet<&str>> = BTreeMap::new();
        for played in played {
            let about: Vec<&Accepted> =
                accepted.iter().filter(|accepted| accepted.is_about(played)).collect();
            for (label, difference) in played.differences() {
                if about.iter().any(|accepted| accepted.accepts(label, &difference.place)) {
                    continue;
                }
                let (release, part) = (&played.release, played.part);
                differences.push(format!("{release} {part} {label}: {difference}"));
                releases.entry((part, label)).or_default().insert(release);
            }
        }
        let stale = accepted.iter().flat_map(|accepted| stale(accepted, played)).collect();
        Self { differences, missing: grouped(releases), stale }
    }

    /// Tells whether all that differs is accepted, and all that is accepted differs.
    pub fn is_fine(&self) -> bool {
        self.differences.is_empty() && self.stale.is_empty()
    }
}

/// Makes one entry for all labels of a part that differ on the same releases.
fn grouped(releases: BTreeMap<(Part, &str), BTreeSet<&str>>) -> Vec<Accepted> {
    let mut labels: BTreeMap<(Part, BTreeSet<&str>), Vec<String>> = BTreeMap::new();
    for ((part, label), releases) in releases {
        labels.entry((part, releases)).or_default().push(label.to_owned());
    }
    let entry = |((part, releases), labels): ((Part, BTreeSet<&str>), Vec<String>)| Accepted {
        reason: String::new(),
        part,
        releases: releases.into_iter().map(str::to_owned).collect(),
        labels,
        places: everywhere(),
    };
    labels.into_iter().map(entry).collect()
}

/// Returns the stale rest of an entry: each label must differ on each release, and each place somewhere.
fn stale(accepted: &Accepted, played: &[Played]) -> Vec<String> {
    let Accepted { reason, part, releases, labels, places } = accepted;
    let mut stale = Vec::new();
    let mut unseen: BTreeSet<&str> = places.iter().map(String::as_str).collect();
    for release in releases {
        let played: Vec<&Played> = played
            .iter()
            .filter(|played| played.part == *part && played.release == *release)
            .collect();
        for label in labels {
            let mut differs = false;
            for (_, difference) in played
                .iter()
                .flat_map(|played| played.differences())
                .filter(|(known, _)| matches(label, known))
            {
                differs |= places.iter().any(|place| matches(place, &difference.place));
                unseen.retain(|place| !matches(place, &difference.place));
            }
            if !differs {
                stale.push(format!("{release} {part} {label} ({reason})"));
            }
        }
    }
    stale.extend(unseen.iter().map(|place| format!("{part} {place} ({reason})")));
    stale
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { differences, missing, stale } = self;
        if !differences.is_empty() {
            let entries = serde_json::to_string_pretty(missing).map_err(|_| fmt::Error)?;
            writeln!(formatter, "not as it was recorded:\n{}", differences.join("\n"))?;
            writeln!(formatter, "to accept it, give a reason in accepted.json:\n{entries}")?;
        }
        if !stale.is_empty() {
            writeln!(formatter, "accepted, but it does not differ:\n{}", stale.join("\n"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::replay::DifferentAnswer;

    fn played(release: &str, different: &[(&str, &str)]) -> Played {
        let different = different
            .iter()
            .map(|(label, place)| DifferentAnswer {
                label: (*label).to_owned(),
                request: String::new(),
                differences: vec![Difference {
                    place: (*place).to_owned(),
                    recorded: "a".to_owned(),
                    answered: "b".to_owned(),
                }],
            })
            .collect();
        Played::new(release, Part::Api, Outcome { compared: 9, different })
    }

    fn accepted(labels: &[&str], places: &[&str]) -> Accepted {
        serde_json::from_value(json!({
            "reason": "why", "part": "api", "releases": ["2.36.0"], "labels": labels,
            "places": places,
        }))
        .unwrap()
    }

    #[test]
    fn what_differs_and_is_not_accepted_is_told_with_the_entry_that_would_accept_it() {
        let played = [
            played("2.36.0", &[("a", "status"), ("b", "status")]),
            played("2.34.6", &[("a", "$")]),
        ];
        let verdict = Verdict::new(&[accepted(&["a"], &["*"])], &played);
        assert!(!verdict.is_fine());
        assert_eq!(
            verdict.differences,
            ["2.36.0 api b: status: recorded a, here b", "2.34.6 api a: $: recorded a, here b"]
        );
        let entry = |release: &str, label: &str| json!({ "reason": "", "part": "api", "releases": [release], "labels": [label] });
        assert_eq!(
            serde_json::to_value(&verdict.missing).unwrap(),
            json!([entry("2.34.6", "a"), entry("2.36.0", "b")])
        );
    }

    #[test]
    fn what_is_accepted_and_does_not_differ_is_stale() {
        let played = [played("2.36.0", &[("users/a", "status"), ("users/b", "$.x")])];
        let stale = |labels: &[&str], places: &[&str]| {
            Verdict::new(&[accepted(labels, places)], &played).stale
        };
        assert_eq!(stale(&["users/*"], &["*"]), [""; 0]);
        assert_eq!(stale(&["users/a", "users/c"], &["*"]), ["2.36.0 api users/c (why)"]);
        assert_eq!(stale(&["users/*"], &["status", "$.y"]), ["api $.y (why)"]);
    }

    #[test]
    fn an_answer_is_accepted_only_where_the_entry_says() {
        let played = [played("2.36.0", &[("a", "$.jobs[3].id")])];
        assert!(Verdict::new(&[accepted(&["a"], &["$.jobs[*].id"])], &played).is_fine());
        assert!(!Verdict::new(&[accepted(&["a"], &["status"])], &played).is_fine());
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("*ü*", "für", true),
            ("name:x*33", "name:x*33", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
