//! What people write: Backstage app-config files, catalog entities and spec.coder, read with the place of every mistake.
