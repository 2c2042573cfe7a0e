//! Where Backstage catalog entities come from: a trait, a catalog in memory, and catalog files.
