//! `proxy.endpoints` is read as Backstage reads it, as far as it leads to Coder.
#![cfg(test)]

mod support;

use coder_config::{AppConfig, ConfigErrors, ProxyConfig, ProxyCredentials};

/// Reads a portal with these further lines.
fn load(lines: &str) -> Result<AppConfig, ConfigErrors> {
    support::load_text(&format!(
        "app: {{ baseUrl: 'https://portal.example.com' }}
backend: {{ baseUrl: 'https://portal.example.com' }}
auth: {{ providers: {{ coder: {{ development:
  {{ clientId: a, clientSecret: b, deploymentUrl: 'https://coder.example.com',
     internalUrl: 'http://coder:3000', dangerouslyAllowHttp: true }} }} }} }}
{lines}
"
    ))
}

/// The block of the original plugin's README, letter by letter.
const DOCUMENTED: &str = "
proxy:
  endpoints:
    '/coder':
      # Replace with your Coder deployment access URL (add a trailing slash)
      target: 'https://coder.example.com/'

      changeOrigin: true
      # Add methods based on what API calls you need
      allowedMethods: ['GET', 'POST']
      allowedHeaders: ['Authorization', 'Coder-Session-Token']
      headers:
        X-Custom-Source: backstage
";

/// Returns what is said about proxies, a line each.
fn told(lines: &str) -> String {
    let told = support::told(&load(lines));
    told.lines().filter(|line| line.contains("proxy.")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_documented_block_of_the_plugin_is_served_and_told_about_authorization() {
    let config = load(DOCUMENTED).unwrap();
    let [ProxyConfig { route, target, allowed_methods, allowed_headers, headers, credentials }] =
        &*config.proxies
    else {
        panic!("{:?}", config.proxies)
    };
    assert_eq!((&**route, target.as_str()), ("/coder", "https://coder.example.com"));
    assert_eq!(allowed_methods.as_ref().unwrap(), &["GET", "POST"]);
    assert!(allowed_headers.is_empty());
    assert_eq!(headers["x-custom-source"].expose(), "backstage");
    assert_eq!(*credentials, ProxyCredentials::Require);
    insta::assert_snapshot!(told(DOCUMENTED), @"notice: app-config.yaml:16:24: `proxy.endpoints./coder.allowedHeaders[0]` has no effect here: `Authorization` holds Backstage's token, which Coder does not get; the portal sends each person's token of Coder in its place");
}

#[test]
fn every_place_and_shape_that_backstage_knows_is_read() {
    for lines in [
        "proxy: { endpoints: { /coder: 'https://coder.example.com' } }",
        "proxy: { endpoints: { coder: 'https://coder.example.com/' } }",
        "proxy: { /coder: 'https://coder.example.com' }",
        "proxy: { /coder: { target: 'https://coder.example.com' }, endpoints: { /grafana: 'https://g.example.com' } }",
        "proxy: { endpoints: { /coder: { target: 'http://coder:3000' } } }",
        "proxy: { endpoints: { /coder: { target: 'https://coder.example.com' } }, /coder: { target: 'https://coder.example.com', allowedMethods: [GET] } }",
    ] {
        let config = load(lines).unwrap();
        assert_eq!(config.proxies.len(), 1, "{lines}");
        assert_eq!(config.proxies[0].route, "/coder", "{lines}");
        assert_eq!(config.proxies[0].allowed_methods, None, "{lines}: the newer place counts");
    }
    let further = load("proxy: { endpoints: { /my/own/: 'https://coder.example.com' } }").unwrap();
    assert_eq!(further.proxies[0].route, "/my/own");
}

#[test]
fn an_endpoint_that_is_not_served_is_told_at_its_place() {
    let lines = "proxy:
  endpoints:
    /coder: { target: 'https://elsewhere.example.com' }
    /grafana: { target: 'https://g.example.com', headers: { A: 1 } }
    /odd: { target: [1] }
";
    assert!(load(lines).unwrap().proxies.is_empty());
    insta::assert_snapshot!(told(lines), @"
    notice: app-config.yaml:8:5: `proxy.endpoints./coder` is not served here, because its target is the `deploymentUrl` of no environment; correct the target, or leave the endpoint to another backend
    notice: app-config.yaml:9:5: `proxy.endpoints./grafana` is not served here, because its target is the `deploymentUrl` of no environment; correct the target, or leave the endpoint to another backend
    notice: app-config.yaml:10:5: `proxy.endpoints./odd` is not served here, because its target is the `deploymentUrl` of no environment; correct the target, or leave the endpoint to another backend
    ");
}

#[test]
fn what_backstage_does_and_this_proxy_does_not_is_told_at_its_place() {
    let lines = "proxy:
  endpoints:
    /coder:
      target: https://coder.example.com
      secure: false
      followRedirects: true
      ws: true
      credentials: forward
      pathRewrite: { '^/api/proxy/coder/?': /, '^/api/proxy/coder/old': /new }
      allowedHeaders: [Cookie, X-Forwarded-For, X-Request-Id, X-Request-Id]
      headers: { Coder-Session-Token: shared, Host: evil.example, Authorization: Basic eDp5 }
";
    let config = load(lines).unwrap();
    assert_eq!(config.proxies[0].allowed_headers, ["x-request-id"]);
    let added: Vec<_> = config.proxies[0].headers.keys().collect();
    assert_eq!(added, ["authorization"], "for a proxy in front of Coder");
    assert!(!format!("{config:?}").contains("eDp5"), "a header may hold a secret");
    insta::assert_snapshot!(told(lines), @"
    notice: app-config.yaml:15:24: `proxy.endpoints./coder.allowedHeaders[0]` has no effect here: the header `Cookie` is never passed on
    notice: app-config.yaml:15:32: `proxy.endpoints./coder.allowedHeaders[1]` has no effect here: the header `X-Forwarded-For` is never passed on
    notice: app-config.yaml:16:39: `proxy.endpoints./coder.headers.Coder-Session-Token` has no effect here: each person's own token of Coder is sent
    notice: app-config.yaml:16:53: `proxy.endpoints./coder.headers.Host` has no effect here: the header `Host` is not sent from here
    notice: app-config.yaml:14:73: `proxy.endpoints./coder.pathRewrite.^/api/proxy/coder/old` has no effect here: a path is passed on as it is, without the prefix of the endpoint
    notice: app-config.yaml:10:15: `proxy.endpoints./coder.secure` has no effect here: the certificate of Coder is always checked
    notice: app-config.yaml:11:24: `proxy.endpoints./coder.followRedirects` has no effect here: no redirect is followed
    ");
}

#[test]
fn what_cannot_be_used_is_told_at_its_place() {
    let lines = "proxy:
  endpoints:
    /coder:
      target: https://coder.example.com
      credentials: maybe
      allowedMethods: ['GE T']
      allowedHeaders: ['X Y']
      headers: { 'a b': c, X-One: \"x\\r\\ny: z\" }
coder:
  proxy: { iconHosts: ['https://cdn.example.com', '*.example.com', 'a/b', 'user@host', 'CDN.example.com', 'cdn.example.com:8443'] }
";
    insta::assert_snapshot!(told(lines), @"
    error: app-config.yaml:11:23: `proxy.endpoints./coder.allowedMethods` holds `GE T`, which is no name of a method or header
    error: app-config.yaml:12:24: `proxy.endpoints./coder.allowedHeaders[0]` is `X Y`, which is no name of a header
    error: app-config.yaml:13:25: `proxy.endpoints./coder.headers.a b` has a key that is no name of a header
    error: app-config.yaml:13:35: `proxy.endpoints./coder.headers.X-One` holds characters that no header can have
    error: app-config.yaml:10:20: `proxy.endpoints./coder.credentials` is `maybe`: it must be `require`, `forward` or `dangerously-allow-unauthenticated`
    error: app-config.yaml:15:24: `coder.proxy.iconHosts[0]` is `https://cdn.example.com`; it must be a host like `cdn.example.com`, without scheme, path and `*`
    error: app-config.yaml:15:51: `coder.proxy.iconHosts[1]` is `*.example.com`; it must be a host like `cdn.example.com`, without scheme, path and `*`
    error: app-config.yaml:15:68: `coder.proxy.iconHosts[2]` is `a/b`; it must be a host like `cdn.example.com`, without scheme, path and `*`
    error: app-config.yaml:15:75: `coder.proxy.iconHosts[3]` is `user@host`; it must be a host like `cdn.example.com`, without scheme, path and `*`
    ");
}

#[test]
fn icons_come_from_no_foreign_host_unless_one_is_named() {
    assert!(load("").unwrap().icon_hosts.is_empty());
    let config = load("coder: { proxy: { iconHosts: [CDN.example.com, 'cdn.example.com:8443'] } }");
    assert_eq!(config.unwrap().icon_hosts, ["cdn.example.com", "cdn.example.com:8443"]);
}

#[test]
fn everybody_may_ask_only_where_it_is_written_by_its_name() {
    let lines = "proxy: { endpoints: { /coder: { target: 'https://coder.example.com', \
                 credentials: dangerously-allow-unauthenticated } } }";
    let credentials = load(lines).unwrap().proxies[0].credentials;
    assert_eq!(credentials, ProxyCredentials::DangerouslyAllowUnauthenticated);
}

#[test]
fn headers_of_a_connection_and_of_other_hops_are_withheld_whatever_is_listed() {
    for header in ["authorization", "cookie", "connection", "te", "x-forwarded-for", "forwarded"] {
        assert!(ProxyConfig::withholds(header), "{header}");
    }
    for header in ["accept", "content-type", "x-custom-source", "x-request-id"] {
        assert!(!ProxyConfig::withholds(header), "{header}");
    }
}
