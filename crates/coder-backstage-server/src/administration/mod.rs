//! `coder-backstage sessions …` and `people …`: an administrator looks at sessions, ends them and
//! erases a person, also beside a running server.

pub(crate) mod error;
mod question;

use backstage_catalog::MemoryCatalog;
use coder_auth::{Administration, PersonName, SessionInfo};
use coder_config::ConfigSources;
use coder_core::{ReqwestTransport, World, cleaned};
use coder_portal::Portal;
use serde::Serialize;

use self::error::AdministrationFailure;
use self::question::agree;
use crate::args::{
    ConfigArgs, DataArgs, EndSessionsArgs, ForgetArgs, ListSessionsArgs, PeopleCommand,
    SessionsCommand,
};
use crate::failure::Failure;
use crate::store::ForCheck;
use crate::table::{columns, moment, print, print_json};
use crate::user_agent::USER_AGENT;
use crate::{configuration, store};

/// Does what `sessions` says.
pub(crate) async fn sessions(command: &SessionsCommand) -> Result<(), Failure> {
    match command {
        SessionsCommand::List(args) => list(args).await,
        SessionsCommand::End(args) => end(args).await,
    }
}

/// Does what `people` says.
pub(crate) async fn people(command: &PeopleCommand) -> Result<(), Failure> {
    match command {
        PeopleCommand::Forget(args) => forget(args).await,
    }
}

/// Makes the portal of this configuration on its store, which has to be there. It serves nobody, so
/// its catalog is empty.
async fn portal(sources: &ConfigArgs, data: &DataArgs) -> Result<Portal, Failure> {
    let environment = configuration::process_environment();
    let sources =
        ConfigSources::new(&configuration::read, &environment).with_files(&sources.config);
    let mut config = configuration::load(&sources)?;
    let store = match store::for_check(&mut config.session, &data.directory()).await? {
        ForCheck::Opened(store, _) => store,
        ForCheck::NotYet(reason) | ForCheck::Look(reason) | ForCheck::NoKey(reason) => {
            return Err(AdministrationFailure::NoStore(reason).into());
        }
    };
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let portal = Portal::builder(&config, &world, MemoryCatalog::default(), store);
    Ok(portal.files(&configuration::read).build()?)
}

async fn list(args: &ListSessionsArgs) -> Result<(), Failure> {
    let portal = portal(&args.sources, &args.data).await?;
    let administration = portal.auth().administration();
    let mut listed = administration.sessions().await.map_err(AdministrationFailure::from)?;
    if let Some(person) = &args.user {
        listed.retain(|session| session.is_of(person));
    }
    if args.json {
        return print_json(&listed).map_err(Failure::Output);
    }
    if listed.is_empty() {
        let nobody = match &args.user {
            Some(person) => format!("nobody is signed in as {}", shown(person)),
            None => "nobody is signed in".to_owned(),
        };
        return tell_line(&nobody);
    }
    let header = ["SESSION", "USER", "ENTITY", "ENVIRONMENT", "SIGNED IN (UTC)", "LAST USED (UTC)"];
    let mut table = columns(header);
    for session in &listed {
        table.add_row([
            session.session.as_str().chars().take(12).collect(),
            session.user_name.as_deref().map_or_else(|| session.user_id.to_string(), cleaned),
            cleaned(&session.user_entity_refs.join(", ")),
            cleaned(&session.environment),
            moment(Some(session.signed_in_at)),
            moment(Some(session.used_at)),
        ]);
    }
    print(&table).map_err(Failure::Output)
}

