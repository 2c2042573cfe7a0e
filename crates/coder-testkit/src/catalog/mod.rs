//! A fake catalog backend.

mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, MutexGuard};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use coder_config::{Entity, EntityRef};
use coder_core::{Body, Lock, Secret, Transport, TransportError, TransportErrorKind};
use http::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::search::Filters;
use crate::wire::call::Call;
use crate::wire::fault::{self, Outcome};
use crate::wire::reply::{Answer, Reply};
use crate::{Fault, RecordedRequest};

const ORIGIN: &str = "https://backstage.test";
const BASE: &str = "/api/catalog";

/// The entities of a page, unless the request says how many.
const PAGE: usize = 20;

/// Backstage reads no larger bodies.
const BODY_LIMIT: usize = 100 * 1024;

/// The catalog of a Backstage backend, as far as reading it goes: `GET /entities/by-query` and
/// `POST /entities/by-refs`, with the filters, pages, errors and the derived relations of the real
/// one. It is pure logic, and a [`Transport`].
///
/// ```
/// use backstage_catalog::{Catalog, RemoteCatalog};
/// use coder_config::parse_entities;
/// use coder_core::World;
/// use coder_testkit::FakeCatalog;
///
/// let text = "
/// apiVersion: backstage.io/v1alpha1
/// kind: User
/// metadata: { name: alice }
/// spec: { memberOf: [team-a] }
/// ";
/// let entities = parse_entities("org.yaml", text).into_iter().collect::<Result<Vec<_>, _>>()?;
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let fake = FakeCatalog::new(entities);
/// let world = World::native(fake.clone()).unwrap();
/// let catalog = RemoteCatalog::new(&world, fake.url().parse()?, fake.token().clone());
/// assert!(catalog.entity(&"user:default/alice".parse()?).await?.is_some());
/// assert_eq!(fake.count("POST", "/entities/by-refs"), 1);
/// # Ok::<_, Box<dyn std::error::Error>>(()) })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FakeCatalog {
    url: String,
    token: Secret,
    state: Arc<Lock<State>>,
}

#[derive(Default)]
struct State {
    /// As they are served, by what they are ordered by: their random ids.
    entities: BTreeMap<String, Value>,
    faults: Vec<Fault>,
    requests: Vec<RecordedRequest>,
}

/// The content of a cursor.
#[derive(Serialize, Deserialize)]
struct Cursor {
    filters: Vec<String>,
    after: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByRefs {
    entity_refs: Vec<String>,
}

impl FakeCatalog {
    /// Creates a catalog of these entities at `https://backstage.test/api/catalog`.
    pub fn new(entities: impl IntoIterator<Item = Entity>) -> Self {
        let fake = Self {
            url: format!("{ORIGIN}{BASE}"),
            token: Secret::new("the-service-token-of-the-portal"),
            state: Arc::default(),
        };
        fake.replace(entities);
        fake
    }

    /// Returns the URL of the catalog's API.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the service token that the catalog accepts.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Replaces all entities by these.
    pub fn replace(&self, entities: impl IntoIterator<Item = Entity>) {
        let entities: Vec<Entity> = entities.into_iter().collect();
        let entities = entities.iter().map(|entity| {
            let served = served(entity, &entities);
            let id = served.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
            (id.to_owned(), served)
        });
        self.lock().entities = entities.collect();
    }

    /// Lets something go wrong with the next request that matches.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Returns every request that came, oldest first, faults included. Paths are those below
    /// [`url`](Self::url).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().requests.clone()
    }

    /// Returns how many requests with `method` went to exactly `path`, as in `/entities/by-refs`.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.lock().requests.iter().filter(|request| request.is(method, path)).count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn exchange(&self, request: Request<Bytes>) -> Outcome {
        let call = Call::read(request, BASE);
        let mut state = self.lock();
        state.requests.push(RecordedRequest::from_call(&call));
        let fault = fault::strike(&mut state.faults, &call);
        let answer = || self.answer(&state.entities, &call).unwrap_or_else(|refusal| refusal);
        match fault {
            Some(kind) => kind.outcome(answer),
            None => Outcome::Answered(answer()),
        }
    }

    fn answer(&self, entities: &BTreeMap<String, Value>, call: &Call) -> Answer {
        let is_known = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        match is_known.map(Secret::new) {
            None => return Err(error(StatusCode::UNAUTHORIZED, "Missing credentials")),
            Some(token) if !token.matches(&self.token) => {
                return Err(error(StatusCode::UNAUTHORIZED, "Illegal token"));
            }
            Some(_) => {}
        }
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        match (&call.method, segments.as_slice()) {
            (&Method::POST, ["entities", "by-refs"]) => by_refs(entities, call),
            (&Method::GET, ["entities", "by-query"]) => by_query(entities, call),
            _ => Err(Reply::empty(StatusCode::NOT_FOUND)),
        }
    }
}

impl fmt::Debug for FakeCatalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FakeCatalog({} entities)", self.lock().entities.len())
    }
}

/// Requests for another origin find no host there.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for FakeCatalog {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let origin = request.uri().to_string();
        if !origin.starts_with(ORIGIN) {
            return Err(TransportError::new(TransportErrorKind::Connect)
                .with_reason("the fake catalog lives at another origin"));
        }
        match self.exchange(request) {
            Outcome::Answered(reply) => Ok(reply.into_response()),
            Outcome::Broken(kind) => {
                Err(TransportError::new(kind).with_reason("the fake was told to break it"))
            }
            // There is no clock that could go on.
            Outcome::Delayed(..) | Outcome::Silent => std::future::pending().await,
        }
    }
}

