//! Which Coder workspaces belong to a catalog entity, whether they are usable, and how to get one.
