//! Schedules on a real PostgreSQL.
