//! Serves the world of a fake, for programs in other languages and for people.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_client::WorkspaceId;
use coder_core::{OsRandom, Random, SystemClock, quoted};
use coder_testkit::{FakeCoder, FakeServer, FakeUser, Pace, Version};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::world::{self, Seed, SeedUser};

/// The fake with its world on one address, and its control door on another.
///
/// The control door takes one line a connection: `add NAME` (a new person, in the place of an earlier
/// one who was added with this name), `suspend NAME`, `activate NAME`,
/// `agents WORKSPACE VALUE` (the agents of the workspace with this id connect, and tell the value as
/// their metadatum `cpu`) or `restart`. It answers with a line of JSON.
#[derive(Debug)]
pub struct Deployment {
    server: FakeServer,
    control: Door,
    seed: Seed,
}

/// Settings of the fake that is served.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "each setting is chosen by who serves the fake")]
pub struct Fake {
    /// Release of the fake.
    pub version: Version,
    /// Whether the OAuth2 provider is on.
    pub provider: bool,
    /// Seed of the races between overlapping requests; without one, no requests overlap.
    pub races: Option<u64>,
    /// Whether a deletion runs until an answer has told so, as it was recorded.
    pub slow_deletions: bool,
}

impl Deployment {
    /// Starts a fake whose ids and secrets come from `random`. Port 0 is a free one.
    ///
    /// # Errors
    ///
    /// When an address cannot be had.
    pub async fn start(
        fake: Fake,
        address: SocketAddr,
        control: SocketAddr,
        random: Arc<dyn Random>,
    ) -> io::Result<Self> {
        let Fake { version, provider, races, slow_deletions } = fake;
        let mut pace = Pace::INSTANT;
        // The agents of the world were recorded while they were waited for, however old it is here.
        pace.giving_up = Duration::MAX;
        let mut builder = FakeCoder::builder()
            .version(version)
            .oauth2_provider(provider)
            .password(world::PASSWORD)
            .web_push_key(world::web_push_key(version, provider))
            .clock(Arc::new(SystemClock))
            .random(random)
            .slow_deletions(slow_deletions)
            .pace(pace);
        if let Some(seed) = races {
            builder = builder.races(seed);
        }
        let server = FakeServer::start_on(builder, address).await?;
        let mut seed = world::build(server.coder()).map_err(io::Error::other)?;
        let door = TcpListener::bind(control).await?;
        seed.control = Some(door.local_addr()?);
        let control = Control::new(server.coder(), &seed);
        let control = Door(tokio::spawn(open(door, control)));
        Ok(Self { server, control, seed })
    }

    /// Names the server and what of the world is where.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Waits until the open connections are done (a second at most).
    pub async fn stop(self) {
        drop(self.control);
        self.server.stop().await;
    }
}

/// The task of a control door, which ends when this is dropped.
#[derive(Debug)]
struct Door(JoinHandle<()>);

impl Drop for Door {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves the world on this port of 127.0.0.1, and its control door on the port 1000 above, until
/// the process ends. Writes the seed file first, then calls `ready`.
///
/// # Errors
///
/// When a port cannot be had or the seed file cannot be written.
pub async fn serve(
    fake: Fake,
    port: u16,
    seed: &Path,
    ready: impl FnOnce(&Seed),
) -> io::Result<()> {
    let door = port.checked_add(1000).ok_or_else(|| {
        io::Error::other(format!("port {port} is too high: the control door is 1000 above it"))
    })?;
    let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
    for port in [port, door] {
        TcpListener::bind(here(port)).await.map_err(|reason| cannot_listen(port, &reason))?;
    }
    let deployment = Deployment::start(fake, here(port), here(door), Arc::new(OsRandom)).await?;
    let text = serde_json::to_vec_pretty(deployment.seed()).map_err(io::Error::other)?;
    std::fs::write(seed, text).map_err(|reason| {
        io::Error::new(reason.kind(), format!("cannot write `{}`: {reason}", seed.display()))
    })?;
    ready(deployment.seed());
    std::future::pending().await
}

/// Explains why a port cannot be had, and what to do.
fn cannot_listen(port: u16, reason: &io::Error) -> io::Error {
    let text = format!(
        "cannot listen on port {port} of 127.0.0.1: {reason}; `--serve PORT` takes PORT and the \
         control door on PORT + 1000, choose a PORT of which both are free"
    );
    io::Error::new(reason.kind(), text)
}

/// Opens the control door.
async fn open(door: TcpListener, mut control: Control) {
    while let Ok((stream, _)) = door.accept().await {
        // A caller that goes away early has lost its answer, nothing else.
        let _ = control.hear(stream).await;
    }
}

/// The one who does what is said at the control door.
struct Control {
    coder: FakeCoder,
    /// The people of the world, who cannot be added.
    world: Vec<String>,
    /// The people who were added at the door, by name.
    added: BTreeMap<String, FakeUser>,
}

impl Control {
    fn new(coder: &FakeCoder, seed: &Seed) -> Self {
        let world = seed.users.keys().cloned().collect();
        Self { coder: coder.clone(), world, added: BTreeMap::new() }
    }

