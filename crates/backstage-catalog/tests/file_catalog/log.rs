//! What is wrong with the files reaches the log once, whenever it changes.

use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use backstage_catalog::{Catalog as _, FileCatalog};
use futures_executor::block_on;
use tracing_subscriber::fmt::MakeWriter;

use super::{catalog, component, directory, user};

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns what three questions log, a line each.
fn logged(catalog: &FileCatalog) -> Vec<String> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        for name in ["user:alice", "user:alice", "component:b"] {
            let _ = block_on(catalog.entity(&name.parse().unwrap()));
        }
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_file_that_breaks_is_logged_with_its_place_once_per_change() {
    let root = directory("log", &[("org.yaml", &user("alice")), ("b.yaml", &component("b"))]);
    let catalog = catalog(&root, &["*.yaml"]);
    let org = |text: &str| fs::write(root.join("org.yaml"), text).unwrap();
    assert_eq!(logged(&catalog), Vec::<String>::new());

    let unclosed = user("alice").replace("[team-a]", "[team-a");
    org(&unclosed);
    let kept = "WARN until `org.yaml` can be read, its entity of before counts";
    let lines = logged(&catalog);
    assert!(lines[0].starts_with("WARN org.yaml:5:"), "{lines:?}");
    assert_eq!(lines[1..], [kept]);
    assert_eq!(logged(&catalog), Vec::<String>::new(), "it is told already");

    // Another mistake at another place: what is as it was is not told again.
    org(&unclosed.replace("  name", "\tname"));
    let lines = logged(&catalog);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("WARN org.yaml:4:"), "{lines:?}");

    // The same mistakes in a file that is longer are the same notices.
    org(&format!("{}\n# changed\n", unclosed.replace("  name", "\tname")));
    assert_eq!(logged(&catalog), Vec::<String>::new());

    org(&user("alice"));
    assert_eq!(logged(&catalog), Vec::<String>::new(), "it is mended");
    org(&unclosed);
    assert_eq!(logged(&catalog).len(), 2, "it is broken again");
}

#[test]
fn whatever_is_noticed_while_serving_is_logged_once() {
    let location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: l }\n\
                    spec: { target: ./missing.yaml }\n";
    let group = "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: { name: d }\n\
                 spec: { owner: o }\n";
    let unread = component("b").replace("owner: team-a", "owner: { $text: https://x.example/o }");
    for (index, (text, part)) in [
        (unread.clone(), "`spec.owner` is `$text: https://x.example/o`, which is not read"),
        (unread.replace("https://x.example/o", "./owner"), "there is no file `owner`"),
        (component("b").replace(", owner: team-a", ""), "`spec.owner` is required"),
        (component("b").replace("metadata:", "metaData:"), "did you mean"),
        (format!("{}---\n{}", component("b"), component("B")), "is ignored; it is already at"),
        (location.to_owned(), "there is no file `"),
        (group.to_owned(), "which no rule lets in"),
    ]
    .into_iter()
    .enumerate()
    {
        let root = directory(&format!("log-{index}"), &[("b.yaml", &component("b"))]);
        let catalog = catalog(&root, &["*.yaml"]);
        assert!(logged(&catalog).is_empty());
        fs::write(root.join("b.yaml"), text).unwrap();
        let lines = logged(&catalog);
        assert_eq!(lines.iter().filter(|line| line.contains(part)).count(), 1, "{part}: {lines:?}");
        assert_eq!(logged(&catalog), Vec::<String>::new(), "{part}");
    }
}

#[test]
fn what_somebody_was_told_at_the_start_is_not_logged_again() {
    let root = directory("log-start", &[("a.yaml", "kind: ["), ("b.yaml", &component("b"))]);
    let told = catalog(&root, &["*.yaml", "missing.yaml"]);
    assert_eq!(told.notices().len(), 2);
    assert_eq!(logged(&told), Vec::<String>::new());
    let untold = catalog(&root, &["*.yaml", "missing.yaml"]);
    assert_eq!(logged(&untold).len(), 2);
    assert_eq!(logged(&untold), Vec::<String>::new());
}
