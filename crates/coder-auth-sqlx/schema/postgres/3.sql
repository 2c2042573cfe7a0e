-- What replicas keep for each other beside the logins, each under a name, and which of them writes it.
CREATE TABLE coder_auth_snapshots (
    name TEXT NOT NULL PRIMARY KEY,
    saved BYTEA,
    holder TEXT,
    leased_until TIMESTAMPTZ
);
