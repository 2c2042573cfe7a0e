//! Lists that are read page by page.

use coder_core::{BoxStream, MaybeSend};
use futures_util::{StreamExt as _, stream};

use crate::{Client, ClientError, List, Operation};

/// A list that Coder gives in pages.
pub trait Paged: Operation + Sized + 'static {
    /// What is listed.
    type Item: MaybeSend;

    /// The same list, cut to `limit` items (at least 1) after the first `offset`.
    fn cut(&self, limit: u32, offset: u32) -> Self;

    /// The items of a page.
    fn items(page: Self::Output) -> List<Self::Item>;

    /// How many items Coder gave in a page, whether they could be read or not.
    fn count(page: &Self::Output) -> usize;
}

impl Client {
    /// A list, page by page of `size` items each (at least 1). One page is held at a time, and the
    /// next one is asked for when it is wanted.
    ///
    /// Coder cuts each page from the list as it is then: of a list that changes in between, an item
    /// may come twice or not at all.
    pub fn pages<O: Paged>(
        &self,
        list: O,
        size: u32,
    ) -> BoxStream<'static, Result<O::Output, ClientError>> {
        let (client, size) = (self.clone(), size.max(1));
        Box::pin(stream::unfold(Some(0_u32), move |offset| {
            let (client, page) = (client.clone(), offset.map(|offset| list.cut(size, offset)));
            async move {
                let (offset, page) = (offset?, page?);
                let answer = client.send(&page).await;
                let full = answer.as_ref().is_ok_and(|page| O::count(page) >= size as usize);
                let next = if full { offset.checked_add(size) } else { None };
                Some((answer, next))
            }
        }))
    }

    /// A list, item by item; see [`Client::pages`]. An item that cannot be read is left out and told
    /// to the log; a page tells it as well.
    ///
    /// ```
    /// use coder_client::{Client, WorkspaceFilter, operations::ListWorkspaces};
    /// use futures_util::TryStreamExt as _;
    ///
    /// async fn count_outdated(client: &Client) -> Result<usize, coder_client::ClientError> {
    ///     let all = ListWorkspaces::matching(WorkspaceFilter::new());
    ///     let mut workspaces = client.items(all, 100);
    ///     let mut outdated = 0;
    ///     while let Some(workspace) = workspaces.try_next().await? {
    ///         outdated += usize::from(workspace.outdated);
    ///     }
    ///     Ok(outdated)
    /// }
    /// ```
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

            fn cut(&self, limit: u32, offset: u32) -> Self {
                self.clone().limit(limit).offset(offset)
            }

            fn items($page: Self::Output) -> List<Self::Item> {
                $items
            }

            fn count($page: &Self::Output) -> usize {
                $items.given()
            }
        }
    )+};
}

mod lists {
    use crate::List;
    use crate::models::{TemplateVersion, User, Workspace, WorkspaceBuild};
    use crate::operations::{ListBuilds, ListTemplateVersions, ListUsers, ListWorkspaces};

    paged! {
        ListWorkspaces => Workspace, |page| page.workspaces;
        ListUsers => User, |page| page.users;
        ListBuilds => WorkspaceBuild, |page| page;
        ListTemplateVersions => TemplateVersion, |page| page;
    }
}
