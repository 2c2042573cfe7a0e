//! What a version of a template asks for, from Coder or from what is known.

use coder_client::models::{Preset, TemplateVersionParameter};
use coder_client::operations::{ListPresets, ListTemplateVersionParameters};
use coder_client::{List, TemplateVersionId};
use coder_core::MaybeSend;

use crate::follow::Follower;
use crate::{Progress, TemplateVersionCache, WorkspacesError};

/// Returns the presets of a version.
pub(crate) async fn presets<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    version: TemplateVersionId,
    cache: Option<&TemplateVersionCache>,
) -> Result<List<Preset>, WorkspacesError> {
    let client = follower.client;
    if let Some(known) = cache.and_then(|cache| cache.presets(client, version)) {
        return Ok(known);
    }
    let presets = follower.ask(&ListPresets::new(version)).await?;
    if let Some(cache) = cache {
        cache.keep_presets(client, version, &presets);
    }
    Ok(presets)
}

/// Returns the static parameters of a version.
pub(crate) async fn parameters<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    version: TemplateVersionId,
    cache: Option<&TemplateVersionCache>,
) -> Result<List<TemplateVersionParameter>, WorkspacesError> {
    let client = follower.client;
    if let Some(known) = cache.and_then(|cache| cache.parameters(client, version)) {
        return Ok(known);
    }
    let parameters = follower.ask(&ListTemplateVersionParameters::new(version)).await?;
    if let Some(cache) = cache {
        cache.keep_parameters(client, version, &parameters);
    }
    Ok(parameters)
}
