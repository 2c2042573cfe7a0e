//! The schema, brought up to date step by step.

/// Writes `upgrade` for one database.
macro_rules! sql_schema {
    ($database:ty) => {
        /// Does what is missing of `SCHEMA`, whose first step makes version 1.
        async fn upgrade(
            mut transaction: sqlx::Transaction<'_, $database>,
        ) -> Result<(), SqlStoreError> {
            sqlx::query("CREATE TABLE IF NOT EXISTS coder_auth_schema (version BIGINT NOT NULL)")
                .execute(&mut *transaction)
                .await?;
            let newest = "SELECT COALESCE(MAX(version), 0) FROM coder_auth_schema";
            let found: i64 = sqlx::query_scalar(newest).fetch_one(&mut *transaction).await?;
            for (version, step) in (1..).zip(SCHEMA) {
                if version > found {
                    sqlx::raw_sql(*step).execute(&mut *transaction).await?;
                    sqlx::query("INSERT INTO coder_auth_schema (version) VALUES ($1)")
                        .bind(version)
                        .execute(&mut *transaction)
                        .await?;
                }
            }
            let known = i64::try_from(SCHEMA.len()).unwrap_or(i64::MAX);
            if found > known {
                return Err(SqlStoreError::NewerSchema { found, known });
            }
            Ok(transaction.commit().await?)
        }
    };
}

pub(crate) use sql_schema;
