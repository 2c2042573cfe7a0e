//! A JSON object for each line, with the fields of its request at the top level.

use std::fmt;

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The form of a line: `timestamp`, `level`, `target`, `message`, the fields of the spans around it,
/// the outermost first, and its own.
pub(super) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        write!(writer, "{{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        let (level, target) = (json!(metadata.level().as_str()), json!(metadata.target()));
        write!(writer, "\",\"level\":{level},\"target\":{target}")?;
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(&fields.fields)?;
            }
        }
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer, "}}")
    }
}

/// The form of fields: `,"key":value` for each.
pub(super) struct JsonFields;

impl<'writer> FormatFields<'writer> for JsonFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Visitor { writer, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Visitor<'writer> {
    writer: Writer<'writer>,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn write(&mut self, field: &Field, value: &serde_json::Value) {
        if self.result.is_ok() {
            self.result = write!(self.writer, ",{}:{value}", json!(field.name()));
        }
    }
}

impl Visit for Visitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, &json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, &json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, &json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, &json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, &json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, &json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A place for the lines of a test.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_json_object_with_the_fields_of_its_request_at_the_top() {
        let written = Written::default();
        let place = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields)
            .event_format(JsonLine)
            .with_writer(move || place.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let request =
                tracing::error_span!("request", request_id = "7", later = tracing::field::Empty);
            request.record("later", 1);
            let _within = request.enter();
            let causes = ["it said \"no\"\n", "x"];
            tracing::info!(target: "here", number = 4, is_so = true, ?causes, "two\nlines");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let mut line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let at = line["timestamp"].take();
        assert!(at.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{at}");
        let expected = json!({
            "timestamp": null, "level": "INFO", "target": "here", "message": "two\nlines",
            "request_id": "7", "later": 1, "number": 4, "is_so": true,
            "causes": format!("{:?}", ["it said \"no\"\n", "x"]),
        });
        assert_eq!(line, expected);
    }
}
