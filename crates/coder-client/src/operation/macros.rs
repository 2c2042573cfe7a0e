//! One line for each operation.

/// Implements `Operation` for a request that is answered with JSON (`=> Type`) or with nothing.
macro_rules! operation {
    ($operation:ty $(=> $output:ty)?, |$this:ident| $draft:expr $(, $rest:item)*) => {
        impl crate::Operation for $operation {
            type Output = crate::operation::output!($($output)?);

            fn request(
                &self,
                deployment: &coder_core::DeploymentUrl,
            ) -> Result<http::Request<bytes::Bytes>, crate::Error> {
                let $this = self;
                $draft.build(deployment)
            }

            fn parse(
                &self,
                response: http::Response<bytes::Bytes>,
            ) -> Result<Self::Output, crate::Error> {
                crate::operation::read!($($output)?)(&response)
            }

            $($rest)*
        }
    };
}

/// Declares operations that are no more than a method and a path: a literal in it stands for
/// itself, a name for a field.
///
/// ```text
/// /// `GET /api/v2/templates/{template}`: one template.
/// GetTemplate(template: TemplateId) = GET ["templates", template] => Template;
/// ```
///
/// `, needs Capability` at the end names what came with a certain release, and `, up to LIMIT` the
/// greatest size of an answer where it is not `MAX_ANSWER`.
macro_rules! operations {
    ($(
        $(#[$meta:meta])*
        $name:ident $(($($field:ident: $ty:ty),+))? = $method:ident [$($segment:tt),+]
            $(=> $output:ty)? $(, needs $needs:ident)? $(, up to $most:ident)?;
    )+) => {$(
        crate::operation::operation_struct!([$(#[$meta])*] $name $(($($field: $ty),+))?);

        crate::operation::operation!($name $(=> $output)?, |_this| {
            let segments = [$(crate::operation::segment!(_this $segment)),+];
            crate::operation::Draft::api(http::Method::$method, segments)
        } $(, fn needs(&self) -> Option<crate::Capability> {
            Some(crate::Capability::$needs)
        })? $(, fn max_answer(&self) -> usize {
            crate::operation::$most
        })?);
    )+};
}

macro_rules! operation_struct {
    ([$(#[$meta:meta])*] $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;
    };
    ([$(#[$meta:meta])*] $name:ident ($($field:ident: $ty:ty),+)) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($field: $ty,)+
        }

        impl $name {
            /// Of what the arguments name.
            pub fn new($($field: $ty),+) -> Self {
                Self { $($field),+ }
            }
        }
    };
}

macro_rules! segment {
    ($this:ident $text:literal) => {
        $text.to_owned()
    };
    ($this:ident $field:ident) => {
        $this.$field.to_string()
    };
}

macro_rules! output {
    () => {
        ()
    };
    ($output:ty) => {
        $output
    };
}

macro_rules! read {
    () => {
        crate::operation::nothing
    };
    ($output:ty) => {
        crate::operation::tolerant
    };
}

pub(crate) use {operation, operation_struct, operations, output, read, segment};
