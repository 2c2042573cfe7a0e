//! Every catalog of this crate keeps the rules of the trait.
#![cfg(test)]

use coder_testkit::conformance::catalog::{ENTITIES, entities};

mod memory {
    use super::entities;
    use backstage_catalog::MemoryCatalog;

    coder_testkit::catalog_tests!(tokio::test, MemoryCatalog::new(entities()));
}

#[cfg(feature = "native")]
mod files {
    use super::ENTITIES;
    use backstage_catalog::FileCatalog;
    use coder_config::{CatalogConfig, CatalogLocation};
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    /// Written once, for all tests.
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
        // One of its own for each process: some runners start one per test.
        let name = format!("conformance-{}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("all.yaml"), ENTITIES).unwrap();
        directory
    });

    fn catalog() -> FileCatalog {
        let location = CatalogLocation::new("file", "*.yaml").allow(["User", "Group"]);
        FileCatalog::in_directory(&*DIRECTORY, &CatalogConfig::new([location]))
    }

    coder_testkit::catalog_tests!(tokio::test, catalog());
}

mod remote {
    use super::entities;
    use backstage_catalog::RemoteCatalog;
    use coder_core::World;
    use coder_testkit::FakeCatalog;

    /// Makes a catalog in the real world, but for the network.
    fn catalog() -> RemoteCatalog {
        let fake = FakeCatalog::new(entities());
        let world = World::native(fake.clone()).unwrap();
        RemoteCatalog::new(&world, fake.url().parse().unwrap(), fake.token().clone())
    }

    coder_testkit::catalog_tests!(tokio::test, catalog());
}
