//! `coder.session.keys`: what seals the rows of the store and the cookies of a login.

use std::collections::HashSet;

use coder_core::Secret;

use super::reader::{Reader, Section};

/// The least length of a key, in bytes, as `SealingKeys` of coder-auth wants it.
const LEAST: usize = 32;
/// How many different characters, and steps from one to the next, a key has at least. 32 random
/// digits have ten and fifteen of them.
const VARIETY: usize = 8;

const REMEDY: &str = "let `openssl rand -base64 32` make one";

impl<'a> Reader<'a> {
    /// Reads the keys, the newest first. Each is named by its place, never by its text.
    pub(super) fn sealing_keys(&mut self, session: &Section<'a>) -> Vec<Secret> {
        let items = self.items(session, "keys");
        let mut former: Vec<(String, &str)> = Vec::new();
        for (value, key) in items {
            if key.len() < LEAST {
                let problem = format!("is shorter than {LEAST} characters; {REMEDY}");
                self.invalid(&value, problem);
            } else if is_regular(key) {
                self.invalid(&value, format!("is too regular to be random; {REMEDY}"));
            } else if let Some((path, _)) = former.iter().find(|(_, other)| *other == key) {
                self.invalid(&value, format!("is the same key as `{path}`; remove one of them"));
            }
            former.push((value.path, key));
        }
        former.into_iter().map(|(_, key)| Secret::new(key)).collect()
    }
}

/// Tells whether a key of [`LEAST`] bytes or more was made by a person: it repeats itself, goes up
/// or down in even steps, or has few different characters. None of it happens by chance.
fn is_regular(key: &str) -> bool {
    let bytes = key.as_bytes();
    let steps = bytes.windows(2).filter_map(|pair| match pair {
        [one, next] => Some(i16::from(*next) - i16::from(*one)),
        _ => None,
    });
    let repeats = |period: usize| bytes.get(period..) == bytes.get(..bytes.len() - period);
    bytes.iter().collect::<HashSet<_>>().len() < VARIETY
        || steps.collect::<HashSet<_>>().len() < VARIETY
        || (1..=bytes.len() / 2).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_person_is_told_from_one_of_chance() {
        for key in [
            "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
            "changemechangemechangemechangeme",
            "abcdefghijklmnopqrstuvwxyz012345",
            "0123456789abcdef0123456789abcdef",
            "01010101010101011010101010101010",
        ] {
            assert!(is_regular(key), "{key}");
        }
        for key in [
            "8f14e45fceea167a5a36dedd4bea2543",
            "73205080756887729352744634150587",
            "0Xn9UqVw3mB7sJ5tKfR2dYhLzA8cEoGi1pQ4vNx6bTk=",
        ] {
            assert!(!is_regular(key), "{key}");
        }
    }
}
