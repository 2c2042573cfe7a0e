//! Lists that are read page by page.

use coder_core::{BoxStream, MaybeSend};
use futures_util::{StreamExt as _, stream};

use crate::{Client, ClientError, List, Operation};

/// An operation that lists items in pages.
pub trait Paged: Operation + Sized + 'static {
    /// The type of the listed items.
    type Item: MaybeSend;

    /// Returns the operation for one page: at most `limit` items (1 or more) after the first
    /// `offset`.
    fn page(&self, limit: u32, offset: u32) -> Self;

    /// Returns the items of a page.
    fn items(page: Self::Output) -> List<Self::Item>;

    /// Returns the number of items that Coder sent in a page, including those that could not be
    /// read.
    fn count(page: &Self::Output) -> usize;
}

impl Client {
    /// Returns a stream of the pages of a list, with `size` items each (1 or more).
    ///
    /// The stream holds one page at a time, and requests the next one when the caller polls for it.
    /// Coder cuts each page from the list as it is at that moment: when the list changes in between,
    /// an item may come twice or not at all.
    #[doc(alias = "pagination")]
    pub fn pages<O: Paged>(
        &self,
        list: O,
        size: u32,
    ) -> BoxStream<'static, Result<O::Output, ClientError>> {
        let (client, size) = (self.clone(), size.max(1));
        Box::pin(stream::unfold(Some(0_u32), move |offset| {
            let (client, page) = (client.clone(), offset.map(|offset| list.page(size, offset)));
            async move {
                let (offset, page) = (offset?, page?);
                let answer = client.send(&page).await;
                let full = answer.as_ref().is_ok_and(|page| O::count(page) >= size as usize);
                let next = if full { offset.checked_add(size) } else { None };
                Some((answer, next))
            }
        }))
    }

    /// Returns a stream of the items of a list; see [`Client::pages`].
    ///
    /// An item that cannot be read is left out and logged as a warning.
    ///
    /// ```
    /// use coder_client::{Client, WorkspaceFilter, operations::ListWorkspaces};
    /// use futures_util::TryStreamExt as _;
    ///
    /// async fn count_outdated(client: &Client) -> Result<usize, coder_client::ClientError> {
    ///     let all = ListWorkspaces::new(WorkspaceFilter::new());
    ///     let mut workspaces = client.items(all, 100);
    ///     let mut outdated = 0;
    ///     while let Some(workspace) = workspaces.try_next().await? {
    ///         outdated += usize::from(workspace.outdated);
    ///     }
    ///     Ok(outdated)
    /// }
    /// ```
    #[doc(alias = "pagination")]
    #[doc(alias = "list all")]
    pub fn items<O: Paged>(
        &self,
        list: O,
        size: u32,
    ) -> BoxStream<'static, Result<O::Item, ClientError>> {
        Box::pin(self.pages(list, size).flat_map(|page| {
            // Not collected again: a page is large.
            let (items, error) = match page {
                Ok(page) => (O::items(page), None),
                Err(error) => (List::default(), Some(Err(error))),
            };
            for unreadable in items.unreadable() {
                tracing::warn!(%unreadable, "an item of a list is left out");
            }
            stream::iter(items.into_iter().map(Ok).chain(error))
        }))
    }
}

/// Implements [`Paged`] for operations with the setters `limit` and `offset`.
macro_rules! paged {
    ($($operation:ty => $item:ty, |$page:ident| $items:expr;)+) => {$(
        impl crate::Paged for $operation {
            type Item = $item;

            fn page(&self, limit: u32, offset: u32) -> Self {
                self.clone().limit(limit).offset(offset)
            }

            fn items($page: Self::Output) -> List<Self::Item> {
                $items
            }

            fn count($page: &Self::Output) -> usize {
                $items.received()
            }
        }
    )+};
}

mod lists {
    use crate::List;
    use crate::models::{
        AuditLog, ConnectionLog, OrganizationMember, ReducedUser, TemplateVersion, User, Workspace,
        WorkspaceBuild,
    };
    use crate::operations::{
        ListAuditLogs, ListBuilds, ListConnectionLogs, ListGroupMembers, ListPaginatedMembers,
        ListTemplateVersions, ListUsers, ListWorkspaces,
    };

    paged! {
        ListWorkspaces => Workspace, |page| page.workspaces;
        ListUsers => User, |page| page.users;
        ListBuilds => WorkspaceBuild, |page| page;
        ListTemplateVersions => TemplateVersion, |page| page;
        ListPaginatedMembers => OrganizationMember, |page| page.members;
        ListGroupMembers => ReducedUser, |page| page.users;
        ListAuditLogs => AuditLog, |page| page.audit_logs;
        ListConnectionLogs => ConnectionLog, |page| page.connection_logs;
    }
}
