//! Uploaded files.

use std::fmt;

use serde::Serialize;

use crate::FileId;
use crate::reading::model;

model! {
    /// An uploaded file: `POST /api/v2/files`.
    // coder: codersdk.UploadResponse
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UploadedFile {
        /// The id of the file, which Coder calls its hash.
        #[serde(rename = "hash")]
        pub id: FileId = required,
    }
}

/// The format of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "Coder's routes know these two")]
pub enum ArchiveFormat {
    /// A tar archive, which is not compressed.
    Tar,
    /// A zip archive of files.
    Zip,
}

impl fmt::Display for ArchiveFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tar => "tar",
            Self::Zip => "zip",
        })
    }
}
