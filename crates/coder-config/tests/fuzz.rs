//! The texts that the fuzz targets start from hold what the targets hold.
#![cfg(test)]

#[expect(unreachable_pub, reason = "the fuzz targets use it too")]
#[path = "../../../fuzz/src/coder_config.rs"]
mod checks;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn every_place_in_yaml_is_inside_the_text_and_what_is_read_can_be_written() {
    replay("yaml", checks::yaml);
}

#[test]
fn every_mistake_in_app_config_has_its_place() {
    replay("app_config", checks::app_config);
}

#[test]
fn a_source_location_leads_to_one_repository() {
    replay("source_location", checks::source_location);
}

#[test]
fn a_printed_reference_is_that_reference() {
    replay("entity_ref", checks::entity_ref);
}