async fn end(args: &EndSessionsArgs) -> Result<(), Failure> {
    let portal = portal(&args.sources, &args.data).await?;
    let administration = portal.auth().administration();
    let listed = administration.sessions().await.map_err(AdministrationFailure::from)?;
    let how = &args.how;
    let ended = if let Some(person) = &args.which.user {
        let found = of(person, listed)?;
        agree(how, &format!("{} of {} will end", sessions_of(found.len()), shown(person)))?;
        administration.end_grants(&found).await
    } else if let Some(id) = &args.which.session {
        let session = with_id(id, listed)?;
        let user =
            session.user_name.as_deref().map_or_else(|| session.user_id.to_string(), cleaned);
        agree(how, &format!("a session of `{user}` will end"))?;
        administration.end_session(&session).await
    } else {
        agree(how, &format!("all {} will end", sessions_of(listed.len())))?;
        administration.end_all().await
    };
    let ended = ended.map_err(AdministrationFailure::from)?;
    let text = format!("{} ended", sessions_of(counted(ended.sessions)));
    tell(how.json, &ended, &(text + &waiting(ended.unrevoked)))
}

async fn forget(args: &ForgetArgs) -> Result<(), Failure> {
    let portal = portal(&args.sources, &args.data).await?;
    let administration = portal.auth().administration();
    let found = signed_in(&administration, &args.person).await?;
    let (person, sessions) = (shown(&args.person), sessions_of(found));
    agree(&args.how, &format!("{person}, with {sessions}, will be forgotten"))?;
    let erased = administration.erase(&args.person).await.map_err(AdministrationFailure::from)?;
    if let (PersonName::UserName(name), 0) = (&args.person, erased.sessions) {
        return Err(AdministrationFailure::NotFound(cleaned(name)).into());
    }
    let found = erased.sessions + erased.grants + erased.persons + erased.links;
    let text = if found == 0 {
        format!("nothing is kept of {person}, and nothing was deleted")
    } else {
        format!(
            "{person} is forgotten: {} ended, {} grants ended, {} entries about the person and {} \
             linked tokens deleted",
            sessions_of(counted(erased.sessions)),
            erased.grants,
            erased.persons,
            erased.links
        )
    };
    tell(args.how.json, &erased, &(text + &waiting(erased.unrevoked)))
}

/// Counts the sessions of a person.
async fn signed_in(
    administration: &Administration<'_>,
    person: &PersonName,
) -> Result<usize, AdministrationFailure> {
    Ok(administration.sessions().await?.iter().filter(|session| session.is_of(person)).count())
}

/// Returns the sessions of a person who has some.
fn of(
    person: &PersonName,
    mut listed: Vec<SessionInfo>,
) -> Result<Vec<SessionInfo>, AdministrationFailure> {
    listed.retain(|session| session.is_of(person));
    if listed.is_empty() {
        return Err(AdministrationFailure::NoSessions(cleaned(&person.to_string())));
    }
    Ok(listed)
}

/// Returns the only session whose id begins like this.
fn with_id(id: &str, mut listed: Vec<SessionInfo>) -> Result<SessionInfo, AdministrationFailure> {
    listed.retain(|session| session.session.as_str().starts_with(id));
    match (listed.len(), listed.pop()) {
        (1, Some(only)) if !id.is_empty() => Ok(only),
        (found, _) => Err(AdministrationFailure::NotOneSession { id: cleaned(id), found }),
    }
}

fn shown(person: &PersonName) -> String {
    format!("`{}`", cleaned(&person.to_string()))
}

fn sessions_of(count: usize) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

fn counted(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn waiting(unrevoked: Option<u64>) -> String {
    match unrevoked {
        Some(0) => "; no token waits to be revoked at Coder".to_owned(),
        Some(count) => format!(
            "; Coder has not revoked {count} token pairs yet, and a running server tries again \
             within ten minutes"
        ),
        None => "; whether Coder has revoked the tokens of ended grants is not known, because the \
                 store has failed since, and a running server revokes those that are left"
            .to_owned(),
    }
}

fn tell(json: bool, outcome: &impl Serialize, text: &str) -> Result<(), Failure> {
    if json {
        return print_json(outcome).map_err(Failure::Output);
    }
    tell_line(text)
}

fn tell_line(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    writeln!(std::io::stdout().lock(), "{text}").map_err(Failure::Output)
}
