//! `{a,b}` and `{1..3}` in targets, which may hold whole paths.

/// The most targets that one target may stand for.
const MAX_ALTERNATIVES: usize = 1000;

/// The longest path that there is on most systems, in bytes. A longer target is not a path.
const MAX_PATH: usize = 4096;

/// The most characters of a number in a range.
const MAX_DIGITS: usize = 20;

/// Returns the targets that a target with braces stands for, in their order and each once; `None` when
/// there are too many.
///
/// As in bash and in Backstage's `glob`, braces without a comma or a range stand for themselves.
pub(super) fn alternatives(target: &str) -> Option<Vec<String>> {
    if target.len() > MAX_PATH {
        return Some(vec![target.to_owned()]);
    }
    let mut all = Vec::new();
    let mut pending = vec![(target.to_owned(), 0)];
    while let Some((text, from)) = pending.pop() {
        let Some((start, end, parts)) = first_group(&text, from) else {
            if !all.contains(&text) {
                all.push(text);
            }
            continue;
        };
        let (before, after) = (text.get(..start)?, text.get(end..)?);
        // What is pending is taken from the end.
        let further = parts.iter().rev().map(|part| (format!("{before}{part}{after}"), start));
        pending.extend(further);
        if all.len() + pending.len() > MAX_ALTERNATIVES {
            return None;
        }
    }
    Some(all)
}

/// Returns where the first group of braces behind `from` begins and ends, and its alternatives.
fn first_group(text: &str, from: usize) -> Option<(usize, usize, Vec<String>)> {
    let opening = text.match_indices('{').map(|(start, _)| start).filter(|start| *start >= from);
    opening.into_iter().find_map(|start| {
        let inside = inside_of(text.get(start + 1..)?)?;
        let parts = parts(inside);
        let parts = match parts.len() {
            1 => range(inside)?,
            _ => parts.into_iter().map(str::to_owned).collect(),
        };
        Some((start, start + inside.len() + 2, parts))
    })
}

/// Returns the text up to the brace that closes the group.
fn inside_of(text: &str) -> Option<&str> {
    let mut depth = 0;
    let end = text.find(|c| {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return true,
            '}' => depth -= 1,
            _ => {}
        }
        false
    })?;
    text.get(..end)
}

/// Splits at the commas that are in no inner group.
fn parts(inside: &str) -> Vec<&str> {
    let mut depth = 0;
    let at_comma = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    inside.split(at_comma).collect()
}

/// Reads `1..3`, `03..10` or `a..e`, with `..2` behind it for every second one.
fn range(inside: &str) -> Option<Vec<String>> {
    let mut ends = inside.split("..");
    let (first, last, step) = (ends.next()?, ends.next()?, ends.next().unwrap_or("1"));
    let step: usize = step.parse().ok().filter(|step| *step > 0)?;
    if ends.next().is_some() || first.len().max(last.len()) > MAX_DIGITS {
        return None;
    }
    let letter = |text: &str| text.parse::<char>().ok().filter(char::is_ascii_alphabetic);
    let (low, high, width) = match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(low), Ok(high)) => {
            let is_padded = |text: &str| text.trim_start_matches('-').starts_with('0');
            let is_padded = (is_padded(first) && low != 0) || (is_padded(last) && high != 0);
            (low, high, Some(if is_padded { first.len().max(last.len()) } else { 0 }))
        }
        _ => (u32::from(letter(first)?).into(), u32::from(letter(last)?).into(), None),
    };
    let write = |number: i64| match width {
        Some(width) => Some(format!("{number:0width$}")),
        None => Some(char::from(u8::try_from(number).ok()?).to_string()),
    };
    let count = (usize::try_from(low.abs_diff(high)).ok()? / step).saturating_add(1);
    let sign = if low <= high { 1 } else { -1 };
    // One more than accepted is enough to be refused.
    let numbers = (0..count.min(MAX_ALTERNATIVES + 1)).map(|index| {
        let offset = i64::try_from(index.checked_mul(step)?).ok()?;
        write(low + sign * offset)
    });
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_what_bash_makes_of_them() {
        for (target, expected) in [
            ("a", &["a"][..]),
            ("{a,b}", &["a", "b"]),
            ("x{a,b/c}y", &["xay", "xb/cy"]),
            ("{a,b}{c,d}", &["ac", "ad", "bc", "bd"]),
            ("{a,{b,c}d}", &["a", "bd", "cd"]),
            ("{a,}", &["a", ""]),
            ("{,a}", &["", "a"]),
            ("{a,a}", &["a"]),
            ("{a}", &["{a}"]),
            ("{}", &["{}"]),
            ("{a", &["{a"]),
            ("a}", &["a}"]),
            ("a{b{c,d}", &["a{bc", "a{bd"]),
            ("{a{b,c}}", &["{ab}", "{ac}"]),
            ("{1..3}", &["1", "2", "3"]),
            ("{3..1}", &["3", "2", "1"]),
            ("{-1..1}", &["-1", "0", "1"]),
            ("{08..10}", &["08", "09", "10"]),
            ("{1..5..2}", &["1", "3", "5"]),
            ("{a..c}", &["a", "b", "c"]),
            ("{c..a..2}", &["c", "a"]),
            ("{1..a}", &["{1..a}"]),
            ("{1..2..0}", &["{1..2..0}"]),
            ("{1..2..3..4}", &["{1..2..3..4}"]),
            ("{..}", &["{..}"]),
            ("{ä..z}", &["{ä..z}"]),
            ("ä{ö,ü}", &["äö", "äü"]),
        ] {
            assert_eq!(alternatives(target).unwrap(), expected, "{target}");
        }
    }

    #[test]
    fn so_many_alternatives_that_nobody_means_them_are_refused() {
        assert!(alternatives("{1..1000}").is_some());
        for target in [
            "{1..1001}",
            "{1..9223372036854775807}",
            "{-9223372036854775808..9223372036854775807}",
            &"{a,b}".repeat(60),
        ] {
            assert!(alternatives(target).is_none(), "{target}");
        }
        // None of these stands for anything else.
        for text in ["{a,".repeat(1000), "{".repeat(4000), format!("{{{}1..2}}", "0".repeat(4000))]
        {
            assert_eq!(alternatives(&text).unwrap(), [text]);
        }
    }
}
