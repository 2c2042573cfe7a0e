//! Filters of lists, in Coder's search grammar.

mod grammar;
mod template;
mod user;
mod workspace;

pub use grammar::FilterError;
pub use template::TemplateFilter;
pub use user::UserFilter;
pub use workspace::WorkspaceFilter;
