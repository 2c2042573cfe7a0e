//! What the command line says.

/// Coder as auth provider and workspaces API of a Backstage portal.
#[derive(Debug, clap::Parser)]
#[command(name = "coder-backstage", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Serves a portal's backend as its app-config says
    Serve(ServeArgs),
    /// Shows everything on this machine: a fake Coder, a catalog from files and a portal page
    #[cfg(feature = "demo")]
    Demo(DemoArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// A configuration file; later ones override earlier ones. Without any, `app-config.yaml` and
    /// `app-config.local.yaml` of this directory, as Backstage does
    #[arg(long = "config", value_name = "FILE")]
    pub(crate) config: Vec<String>,
}

#[cfg(feature = "demo")]
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The port to serve the portal at; 0 takes a free one. Without it, 7007 or a free one
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Plays the browser too: signs in, looks at every workspace, signs out, and says how each
    /// step went
    #[arg(long)]
    pub(crate) smoke: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
