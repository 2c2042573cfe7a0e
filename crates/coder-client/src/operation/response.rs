//! Reading of Coder's answers: the content of a success, the error of anything else.

use bytes::Bytes;
use coder_core::{Body, Origin, cleaned, cleaned_to, retry_after, with_causes};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::Cause;
use crate::reading::{Outcome, Read, model};
use crate::{
    ApiError, ClientError, CoderVersion, List, NotJson, Unreadable, UnreadableResponse,
    ValidationError,
};

/// The number of wrong fields that an error keeps.
const MAX_VALIDATIONS: usize = 10;

/// The length of the longest origin with a host that DNS could know, in characters.
const MAX_ORIGIN: usize = 270;

/// The length at which a release that is not a version is cut, in characters.
const MAX_RELEASE: usize = 40;

/// Reads the body of an answer to its end; a body of more than `most` bytes is an error.
pub(crate) async fn read_body(
    answer: Response<Body>,
    most: usize,
) -> Result<Response<Bytes>, ClientError> {
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, body.collect(most).await?))
}

/// Reads the JSON document of a successful answer, for an [`Operation`](crate::Operation) of your own.
///
/// # Errors
///
/// - [`ClientError::Api`] when Coder refused the request, in the format of its API or of OAuth2
///   (RFC 6749 §5.2).
/// - [`ClientError::Redirected`] and [`ClientError::RateLimited`] for the statuses 3xx and 429.
/// - [`ClientError::NotJson`] and [`ClientError::Unreadable`] when the answer is not the expected document.
pub fn read_json<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, ClientError> {
    check_status(response)?;
    if !may_be_json(response) {
        return Err(not_json(response));
    }
    let mut json = serde_json::Deserializer::from_slice(without_bom(response.body()));
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let source = error.into_inner();
        if source.is_data() {
            UnreadableResponse::new(&path, &with_causes(&source)).with_release_of(response)
        } else {
            not_json(response)
        }
    })
}

/// The content of a successful answer, as the operations of this crate read it.
pub(crate) trait FromResponse: Sized {
    fn from_response(response: &Response<Bytes>) -> Result<Self, ClientError>;
}

impl FromResponse for () {
    fn from_response(response: &Response<Bytes>) -> Result<Self, ClientError> {
        read_empty(response)
    }
}

/// The content as it is, whatever its type.
impl FromResponse for Bytes {
    fn from_response(response: &Response<Bytes>) -> Result<Self, ClientError> {
        check_status(response)?;
        Ok(response.body().clone())
    }
}

impl<T: Read> FromResponse for T {
    fn from_response(response: &Response<Bytes>) -> Result<Self, ClientError> {
        read_model(response)
    }
}

/// Reads the JSON document of a successful answer tolerantly.
fn read_model<T: Read>(response: &Response<Bytes>) -> Result<T, ClientError> {
    if matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        && let Some(absent) = T::absent()
    {
        return Ok(absent);
    }
    check_status(response)?;
    if !may_be_json(response) {
        return Err(not_json(response));
    }
    match read(without_bom(response.body())) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => Err(UnreadableResponse::from(*fault).with_release_of(response)),
        Err(_) => Err(not_json(response)),
    }
}

/// Reads the JSON document in a message of a stream tolerantly.
pub(crate) fn read_message<T: Read>(message: &str) -> Result<T, ClientError> {
    let outcome = read(message.as_bytes()).unwrap_or_else(|error| {
        Err(Unreadable::here(format!("no JSON ({})", with_causes(&error))))
    });
    outcome.map_err(|fault| ClientError::Unreadable(Box::new((*fault).into())))
}

/// Reads a JSON document tolerantly.
///
/// # Errors
///
/// The outer error when the text is not JSON.
fn read<T: Read>(text: &[u8]) -> Result<Outcome<T>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let outcome = T::read(&mut json)?;
    json.end()?;
    Ok(outcome)
}

/// Returns the error for an answer to a request that only reads, which is not what was asked for.
pub(crate) fn response_error(response: &Response<Bytes>) -> ClientError {
    check_status(response).err().unwrap_or_else(|| not_json(response)).with_safe_method()
}

/// Reads a successful answer without content, for an [`Operation`](crate::Operation) of your own.
/// Content that is JSON is ignored.
///
/// # Errors
///
/// As [`read_json`].
pub fn read_empty(response: &Response<Bytes>) -> Result<(), ClientError> {
    check_status(response)?;
    // A login page with status 200 is no success.
    if response.body().is_empty() || may_be_json(response) {
        Ok(())
    } else {
        Err(not_json(response))
    }
}

model! {
    /// The body of an error, in the format of Coder's API or of its OAuth2 endpoints.
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
    /// A field of a request that Coder refused.
    #[derive(Debug)]
    #[non_exhaustive]
    struct Validation {
        pub field: String = required,
        pub detail: String,
    }
}

pub(super) fn check_status(response: &Response<Bytes>) -> Result<(), ClientError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return Err(ClientError::Redirected { status, to: destination(response) });
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(ClientError::RateLimited { retry_after: retry_after(response.headers()) });
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
        is_of_coder: false,
    };
    if !response.body().is_empty() {
        let Ok(Ok(body)) = read::<ErrorBody>(without_bom(response.body())) else {
            return Err(not_json(response));
        };
        let said = body.message.or(body.error_description).or_else(|| body.error.clone());
        error.cause =
            [&said, &body.detail].into_iter().flatten().find_map(|said| Cause::from_text(said));
        error.is_of_coder = said.is_some();
        error.message = said.map_or(error.message, |said| cleaned(&said));
        error.detail = body.detail.filter(|detail| !detail.is_empty()).map(|said| cleaned(&said));
        let validations = body.validations.into_iter().take(MAX_VALIDATIONS);
        error.validations = validations
            .map(|Validation { field, detail }| ValidationError {
                field: cleaned(&field),
                detail: cleaned(&detail),
            })
            .collect();
        error.oauth_code = body.error.map(|code| cleaned(&code));
    }
    Err(ClientError::Api(Box::new(error)))
}

impl UnreadableResponse {
    /// Adds the release that the answer names.
    fn with_release_of(self, response: &Response<Bytes>) -> ClientError {
        let release = header(response, "x-coder-build-version").map(|version| {
            let known = CoderVersion::parse(version).map(|version| version.to_string());
            known.unwrap_or_else(|_| cleaned_to(MAX_RELEASE, version))
        });
        ClientError::Unreadable(Box::new(Self { release, ..self }))
    }
}

fn not_json(response: &Response<Bytes>) -> ClientError {
    let text = String::from_utf8_lossy(response.body());
    let page = text.trim_start().starts_with('<') || !response.status().is_success();
    // A successful answer that is no page may hold a token in some other format.
    let start = if page { cleaned(text.trim()) } else { String::new() };
    ClientError::NotJson(Box::new(NotJson {
        status: response.status(),
        content_type: header(response, CONTENT_TYPE.as_str()).map(cleaned),
        start,
        retry_after: retry_after(response.headers()),
        changed_nothing: false,
    }))
}

/// Removes a byte order mark, which a proxy may have put in front (RFC 8259 §8.1).
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
    Origin::from_url(&location).ok().filter(|origin| origin.to_string().len() <= MAX_ORIGIN)
}
