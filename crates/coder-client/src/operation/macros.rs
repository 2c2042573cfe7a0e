//! One line for each operation.

/// Declares operations: for each its arguments, its method and path, and the type of its answer.
///
/// ```text
/// /// `GET /api/v2/workspaces/{workspace}/builds`: returns the builds of a workspace.
/// ListBuilds(workspace: WorkspaceId) = GET ["workspaces", workspace, "builds"]
///     query {
///         ;
///         /// Sets the greatest number of builds that are returned.
///         limit: u32,
///     }
///     => List<WorkspaceBuild>;
/// ```
///
/// - The arguments become those of `new`; without parentheses the operation is a unit struct. A
///   `UserRef`, `OrganizationRef` or `String` is taken as `impl Into` of it.
/// - The path is below `/api/v2`, or below the deployment after `GET at_root`. A literal stands for
///   itself, a name for an argument.
/// - `query {…}` and `body {…}` (JSON) name the arguments that go there; behind a `;` come optional
///   members, each with the documentation of its setter. `name("wire")` tells the member's name
///   in the query where it is another.
/// - `=> ()` is an answer without content, `=> Option<…>` one that may be 204 or 304, and a `List` is
///   read from `null` too.
/// - Flags may follow, separated by commas: those of [`operation_flag!`].
///
/// An operation that this grammar has no form for (several constructors, a body with secrets or
/// lists) is a struct with [`impl_operation!`].
macro_rules! operations {
    ($(
        $(#[$meta:meta])*
        $name:ident $(($($field:ident: $ty:tt),*))?
            = $method:ident $($base:ident)? [$($segment:tt),+]
            $(query {
                $($query:ident),*
                $(; $($(#[$param_meta:meta])* $param:ident $(($wire:literal))?: $param_ty:tt),+ $(,)?)?
            })?
            $(body {
                $($body:ident),*
                $(; $($(#[$member_meta:meta])* $member:ident: $member_ty:tt),+ $(,)?)?
            })?
            => $output:ty $(, $flag:ident $($condition:ident)*)*;
    )+) => {$(
        crate::operation::operation_struct!(
            [$(#[$meta])*] $name $(($($field: $ty),*))?
            {
                $($($($(#[$param_meta])* $param: $param_ty,)+)?)?
                $($($($(#[$member_meta])* $member: $member_ty,)+)?)?
            }
        );

        crate::operation::impl_operation!(
            $name => $output $(, $flag $($condition)*)*,
            |this| {
                let $name {
                    $($($field,)*)?
                    $($($($param,)+)?)?
                    $($($($member,)+)?)?
                } = this;
                let segments = [$($segment.to_string()),+];
                crate::operation::RequestBuilder::new(http::Method::$method, segments)
                    $(.$base())?
                    $($(.query(stringify!($query), Some($query)))*)?
                    $($($(.query([$($wire,)? stringify!($param)][0], $param.as_ref()))+)?)?
                    $($(.member(stringify!($body), Some($body)))*)?
                    $($($(.member(stringify!($member), $member.as_ref()))+)?)?
            }
        );
    )+};
}

/// Implements `Operation` for a struct: use it where a line of [`operations!`] does not suffice.
///
/// ```text
/// impl_operation!(CreateUser => User, small, |this| {
///     RequestBuilder::post(["users"]).json(this)
/// });
/// ```
///
/// The flags are those of [`operation_flag!`]. Methods of the trait may follow the closure.
macro_rules! impl_operation {
    (
        $operation:ty => $output:ty $(, $flag:ident $($condition:ident)*)*,
        |$this:ident| $builder:expr $(, $rest:item)*
    ) => {
        impl crate::Operation for $operation {
            type Output = $output;

            fn request(
                &self,
                deployment: &coder_core::DeploymentUrl,
            ) -> Result<http::Request<bytes::Bytes>, crate::ClientError> {
                let $this = self;
                $builder.build(deployment)
            }

            fn parse(
                &self,
                response: http::Response<bytes::Bytes>,
            ) -> Result<Self::Output, crate::ClientError> {
                crate::operation::FromResponse::from_response(&response)
            }

            $(crate::operation::operation_flag! { $flag $($condition)* })*
            $($rest)*
        }
    };
}

/// Expands a flag of an operation to the method that it overrides.
///
/// - `public`: the request needs no credential.
/// - `small`: the answer has at most `SMALL_ANSWER` bytes.
/// - `repeatable`: the request may be sent again, although its method does not say so.
/// - `needs Capability`: the operation came with that capability.
/// - `needs Capability if member`: only a request with this optional member needs it.
macro_rules! operation_flag {
    (public) => {
        fn needs_credential(&self) -> bool {
            false
        }
    };
    (small) => {
        fn max_answer(&self) -> usize {
            crate::operation::SMALL_ANSWER
        }
    };
    (repeatable) => {
        fn is_repeatable(&self, _method: &http::Method) -> bool {
            true
        }
    };
    (needs $capability:ident) => {
        fn needs(&self) -> Option<crate::Capability> {
            Some(crate::Capability::$capability)
        }
    };
    (needs $capability:ident if $member:ident) => {
        fn needs(&self) -> Option<crate::Capability> {
            self.$member.as_ref().map(|_| crate::Capability::$capability)
        }
    };
}

/// Declares the struct of a line of [`operations!`], its constructor and its setters.
macro_rules! operation_struct {
    ([$($meta:tt)*] $name:ident {}) => {
        $($meta)*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;
    };
    (
        [$($meta:tt)*] $name:ident ($($field:ident: $ty:tt),*)
        {$($(#[$setter_meta:meta])* $optional:ident: $optional_ty:tt,)*}
    ) => {
        $($meta)*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($field: $ty,)*
            $($optional: Option<$optional_ty>,)*
        }

        impl $name {
            /// Creates the operation for these arguments.
            pub fn new($($field: crate::operation::argument!($ty)),*) -> Self {
                Self { $($field: $field.into(),)* $($optional: None,)* }
            }

            $(
                $(#[$setter_meta])*
                #[must_use]
                pub fn $optional(
                    mut self,
                    $optional: crate::operation::argument!($optional_ty),
                ) -> Self {
                    self.$optional = Some($optional.into());
                    self
                }
            )*
        }
    };
}

/// Gives the type of a parameter: `impl Into` for what callers have in several forms.
macro_rules! argument {
    (UserRef) => { impl Into<UserRef> };
    (OrganizationRef) => { impl Into<OrganizationRef> };
    (String) => { impl Into<String> };
    ($ty:tt) => { $ty };
}

pub(crate) use {argument, impl_operation, operation_flag, operation_struct, operations};
