//! Reading Coder's answers: what it gave, or why it gave nothing.

use bytes::Bytes;
use coder_core::{Origin, cleaned, cleaned_to, retry_after};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::api_error::Cause;
use crate::list::Unreadable;
use crate::reading::{Outcome, Read, model};
use crate::{ApiError, CoderVersion, Error, List, NotJson, UnreadableAnswer, ValidationError};

/// How many wrong fields of a request are kept.
const VALIDATIONS: usize = 10;

/// The longest origin whose host DNS could know, in characters.
const ORIGIN: usize = 270;

/// How much of a release that is no version is kept, in characters.
const RELEASE: usize = 40;

/// The JSON document of a successful answer: for an [`Operation`](crate::Operation) of your own.
///
/// # Errors
///
/// What Coder said when it said no, in either dialect of its errors, and what is wrong with an
/// answer that cannot be read.
pub fn json<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, Error> {
    succeeded(response)?;
    if !may_be_json(response) {
        return Err(not_json(response));
    }
    let mut json = serde_json::Deserializer::from_slice(without_bom(response.body()));
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let source = error.into_inner();
        if source.is_data() {
            UnreadableAnswer::new(&path, &source.to_string()).of(response)
        } else {
            not_json(response)
        }
    })
}

/// The JSON document of a successful answer, read tolerantly: what the operations here do.
pub(crate) fn tolerant<T: Read>(response: &Response<Bytes>) -> Result<T, Error> {
    succeeded(response)?;
    if !may_be_json(response) {
        return Err(not_json(response));
    }
    match read(without_bom(response.body())) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => Err(UnreadableAnswer::from(*fault).of(response)),
        Err(_) => Err(not_json(response)),
    }
}

/// A JSON document in a message of a stream, read tolerantly.
pub(crate) fn document<T: Read>(message: &str) -> Result<T, Error> {
    let outcome = read(message.as_bytes())
        .unwrap_or_else(|error| Err(Unreadable::here(format!("no JSON ({error})"))));
    outcome.map_err(|fault| Error::Unreadable(Box::new((*fault).into())))
}

/// # Errors
///
/// The outer error: the text is no JSON.
fn read<T: Read>(text: &[u8]) -> Result<Outcome<T>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let outcome = T::read(&mut json)?;
    json.end()?;
    Ok(outcome)
}

/// Why the answer to a request that only reads is not what was asked for.
pub(crate) fn refusal(response: &Response<Bytes>) -> Error {
    succeeded(response).err().unwrap_or_else(|| not_json(response)).of_safe_request()
}

/// A successful answer without content, or whose content says nothing more: for an
/// [`Operation`](crate::Operation) of your own.
///
/// # Errors
///
/// As [`read_json`](crate::read_json).
pub fn nothing(response: &Response<Bytes>) -> Result<(), Error> {
    succeeded(response)?;
    // A login page with status 200 is no success.
    if response.body().is_empty() || may_be_json(response) {
        Ok(())
    } else {
        Err(not_json(response))
    }
}

model! {
    /// Both dialects in one: Coder's own errors, and those of its OAuth2 endpoints.
    #[derive(Debug)]
    #[non_exhaustive]
    struct ErrorBody {
        pub message: Option<String>,
        pub detail: Option<String>,
        pub validations: List<Validation>,
        pub error: Option<String>,
        pub error_description: Option<String>,
    }
}

model! {
    /// One field of a request that Coder refused.
    #[derive(Debug)]
    #[non_exhaustive]
    struct Validation {
        pub field: String = required,
        pub detail: String,
    }
}

fn succeeded(response: &Response<Bytes>) -> Result<(), Error> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return Err(Error::Redirected { status, to: destination(response) });
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Error::RateLimited { retry_after: retry_after(response.headers()) });
    }
    let mut error = ApiError {
        status,
        message: status.canonical_reason().unwrap_or("no reason given").to_owned(),
        detail: None,
        validations: Vec::new(),
        oauth_code: None,
        request_id: header(response, "x-coder-request-id").map(cleaned),
        cause: None,
        changed_nothing: false,
    };
    if !response.body().is_empty() {
        let Ok(Ok(body)) = read::<ErrorBody>(without_bom(response.body())) else {
            return Err(not_json(response));
        };
        let said = body.message.or(body.error_description).or_else(|| body.error.clone());
        error.cause = [&said, &body.detail].into_iter().flatten().find_map(|said| Cause::of(said));
        error.message = said.map_or(error.message, |said| cleaned(&said));
        error.detail = body.detail.filter(|detail| !detail.is_empty()).map(|said| cleaned(&said));
        let validations = body.validations.into_iter().take(VALIDATIONS);
        error.validations = validations
            .map(|Validation { field, detail }| ValidationError {
                field: cleaned(&field),
                detail: cleaned(&detail),
            })
            .collect();
        error.oauth_code = body.error.map(|code| cleaned(&code));
    }
    Err(Error::Api(Box::new(error)))
}

impl UnreadableAnswer {
    /// With what the answer tells about Coder.
    fn of(self, response: &Response<Bytes>) -> Error {
        let release = header(response, "x-coder-build-version").map(|version| {
            let known = CoderVersion::parse(version).map(|version| version.to_string());
            known.unwrap_or_else(|_| cleaned_to(RELEASE, version))
        });
        Error::Unreadable(Box::new(Self { release, ..self }))
    }
}

fn not_json(response: &Response<Bytes>) -> Error {
    let text = String::from_utf8_lossy(response.body());
    let page = text.trim_start().starts_with('<') || !response.status().is_success();
    // A successful answer that is no page may hold a token in some other format.
    let start = if page { cleaned(text.trim()) } else { String::new() };
    Error::NotJson(Box::new(NotJson {
        status: response.status(),
        content_type: header(response, CONTENT_TYPE.as_str()).map(cleaned),
        start,
        retry_after: retry_after(response.headers()),
        changed_nothing: false,
    }))
}

/// RFC 8259 §8.1: a reader may ignore a byte order mark that a proxy put in front.
fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

fn may_be_json(response: &Response<Bytes>) -> bool {
    header(response, CONTENT_TYPE.as_str()).is_none_or(|value| value.contains("json"))
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn destination(response: &Response<Bytes>) -> Option<Origin> {
    let location = Url::parse(header(response, LOCATION.as_str())?).ok()?;
    Origin::from_url(&location).ok().filter(|origin| origin.to_string().len() <= ORIGIN)
}
