//! Who signs in, and where.

/// A user of one Coder: their number, and the deployment's.
pub(crate) type Person = (usize, usize);

/// The owner of a session cookie, and of the identity tokens of its sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: usize,
    pub(crate) environment: usize,
    pub(crate) coder: usize,
    /// The step at which the login began.
    pub(crate) began: u64,
}

impl Owner {
    pub(crate) fn person(self) -> Person {
        (self.user, self.coder)
    }
}
