//! How requests get in.

mod transport;
