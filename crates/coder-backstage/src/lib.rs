//! The front door to coder-backstage: its library crates by feature, and the manual.
