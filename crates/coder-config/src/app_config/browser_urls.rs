//! The URLs of the portal that browsers meet, and whether a login can keep its cookies there.

use coder_core::is_loopback;
use url::Url;

use super::auth::AuthConfig;
use super::reader::{Reader, Value, web_url};
use crate::Notice;
use crate::message::shown;

const OPT_IN: [&str; 3] = ["coder", "session", "dangerouslyAllowHttp"];

/// A URL that browsers meet, and where it is written.
pub(super) struct BrowserUrl<'a> {
    pub(super) value: Value<'a>,
    url: Url,
}

impl<'a> BrowserUrl<'a> {
    /// Reads a value; `None` when it is not a URL, which is reported already.
    pub(super) fn read(value: Value<'a>) -> Option<Self> {
        let url = web_url(value.node.scalar_text()?.trim()).ok()?;
        Some(Self { value, url })
    }

    pub(super) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    fn is_plain_off_this_machine(&self) -> bool {
        self.is_plain() && !is_loopback(&self.url)
    }
}

impl<'a> Reader<'a> {
    /// Checks the schemes of `app.baseUrl`, `backend.baseUrl` and every `callbackUrl` together.
    ///
    /// A browser keeps the cookies of a login when all of these are https, or all of them are http
    /// on loopback. Plain http elsewhere needs `coder.session.dangerouslyAllowHttp`, which is
    /// warned of; a mixture loses the cookies at its http side whatever is allowed.
    pub(super) fn browser_urls(&mut self, auth: Option<&AuthConfig>, allow_http: bool) {
        let urls = self.urls_of_browsers(auth);
        let https = urls.iter().find(|met| !met.is_plain());
        let off_this_machine = urls.iter().find(|met| met.is_plain_off_this_machine());
        for met in urls.iter().filter(|met| met.is_plain()) {
            let written = shown(met.value.node.scalar_text().unwrap_or_default());
            if met.is_plain_off_this_machine() && !allow_http {
                let problem = format!(
                    "is `{written}`: plain http is refused for hosts other than this machine, \
                     since browsers keep no secure cookie there and nobody could sign in; use \
                     https, or allow it by `{}: true`, which lets everybody on the way between \
                     browser and portal take over sessions",
                    OPT_IN.join(".")
                );
                self.invalid(&met.value, problem);
            } else if let Some(https) = https {
                let problem = format!(
                    "is `{written}`, plain http, while `{}` at {} is https: a login that meets \
                     both loses its cookies; use https for both",
                    https.value.path,
                    https.value.node.location()
                );
                self.invalid(&met.value, problem);
            }
        }
        if let (true, Some(opt_in)) = (allow_http, self.at(&OPT_IN)) {
            self.notices.push(opted_in(&opt_in, off_this_machine));
        }
    }

    fn urls_of_browsers(&self, auth: Option<&AuthConfig>) -> Vec<BrowserUrl<'a>> {
        let environments = auth.map(|auth| &auth.environments).into_iter().flatten();
        let usable = environments.filter(|(_, environment)| environment.is_ok());
        let callbacks = usable.map(|(name, _)| {
            self.at(&["auth", "providers", "coder", name.as_str(), "callbackUrl"])
        });
        let bases = [self.at(&["app", "baseUrl"]), self.at(&["backend", "baseUrl"])];
        bases.into_iter().chain(callbacks).flatten().filter_map(BrowserUrl::read).collect()
    }
}

/// Makes the warning about an opt-in to plain http, or the remark that the opt-in changes nothing.
fn opted_in(opt_in: &Value<'_>, off_this_machine: Option<&BrowserUrl<'_>>) -> Notice {
    let path = &opt_in.path;
    let message = match off_this_machine {
        Some(met) => format!(
            "`{path}` sends cookies and tokens in clear text, since `{}` is plain http: everybody \
             on the way between browser and portal can read them and take over sessions; serve \
             the portal by https and remove it",
            met.value.path
        ),
        None => format!(
            "`{path}` has no effect, since browsers meet https or this machine only; remove it"
        ),
    };
    Notice::new(path, message).at(opt_in.node.provenance().clone())
}
