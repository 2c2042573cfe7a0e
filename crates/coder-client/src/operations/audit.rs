//! The audit log and the connection log. Only licensed deployments keep them.

use crate::models::{AuditLogPage, ConnectionLogPage};
use crate::operation::operations;

operations! {
    /// `GET /api/v2/audit`: lists the entries of the audit log, the newest first.
    ///
    /// ```
    /// use coder_client::operations::ListAuditLogs;
    ///
    /// let deletions = ListAuditLogs::new().limit(100).q("action:delete resource_type:workspace");
    /// ```
    #[doc(alias = "compliance")]
    #[derive(Default)]
    ListAuditLogs() = GET ["audit"]
        query {
            ;
            /// Sets the greatest number of entries to return. Coder wants one.
            limit: u32,
            /// Searches in Coder's grammar, like `resource_type:workspace username:dana
            /// date_from:2026-08-01`.
            q: String,
            /// Skips this number of entries.
            offset: u32,
        }
        => AuditLogPage;
    /// `GET /api/v2/connectionlog`: lists the connections to workspaces, the newest first.
    #[derive(Default)]
    ListConnectionLogs() = GET ["connectionlog"]
        query {
            ;
            /// Sets the greatest number of entries to return. Coder wants one.
            limit: u32,
            /// Searches in Coder's grammar, like `workspace_owner:dana type:ssh`.
            q: String,
            /// Skips this number of entries.
            offset: u32,
        }
        => ConnectionLogPage;
}
