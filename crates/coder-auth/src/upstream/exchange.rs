//! The form posts of OAuth2, as operations of the Coder client, which sends them: with its limits
//! on size and redirects, and its reading of both dialects of errors.

use bytes::Bytes;
use coder_client::{Client, ClientError, Operation, read_empty, read_json};
use coder_core::{BoxFuture, DeploymentUrl, Secret, with_causes};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, Uri};
use serde::de::IgnoredAny;
use url::Url;
use zeroize::Zeroizing;

/// The greatest size of an answer to a request of a login, in bytes.
pub(super) const MAX_ANSWER: usize = 512 * 1024;

/// A token request that the `oauth2` crate has built.
pub(super) struct Exchange(Request<Bytes>);

impl Exchange {
    /// Returns the function with which the `oauth2` crate sends its requests. It gets successful
    /// JSON answers only.
    pub(super) fn sender(
        client: &Client,
    ) -> impl Fn(
        oauth2::HttpRequest,
    ) -> BoxFuture<'static, Result<oauth2::HttpResponse, ClientError>>
    + use<> {
        let client = client.clone();
        move |request| {
            let client = client.clone();
            Box::pin(async move {
                let answer = client.send(&Self(request.map(Bytes::from))).await?;
                Ok(answer.map(|body| body.to_vec()))
            })
        }
    }
}

impl Operation for Exchange {
    type Output = Response<Bytes>;

    fn request(&self, _deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        Ok(self.0.clone())
    }

    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, ClientError> {
        read_json::<IgnoredAny>(&response)?;
        Ok(response)
    }

    fn needs_credential(&self) -> bool {
        false
    }

    fn max_answer(&self) -> usize {
        MAX_ANSWER
    }
}

/// A revocation request (RFC 7009 §2.1).
///
/// The `oauth2` crate refuses to send one over http, which a deployment on loopback uses.
pub(super) struct Revocation<'a> {
    pub(super) token: &'a Secret,
    pub(super) client_id: &'a str,
    pub(super) client_secret: &'a Secret,
}

impl Operation for Revocation<'_> {
    type Output = ();

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        let form = [
            ("token", self.token.expose()),
            ("client_id", self.client_id),
            ("client_secret", self.client_secret.expose()),
        ];
        post_form(&deployment.endpoint(["oauth2", "revoke"]), &form)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<(), ClientError> {
        read_empty(&response)
    }

    fn needs_credential(&self) -> bool {
        false
    }

    fn max_answer(&self) -> usize {
        MAX_ANSWER
    }

    /// Returns `true`, because revoking a revoked token changes nothing.
    fn is_repeatable(&self, _method: &Method) -> bool {
        true
    }
}

/// Makes a request that posts a form, as all OAuth2 requests do (RFC 6749 Appendix B).
pub(super) fn post_form(url: &Url, form: &[(&str, &str)]) -> Result<Request<Bytes>, ClientError> {
    let mut text = form_urlencoded::Serializer::new(String::new());
    let text = Zeroizing::new(text.extend_pairs(form).finish());
    let mut request = Request::new(Bytes::copy_from_slice(text.as_bytes()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri(url)?;
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, form_type);
    Ok(request)
}

pub(super) fn uri(url: &Url) -> Result<Uri, ClientError> {
    let uri = url.as_str().parse::<Uri>();
    uri.map_err(|error| coder_client::RequestError::Invalid(with_causes(&error)).into())
}
