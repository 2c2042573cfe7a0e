//! Reading OAuth parameters as strictly as Coder does.

use crate::call::Pairs;

/// Parameters of which each may stand once.
#[derive(Debug)]
pub(crate) struct Params<'a> {
    pairs: &'a Pairs,
}

impl<'a> Params<'a> {
    pub(crate) fn new(pairs: &'a Pairs) -> Self {
        Self { pairs }
    }

    /// The value of a parameter; empty counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        crate::call::first(self.pairs, name)
    }

    pub(crate) fn is_repeated(&self, name: &str) -> bool {
        self.count(name) > 1
    }

    fn count(&self, name: &str) -> usize {
        self.pairs.iter().filter(|(key, _)| key == name).count()
    }

    /// Every parameter that is repeated and, where unknown ones are refused, every unknown one:
    /// name and reason.
    pub(crate) fn faults(&self, known: &[&str], ignores_unknown: bool) -> Vec<(String, String)> {
        let mut seen: Vec<&str> = Vec::new();
        let mut faults = Vec::new();
        for (name, _) in self.pairs {
            if seen.contains(&name.as_str()) {
                continue;
            }
            seen.push(name);
            if !known.contains(&name.as_str()) {
                if !ignores_unknown {
                    faults.push((name.clone(), format!("\"{name}\" is not a valid query param")));
                }
            } else if self.is_repeated(name) {
                let times = self.count(name);
                faults.push((
                    name.clone(),
                    format!(
                        "Query param \"{name}\" provided more than once, found {times} times. \
                         Only provide 1 instance of this query param."
                    ),
                ));
            }
        }
        faults
    }
}
