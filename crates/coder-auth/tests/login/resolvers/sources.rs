//! Where the entities of a test come from.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use backstage_catalog::{
    Catalog, CatalogError, EntityFilter, FileCatalog, MemoryCatalog, RemoteCatalog,
};
use coder_config::{CatalogConfig, CatalogLocation, Entity, EntityRef, parse_entities};
use coder_core::{TokioRuntime, World};
use coder_testkit::{FakeCatalog, Fault, SeededRandom, TestClock};

/// A catalog that a test can change and take down.
pub(super) trait Source {
    fn catalog(&self) -> Arc<dyn Catalog>;

    /// Puts the entities of this text in the place of all others, and waits until that counts.
    fn replace(&self, text: &str);

    /// Makes the catalog leave the next questions of one sign-in without an answer.
    fn go_down(&self);

    /// Makes the catalog answer again.
    fn come_back(&self);
}

fn entities(text: &str) -> Vec<Entity> {
    parse_entities("catalog.yaml", text).into_iter().map(Result::unwrap).collect()
}

/// A catalog with a switch.
struct Switched<C> {
    inner: C,
    is_down: AtomicBool,
}

impl<C> Switched<C> {
    fn new(inner: C) -> Arc<Self> {
        Arc::new(Self { inner, is_down: false.into() })
    }

    fn ask(&self) -> Result<&C, CatalogError> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(CatalogError::unavailable("the disk is gone"));
        }
        Ok(&self.inner)
    }
}

#[async_trait::async_trait]
impl<C: Catalog> Catalog for Switched<C> {
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
        self.ask()?.entity(entity_ref).await
    }

    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
        self.ask()?.entities(filter).await
    }
}

pub(super) struct Memory(Arc<Switched<MemoryCatalog>>);

impl Memory {
    pub(super) fn new(text: &str) -> Self {
        Self(Switched::new(MemoryCatalog::new(entities(text))))
    }
}

impl Source for Memory {
    fn catalog(&self) -> Arc<dyn Catalog> {
        self.0.clone()
    }

    fn replace(&self, text: &str) {
        self.0.inner.replace(entities(text));
    }

    fn go_down(&self) {
        self.0.is_down.store(true, Ordering::Relaxed);
    }

    fn come_back(&self) {
        self.0.is_down.store(false, Ordering::Relaxed);
    }
}

pub(super) struct Files {
    file: PathBuf,
    catalog: Arc<Switched<FileCatalog>>,
}

impl Files {
    pub(super) fn new(text: &str) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("resolvers-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("org.yaml"), text).unwrap();
        let location = CatalogLocation::new("file", "*.yaml").allow(["User", "Group"]);
        let config = CatalogConfig::new([location]);
        let catalog = Switched::new(FileCatalog::in_directory(&directory, &config));
        Self { file: directory.join("org.yaml"), catalog }
    }

    /// Puts a file of this name and text in the place of all others.
    pub(super) fn rename(&self, name: &str, text: &str) {
        let directory = self.file.parent().unwrap();
        for entry in std::fs::read_dir(directory).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        std::fs::write(directory.join(name), text).unwrap();
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.file.parent().unwrap());
    }
}

impl Source for Files {
    fn catalog(&self) -> Arc<dyn Catalog> {
        self.catalog.clone()
    }

    fn replace(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
    }

    fn go_down(&self) {
        self.catalog.is_down.store(true, Ordering::Relaxed);
    }

    fn come_back(&self) {
        self.catalog.is_down.store(false, Ordering::Relaxed);
    }
}

pub(super) struct Remote {
    fake: FakeCatalog,
    clock: TestClock,
    catalog: Arc<RemoteCatalog>,
}

impl Remote {
    pub(super) fn new(text: &str) -> Self {
        let (fake, clock) = (FakeCatalog::new(entities(text)), TestClock::new());
        let world = World {
            transport: Arc::new(fake.clone()),
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededRandom::new("catalog")),
            runtime: Arc::new(TokioRuntime::current().unwrap()),
        };
        let url = fake.url().parse().unwrap();
        let catalog = Arc::new(RemoteCatalog::new(&world, url, fake.token().clone()));
        Self { fake, clock, catalog }
    }
}

impl Source for Remote {
    fn catalog(&self) -> Arc<dyn Catalog> {
        self.catalog.clone()
    }

    fn replace(&self, text: &str) {
        self.fake.replace(entities(text));
        self.clock.advance(Duration::from_secs(60));
    }

    /// Makes all tries of the next question fail, and lets what was answered before grow old.
    fn go_down(&self) {
        self.clock.advance(Duration::from_secs(60));
        self.fake.fail_next(Fault::bad_gateway().times(3));
    }

    /// Comes back by itself: the tries are used up.
    fn come_back(&self) {}
}
