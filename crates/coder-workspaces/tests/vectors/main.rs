//! What Coder's Backstage plugin does, recorded: this crate does the same, except where a decided
//! finding says otherwise (`deviations.json`).
#![cfg(test)]

mod availability;
mod compile_config;
mod merge_search;
mod suite;
mod url_sync;
