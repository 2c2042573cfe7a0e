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
            #[derive(Default)]
            struct Slots {$(
                $field: crate::reading::Slot<$type>,
            )*}

            impl Slots {
                fn filled(self) -> crate::reading::Outcome<$name> {
                    Ok($name {$(
                        $field: crate::reading::filled!(
                            self.$field,
                            crate::reading::wire!($field $($($attribute)*)?)
                            $(, $required)?
                        ),
                    )*})
                }
            }

            impl crate::reading::Read for $name {
                const FORM: &'static str = "an object";

                fn from_fields(
                    fields: &mut dyn crate::reading::Fields,
                ) -> Result<crate::reading::Outcome<Self>, crate::reading::Broken> {
                    let mut slots = Slots::default();
                    crate::reading::fill(fields, &mut [$(crate::reading::Field {
                        name: crate::reading::wire!($field $($($attribute)*)?),
                        target: &mut slots.$field,
                    }),*])?;
                    Ok(slots.filled())
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

macro_rules! filled {
    ($slot:expr, $name:expr) => {
        $slot.or_neutral()
    };
    ($slot:expr, $name:expr, required) => {
        $slot.required($name)?
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

pub(crate) use {filled, model, neutral, wire};
