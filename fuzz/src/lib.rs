//! What must hold for every input, by the crate it is about. The fuzz targets call these with
//! texts of their own, the crates' tests with the texts of `corpus/`.

pub mod coder_auth;
pub mod coder_config;
