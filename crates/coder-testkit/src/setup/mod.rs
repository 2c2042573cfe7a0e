//! What a test sets, does and looks at.

mod browser;
mod builder;
mod seen;
mod templates;
mod workspaces;

pub use browser::NotRedirected;
pub use builder::FakeCoderBuilder;
pub use templates::FakeTemplate;
pub use workspaces::NewWorkspace;
