//! The routes of the API, each as one declaration.

use http::Method;

use super::endpoint::{endpoint, raw_endpoint};
use super::openapi;
use super::route::{Route, Who};
use crate::entities;
use crate::request_body::BodyKind::{Json, Nothing};
#[cfg(test)]
use crate::{
    api::openapi::{Description, LinkedToken, TokenToLink},
    api::{self, Empty, JsonBody, NoBody},
};

/// The routes of the API.
pub(crate) static ROUTES: &[Route] = &[
    Route {
        id: "describe",
        method: Method::GET,
        path: "/openapi.json",
        about: "Describes this API in OpenAPI 3.1.",
        who: Who::Anyone,
        cost: "0",
        endpoint: raw_endpoint!(Nothing, |_, _| openapi::describe(), NoBody => Description),
    },
    Route {
        id: "listEntities",
        method: Method::GET,
        path: "/entities",
        about: "Lists the components of the catalog.",
        who: Who::SignedIn,
        cost: "0",
        endpoint: endpoint!(entities::list),
    },
    Route {
        id: "getEntity",
        method: Method::GET,
        path: "/entities/{kind}/{namespace}/{name}",
        about: "Returns what Coder has to offer for an entity: template, parameters, creation link, and whether there is anything to show.",
        who: Who::SignedIn,
        cost: "0",
        endpoint: endpoint!(entities::get),
    },
    Route {
        id: "listEntityWorkspaces",
        method: Method::GET,
        path: "/entities/{kind}/{namespace}/{name}/workspaces",
        about: "Lists the workspaces of an entity. Workspaces may be missing when `partial` is true; `notices` tell why.",
        who: Who::SignedIn,
        cost: "1, and 2 more about the deployment once in 10 minutes",
        endpoint: endpoint!(entities::workspaces),
    },
    Route {
        id: "getLink",
        method: Method::GET,
        path: "/link",
        about: "Returns the Coder user whose token the caller has linked.",
        who: Who::Identified,
        cost: "0 or 1",
        endpoint: raw_endpoint!(
            Nothing,
            |state, request| state.auth.show_link(request).await,
            NoBody => api::Json<LinkedToken>
        ),
    },
    Route {
        id: "linkToken",
        method: Method::POST,
        path: "/link",
        about: "Links a Coder session token to the caller. It replaces one that was linked before.",
        who: Who::Identified,
        cost: "1",
        endpoint: raw_endpoint!(
            Json,
            |state, request| state.auth.link(request).await,
            JsonBody<TokenToLink> => api::Json<LinkedToken>
        ),
    },
    Route {
        id: "unlinkToken",
        method: Method::DELETE,
        path: "/link",
        about: "Forgets the token that the caller has linked. The token stays valid at Coder.",
        who: Who::Identified,
        cost: "0",
        endpoint: raw_endpoint!(
            Nothing,
            |state, request| state.auth.unlink(request).await,
            NoBody => Empty
        ),
    },
];
