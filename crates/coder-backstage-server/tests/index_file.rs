//! The file of the index of workspaces: one process writes it, and what is in it is whole.

#[path = "../src/index_file.rs"]
mod index_file;

use std::fs;
use std::sync::Arc;

use coder_core::with_causes;
use coder_workspaces::index::IndexStore;
use index_file::IndexFile;
use jiff::SignedDuration;

coder_testkit::index_store_tests!(tokio::test => {
    let directory = tempfile::tempdir().unwrap();
    async move || {
        Arc::new(IndexFile::new(directory.path().join("index.json"))) as Arc<dyn IndexStore>
    }
});

#[tokio::test]
async fn a_file_is_replaced_as_a_whole_and_is_its_owner_s_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = IndexFile::new(directory.path().join("index.json"));
    store.save(b"one".to_vec()).await.unwrap();
    store.save(b"two".to_vec()).await.unwrap();
    assert_eq!(store.load().await.unwrap().as_deref(), Some(&b"two"[..]));
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 2, "the index and its lock: {files:?}");
    #[cfg(unix)]
    for file in files {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_written_leaves_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = IndexFile::new(directory.path().join("index.json"));
    store.save(b"one".to_vec()).await.unwrap();
    let blocked = directory.path().join(format!("index.json.{}.new", std::process::id()));
    fs::create_dir(blocked).unwrap();
    let error = store.save(b"two".to_vec()).await.unwrap_err();
    let (place, told) = (directory.path().join("index.json"), with_causes(&*error));
    let named = format!("the file `{}` of the index cannot be used: ", place.display());
    assert!(told.starts_with(&named), "{told}");
    assert_eq!(store.load().await.unwrap().as_deref(), Some(&b"one"[..]));
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = IndexFile::new(directory.path().join("gone").join("index.json"));
    let error = store.lease(SignedDuration::from_mins(2)).await.unwrap_err();
    let told = with_causes(&*error);
    assert!(told.contains("index.json.lock` of the index cannot be used: No such file"), "{told}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_in_the_place_of_the_index_or_its_lock_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["index.json", "index.json.lock"] {
        let made = std::process::Command::new("mkfifo").arg(directory.path().join(name)).status();
        assert!(made.unwrap().success());
    }
    let store = IndexFile::new(directory.path().join("index.json"));
    let loaded = store.load().await.unwrap_err();
    let leased = store.lease(SignedDuration::from_mins(2)).await.unwrap_err();
    for error in [loaded, leased] {
        let told = with_causes(&*error);
        assert!(told.ends_with("cannot be used: it is no regular file"), "{told}");
    }
}
