//! Where the plugin finds a deployment's API and pictures.

use coder_testkit::recordings::Json;
use coder_workspaces::{AssetUrls, PortalUrls};
use serde_json::{Value, json};
use url::Url;

use crate::suite::{Outcome, hold};

const ROUTE: &str = "/coder";

#[test]
fn url_sync() {
    hold("url_sync", run);
}

fn run(input: &Json) -> Outcome {
    let discovery = Discovery::new(input)?;
    let result = match input.text("op") {
        "sync" => sync(&discovery)?,
        "sequence" => sequence(&discovery),
        "icons" => icons(input, &discovery)?,
        "iconFetch" => icon_fetch(input, &discovery)?,
        "emoji" => {
            let assets =
                AssetUrls::from_url(&discovery.urls(0)?.assets_route).map_err(|_| "Error")?;
            json!(Url::parse(input.text("url")).is_ok_and(|url| assets.is_emoji(&url)))
        }
        other => panic!("no such operation: {other}"),
    };
    Ok(Json::parse(&result.to_string()))
}

fn sync(discovery: &Discovery) -> Result<Value, String> {
    let initial = discovery.initial();
    let urls = discovery.urls(0)?;
    Ok(json!({
        "initial": initial,
        "apiEndpoint": urls.api_route,
        "assetsEndpoint": urls.assets_route,
        "cached": urls,
        "notifications": u8::from(initial != urls),
    }))
}

fn sequence(discovery: &Discovery) -> Value {
    let (mut cached, mut notifications, mut values) = (discovery.initial(), Vec::new(), Vec::new());
    for step in 0..discovery.answers.len() {
        if discovery.unsubscribe_at.is_some_and(|at| at == step) {
            notifications.push(None);
        }
        match discovery.urls(step) {
            Ok(urls) => {
                values.push(json!(urls.api_route));
                if urls != cached {
                    notifications.push(Some(urls.clone()));
                    cached = urls;
                }
            }
            Err(kind) => {
                values.push(json!({"error": {"kind": kind, "message": "discovery failed"}}));
            }
        }
    }
    // Nobody hears what comes after unsubscribing.
    let heard: Vec<PortalUrls> = notifications.into_iter().map_while(|told| told).collect();
    json!({"values": values, "notifications": heard, "cached": cached})
}

fn icons(input: &Json, discovery: &Discovery) -> Result<Value, String> {
    let urls = discovery.urls(0)?;
    let assets = AssetUrls::from_url(&urls.assets_route).map_err(|_| "Error")?;
    let icons = input.get("icons").and_then(Json::as_list).expect("icons");
    let icons: Vec<Option<String>> =
        icons.iter().map(|icon| assets.icon(icon.as_str().unwrap()).map(String::from)).collect();
    let query = if input.get("byRepo").is_some() {
        "owner%3Ame+param%3A%22k%3Dhttps%3A%2F%2Fx.example%2Fr%22"
    } else {
        "owner%3Ame"
    };
    let request = format!("{}/api/v2/workspaces?q={query}", urls.api_route);
    Ok(json!({"icons": icons, "requestUrl": request}))
}

/// Returns what a front end may send along when it fetches a picture.
fn icon_fetch(input: &Json, discovery: &Discovery) -> Result<Value, String> {
    let assets = AssetUrls::from_url(&discovery.urls(0)?.assets_route).map_err(|_| "Error")?;
    let Some(url) = assets.icon(input.text("src")) else {
        return Ok(json!({"url": null, "coderSessionToken": null, "authorization": null}));
    };
    let ours = assets.owns(&url);
    let session = Some(input.text("sessionToken")).filter(|_| ours);
    let backstage = Some(input.text("backstageToken")).filter(|token| ours && !token.is_empty());
    Ok(json!({
        "url": url,
        "coderSessionToken": session,
        "authorization": backstage.map(|token| format!("Bearer {token}")),
    }))
}

/// Plays Backstage: its configuration, and what its discovery tells about the proxy.
struct Discovery {
    base_url: String,
    prefix: String,
    answers: Vec<Option<String>>,
    unsubscribe_at: Option<usize>,
}

impl Discovery {
    fn new(input: &Json) -> Result<Self, String> {
        let app = input.get("appConfig").expect("an app config");
        let base_url = app.get("backend").and_then(|backend| backend.get("baseUrl"));
        let base_url = match base_url {
            None | Some(Json::Null) => return Err("Error".to_owned()),
            Some(Json::String(text)) if !text.is_empty() => text.clone(),
            Some(_) => return Err("TypeError".to_owned()),
        };
        let answers = match input.get("discovery").and_then(Json::as_list) {
            Some(answers) => answers.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
            None => vec![Some(from_config(app, &base_url)?)],
        };
        let prefixes = input.get("urlPrefixes");
        let prefix =
            prefixes.and_then(|prefixes| prefixes.get("proxyPrefix")).and_then(Json::as_str);
        let unsubscribe_at = match input.get("unsubscribeAt") {
            Some(Json::Number(at, _)) => Some(*at as usize),
            _ => None,
        };
        Ok(Self {
            base_url,
            prefix: prefix.unwrap_or("/api/proxy").to_owned(),
            answers,
            unsubscribe_at,
        })
    }

    /// Returns the URLs before discovery was asked: below the backend.
    fn initial(&self) -> PortalUrls {
        let base = self.base_url.trim_end_matches('/');
        PortalUrls::new(&format!("{base}{}", self.prefix), &self.prefix, ROUTE)
    }

    fn urls(&self, step: usize) -> Result<PortalUrls, String> {
        let proxy = self.answers[step].as_deref().ok_or("Error")?;
        Ok(PortalUrls::new(proxy, &self.prefix, ROUTE))
    }
}

/// Discovers a URL as Backstage's `FrontendHostDiscovery` does.
fn from_config(app: &Json, base_url: &str) -> Result<String, String> {
    let endpoints = app.get("discovery").and_then(|discovery| discovery.get("endpoints"));
    let mut target = pattern(&format!("{}/api/{{{{pluginId}}}}", base_url.trim_end_matches('/')))?;
    for endpoint in endpoints.and_then(Json::as_list).unwrap_or_default() {
        let written = endpoint.get("target").and_then(|target| match target {
            Json::String(both) => Some(both.as_str()),
            other => other.get("external").and_then(Json::as_str),
        });
        // A target for this process alone is none for browsers.
        let Some(written) = written.filter(|written| !written.is_empty()) else { continue };
        let known = pattern(written)?;
        let plugins = endpoint.get("plugins").and_then(Json::as_list).unwrap_or_default();
        if plugins.iter().any(|plugin| plugin.as_str() == Some("proxy")) {
            target = known;
        }
    }
    Ok(target)
}

/// Fills in a URL as Backstage's `UrlPatternDiscovery` does, for the plugin `proxy`.
fn pattern(text: &str) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled += before;
        rest = match after.split_once("}}") {
            Some((name, after)) if name.trim() == "pluginId" => {
                filled += "proxy";
                after
            }
            _ => {
                filled += "{{";
                after
            }
        };
    }
    filled += rest;
    let url = Url::parse(&filled).map_err(|_| "Error")?;
    let plain = url.query().is_none() && url.fragment().is_none() && !filled.ends_with('/');
    if plain { Ok(filled) } else { Err("Error".to_owned()) }
}
