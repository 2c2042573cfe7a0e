//! Models: structs that are read from objects.

/// Declares a model: a struct that is read from an object, where a field is `= required` when the
/// struct cannot exist without it. Any other field that is missing, null, or of an unknown form is
/// [`Neutral`].
///
/// ```text
/// model! {
///     /// A user.
///     #[derive(Clone, Debug, Serialize)]
///     #[non_exhaustive]
///     pub struct User {
///         /// Never changes.
///         pub id: UserId = required,
///         /// When the user was created.
///         pub created_at: Option<Timestamp>,
///     }
/// }
/// ```
///
/// `#[serde(…)]` is for writing, except that `rename`, as the first word, counts for reading as well.
macro_rules! model {
    (
        $(#[doc = $doc:literal])*
        #[derive($($derive:ident),*)]
        $(#[serde($($serde:tt)*)])?
        #[non_exhaustive]
        $visibility:vis struct $name:ident {$(
            $(#[doc = $about:literal])*
            $(#[serde($($attribute:tt)*)])?
            pub $field:ident: $type:ty $(= $required:ident)?,
        )*}
    ) => {
        $(#[doc = $doc])*
        #[derive($($derive),*)]
        $(#[serde($($serde)*)])?
        #[non_exhaustive]
        $visibility struct $name {$(
            $(#[doc = $about])*
            $(#[serde($($attribute)*)])?
            pub $field: $type,
        )*}

        const _: () = {
            const NAMES: &[&str] = &[$(crate::reading::wire!($field $($($attribute)*)?)),*];
            // One bit for each field, while they are read.
            const _: () = assert!(NAMES.len() <= 128);

            impl crate::reading::Model for $name {
                fn names(&self) -> &'static [&'static str] {
                    NAMES
                }

                fn place(&mut self, index: usize) -> Option<crate::reading::Place<'_>> {
                    #[expect(non_camel_case_types, reason = "the names of the fields")]
                    enum Index { $($field),* }

                    $(
                        if index == Index::$field as usize {
                            return Some(crate::reading::place!(&mut self.$field $(, $required)?));
                        }
                    )*
                    None
                }
            }

            impl crate::reading::Blank for $name {
                fn blank() -> Self {
                    Self {$($field: crate::reading::blank!($type $(, $required)?),)*}
                }
            }

            impl crate::reading::Read for $name {
                const FORM: &'static str = "an object";

                fn from_fields(
                    fields: &mut dyn crate::reading::Fields,
                ) -> Result<crate::reading::Outcome<Self>, crate::reading::Broken> {
                    let mut model = <Self as crate::reading::Blank>::blank();
                    let outcome = crate::reading::fill(fields, &mut model)?;
                    Ok(outcome.map(|()| model))
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
                    let outcome = <Self as crate::reading::Read>::read(deserializer)?;
                    outcome.map_err(serde::de::Error::custom)
                }
            }
        };
    };
}

/// The place of a field.
macro_rules! place {
    ($place:expr) => {
        crate::reading::Place::Neutral($place)
    };
    ($place:expr, required) => {
        crate::reading::Place::Required($place)
    };
}

/// The value of a field before it is read.
macro_rules! blank {
    ($type:ty) => {
        <$type as crate::reading::Neutral>::neutral()
    };
    ($type:ty, required) => {
        <$type as crate::reading::Blank>::blank()
    };
}

/// The name of a field in JSON.
macro_rules! wire {
    ($field:ident rename = $name:literal $($attribute:tt)*) => {
        $name
    };
    ($field:ident $($attribute:tt)*) => {
        stringify!($field)
    };
}

/// Implements `Neutral` by `Default`, for models that may be missing as a whole.
macro_rules! neutral {
    ($($name:ty),+ $(,)?) => {$(
        impl crate::reading::Neutral for $name {
            fn neutral() -> Self {
                Self::default()
            }
        }
    )+};
}

pub(crate) use {blank, model, neutral, place, wire};
