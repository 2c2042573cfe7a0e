//! Coder as an OAuth2 provider of a Backstage portal: login flow, grants kept on the server, sessions, sign-in resolvers, identity tokens.
