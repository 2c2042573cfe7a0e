//! The conformance suite of stores, for stores written in JavaScript.
//!
//! Each rule of `coder_testkit::auth_store_tests!` is a function of the module, which fails by
//! throwing. `openWith` tells how a store is opened.
#![cfg(target_family = "wasm")]

use std::cell::RefCell;
use std::sync::Arc;

use coder_auth::store::AuthStore;
use coder_wasm::edge::{JsRows, row_auth_store};
use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(text: &str);
}

thread_local! {
    static OPEN: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Sets the function that opens a store. Its first call opens an empty one, every further call another
/// handle on the same.
#[wasm_bindgen(js_name = openWith)]
pub fn open_with(open: Function) {
    std::panic::set_hook(Box::new(|panic| console_error(&panic.to_string())));
    OPEN.set(Some(open));
}

/// Opens a handle on the store.
#[expect(clippy::panic, reason = "a store that cannot be opened has failed the test")]
fn open() -> Arc<dyn AuthStore> {
    let opened = OPEN
        .with_borrow(|open| open.as_ref().and_then(|open| open.call0(&JsValue::UNDEFINED).ok()));
    let Some(store) = opened else { panic!("no store can be opened; call `openWith` first") };
    row_auth_store(&store.unchecked_into::<JsRows>())
}

coder_testkit::auth_store_tests!(wasm_bindgen => async || open());
