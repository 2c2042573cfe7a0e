//! Where a value was written, and how it came from there.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The place where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// In a file: `app-config.yaml:12:7`.
    #[non_exhaustive]
    File {
        /// The file's name as the reader gave it.
        file: Arc<str>,
        /// The line, from 1.
        line: u32,
        /// The column in characters, from 1.
        column: u32,
        /// The bytes that are meant, as an editor marks them. Without it only the point is known.
        span: Option<Range<u32>>,
    },
    /// In an environment variable of its own (`APP_CONFIG_…`).
    #[non_exhaustive]
    Variable {
        /// The variable's whole name.
        name: Arc<str>,
    },
    /// Nowhere: a program passed the value in.
    Program,
}

impl Location {
    /// Creates a place in a file. `line` and `column` count from 1.
    pub fn in_file(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self::File { file: file.into(), line, column, span: None }
    }

    /// Adds which bytes of the file's text are meant. A place outside of files stays as it is.
    pub(crate) fn with_span(self, bytes: Range<usize>) -> Self {
        match self {
            Self::File { file, line, column, .. } => {
                let bounded = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
                let span = Some(bounded(bytes.start)..bounded(bytes.end));
                Self::File { file, line, column, span }
            }
            elsewhere @ (Self::Variable { .. } | Self::Program) => elsewhere,
        }
    }

    /// Moves the end of the span.
    pub(crate) fn until(self, end: usize) -> Self {
        match self.span() {
            Some(span) => self.with_span(span.start..end.max(span.start)),
            None => self,
        }
    }

    /// Returns the bytes of the file's text that are meant: a whole key, a whole value, or what
    /// stands where reading stopped. `None` for a place that is only a point or in no file.
    ///
    /// The offsets count bytes of UTF-8 from 0 and lie between characters, so
    /// `&text[location.span()?]` is what an editor underlines.
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            Self::File { span: Some(span), .. } => {
                Some(usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?)
            }
            Self::File { span: None, .. } | Self::Variable { .. } | Self::Program => None,
        }
    }

    /// Creates the place of a value in an environment variable that holds configuration.
    pub fn in_variable(name: impl Into<Arc<str>>) -> Self {
        Self::Variable { name: name.into() }
    }

    /// Returns the name of the file, if the place is in a file.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File { file, .. } => Some(file),
            Self::Variable { .. } | Self::Program => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column, .. } => write!(formatter, "{file}:{line}:{column}"),
            Self::Variable { name } => write!(formatter, "environment variable `{name}`"),
            Self::Program => formatter.write_str("a value passed in by the program"),
        }
    }
}

/// A [`Location`] and what stood between it and the value: environment variables that were put in
/// for `${NAME}` or `$env`, the place of the `$include` or `$file` that fetched it.
#[derive(Clone, PartialEq, Eq)]
pub struct Provenance {
    location: Location,
    via: Option<Arc<Via>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Via {
    variables: Vec<String>,
    included_at: Option<Provenance>,
}

impl Provenance {
    /// Creates the provenance of a value that is written at this place itself.
    pub fn at(location: Location) -> Self {
        Self { location, via: None }
    }

    /// Returns the place where the value, or the text that refers to it, is written.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Returns the environment variables whose text is part of the value, in order of appearance.
    pub fn variables(&self) -> &[String] {
        self.via.as_ref().map_or(&[], |via| &via.variables)
    }

    /// Returns the place of the `$include` or `$file` that fetched the value from another file.
    pub fn included_at(&self) -> Option<&Self> {
        self.via.as_ref()?.included_at.as_ref()
    }

    pub(crate) fn with_variables(&self, variables: Vec<String>) -> Self {
        let mut via = self.via.as_deref().cloned().unwrap_or_default();
        via.variables.extend(variables);
        Self { location: self.location.clone(), via: Some(Arc::new(via)) }
    }

    pub(crate) fn included_by(&self, place: &Self) -> Self {
        let mut via = self.via.as_deref().cloned().unwrap_or_default();
        let inner = match via.included_at.take() {
            Some(inner) => inner.included_by(place),
            None => place.clone(),
        };
        via.included_at = Some(inner);
        Self { location: self.location.clone(), via: Some(Arc::new(via)) }
    }
}

impl From<Location> for Provenance {
    fn from(location: Location) -> Self {
        Self::at(location)
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(formatter)?;
        if let [first, rest @ ..] = self.variables() {
            let s = if rest.is_empty() { "" } else { "s" };
            write!(formatter, " (from environment variable{s} `{first}`")?;
            for name in rest {
                write!(formatter, ", `{name}`")?;
            }
            formatter.write_str(")")?;
        }
        match self.included_at() {
            Some(place) => write!(formatter, " (included at {place})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Provenance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Provenance({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provenance_reads_like_the_way_the_value_took() {
        let secret = Provenance::at(Location::in_file("secrets.yaml", 2, 11))
            .with_variables(vec!["TOKEN".to_owned()])
            .included_by(&Location::in_file("app-config.yaml", 14, 23).into());
        assert_eq!(
            secret.to_string(),
            "secrets.yaml:2:11 (from environment variable `TOKEN`) \
             (included at app-config.yaml:14:23)",
        );
    }
}
