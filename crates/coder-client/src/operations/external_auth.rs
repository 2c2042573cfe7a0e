//! Accounts at other services, such as GitHub.

use bytes::Bytes;
use coder_core::{DeploymentUrl, Secret};
use http::{Method, Request, Response};
use serde::Serialize;

use crate::models::{ExternalAuth, ExternalAuthDevice, ExternalAuthList, ExternalAuthUnlinked};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{ClientError, Operation, read_json};

operations! {
    /// `GET /api/v2/external-auth`: lists the services whose accounts can be linked, and the links
    /// of the caller.
    ListExternalAuth = GET ["external-auth"] => ExternalAuthList;
    /// `GET /api/v2/external-auth/{externalauth}`: returns whether the caller has linked an account
    /// of this service.
    ///
    /// People link an account in the browser, on the page `/external-auth/{externalauth}`.
    #[doc(alias = "GitHub")]
    #[doc(alias = "link account")]
    GetExternalAuth(provider: String) = GET ["external-auth", provider] => ExternalAuth;
    /// `GET /api/v2/external-auth/{externalauth}/device`: starts to link an account with a code that
    /// the user types at the service (RFC 8628).
    #[doc(alias = "device flow")]
    StartExternalAuthDevice(provider: String) =
        GET ["external-auth", provider, "device"] => ExternalAuthDevice;
}

/// `DELETE /api/v2/external-auth/{externalauth}`: removes the link to the caller's account of a
/// service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlinkExternalAuth {
    provider: String,
}

impl UnlinkExternalAuth {
    /// Creates the operation for the service with this id.
    pub fn new(provider: impl Into<String>) -> Self {
        Self { provider: provider.into() }
    }
}

impl Operation for UnlinkExternalAuth {
    type Output = ExternalAuthUnlinked;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        RequestBuilder::new(Method::DELETE, ["external-auth", &self.provider]).build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<ExternalAuthUnlinked, ClientError> {
        // Old releases remove the link, do no more, and say `"OK"`.
        if read_json::<String>(&response).is_ok() {
            return Ok(ExternalAuthUnlinked { token_revoked: false, token_revocation_error: None });
        }
        read_json(&response)
    }
}

/// `POST /api/v2/external-auth/{externalauth}/device`: links the account after the user has typed
/// the code.
#[derive(Clone, Debug, Serialize)]
pub struct FinishExternalAuthDevice {
    #[serde(skip)]
    provider: String,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    device_code: Secret,
}

impl FinishExternalAuthDevice {
    /// Creates the operation for the device code that [`StartExternalAuthDevice`] returned.
    pub fn new(provider: impl Into<String>, device_code: Secret) -> Self {
        Self { provider: provider.into(), device_code }
    }
}

impl_operation!(FinishExternalAuthDevice => (), |this| {
    RequestBuilder::post(["external-auth", &this.provider, "device"]).json(this)
});
