//! Enumerations that a newer Coder may extend.

/// Declares an enumeration of strings that keeps a value it does not know, so that a newer Coder
/// never makes an answer unreadable.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A value that this version of the crate does not know, as Coder sent it.
            Other(String),
        }

        impl $name {
            /// Returns the text that Coder uses for this value.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl Default for $name {
            /// Returns `Other` with an empty text, for a value that is missing.
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        /// A number or a boolean is kept as its text.
        impl crate::reading::Read for $name {
            const FORM: &'static str = "a text";

            fn from_flag(flag: bool) -> crate::reading::Outcome<Self> {
                Ok(Self::Other(flag.to_string()))
            }

            fn from_number(number: crate::reading::Number) -> crate::reading::Outcome<Self> {
                Ok(Self::Other(number.to_string()))
            }

            fn from_text(text: &str) -> crate::reading::Outcome<Self> {
                Ok(Self::from(text))
            }
        }

        crate::reading::neutral!($name);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let outcome = <Self as crate::reading::Read>::read(deserializer)?;
                Ok(outcome.unwrap_or_default())
            }
        }
    };
}

pub(crate) use open_enum;