/// Answers `POST /entities/by-refs`. References are compared letter by letter with the canonical,
/// lower-case form.
fn by_refs(entities: &BTreeMap<String, Value>, call: &Call) -> Answer {
    if call.body.len() > BODY_LIMIT {
        return Err(error(StatusCode::BAD_REQUEST, "request entity too large"));
    }
    let is_json = call.header("content-type").is_some_and(|value| value.contains("json"));
    let asked: ByRefs = match serde_json::from_slice(&call.body) {
        Ok(asked) if is_json => asked,
        _ => return Err(error(StatusCode::BAD_REQUEST, "Malformed request body")),
    };
    let find = |name: &String| entities.values().find(|entity| reference(entity) == *name);
    let items: Vec<Option<&Value>> = asked.entity_refs.iter().map(find).collect();
    Ok(Reply::ok(&json!({ "items": items })))
}

/// Answers `GET /entities/by-query`. A cursor brings the filter of its first page along.
fn by_query(entities: &BTreeMap<String, Value>, call: &Call) -> Answer {
    let invalid = |message: &str| error(StatusCode::BAD_REQUEST, message);
    let cursor = match call.query("cursor") {
        Some(text) => {
            let json = STANDARD.decode(text).unwrap_or_default();
            serde_json::from_slice(&json).map_err(|_| invalid("Malformed cursor"))?
        }
        None => {
            let filters = call.query.iter().filter(|(name, _)| name == "filter");
            Cursor {
                filters: filters.map(|(_, value)| value.clone()).collect(),
                after: String::new(),
            }
        }
    };
    let filters = Filters::parse(cursor.filters.iter().map(String::as_str));
    let filters = filters.map_err(|message| invalid(&message))?;
    let limit = call.query("limit").map_or(Ok(PAGE), str::parse);
    let limit = limit.map_err(|_| invalid("Invalid limit"))?;
    let found: Vec<_> = entities.iter().filter(|(_, entity)| filters.let_pass(entity)).collect();
    let total = found.len();
    let rest: Vec<_> = found.into_iter().filter(|(id, _)| **id > cursor.after).collect();
    let page: Vec<_> = rest.iter().take(limit).collect();
    let mut page_info = json!({});
    if let Some((id, _)) = page.last().filter(|_| rest.len() > page.len()) {
        let next = Cursor { filters: cursor.filters, after: (*id).clone() };
        let next = serde_json::to_vec(&next).unwrap_or_default();
        page_info = json!({ "nextCursor": STANDARD.encode(next) });
    }
    let items: Vec<&Value> = page.into_iter().map(|(_, entity)| *entity).collect();
    Ok(Reply::ok(&json!({ "items": items, "totalItems": total, "pageInfo": page_info })))
}

/// Makes an error with Backstage's body.
fn error(status: StatusCode, message: &str) -> Reply {
    let name = match status {
        StatusCode::UNAUTHORIZED => "AuthenticationError",
        _ => "InputError",
    };
    let body = json!({
        "error": { "name": name, "message": message },
        "response": { "statusCode": status.as_u16() },
    });
    Reply::json(status, &body)
}

/// Renders an entity as a catalog of `all` serves it: with its namespace, an id, and the relations
/// that the catalog derives.
fn served(entity: &Entity, all: &[Entity]) -> Value {
    let mut served = serde_json::to_value(entity).unwrap_or_default();
    let name = entity.entity_ref();
    let id = uuid::Builder::from_random_bytes(digest(name.as_str())).into_uuid();
    if let Some(metadata) = served.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.entry("namespace").or_insert_with(|| "default".into());
        metadata.insert("uid".to_owned(), id.to_string().into());
    }
    let groups = entity.member_of().into_iter().chain(groups_that_name(name, all));
    let members = BTreeSet::from_iter(groups).into_iter().map(|target| ("memberOf", target));
    let owned = entity.owned_by().into_iter().map(|target| ("ownedBy", target));
    let relations: Vec<Value> = members
        .chain(owned)
        .map(|(relation, target)| json!({ "type": relation, "targetRef": target }))
        .collect();
    if let Some(members) = served.as_object_mut() {
        members.insert("relations".to_owned(), relations.into());
    }
    served
}

/// Returns the Groups among `all` whose `spec.members` names the user.
fn groups_that_name(user: &EntityRef, all: &[Entity]) -> Vec<EntityRef> {
    let names_it = |group: &&Entity| {
        let members = group.spec.get("members").and_then(Value::as_array).into_iter().flatten();
        let namespace = group.entity_ref().namespace();
        let parse = |text| EntityRef::parse_with_defaults(text, "user", namespace).ok();
        members.filter_map(Value::as_str).filter_map(parse).any(|member| member == *user)
    };
    let groups = all.iter().filter(|entity| entity.is_kind("group")).filter(names_it);
    groups.map(|group| group.entity_ref().clone()).collect()
}

fn digest(text: &str) -> [u8; 16] {
    let mut start = [0; 16];
    for (to, from) in start.iter_mut().zip(Sha256::digest(text.as_bytes())) {
        *to = from;
    }
    start
}

fn reference(entity: &Value) -> String {
    let text = |path: &str| entity.pointer(path).and_then(Value::as_str).unwrap_or_default();
    format!("{}:{}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
        .to_lowercase()
}
