//! Accounts at other services, such as GitHub, that a template needs its users to have linked.

use coder_client::models::Workspace;
use coder_client::operations::{GetUser, ListTemplateVersionExternalAuth};
use coder_client::{Client, TemplateVersionId, UserId};

use crate::TemplateVersionCache;
use crate::missing_account::MissingAccount;

/// Lists the accounts that a workspace's owner has not linked, although its template needs them:
/// `GET /api/v2/templateversions/{templateversion}/external-auth`.
///
/// Releases before 2.36 tell the caller's accounts only. For somebody else's workspace, they name no
/// account.
///
/// Ask after a start has failed, because Coder does not name a missing account as the reason.
/// [`Availability::with_missing_accounts`](crate::Availability::with_missing_accounts) tells people.
///
/// # Errors
///
/// When Coder refuses or does not answer.
pub async fn missing_accounts(
    client: &Client,
    workspace: &Workspace,
) -> Result<Vec<MissingAccount>, crate::WorkspacesError> {
    let Some(version) = workspace.latest_build.template_version_id else {
        return Ok(Vec::new());
    };
    let owner = (workspace.owner_id, workspace.owner_name.as_str());
    Ok(missing(client, version, Some(owner), None).await?)
}

/// Returns the accounts that `owner` has not linked, an id and a name, or the caller when `owner` is
/// `None`; an empty list where the release does not tell.
pub(crate) async fn missing(
    client: &Client,
    version: TemplateVersionId,
    owner: Option<(UserId, &str)>,
    cache: Option<&TemplateVersionCache>,
) -> Result<Vec<MissingAccount>, coder_client::ClientError> {
    if cache.is_some_and(|cache| cache.needs_no_accounts(client, version)) {
        return Ok(Vec::new());
    }
    let list = ListTemplateVersionExternalAuth::new(version);
    let accounts = match owner {
        None => client.send(&list).await?,
        Some((owner, _)) => match client.send(&list.for_user(owner)).await {
            // A release that tells about the caller only; of somebody else nobody knows.
            Err(error) if error.is_unsupported() => {
                if client.send(&GetUser::me()).await?.id != owner {
                    return Ok(Vec::new());
                }
                client.send(&list).await?
            }
            accounts => accounts?,
        },
    };
    if accounts.is_empty()
        && accounts.unreadable().is_empty()
        && let Some(cache) = cache
    {
        cache.note_no_accounts(client, version);
    }
    let missing = accounts
        .into_iter()
        .filter(|account| !account.authenticated && account.optional != Some(true))
        .map(|account| {
            let name = [account.display_name, account.id].into_iter().find(|name| !name.is_empty());
            MissingAccount {
                owner: owner.map(|(_, name)| name.to_owned()),
                name: name.unwrap_or_default(),
                url: account.authenticate_url,
            }
        });
    Ok(missing.collect())
}

/// Returns the accounts that Coder names in its refusal of a build for this owner, or for the caller.
pub(crate) fn named_in(
    error: &coder_client::ClientError,
    client: &Client,
    owner: Option<&str>,
) -> Vec<MissingAccount> {
    let validations = error.api().map(|api| api.validations.as_slice()).unwrap_or_default();
    let page = |provider: &str| client.deployment().endpoint(["external-auth", provider]);
    validations
        .iter()
        .filter(|validation| validation.field == "external_auth")
        .map(|validation| MissingAccount {
            owner: owner.map(str::to_owned),
            name: validation.detail.clone(),
            url: page(&validation.detail).into(),
        })
        .collect()
}
