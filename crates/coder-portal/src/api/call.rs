//! A request to a route, read and with its caller confirmed.

use std::sync::Arc;
use std::time::Duration;

use coder_auth::Caller;
use coder_client::Client;

use super::input::{NoBody, NoQuery};
use super::path::NoPath;
use crate::state::PortalState;

/// The longest time for which a route asks a Coder that does not answer again. The answer of a route
/// takes 20 seconds at most, and names Coder as the cause when this time is over.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);

/// A request to a route: a confirmed caller, and what path, query and body hold.
pub(crate) struct Call<P = NoPath, Q = NoQuery, B = NoBody> {
    pub(crate) state: Arc<PortalState>,
    pub(crate) caller: Caller,
    /// Client with the caller's rights. When Coder refuses its token, the handler is called once more
    /// with a renewed one.
    pub(crate) client: Client,
    pub(crate) path: P,
    pub(crate) query: Q,
    pub(crate) body: B,
}
