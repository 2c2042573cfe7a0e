//! Server-sent events, decoded piece by piece (WHATWG HTML §9.2.6).

use std::collections::VecDeque;

/// An event of a stream of server-sent events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerSentEvent {
    /// The event's name; `message` when it has none.
    pub(crate) name: String,
    pub(crate) data: String,
}

/// The error for an event that is larger than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// A decoder from bytes to events.
///
/// It holds one unfinished event of at most `limit` bytes, and the
/// finished ones of the last piece.
#[derive(Debug)]
pub(crate) struct Decoder {
    limit: usize,
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    /// `true` after a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    first_line: bool,
    ready: VecDeque<ServerSentEvent>,
}

impl Decoder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            name: String::new(),
            data: None,
            after_return: false,
            first_line: true,
            ready: VecDeque::new(),
        }
    }

    /// Decodes the next piece of the stream.
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), TooLarge> {
        while let Some((&first, rest)) = piece.split_first() {
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                piece = rest;
                continue;
            }
            let end = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (text, rest) = piece.split_at(end.unwrap_or(piece.len()));
            let held = self.data.as_ref().map_or(0, String::len) + self.line.len();
            if held + text.len() > self.limit {
                return Err(TooLarge);
            }
            self.line.extend_from_slice(text);
            piece = match rest.split_first() {
                None => rest,
                Some((&ending, rest)) => {
                    self.after_return = ending == b'\r';
                    self.end_line();
                    rest
                }
            };
        }
        Ok(())
    }

    /// Returns the next finished event.
    pub(crate) fn next(&mut self) -> Option<ServerSentEvent> {
        self.ready.pop_front()
    }

    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let bytes = if std::mem::take(&mut self.first_line) {
            bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes)
        } else {
            &bytes
        };
        let line = String::from_utf8_lossy(bytes);
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // Comments, and fields of which Coder makes no use.
            _ => {}
        }
    }

    /// Ends an event at an empty line.
    ///
    /// Browsers ignore an event without data. Coder's pings are such events, and show that the
    /// connection is alive.
    fn end_event(&mut self) {
        let name = std::mem::take(&mut self.name);
        let data = self.data.take();
        if !name.is_empty() || data.is_some() {
            let name = if name.is_empty() { "message".to_owned() } else { name };
            self.ready.push_back(ServerSentEvent { name, data: data.unwrap_or_default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes `pieces` to the events in them, as `name=data`.
    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let mut decoder = Decoder::new(64);
        let mut events = Vec::new();
        for piece in pieces {
            decoder.push(piece).unwrap();
            let ready = std::iter::from_fn(|| decoder.next());
            events.extend(ready.map(|event| format!("{}={}", event.name, event.data)));
        }
        events
    }

    #[test]
    fn fields_comments_and_line_endings_are_those_of_the_standard() {
        let stream = "\u{feff}event: ping\n\n: a comment\r\nevent: data\rdata:  two\r\ndata\r\n\
                      data:lines\n\nid: 7\nretry: 10\n\ndata: unnamed\n\ndata: unfinished";
        assert_eq!(
            events(&[stream.as_bytes()]),
            ["ping=", "data= two\n\nlines", "message=unnamed"]
        );
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let stream = "event: data\r\ndata: h\u{e4}\r\n\r\nevent: ping\r\n\r\n".as_bytes();
        for length in 1..stream.len() {
            let pieces: Vec<&[u8]> = stream.chunks(length).collect();
            assert_eq!(events(&pieces), ["data=h\u{e4}", "ping="], "pieces of {length}");
        }
    }

    #[test]
    fn an_event_beyond_the_limit_is_refused_however_it_comes() {
        for stream in ["data: ".to_owned() + &"x".repeat(64), "data: 12345678\n".repeat(9)] {
            for length in [1, 7, 1000] {
                let mut decoder = Decoder::new(64);
                let mut pieces = stream.as_bytes().chunks(length);
                assert_eq!(pieces.try_for_each(|piece| decoder.push(piece)), Err(TooLarge));
            }
        }
        assert_eq!(events(&["data: 123456789\n\n".repeat(20).as_bytes()]).len(), 20);
    }
}
