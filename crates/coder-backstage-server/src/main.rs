//! The coder-backstage server: Coder as auth provider and workspaces API of a Backstage portal, configured by app-config.yaml.
fn main() {}
