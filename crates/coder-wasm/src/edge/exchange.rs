//! Requests and answers, between the Fetch standard and the portal.

use std::cell::RefCell;
use std::rc::Rc;

use coder_auth::http::ErrorResponse;
use coder_core::{Body, with_causes};
use futures_util::StreamExt as _;
use futures_util::stream::{AbortHandle, Abortable, abortable};
use http::{Method, Request, Response, StatusCode};
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::platform::{Transfer, flat_headers, incoming, read_headers};

/// Reads a request. One that HTTP does not know is answered here.
pub(super) fn request(
    method: &str,
    target: &str,
    headers: &[String],
    body: Option<Transfer>,
) -> Result<Request<Body>, Response<Body>> {
    let refused = |what: &str| {
        let message = format!("the {what} of the request cannot be read");
        ErrorResponse::new(StatusCode::BAD_REQUEST, message).to_response(&Method::GET, "/")
    };
    // A request that is refused lets go of its body, too.
    let body = body.map_or_else(Body::empty, incoming);
    let mut request = Request::new(body);
    *request.method_mut() = method.parse().map_err(|_| refused("method"))?;
    *request.uri_mut() = target.parse().map_err(|_| refused("URL"))?;
    *request.headers_mut() = read_headers(headers).ok_or_else(|| refused("headers"))?;
    Ok(request)
}

/// Writes an answer: a status, names and values of headers in turn, and a body.
pub(super) fn response(answer: Response<Body>) -> Array {
    let (head, body) = answer.into_parts();
    let headers: Array = flat_headers(&head.headers).into_iter().map(JsValue::from).collect();
    let body = match body.size() {
        Some(0) => JsValue::UNDEFINED,
        Some(_) | None => EdgeBody::new(body).into(),
    };
    Array::of3(&head.status.as_u16().into(), &headers, &body)
}

/// The body of an answer, which is read chunk by chunk.
#[wasm_bindgen]
#[derive(Debug)]
pub struct EdgeBody {
    /// Nothing while a chunk is waited for, and after the end.
    body: Rc<RefCell<Option<Abortable<Body>>>>,
    abort: AbortHandle,
}

impl EdgeBody {
    fn new(body: Body) -> Self {
        let (body, abort) = abortable(body);
        Self { body: Rc::new(RefCell::new(Some(body))), abort }
    }
}

#[wasm_bindgen]
impl EdgeBody {
    /// Waits for the next chunk, a `Uint8Array`; `undefined` is the end.
    pub fn next(&self) -> Promise {
        let place = Rc::clone(&self.body);
        let taken = place.borrow_mut().take();
        future_to_promise(async move {
            let Some(mut body) = taken else { return Ok(JsValue::UNDEFINED) };
            match body.next().await {
                Some(Ok(chunk)) => {
                    *place.borrow_mut() = Some(body);
                    Ok(Uint8Array::from(&*chunk).into())
                }
                Some(Err(error)) => Err(JsError::new(&with_causes(&error)).into()),
                None => Ok(JsValue::UNDEFINED),
            }
        })
    }

    /// Ends the body: nobody reads it any more.
    pub fn cancel(&self) {
        self.abort.abort();
        self.body.borrow_mut().take();
    }
}
