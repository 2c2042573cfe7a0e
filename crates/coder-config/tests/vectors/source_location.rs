//! Where an entity's source code is: `@backstage/catalog-model`, `@backstage/integration`, the
//! catalog's annotations on ingestion, and the plugin's repository URL.

use coder_config::{
    Entity, LocationRef, LocationRefError, NoRepository, SOURCE_LOCATION, ScmIntegrations,
};
use coder_testkit::recordings::Json;

use crate::config_loader::load;
use crate::entity_ref::node;
use crate::suite::{Outcome, hold};

#[test]
fn source_location() {
    hold("source_location", run);
}

fn run(input: &Json) -> Outcome {
    let integrations = input.get("integrations").cloned().unwrap_or(Json::map([]));
    let config = Json::map([("integrations", integrations)]);
    let loaded = load(config.to_text()).map_err(|_| "Error")?;
    let integrations = ScmIntegrations::from_loaded(&loaded).map_err(|_| "Error")?;
    let mut entity = input.get("entity").expect("an entity").clone();
    if let Some(location) = input.get("location") {
        let origin = input.get("originLocation").unwrap_or(location);
        ingest(&mut entity, location, origin, &integrations)?;
    }
    let annotations = entity
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"))
        .cloned()
        .unwrap_or(Json::Null);
    let mut result = vec![("annotations", annotations)];
    match Entity::from_node(&node(&entity)) {
        Ok(entity) => result.extend(places(&entity, &integrations)),
        // An annotation that is no text: Backstage's catalog refuses the entity as well.
        Err(_) => result.extend([
            ("modelSourceLocation", error("TypeError")),
            ("locationTargetUrl", Json::Null),
            ("integrationType", Json::Null),
            ("repoUrl", Json::Null),
        ]),
    }
    Ok(Json::map(result))
}

fn places(entity: &Entity, integrations: &ScmIntegrations) -> Vec<(&'static str, Json)> {
    let text = |text: &str| Json::String(text.to_owned());
    let model = entity.source_location();
    let written = entity.annotation(SOURCE_LOCATION).filter(|text| !text.is_empty());
    let plugin = written.and_then(|written| LocationRef::parse(written).ok());
    let system = plugin
        .as_ref()
        .and_then(|location| url::Url::parse(location.target()).ok())
        .and_then(|url| integrations.integration_of(&url));
    vec![
        (
            "modelSourceLocation",
            match &model {
                Ok(location) => Json::map([(
                    "ok",
                    Json::map([
                        ("type", text(location.kind())),
                        ("target", text(location.target())),
                    ]),
                )]),
                Err(NoRepository::NoAnnotation) => error("Error"),
                Err(_) => error("TypeError"),
            },
        ),
        (
            "locationTargetUrl",
            plugin.as_ref().map_or(Json::Null, |location| text(location.target())),
        ),
        ("integrationType", system.map_or(Json::Null, |scm| text(scm.config_key()))),
        (
            "repoUrl",
            entity.repository(integrations).map_or(Json::Null, |found| text(found.clone_url())),
        ),
    ]
}

fn error(kind: &str) -> Json {
    Json::map([("error", Json::map([("kind", Json::String(kind.to_owned()))]))])
}

/// Adds what the catalog adds; the entity's own annotations count more.
fn ingest(
    entity: &mut Json,
    location: &Json,
    origin: &Json,
    integrations: &ScmIntegrations,
) -> Result<(), String> {
    let of = |place: &Json| -> Result<LocationRef, LocationRefError> {
        LocationRef::new(place.text("type"), place.text("target"))
    };
    let (location, origin) =
        (of(location).map_err(|_| "TypeError")?, of(origin).map_err(|_| "TypeError")?);
    let computed = integrations.annotations_of(&location, &origin).map_err(|_| "TypeError")?;
    let Json::Map(root) = entity else { panic!("no entity") };
    let metadata = root.entry("metadata".to_owned()).or_insert(Json::map([]));
    let Json::Map(metadata) = metadata else { panic!("no metadata") };
    let annotations = metadata.entry("annotations".to_owned()).or_insert(Json::map([]));
    if matches!(annotations, Json::Null) {
        return Ok(());
    }
    let Json::Map(annotations) = annotations else { panic!("no annotations") };
    for (key, value) in computed {
        annotations.entry(key.to_owned()).or_insert(Json::String(value));
    }
    Ok(())
}
