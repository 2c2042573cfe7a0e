//! Punycode (RFC 3492), decoded.

const BASE: u32 = 36;
const FIRST_CHARACTER: u32 = 0x80;

/// Decodes a label without its `xn--`; `None` when it is none.
pub(crate) fn decode(label: &str) -> Option<String> {
    let (plain, encoded) = label.rsplit_once('-').unwrap_or(("", label));
    let mut output: Vec<char> = plain.chars().collect();
    let (mut character, mut at, mut bias) = (FIRST_CHARACTER, 0_u32, 72);
    let mut digits = encoded.bytes().peekable();
    while digits.peek().is_some() {
        let (before, mut weight, mut step) = (at, 1_u32, BASE);
        loop {
            let digit = (char::from(digits.next()?)).to_digit(BASE)?;
            // Letters are the digits from 0, figures those from 26.
            let digit = if digit < 10 { digit + 26 } else { digit - 10 };
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let threshold = step.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            step += BASE;
        }
        let length = u32::try_from(output.len()).ok()?.checked_add(1)?;
        bias = adapted(at - before, length, before == 0);
        character = character.checked_add(at / length)?;
        at %= length;
        output.insert(usize::try_from(at).ok()?, char::from_u32(character)?);
        at += 1;
    }
    Some(output.into_iter().collect())
}

fn adapted(delta: u32, length: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut steps = 0;
    while delta > 455 {
        delta /= BASE - 1;
        steps += BASE;
    }
    steps + BASE * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_decoded_as_the_rfc_has_it() {
        for (label, expected) in [
            ("bcher-kva", "bücher"),
            ("ls8h", "💩"),
            ("egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"),
            ("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
            ("b1abfaaepdrnnbgefbadotcwatmq2g4l", "почемужеонинеговорятпорусски"),
            ("3B-ww4c5e180e575a65lsy2b", "3年B組金八先生"),
        ] {
            assert_eq!(decode(label).as_deref(), Some(expected), "{label}");
        }
        for label in ["bcher-kvä", "99999999"] {
            assert_eq!(decode(label), None, "{label}");
        }
    }
}
