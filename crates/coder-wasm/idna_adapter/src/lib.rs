//! The Unicode rules of host names, as the JavaScript engine has them.
//!
//! The crate `idna` asks its adapter to map and to check the labels of a host name that is not ASCII.
//! The usual adapter holds tables of Unicode for that, which would be half of a module's size. Each
//! place where a module runs has a `URL` of its own, which knows the same rules (UTS #46 as the URL
//! Standard profiles it), so this adapter asks it.
//!
//! The engine applies the rule of writing directions, too, so no character counts as one that is
//! written from right to left here. What is accepted differs from the usual adapter in one case: a
//! label that begins with a digit, in a host name with another label in Hebrew or Arabic.

mod punycode;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type URL;

    #[wasm_bindgen(constructor, catch)]
    fn new(text: &str) -> Result<URL, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn hostname(this: &URL) -> String;
}

/// Tells `idna` that a character is not allowed.
const REFUSED: &str = "\u{fffd}";

/// Keeps a name of digits from being read as an IPv4 address.
const SUFFIX: &str = ".x";

/// Maps a part of a label as the engine does.
fn mapped(text: &str) -> Option<String> {
    // What ends a host name in a URL is allowed in none.
    if text.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_')) {
        return None;
    }
    let url = URL::new(&format!("http://{text}{SUFFIX}")).ok()?;
    let host = url.hostname();
    let labels = host.strip_suffix(SUFFIX)?.split('.').map(|label| match label.strip_prefix("xn--") {
        Some(encoded) => punycode::decode(encoded),
        None => Some(label.to_owned()),
    });
    Some(labels.collect::<Option<Vec<_>>>()?.join("."))
}

/// An adapter between the engine and the crate `idna`.
#[derive(Debug, Default)]
pub struct Adapter(());

impl Adapter {
    /// Returns the adapter.
    pub const fn new() -> Self {
        Self(())
    }

    /// Maps and normalizes characters; U+FFFD stands for what is not allowed.
    pub fn map_normalize<'a, I: Iterator<Item = char> + 'a>(
        &'a self,
        characters: I,
    ) -> impl Iterator<Item = char> + 'a {
        let text: String = characters.collect();
        let mapped = mapped(&text).unwrap_or_else(|| REFUSED.to_owned());
        mapped.chars().collect::<Vec<_>>().into_iter()
    }

    /// Checks characters that were decoded, and are mapped already.
    pub fn normalize_validate<'a, I: Iterator<Item = char> + 'a>(
        &'a self,
        characters: I,
    ) -> impl Iterator<Item = char> + 'a {
        self.map_normalize(characters)
    }

    /// Whether a character joins others to it. The engine has checked that already.
    pub fn is_virama(&self, _character: char) -> bool {
        true
    }

    /// Whether a character is a mark. The engine has refused those at the start of a label.
    pub fn is_mark(&self, _character: char) -> bool {
        false
    }

    /// Returns the direction of a character.
    pub fn bidi_class(&self, _character: char) -> BidiClass {
        BidiClass(())
    }

    /// Returns how a character joins its neighbours.
    pub fn joining_type(&self, _character: char) -> JoiningType {
        JoiningType(())
    }
}

/// The direction of a character: from left to right.
#[derive(Clone, Copy, Debug)]
pub struct BidiClass(());

impl BidiClass {
    /// Returns the set that holds it.
    pub fn to_mask(self) -> BidiClassMask {
        BidiClassMask(true)
    }

    /// Whether it is from left to right.
    pub fn is_ltr(self) -> bool {
        true
    }

    /// Whether it is that of a mark without width.
    pub fn is_nonspacing_mark(self) -> bool {
        false
    }

    /// Whether it is that of European digits.
    pub fn is_european_number(self) -> bool {
        false
    }

    /// Whether it is that of Arabic digits.
    pub fn is_arabic_number(self) -> bool {
        false
    }
}

/// A set of directions, which may hold the one from left to right.
#[derive(Clone, Copy, Debug)]
pub struct BidiClassMask(bool);

impl BidiClassMask {
    /// Whether both sets have a direction in common.
    pub fn intersects(self, other: Self) -> bool {
        self.0 && other.0
    }
}

/// How a character joins its neighbours. The engine has checked that already.
#[derive(Clone, Copy, Debug)]
pub struct JoiningType(());

impl JoiningType {
    /// Returns the set that holds it.
    pub fn to_mask(self) -> JoiningTypeMask {
        JoiningTypeMask(())
    }

    /// Whether neighbours join across it.
    pub fn is_transparent(self) -> bool {
        false
    }
}

/// A set of ways to join.
#[derive(Clone, Copy, Debug)]
pub struct JoiningTypeMask(());

impl JoiningTypeMask {
    /// Whether both sets have a way in common.
    pub fn intersects(self, _other: Self) -> bool {
        true
    }
}

/// Directions that make a host name one with both directions.
pub const RTL_MASK: BidiClassMask = BidiClassMask(false);
/// Directions that a label may begin with.
pub const FIRST_BC_MASK: BidiClassMask = BidiClassMask(true);
/// Directions that a label from left to right may end with.
pub const LAST_LTR_MASK: BidiClassMask = BidiClassMask(true);
/// Directions that a label from right to left may end with.
pub const LAST_RTL_MASK: BidiClassMask = BidiClassMask(true);
/// Directions within a label from left to right.
pub const MIDDLE_LTR_MASK: BidiClassMask = BidiClassMask(true);
/// Directions within a label from right to left.
pub const MIDDLE_RTL_MASK: BidiClassMask = BidiClassMask(true);
/// Characters that join to their left.
pub const LEFT_OR_DUAL_JOINING_MASK: JoiningTypeMask = JoiningTypeMask(());
/// Characters that join to their right.
pub const RIGHT_OR_DUAL_JOINING_MASK: JoiningTypeMask = JoiningTypeMask(());
