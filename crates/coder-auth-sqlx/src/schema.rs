//! The schema, brought up to date step by step.

/// The change that bringing a schema up to date has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaUpgrade {
    /// Version that was found; 0 for an empty database.
    pub from: i64,
    /// Version of this release, which the database has now.
    pub to: i64,
}

/// Writes `upgrade` for one database.
macro_rules! sql_schema {
    ($database:ty) => {
        /// Does what is missing of `SCHEMA`, whose first step makes version 1.
        async fn upgrade(
            mut transaction: sqlx::Transaction<'_, $database>,
        ) -> Result<SchemaUpgrade, SchemaError> {
            sqlx::query("CREATE TABLE IF NOT EXISTS coder_auth_schema (version BIGINT NOT NULL)")
                .execute(&mut *transaction)
                .await?;
            let from: i64 = sqlx::query_scalar(SCHEMA_FOUND).fetch_one(&mut *transaction).await?;
            let upgrade = judge(from)?;
            for (version, step) in (1..).zip(SCHEMA) {
                if version > from {
                    sqlx::raw_sql(*step).execute(&mut *transaction).await?;
                    sqlx::query("INSERT INTO coder_auth_schema (version) VALUES ($1)")
                        .bind(version)
                        .execute(&mut *transaction)
                        .await?;
                }
            }
            transaction.commit().await?;
            Ok(upgrade)
        }

        /// Tells what is to be done for a schema of this version.
        fn judge(from: i64) -> Result<SchemaUpgrade, SchemaError> {
            let known = i64::try_from(SCHEMA.len()).unwrap_or(i64::MAX);
            if from > known {
                return Err(SchemaError::Newer { found: from, known });
            }
            Ok(SchemaUpgrade { from, to: known })
        }
    };
}

/// Reads the version of a schema.
pub(crate) const SCHEMA_FOUND: &str = "SELECT COALESCE(MAX(version), 0) FROM coder_auth_schema";

pub(crate) use sql_schema;
