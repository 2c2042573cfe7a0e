//! What the command line says.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use coder_auth::PersonName;
use coder_config::EnvironmentName;
use coder_core::DeploymentUrl;
use url::Url;

use crate::logs::LogFormat;

/// The release, and the commit that it was built from. Builds for others name it in the variable
/// `CODER_BACKSTAGE_COMMIT`, as `cargo xtask dist` and the container file do.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let commit = option_env!("CODER_BACKSTAGE_COMMIT").filter(|commit| !commit.is_empty());
    format!("{} ({})", env!("CARGO_PKG_VERSION"), commit.unwrap_or("built from source"))
});

/// Coder as auth provider and workspaces API of a Backstage portal.
#[derive(Debug, clap::Parser)]
#[command(name = "coder-backstage", version = VERSION.as_str(), arg_required_else_help = true)]
pub(crate) struct Args {
    /// The form of the log on standard error
    #[arg(long, global = true, value_enum, default_value_t, env = "CODER_BACKSTAGE_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Serves a portal's backend as its app-config says
    Serve(ServeArgs),
    /// Looks at a configuration without serving it
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Asks Coder, the store, the catalog and the way to them, before people do; fails when
    /// something is wrong
    Check(Box<CheckupArgs>),
    /// Prints the workspaces of the catalog's entities, or what has no counterpart on the other side
    Workspaces(WorkspacesArgs),
    /// Shows who is signed in, or ends sessions, also beside a running server
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Erases what the portal keeps of a person
    #[command(subcommand)]
    People(PeopleCommand),
    /// Registers the portal as an OAuth2 application of Coder, and prints the app-config for it
    Register(Box<RegisterArgs>),
    /// Shows everything on this machine: a fake Coder, a catalog from files and a portal page
    #[cfg(feature = "demo")]
    Demo(DemoArgs),
    /// Brings the schema of the database up to date, and changes nothing else; `serve` does it, too,
    /// where its user may
    Migrate(MigrateArgs),
    /// Prints the completions of a shell
    Completions(CompletionsArgs),
    /// Writes the manual, a page for each command
    Man(ManArgs),
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tells every mistake and everything worth knowing, each with its place; fails when there is a
    /// mistake
    Check(CheckArgs),
    /// Prints what all files and variables make together, without secrets
    Print(PrintArgs),
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum SessionsCommand {
    /// Lists the sessions with their users, the one that was used last first
    List(Box<ListSessionsArgs>),
    /// Ends sessions; with the last one of a user, Coder revokes the user's tokens
    End(Box<EndSessionsArgs>),
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum PeopleCommand {
    /// Ends the sessions of a person, revokes their tokens at Coder, and deletes what else is kept
    Forget(Box<ForgetArgs>),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListSessionsArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Lists the sessions of one person only: a user name or id of Coder, or `user:default/alice`
    #[arg(long, value_name = "PERSON")]
    pub(crate) user: Option<PersonName>,
    /// Prints JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EndSessionsArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) which: WhichSessions,
    #[command(flatten)]
    pub(crate) how: HowToChange,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct WhichSessions {
    /// Ends all sessions of a person: a user name or id of Coder, or `user:default/alice`
    #[arg(long, value_name = "PERSON")]
    pub(crate) user: Option<PersonName>,
    /// Ends one session: its id, or as much of its beginning as no other session has
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// Ends the sessions of everybody
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ForgetArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The person: `user:default/alice`, or a user name or id of Coder. A user of Coder without a
    /// session is found by the id alone
    pub(crate) person: PersonName,
    #[command(flatten)]
    pub(crate) how: HowToChange,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HowToChange {
    /// Does it without a question
    #[arg(long)]
    pub(crate) yes: bool,
    /// Prints JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Fails for notices, too
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckupArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The URL of the backend as browsers see it: the running portal is asked there, through every
    /// proxy, and what arrives is compared with this configuration
    #[arg(long, value_name = "URL")]
    pub(crate) from_outside: Option<Url>,
    /// For how many seconds the running portal holds an answer back, to see whether a proxy in front
    /// cuts it off
    #[arg(long, value_name = "SECONDS", default_value_t = 21, requires = "from_outside")]
    pub(crate) hold: u8,
    /// Prints JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    /// Fails for notices, too
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WorkspacesArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    /// The entity: a reference such as `component:default/payments`, or the name of a component.
    /// Without it, all entities
    pub(crate) entity: Option<String>,
    /// Prints the entities without workspaces, the workspaces that belong to no entity with the
    /// reason, and the stale ones
    #[arg(long, conflicts_with = "entity")]
    pub(crate) report: bool,
    /// The number of days after which a workspace that nobody has used is stale
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 30,
        requires = "report",
        value_parser = clap::value_parser!(u16).range(1..=3650)
    )]
    pub(crate) stale_after: u16,
    /// Prints JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PrintArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    /// Each value on a line of its own, with the file and line or the variable it came from
    #[arg(long)]
    pub(crate) with_origin: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// How many connections are served at a time; others wait until one of them ends. Each one takes
    /// a file descriptor (`ulimit -n`), and up to one more for what is asked of Coder
    #[arg(long, value_name = "NUMBER", default_value_t = crate::server::CONNECTIONS)]
    pub(crate) max_connections: NonZeroUsize,
    /// Leaves out what `check` asks of Coder, the store and the catalog, which is otherwise asked
    /// once at the start and told in the log
    #[arg(long)]
    pub(crate) skip_check: bool,
    /// How long requests are still taken after SIGTERM, while readiness says 503, so that load
    /// balancers send them elsewhere; 0 to 300. Another signal ends it
    #[arg(long, value_name = "SECONDS", default_value_t = crate::server::DRAIN,
        value_parser = clap::value_parser!(u16).range(..=300))]
    pub(crate) drain: u16,
    #[command(flatten)]
    pub(crate) patience: PatienceArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) sources: ConfigArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) patience: PatienceArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that completes
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The directory for the pages; it is made if it is missing
    pub(crate) directory: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PatienceArgs {
    /// How long to wait at the start for a PostgreSQL that cannot be reached, that is starting or that
    /// has no connection left
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait_for_database: u16,
}

