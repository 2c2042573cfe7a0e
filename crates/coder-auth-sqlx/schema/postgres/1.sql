-- Times are microseconds since 1970-01-01T00:00:00Z. A grant's key is three columns wherever it is.

CREATE TABLE coder_auth_used_attempts (
    attempt TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX coder_auth_used_attempts_by_expiry ON coder_auth_used_attempts (expires_at);

CREATE TABLE coder_auth_pending (
    attempt TEXT NOT NULL PRIMARY KEY,
    environment TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    stored_at BIGINT NOT NULL
);

CREATE TABLE coder_auth_grants (
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    generation BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (deployment, client_id, user_id)
);

CREATE TABLE coder_auth_leases (
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    holder TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (deployment, client_id, user_id)
);

CREATE TABLE coder_auth_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX coder_auth_sessions_by_grant ON coder_auth_sessions (deployment, client_id, user_id);
CREATE INDEX coder_auth_sessions_by_use ON coder_auth_sessions (used_at);
CREATE INDEX coder_auth_sessions_by_age ON coder_auth_sessions (created_at);

-- The entity refs are a JSON array.
CREATE TABLE coder_auth_persons (
    user_entity_ref TEXT NOT NULL PRIMARY KEY,
    ownership_entity_refs TEXT NOT NULL,
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    environment TEXT NOT NULL
);

CREATE TABLE coder_auth_signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
