//! A typed client for the Coder REST API v2: requests and responses are data, sending is one line.
