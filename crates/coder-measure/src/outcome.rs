//! How a part of the measurement ends.

/// A result whose error ends the measurement; its text says why.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
