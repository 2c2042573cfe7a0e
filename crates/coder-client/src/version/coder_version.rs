//! Versions of Coder.

use std::fmt;
use std::str::FromStr;

/// A version of Coder, as `buildinfo` and the header `X-Coder-Build-Version` tell it:
/// `v2.36.0+8f1c2d3`, `v2.38.0-rc.1`, `v2.36.0-devel+8f1c2d3`.
///
/// Versions are ordered. A release candidate comes before its release, and a development build
/// after the release that it is named for. The part after a `+` does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CoderVersion {
    major: u32,
    minor: u32,
    patch: u32,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stage {
    Candidate(u32),
    Release,
    Development,
}

impl CoderVersion {
    /// Creates the version of a release.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch, stage: Stage::Release }
    }

    /// Reads a version from a text.
    ///
    /// # Errors
    ///
    /// When it is none, or `v0.0.0`, which a build without a version calls itself.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let invalid = || VersionError { text: text.to_owned() };
        let version = text.trim().trim_start_matches('v').split('+').next().unwrap_or_default();
        let (numbers, stage) = match version.split_once('-') {
            None => (version, Stage::Release),
            Some((numbers, stage)) => match stage.strip_prefix("rc.") {
                Some(candidate) => {
                    (numbers, Stage::Candidate(candidate.parse().map_err(|_| invalid())?))
                }
                None => (numbers, Stage::Development),
            },
        };
        let numbers: Result<Vec<u32>, _> = numbers.split('.').map(str::parse).collect();
        match numbers.map_err(|_| invalid())?.as_slice() {
            [0, 0, 0] => Err(invalid()),
            &[major, minor, patch] => Ok(Self { major, minor, patch, stage }),
            _ => Err(invalid()),
        }
    }

    /// Returns `true` when this version has all that came with `release`. Its release candidates
    /// count as the release.
    pub const fn includes(self, release: Self) -> bool {
        if self.major != release.major {
            self.major > release.major
        } else if self.minor != release.minor {
            self.minor > release.minor
        } else {
            self.patch >= release.patch
        }
    }
}

impl FromStr for CoderVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::parse(text)
    }
}

impl fmt::Display for CoderVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        match self.stage {
            Stage::Candidate(number) => write!(formatter, "-rc.{number}"),
            Stage::Release => Ok(()),
            Stage::Development => formatter.write_str("-devel"),
        }
    }
}

/// The error for a text that is not a version of Coder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no version of coder; they look like `v2.36.0+8f1c2d3`", text.escape_debug())]
pub struct VersionError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_they_came_to_be() {
        let texts = ["v2.9.0", "2.10.3", "v2.38.0-rc.1", "v2.38.0-rc.10", "v2.38.0+1a2b3c4"];
        let versions: Vec<_> =
            texts.iter().map(|text| CoderVersion::parse(text).unwrap()).collect();
        assert!(versions.is_sorted());
        assert!(versions[4] < "v2.38.0-devel+f00".parse().unwrap());
        assert_eq!(versions[3].to_string(), "2.38.0-rc.10");
    }

    #[test]
    fn a_build_without_a_version_is_not_taken_for_an_old_one() {
        for text in ["v0.0.0-devel+8f1c2d3", "", "v2", "2.36", "dev", "v2.36.0.1", "v2.x.0"] {
            assert!(CoderVersion::parse(text).is_err(), "{text}");
        }
    }
}
