//! A portal at the edge: each request of `fetch` handlers is answered by [`Portal::handle`].

mod catalog;
mod exchange;
mod js_rows;
mod log;
mod settings;
mod world;

use std::rc::Rc;

use coder_core::with_causes;
use coder_portal::Portal;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

pub use exchange::EdgeBody;
pub use js_rows::{JsRows, row_auth_store};
pub use world::Context;

use crate::answer::{Answer, Fault, answer};
use crate::platform::{Host, Transfer};
use catalog::Entities;
use settings::Settings;
use world::world;

/// The portal of a configuration.
///
/// A request with a [`Context`] gets a portal of its own, as if each request came to another replica.
/// A runtime that has contexts, such as workerd, lets no request wait for what another one has begun.
/// What requests share is in the store. Requests without a context share one portal and what it
/// remembers.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Edge(Rc<Parts>);

struct Parts {
    host: Host,
    settings: Settings,
    entities: Option<Rc<Entities>>,
    rows: JsRows,
    /// The portal of requests without a context.
    shared: Portal,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shared.fmt(formatter)
    }
}

impl Parts {
    fn new(
        config: &str,
        entities: Option<Function>,
        rows: JsRows,
        host: Host,
    ) -> Result<Self, Fault> {
        let settings = Settings::read(config)?;
        let entities = entities.map(Entities::new).map(Rc::new);
        let shared = settings.portal(&world(&host, None), entities.as_ref(), &rows)?;
        Ok(Self { host, settings, entities, rows, shared })
    }

    fn portal(&self, context: Option<Context>) -> Result<Portal, JsError> {
        let Some(context) = context else { return Ok(self.shared.clone()) };
        let world = world(&self.host, Some(context));
        let portal = self.settings.portal(&world, self.entities.as_ref(), &self.rows);
        portal.map_err(|fault| JsError::new(fault.message()))
    }
}

#[wasm_bindgen]
impl Edge {
    /// Creates the portal. `config` is a text of JSON, `entities` a function that gives those of the
    /// catalog.
    ///
    /// # Errors
    ///
    /// The answer that tells every mistake of the configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(
        config: &str,
        entities: Option<Function>,
        rows: JsRows,
        host: Host,
    ) -> Result<Self, Answer> {
        let parts = Parts::new(config, entities, rows, host);
        parts.map(Rc::new).map(Self).map_err(|fault| answer::<()>(Err(fault)))
    }

    /// Answers a request: with a status, the names and values of headers in turn, and a body, which is
    /// an [`EdgeBody`] or `undefined`.
    pub fn handle(
        &self,
        method: String,
        target: String,
        headers: Vec<String>,
        body: Option<Transfer>,
        context: Option<Context>,
    ) -> Promise {
        let parts = Rc::clone(&self.0);
        future_to_promise(async move {
            let portal = parts.portal(context)?;
            let answer = match exchange::request(&method, &target, &headers, body) {
                Ok(request) => portal.handle(request).await,
                Err(refused) => refused,
            };
            Ok(exchange::response(answer).into())
        })
    }

    /// Ends expired sessions and revokes token pairs that are due.
    pub fn sweep(&self, context: Option<Context>) -> Promise {
        let parts = Rc::clone(&self.0);
        future_to_promise(async move {
            let portal = parts.portal(context)?;
            let swept = portal.auth().sweep().await;
            swept.map_err(|error| JsError::new(&with_causes(&error)))?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Returns what a person should know about the configuration: paths and messages in turn.
    pub fn notices(&self) -> Array {
        let notices = self.0.settings.notices();
        notices
            .flat_map(|notice| [notice.path.as_str(), notice.message.as_str()])
            .map(JsValue::from)
            .collect()
    }
}

/// Makes the log go to `write`, which gets a level and a line. The last call counts.
#[wasm_bindgen(js_name = logTo)]
pub fn log_to(write: Function) {
    log::install(write);
}
