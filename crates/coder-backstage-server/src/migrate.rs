//! `coder-backstage migrate`: the schema of the database, brought up to date.

use std::io::Write as _;

use crate::args::MigrateArgs;
use crate::failure::Failure;
use crate::{configuration, store};

/// Brings the schema up to date and prints what was done.
pub(crate) async fn migrate(args: &MigrateArgs) -> Result<(), Failure> {
    let config = configuration::load_files(&args.sources.config)?;
    let patience = args.patience.wait_for_database();
    let done = store::migrate(&config.session, &args.data.directory(), patience).await?;
    writeln!(std::io::stdout().lock(), "{done}").map_err(Failure::Output)
}
