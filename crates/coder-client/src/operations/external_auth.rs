//! Accounts at other services, such as GitHub.

use bytes::Bytes;
use coder_core::{DeploymentUrl, Secret};
use http::{Method, Request, Response};
use serde::Serialize;

use crate::models::{ExternalAuth, ExternalAuthDevice, ExternalAuthList, ExternalAuthUnlinked};
use crate::operation::{Draft, operation, operations};
use crate::{Error, Operation};

operations! {
    /// `GET /api/v2/external-auth`: what can be linked, and what is.
    ListExternalAuth = GET ["external-auth"] => ExternalAuthList;
    /// `GET /api/v2/external-auth/{externalauth}`: whether the caller has linked an account there.
    /// People link one in the browser, at `/external-auth/{externalauth}`.
    GetExternalAuth(provider: String) = GET ["external-auth", provider] => ExternalAuth;
    /// `GET /api/v2/external-auth/{externalauth}/device`: a code to type there.
    StartExternalAuthDevice(provider: String) =
        GET ["external-auth", provider, "device"] => ExternalAuthDevice;
}

/// `DELETE /api/v2/external-auth/{externalauth}`: removes the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlinkExternalAuth {
    provider: String,
}

impl UnlinkExternalAuth {
    /// To this service.
    pub fn new(provider: String) -> Self {
        Self { provider }
    }
}

impl Operation for UnlinkExternalAuth {
    type Output = ExternalAuthUnlinked;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error> {
        Draft::api(Method::DELETE, ["external-auth", &self.provider]).build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<ExternalAuthUnlinked, Error> {
        // Old releases remove the link, do no more, and say `"OK"`.
        if crate::operation::json::<String>(&response).is_ok() {
            return Ok(ExternalAuthUnlinked { token_revoked: false, token_revocation_error: None });
        }
        crate::operation::json(&response)
    }
}

/// `POST /api/v2/external-auth/{externalauth}/device`: links the account once the code was typed.
#[derive(Clone, Debug, Serialize)]
pub struct FinishExternalAuthDevice {
    #[serde(skip)]
    provider: String,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    device_code: Secret,
}

impl FinishExternalAuthDevice {
    /// With the device code that [`StartExternalAuthDevice`] gave.
    pub fn new(provider: impl Into<String>, device_code: Secret) -> Self {
        Self { provider: provider.into(), device_code }
    }
}

operation!(FinishExternalAuthDevice, |this| {
    Draft::post(["external-auth", &this.provider, "device"]).json(this)
});
