//! What Backstage's packages do, recorded: this crate does the same, except where a decided
//! finding says otherwise (`deviations.json`).
#![cfg(test)]

mod config_loader;
mod config_reader;
mod entity_ref;
mod source_location;
mod suite;
