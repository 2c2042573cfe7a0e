//! The action that helps when a database refuses.

use coder_core::with_causes;
use sqlx::Error;

use crate::error::SqlStoreError;

/// The name of each of PostgreSQL's codes that an operator can mend.
mod code {
    pub(super) const INVALID_PASSWORD: &str = "28P01";
    pub(super) const INVALID_AUTHORIZATION: &str = "28000";
    pub(super) const INVALID_CATALOG_NAME: &str = "3D000";
    pub(super) const INVALID_SCHEMA_NAME: &str = "3F000";
    pub(super) const INSUFFICIENT_PRIVILEGE: &str = "42501";
    pub(super) const TOO_MANY_CONNECTIONS: &str = "53300";
}

impl SqlStoreError {
    /// Returns what an operator can do about it, where the message does not say it already.
    pub fn remedy(&self) -> Option<&'static str> {
        let Self::Database { source, .. } = self else { return None };
        of_database(source.downcast_ref()?)
    }
}

fn of_database(error: &Error) -> Option<&'static str> {
    match error {
        Error::Database(refusal) => of_code(&refusal.code()?),
        Error::Io(_) | Error::Tls(_) if with_causes(error).contains("certificate") => Some(
            "add `sslrootcert=` with the PEM file of its authority to the URL of the store \
             (`SSL_CERT_FILE` does not count there), and let the host be one of the certificate's",
        ),
        Error::Tls(_) => Some(
            "switch TLS on at the PostgreSQL server, or ask for less by `sslmode` in the URL of \
             the store",
        ),
        Error::Io(_) => Some(
            "start PostgreSQL, or correct host and port in the URL of the store; a firewall may \
             be between",
        ),
        _ => None,
    }
}

fn of_code(code: &str) -> Option<&'static str> {
    match code {
        code::INVALID_PASSWORD | code::INVALID_AUTHORIZATION => Some(
            "correct user and password in the URL of the store, or let `pg_hba.conf` of the server \
             admit this user from here",
        ),
        code::INVALID_CATALOG_NAME => {
            Some("make the database (`createdb`), or correct its name in the URL of the store")
        }
        // Without the right to use any schema there is none to make tables in.
        code::INSUFFICIENT_PRIVILEGE | code::INVALID_SCHEMA_NAME => Some(
            "give the user the right to make tables (`GRANT USAGE, CREATE ON SCHEMA public`), or \
             to select, insert, update and delete in those that are there",
        ),
        code::TOO_MANY_CONNECTIONS => {
            Some("raise `max_connections` of the server, or end other programs that use it")
        }
        _ => None,
    }
}