    async fn hear(&mut self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let answer = self.obey(line.trim()).await;
        let answer = answer.unwrap_or_else(|error| json!({ "error": error }));
        stream.write_all(format!("{answer}\n").as_bytes()).await
    }

    async fn obey(&mut self, line: &str) -> Result<Value, String> {
        match line.split_once(' ') {
            Some(("add", name)) => return self.add(name).await,
            Some(("suspend", name)) => self.coder.suspend(&self.known(name)?),
            Some(("activate", name)) => self.coder.activate(&self.known(name)?),
            Some(("agents", rest)) => {
                let needed = "`agents` needs the id of a workspace and a value";
                connect_agents(&self.coder, rest).ok_or(needed)?;
            }
            None if line == "restart" => self.coder.restart(),
            _ => return Err(COMMANDS.to_owned()),
        }
        Ok(json!({}))
    }

    /// Adds a person who has done nothing yet: an earlier one of this name goes with everything.
    async fn add(&mut self, name: &str) -> Result<Value, String> {
        if self.world.iter().any(|known| known == name) {
            return Err(format!("{} is in the world already", quoted(name)));
        }
        if let Some(earlier) = self.added.remove(name) {
            self.coder.delete_user(&earlier);
        }
        let user = self.coder.add_user(name);
        self.added.insert(name.to_owned(), user.clone());
        Ok(json!(signed_in(&self.coder, &user).await))
    }

    fn known(&self, name: &str) -> Result<FakeUser, String> {
        if self.world.iter().any(|known| known == name) {
            return Ok(self.coder.add_user(name));
        }
        self.added.get(name).cloned().ok_or_else(|| format!("there is no {}", quoted(name)))
    }
}

/// The lines that the control door takes.
const COMMANDS: &str =
    "`add NAME`, `suspend NAME`, `activate NAME`, `agents WORKSPACE VALUE` or `restart`";

/// Signs a user in with the password, so that their session lives as long as one does.
async fn signed_in(coder: &FakeCoder, user: &FakeUser) -> SeedUser {
    let body = json!({ "email": user.email, "password": world::PASSWORD });
    let login = http::Request::post("/api/v2/users/login")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()));
    let mut seed = world::seed_user(user);
    let Ok(login) = login else { return seed };
    let answer = coder.respond(login).into_body().collect(usize::MAX).await.unwrap_or_default();
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    if let Some(token) = answer.get("session_token").and_then(Value::as_str) {
        token.clone_into(&mut seed.token);
    }
    seed
}

/// Connects the agents of a workspace, and lets them tell a value: `WORKSPACE VALUE`.
fn connect_agents(coder: &FakeCoder, text: &str) -> Option<()> {
    let (workspace, value) = text.split_once(' ')?;
    let workspace: WorkspaceId = workspace.parse().ok()?;
    coder.bring_agents_back(workspace);
    coder.set_agent_metadata(workspace, "cpu", value);
    Some(())
}
