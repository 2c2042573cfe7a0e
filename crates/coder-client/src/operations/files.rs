//! Uploaded files: the archives that template versions are made from.

use bytes::Bytes;

use crate::FileId;
use crate::models::{ArchiveFormat, UploadedFile};
use crate::operation::{RequestBuilder, impl_operation};

/// The greatest archive that Coder takes, in bytes: 100 MiB.
const MAX_FILE: usize = 100 * 1024 * 1024;

/// `POST /api/v2/files`: uploads an archive with the files of a template.
///
/// Coder keeps an archive once for each user: the same bytes get the same id again, so the request
/// can be repeated. Coder takes 100 MiB at most.
///
/// ```
/// use coder_client::operations::UploadFile;
///
/// # fn archive() -> Vec<u8> { Vec::new() }
/// let upload = UploadFile::tar(archive());
/// ```
#[doc(alias = "template push")]
#[derive(Clone, PartialEq, Eq)]
pub struct UploadFile {
    format: ArchiveFormat,
    bytes: Bytes,
}

impl UploadFile {
    /// Creates the operation for a tar archive, which is not compressed.
    pub fn tar(bytes: impl Into<Bytes>) -> Self {
        Self { format: ArchiveFormat::Tar, bytes: bytes.into() }
    }

    /// Creates the operation for a zip archive, which Coder converts to tar.
    pub fn zip(bytes: impl Into<Bytes>) -> Self {
        Self { format: ArchiveFormat::Zip, bytes: bytes.into() }
    }
}

/// Shows the format and the size, not the files.
impl std::fmt::Debug for UploadFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "UploadFile({}, {} bytes)", self.format, self.bytes.len())
    }
}

impl_operation!(UploadFile => UploadedFile, repeatable, |this| {
    let content_type = match this.format {
        ArchiveFormat::Tar => "application/x-tar",
        ArchiveFormat::Zip => "application/zip",
    };
    RequestBuilder::post(["files"]).bytes(content_type.to_owned(), this.bytes.clone())
});

/// `GET /api/v2/files/{fileID}`: downloads the archive with the files of a template version, whose
/// job names the file ([`ProvisionerJob::file_id`](crate::models::ProvisionerJob::file_id)).
#[doc(alias = "template pull")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadFile {
    file: FileId,
    format: ArchiveFormat,
}

impl DownloadFile {
    /// Creates the operation for a file, as a tar archive.
    pub fn new(file: FileId) -> Self {
        Self { file, format: ArchiveFormat::Tar }
    }

    /// Asks for the archive in this format.
    #[must_use]
    pub fn format(self, format: ArchiveFormat) -> Self {
        Self { format, ..self }
    }
}

impl_operation!(
    DownloadFile => Bytes,
    |this| {
        let zip = (this.format == ArchiveFormat::Zip).then_some(this.format);
        RequestBuilder::get(["files", &this.file.to_string()]).query("format", zip)
    },
    fn max_answer(&self) -> usize {
        MAX_FILE
    }
);
