//! What the path of a request holds for the parameters of a route.

/// The values of the parameters in a path, decoded, each with its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathValues(Vec<(&'static str, String)>);

impl PathValues {
    /// Adds the value of a parameter.
    pub(super) fn push(&mut self, name: &'static str, value: String) {
        self.0.push((name, value));
    }

    /// Returns the value of a parameter; empty when the path has none of this name, which a test
    /// of all routes rules out.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }
}
