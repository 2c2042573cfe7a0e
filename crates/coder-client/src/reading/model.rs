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
/// `#[serde(…)]` is for reading and writing. A required field that is called otherwise in JSON
/// says so in an error: `= required("ID")`.
macro_rules! model {
    (
        $(#[doc = $doc:literal])*
        #[derive($($derive:ident),*)]
        $(#[serde($($serde:tt)*)])?
        #[non_exhaustive]
        $visibility:vis struct $name:ident {$(
            $(#[$meta:meta])*
            pub $field:ident: $type:ty $(= $required:ident $(($wire:literal))? $(#[$slot:meta])?)?,
        )*}
    ) => {
        $(#[doc = $doc])*
        #[derive($($derive),*)]
        $(#[serde($($serde)*)])?
        #[non_exhaustive]
        $visibility struct $name {$(
            $(#[$meta])*
            pub $field: $type,
        )*}

        const _: () = {
            #[derive(Default, serde::Deserialize)]
            #[serde(default)]
            $(#[serde($($serde)*)])?
            struct Slots {$(
                $(#[$meta])*
                $($(#[$slot])?)?
                $field: crate::reading::Slot<$type>,
            )*}

            impl Slots {
                fn filled(self) -> crate::reading::Outcome<$name> {
                    Ok($name {$(
                        $field: crate::reading::filled!(
                            self.$field, $field $($required $(($wire))?)?
                        ),
                    )*})
                }
            }

            impl crate::reading::Read for $name {
                const FORM: &'static str = "an object";

                fn from_fields<'de, A: serde::de::MapAccess<'de>>(
                    fields: A,
                ) -> Result<crate::reading::Outcome<Self>, A::Error> {
                    let fields = serde::de::value::MapAccessDeserializer::new(fields);
                    <Slots as serde::Deserialize>::deserialize(fields).map(Slots::filled)
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
    ($slot:expr, $field:ident) => {
        $slot.or_neutral()
    };
    ($slot:expr, $field:ident required) => {
        $slot.required(stringify!($field))?
    };
    ($slot:expr, $field:ident required($wire:literal)) => {
        $slot.required($wire)?
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

pub(crate) use {filled, model, neutral};
