//! Where a portal's front end finds a deployment.

use coder_workspaces::{AssetUrls, PortalUrls};
use url::Url;
use wasm_bindgen::prelude::*;

use crate::answer::{Answer, Fault, answer};

/// Returns the URLs of a deployment behind a portal's proxy.
#[wasm_bindgen(js_name = portalUrls)]
pub fn portal_urls(proxy: &str, prefix: &str, route: &str) -> Answer {
    answer(Ok(PortalUrls::new(proxy, prefix, route)))
}

/// Pictures of a deployment.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Assets(AssetUrls);

#[wasm_bindgen]
impl Assets {
    /// Reads the URL below which the deployment is reached.
    ///
    /// # Errors
    ///
    /// The answer that tells what is wrong with it.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str) -> Result<Self, Answer> {
        let urls = AssetUrls::from_url(url);
        let urls = urls.map_err(|error| Fault::from_error("invalidUrl", &error));
        urls.map(Self).map_err(|fault| answer::<()>(Err(fault)))
    }

    /// Returns the URL of a picture.
    pub fn icon(&self, icon: &str) -> Option<String> {
        self.0.icon(icon).map(String::from)
    }

    /// Tells whether credentials for the deployment may go to this URL.
    pub fn owns(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.0.owns(&url))
    }

    /// Tells whether a picture is an emoji.
    #[wasm_bindgen(js_name = isEmoji)]
    pub fn is_emoji(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.0.is_emoji(&url))
    }
}