impl PatienceArgs {
    /// Returns how long to wait for a database at the start.
    pub(crate) fn wait_for_database(&self) -> Duration {
        Duration::from_secs(self.wait_for_database.into())
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct DataArgs {
    /// Where the server keeps its files, the sessions among them: an existing directory that
    /// outlives the process. Without it, the one systemd names (`StateDirectory=`), else this one
    #[arg(long, value_name = "DIRECTORY")]
    data_dir: Option<PathBuf>,
}

impl DataArgs {
    /// Returns the directory where the server keeps its files.
    pub(crate) fn directory(&self) -> PathBuf {
        let of_systemd = || {
            let directories = std::env::var_os("STATE_DIRECTORY")?;
            std::env::split_paths(&directories).next()
        };
        self.data_dir.clone().or_else(of_systemd).unwrap_or_default()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    /// A configuration file; later ones override earlier ones. Without any, those of this directory
    /// that Backstage reads: `app-config.yaml`, `app-config.$BACKSTAGE_ENV.yaml`,
    /// `app-config.local.yaml` and `app-config.$BACKSTAGE_ENV.local.yaml`, as far as they exist
    #[arg(long = "config", value_name = "FILE")]
    pub(crate) config: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RegisterArgs {
    /// URL of the Coder deployment
    #[arg(long, value_name = "URL")]
    pub(crate) deployment_url: DeploymentUrl,
    /// Where the portal's backend is: `backend.baseUrl` of its app-config
    #[arg(long, value_name = "URL")]
    pub(crate) backend_url: String,
    /// Takes a backend that browsers reach by plain http, as `coder.session.dangerouslyAllowHttp` does
    #[arg(long)]
    pub(crate) dangerously_allow_http: bool,
    /// The environment to print the app-config for
    #[arg(long, value_name = "NAME", default_value = "production")]
    pub(crate) environment: EnvironmentName,
    /// For a portal with several deployments: the callback URL and the variable of the client
    /// secret get the name of the environment, so that each deployment has its own
    #[arg(long)]
    pub(crate) several_deployments: bool,
    /// Name shown on Coder's consent page: letters, digits and single hyphens
    #[arg(long, value_name = "NAME", default_value = "backstage")]
    pub(crate) name: String,
    /// Lets the portal register itself, where the deployment allows it. Otherwise an owner's token
    /// is taken from the environment variable CODER_SESSION_TOKEN
    #[arg(long)]
    pub(crate) dynamic: bool,
    /// Prints JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "demo")]
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The port to serve the portal at; 0 takes a free one. Without it, 7007 or a free one
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Adds an owner to the fake Coder, and prints the commands that register a portal of your own
    /// there: something to practise on
    #[arg(long, conflicts_with = "smoke")]
    pub(crate) register: bool,
    /// The URL at which browsers find the portal, when a front end passes its routes on. Without it,
    /// the one that it is served at
    #[arg(long, value_name = "URL", conflicts_with = "smoke")]
    pub(crate) public_url: Option<Url>,
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
