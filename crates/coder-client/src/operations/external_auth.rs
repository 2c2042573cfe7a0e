//! Accounts at other services, such as GitHub.

use coder_core::Secret;
use serde::Serialize;

use crate::models::{ExternalAuth, ExternalAuthDevice, ExternalAuthList, ExternalAuthUnlinked};
use crate::operation::{Draft, operation, operations};

operations! {
    /// `GET /api/v2/external-auth`: what can be linked, and what is.
    ListExternalAuth = GET ["external-auth"] => ExternalAuthList;
    /// `GET /api/v2/external-auth/{externalauth}`: whether the caller has linked an account there.
    /// People link one in the browser, at `/external-auth/{externalauth}`.
    GetExternalAuth(provider: String) = GET ["external-auth", provider] => ExternalAuth;
    /// `DELETE /api/v2/external-auth/{externalauth}`: removes the link.
    UnlinkExternalAuth(provider: String) =
        DELETE ["external-auth", provider] => ExternalAuthUnlinked;
    /// `GET /api/v2/external-auth/{externalauth}/device`: a code to type there.
    StartExternalAuthDevice(provider: String) =
        GET ["external-auth", provider, "device"] => ExternalAuthDevice;
}

/// `POST /api/v2/external-auth/{externalauth}/device`: links the account once the code was typed.
#[derive(Clone, Debug, Serialize)]
pub struct FinishExternalAuthDevice {
    #[serde(skip)]
    provider: String,
    #[serde(serialize_with = "super::users::exposed")]
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
