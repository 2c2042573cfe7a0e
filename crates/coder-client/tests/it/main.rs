//! The client from outside: what it sends, and what it makes of the answers.
#![cfg(test)]

mod client;
mod coverage;
mod models;
mod requests;
mod search_grammar;
mod support;
