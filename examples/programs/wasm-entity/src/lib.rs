//! A module for a browser: a `catalog-info.yaml`, or an entity as JSON, goes in, and the link that
//! creates its workspace comes out.

use coder_config::{Entity, ScmIntegrations, WorkspacesConfig, parse_entities};
use coder_workspaces::EntityWorkspacesConfig;
use wasm_bindgen::prelude::*;

/// Returns the link to a new workspace for the first entity of a catalog file.
///
/// # Errors
///
/// What is wrong with the file, with its place.
#[wasm_bindgen(js_name = creationLinkOfFile)]
pub fn creation_link_of_file(
    text: &str,
    coder: &str,
    template: &str,
) -> Result<Option<String>, JsError> {
    let entity = parse_entities("catalog-info.yaml", text).into_iter().next();
    creation_link(&entity.ok_or_else(|| JsError::new("the file has no entity"))??, coder, template)
}

/// Returns the link to a new workspace for an entity, as Backstage's front end has it.
///
/// # Errors
///
/// What is wrong with the entity.
#[wasm_bindgen(js_name = creationLinkOfEntity)]
pub fn creation_link_of_entity(
    json: &str,
    coder: &str,
    template: &str,
) -> Result<Option<String>, JsError> {
    creation_link(&serde_json::from_str(json)?, coder, template)
}

fn creation_link(entity: &Entity, coder: &str, template: &str) -> Result<Option<String>, JsError> {
    let mut config = WorkspacesConfig::new(coder.parse()?);
    config.default_template = Some(template.parse()?);
    config.repo_url_param_keys = vec!["repo".to_owned()];
    let repository = entity.repository(&ScmIntegrations::default())?;
    let spec = entity.coder_spec();
    let entity = EntityWorkspacesConfig::resolve(&config, spec.as_ref(), Some(&repository));
    Ok(entity.creation_url.map(|link| link.to_string()))
}
