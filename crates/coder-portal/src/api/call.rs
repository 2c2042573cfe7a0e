//! A request to a route, read and with its caller confirmed.

use std::sync::Arc;

use coder_auth::Caller;
use coder_client::Client;

use super::input::{NoBody, NoQuery};
use super::path::NoPath;
use crate::state::PortalState;

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
