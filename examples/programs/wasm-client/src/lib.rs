//! A module for a browser: a page lists the workspaces of its user.

use coder_client::operations::ListWorkspaces;
use coder_client::{Client, WorkspaceFilter};
use wasm_bindgen::prelude::*;

/// Returns the names of the user's workspaces.
///
/// # Errors
///
/// What Coder or the network said.
#[wasm_bindgen(js_name = myWorkspaces)]
pub async fn my_workspaces(coder: String, token: String) -> Result<Vec<String>, JsError> {
    let client = Client::connect(coder, token)?;
    let mine = client.send(&ListWorkspaces::new(WorkspaceFilter::new().mine())).await?;
    Ok(mine.workspaces.into_iter().map(|workspace| workspace.name).collect())
}
