-- Times are microseconds since 1970-01-01T00:00:00Z. A grant's key is three columns wherever it is.

-- What previews of release 0.1 have left behind.
DROP TABLE IF EXISTS coder_auth_used_attempts;
DROP TABLE IF EXISTS coder_auth_pending;
DROP TABLE IF EXISTS coder_auth_grants;
DROP TABLE IF EXISTS coder_auth_leases;
DROP TABLE IF EXISTS coder_auth_sessions;
DROP TABLE IF EXISTS coder_auth_persons;
DROP TABLE IF EXISTS coder_auth_signing_keys;

CREATE TABLE coder_auth_used_attempts (
    attempt TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX coder_auth_used_attempts_by_expiry ON coder_auth_used_attempts (expires_at);

CREATE TABLE coder_auth_revocations (
    pair_id TEXT NOT NULL PRIMARY KEY,
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    due_at INTEGER NOT NULL,
    is_pending INTEGER NOT NULL,
    tries INTEGER NOT NULL
) STRICT;
CREATE INDEX coder_auth_revocations_by_time ON coder_auth_revocations (due_at);

CREATE TABLE coder_auth_grants (
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    version TEXT NOT NULL,
    pair_id TEXT NOT NULL,
    pair_sealed BLOB NOT NULL,
    sealed BLOB NOT NULL,
    lease_holder TEXT,
    lease_until INTEGER,
    PRIMARY KEY (deployment, client_id, user_id)
) STRICT;

-- A session without a grant cannot be, and ends with it.
CREATE TABLE coder_auth_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    deployment TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    FOREIGN KEY (deployment, client_id, user_id)
        REFERENCES coder_auth_grants (deployment, client_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX coder_auth_sessions_by_grant ON coder_auth_sessions (deployment, client_id, user_id);
CREATE INDEX coder_auth_sessions_by_use ON coder_auth_sessions (used_at);
CREATE INDEX coder_auth_sessions_by_age ON coder_auth_sessions (created_at);

CREATE TABLE coder_auth_links (
    deployment TEXT NOT NULL,
    holder TEXT NOT NULL,
    version TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (deployment, holder)
) STRICT;

-- The entity refs are a JSON array.
CREATE TABLE coder_auth_persons (
    user_entity_ref TEXT NOT NULL PRIMARY KEY,
    ownership_entity_refs TEXT NOT NULL
) STRICT;

CREATE TABLE coder_auth_signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
