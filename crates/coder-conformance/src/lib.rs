//! Asks a Coder, real or fake, what real ones were asked, and tells where its answers differ.
