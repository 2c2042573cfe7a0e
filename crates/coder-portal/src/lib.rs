//! The joint of coder-backstage: configuration becomes ready parts, and every route is a function from http request to response.
