//! A build that begins when another one has succeeded.

use uuid::Uuid;

/// A start that waits for the success of another build.
#[derive(Clone, Debug)]
pub(crate) struct Successor {
    /// The build that has to succeed.
    pub(crate) build: Uuid,
    pub(crate) version: Option<Uuid>,
    pub(crate) preset: Option<Uuid>,
    pub(crate) parameters: Vec<(String, String)>,
}
