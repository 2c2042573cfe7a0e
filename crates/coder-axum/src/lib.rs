//! coder-backstage for axum and tower: routers and extractors over coder-portal.
