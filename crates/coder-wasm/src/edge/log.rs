//! The log, as lines for a function of JavaScript.

use std::fmt::{Debug, Write as _};

use coder_core::cleaned_to;
use js_sys::Function;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use wasm_bindgen::JsValue;

thread_local! {
    static WRITE: std::cell::RefCell<Option<Function>> = const { std::cell::RefCell::new(None) };
}

/// Sends the log to `write`, and what a panic says: the request that panics gets no answer.
pub(super) fn install(write: Function) {
    WRITE.set(Some(write));
    std::panic::set_hook(Box::new(|panic| send("error", &panic.to_string())));
    // It is there already after the first call.
    let _ = tracing::subscriber::set_global_default(Log);
}

fn send(level: &str, line: &str) {
    let line = cleaned_to(MAX_LENGTH, line);
    let write = WRITE.with_borrow(Clone::clone);
    if let Some(write) = write {
        // A log that fails must not fail the request.
        let _ = write.call2(&JsValue::UNDEFINED, &level.into(), &line.into());
    }
}

struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        send(&level, &format!("{}{}", line.message, line.fields));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// Greatest length of a line, in characters.
const MAX_LENGTH: usize = 2000;

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            // A text can always be written.
            let _ = write!(self.fields, " {field}={value:?}");
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {field}={value:?}")
        };
        let _ = written;
    }
}
