//! Whether a route changes anything.

/// The effect of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Whatever the method says: `GET` and `HEAD` change nothing, and the others do.
    ByMethod,
    /// Nothing is changed, whatever the method is: the body only tells what to read.
    None,
}
