//! The key that seals a SQLite database for those who have configured none.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use coder_core::{Random, Secret, random_bytes};

use crate::error::SqlStoreError;
use crate::files::{self, with_suffix};

/// A sealing key in a file beside a SQLite database: `<database>.key`, readable for its owner only.
///
/// A first start needs no configured key then. A copy of the whole directory holds the database and
/// its key, so keep the key apart from backups of the database, or configure keys and have no such
/// file. With PostgreSQL, keys must be configured, because replicas share no directory.
///
/// ```
/// use coder_auth::SealingKeys;
/// use coder_auth_sqlx::KeyFile;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let database = directory.path().join("auth.sqlite");
/// let file = KeyFile::beside(&database, &coder_core::OsRandom)?;
/// if file.is_new {
///     println!("made a new key: {}", file.path.display());
/// }
/// let keys = SealingKeys::from_secrets(&[file.key])?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyFile {
    /// Path of the key file.
    pub path: PathBuf,
    /// The key: 256 random bits as 64 hexadecimal digits, or, if somebody else has written the file,
    /// a text of at least 32 bytes.
    pub key: Secret,
    /// Whether the key was made just now. Values that a former key has sealed cannot be opened then.
    pub is_new: bool,
}

impl KeyFile {
    /// Reads the key of the database at `database`; makes one if there is none.
    ///
    /// # Errors
    ///
    /// When the file is another user's or open to others, it holds no key, or it cannot be read or made.
    pub fn beside(database: &Path, random: &dyn Random) -> Result<Self, SqlStoreError> {
        let path = with_suffix(database, ".key");
        let failed = |source| SqlStoreError::File { path: path.clone(), source };
        let is_new = !path.try_exists().map_err(failed)? && {
            let [high, low] = [random_bytes(random)?, random_bytes(random)?];
            let (high, low) = (u128::from_be_bytes(high), u128::from_be_bytes(low));
            let key = Secret::new(format!("{high:032x}{low:032x}"));
            // Written under a name of its own first, so that nobody ever reads half a key.
            let draft =
                with_suffix(&path, &format!(".{:08x}", u32::from_be_bytes(random_bytes(random)?)));
            make(&draft, &path, &key).map_err(failed)?
        };
        let key = read(&path)?;
        Ok(Self { path, key, is_new })
    }
}

impl KeyFile {
    /// Checks whether the database at `database` has a key file, and makes none.
    pub fn is_beside(database: &Path) -> bool {
        with_suffix(database, ".key").exists()
    }
}

/// Writes `key` to `draft` and makes that `path`, unless another process comes first. Says whether
/// it did.
fn make(draft: &Path, path: &Path, key: &Secret) -> io::Result<bool> {
    let mut file = files::private().open(draft)?;
    let written = writeln!(file, "{}", key.expose()).and_then(|()| file.sync_all());
    // Unlike a rename, a link does not replace what is there.
    let linked = written.and_then(|()| fs::hard_link(draft, path));
    fs::remove_file(draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        result => result.map(|()| true),
    }
}

fn read(path: &Path) -> Result<Secret, SqlStoreError> {
    let failed = |source| SqlStoreError::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    files::check_private(path, &file.metadata().map_err(failed)?)?;
    let mut text = String::new();
    let not_a_key = || SqlStoreError::NotAKeyFile { path: path.to_owned() };
    match file.read_to_string(&mut text) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(not_a_key()),
        result => result.map_err(failed)?,
    };
    let key = Secret::new(text.trim_ascii());
    // As many as `SealingKeys` asks for: the file may also hold a key somebody has configured before.
    if key.expose().len() < 32 {
        return Err(not_a_key());
    }
    Ok(key)
}
