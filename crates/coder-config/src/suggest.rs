//! "Did you mean …".

use crate::error::Hint;
use crate::node::Map;
use crate::{Location, Notice};

/// Returns `; did you mean `key`?` when one of `known` is close to what was written, else nothing.
pub(crate) fn did_you_mean(written: &str, known: &[&str]) -> String {
    closest(written, known)
        .map(|candidate| format!("; did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// Returns "Did you mean …", or what there is to choose from.
pub(crate) fn or_known(written: &str, known: &[&str]) -> String {
    let guess = did_you_mean(written, known);
    if guess.is_empty() && known.len() <= 8 {
        let known: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
        return format!("; known are {}", known.join(", "));
    }
    guess
}

/// Finds the key of a mapping that looks like the one that is missing, and where it is written.
pub(crate) fn slip<'a>(missing: &str, map: Option<&'a Map>) -> Option<(&'a str, &'a Location)> {
    let map = map?;
    let written: Vec<_> = map.keys().map(String::as_str).collect();
    let slip = closest(missing, &written)?;
    Some((slip, &map.get(slip)?.key))
}

/// Makes the hint `: `slip` at … looks like it; rename it to …`, for a key that is missing.
pub(crate) fn rename_slip(missing: &str, map: Option<&Map>) -> Option<Hint> {
    let (slip, at) = slip(missing, map)?;
    Some(Hint::new(
        at.clone(),
        format!(": `{slip}` at {at} looks like it; rename it to `{missing}`"),
        format!(": `{slip}` looks like it; rename it to `{missing}`"),
    ))
}

/// Makes notices for keys that nobody reads and that look like one of `ours`, which is absent.
pub(crate) fn slips_of(path: &str, map: &Map, ours: &[&str]) -> Vec<Notice> {
    let absent: Vec<_> = ours.iter().copied().filter(|key| !map.contains_key(*key)).collect();
    let strangers = map.iter().filter(|(key, _)| !ours.contains(&key.as_str()));
    strangers
        .filter_map(|(key, entry)| {
            let meant = closest(key, &absent)?;
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let message = format!("`{path}` is not known; did you mean `{meant}`?");
            Some(Notice::new(path, message).at(entry.key.clone()))
        })
        .collect()
}

/// Finds the one of `known` that `written` is probably a slip of.
pub(crate) fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    if written.len() > 64 {
        return None;
    }
    let folded = fold(written);
    known
        .iter()
        .filter(|candidate| candidate.len() <= 64)
        .map(|candidate| (distance(&folded, &fold(candidate)), *candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 6)
        .map(|(_, candidate)| candidate)
}

/// Folds a key over the usual slips, which are case, `-` and `_`: `template_name` is
/// `templateName`.
fn fold(text: &str) -> Vec<char> {
    text.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Counts the letters to insert, drop, replace or swap with their neighbour.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, wanted) in to.iter().enumerate() {
            let get = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut best = (get(&above, column) + usize::from(letter != wanted))
                .min(get(&above, column + 1) + 1)
                .min(get(&current, column) + 1);
            let swapped = row > 0
                && column > 0
                && from.get(row - 1) == Some(wanted)
                && to.get(column - 1) == Some(letter);
            if swapped {
                best = best.min(get(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(from.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = &["templateName", "mode", "params"];
        for slip in ["template_name", "templatename", "temlpateName", "templateNames"] {
            assert_eq!(did_you_mean(slip, known), "; did you mean `templateName`?", "{slip}");
        }
        assert_eq!(did_you_mean("owner", known), "");
    }
}
