//! Pushing a template: from files to a version that workspaces are made from.

use std::collections::BTreeMap;
use std::time::Duration;

use coder_core::{MaybeSend, Secret};

use crate::models::{JobErrorCode, JobStatus, ProvisionerJobLog, Template, TemplateVersion};
use crate::operations::{
    CreateTemplate, CreateTemplateVersion, GetTemplate, GetTemplateByName, GetTemplateVersion,
    ListTemplateVersionLogs, PromoteTemplateVersion, UploadFile,
};
use crate::{Client, ClientError, OrganizationRef, TemplateVersionId};

/// How often the import of a version is looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The default time limit for the import of a version.
const WAIT_LIMIT: Duration = Duration::from_secs(30 * 60);

/// `coder templates push` as one call: uploads the files of a template, waits until Coder has
/// imported them as a version, and makes that version active. The first push creates the template.
///
/// A push that fails changes nothing for workspaces: the version before stays active. The caller
/// needs the role `template-admin`.
///
/// ```no_run
/// use coder_client::operations::UploadFile;
/// use coder_client::{Client, PushTemplate, PushTemplateError};
///
/// async fn push(client: &Client, archive: Vec<u8>) -> Result<(), PushTemplateError> {
///     let push = PushTemplate::new("devcontainers", UploadFile::tar(archive)).message("v2");
///     let pushed = push.run(client, |progress| println!("{progress}")).await?;
///     println!("{} is active now", pushed.version.name);
///     Ok(())
/// }
/// ```
#[doc(alias = "templates push")]
#[doc(alias = "upload template")]
#[derive(Clone, Debug)]
pub struct PushTemplate {
    organization: OrganizationRef,
    name: String,
    files: UploadFile,
    version_name: Option<String>,
    message: Option<String>,
    tags: BTreeMap<String, String>,
    variables: BTreeMap<String, Secret>,
    activate: bool,
    wait_limit: Duration,
}

/// A template after a push.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushedTemplate {
    /// The template in its present state.
    pub template: Template,
    /// The version that was pushed.
    pub version: TemplateVersion,
    /// `true` when this push has created the template.
    pub created: bool,
}

/// The progress of a push, for somebody who waits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum PushProgress<'a> {
    /// The files are uploaded.
    Uploading,
    /// Coder imports the version in a provisioner job.
    Importing(&'a TemplateVersion),
    /// A line of the import's log, each once and in order.
    Log(&'a ProvisionerJobLog),
    /// The template of this name is created.
    Creating(&'a str),
    /// The version is made the active one.
    Activating(&'a TemplateVersion),
}

/// The error of a push.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushTemplateError {
    /// Coder refused a request, or did not answer it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Coder could not import the files.
    #[error("coder could not import the version `{version}`: {}", reason(error, code.as_ref()))]
    ImportFailed {
        /// The name of the version.
        version: String,
        /// The error of the provisioner job, if it told one.
        error: Option<String>,
        /// The kind of the error, where Coder has a name for it.
        code: Option<JobErrorCode>,
    },
    /// Somebody canceled the import.
    #[error("the import of the version `{version}` was canceled; push the template again")]
    Canceled {
        /// The name of the version.
        version: String,
    },
    /// The import took longer than the wait limit. It may still succeed.
    #[error(
        "the import of the version `{version}` is not over after {} seconds; check that a \
         provisioner daemon runs, or wait longer",
        waited.as_secs()
    )]
    TimedOut {
        /// The name of the version.
        version: String,
        /// The time that the import was waited for.
        waited: Duration,
    },
}

fn reason(error: &Option<String>, code: Option<&JobErrorCode>) -> String {
    let told = error.as_deref().map_or_else(
        || "no reason was given; read the log of the import".to_owned(),
        coder_core::cleaned,
    );
    match code {
        Some(JobErrorCode::RequiredTemplateVariables) => {
            format!("{told}; set the variable with `PushTemplate::variable`")
        }
        Some(JobErrorCode::InsufficientQuota | JobErrorCode::Other(_)) | None => told,
    }
}

impl PushTemplate {
    /// Creates a push of these files to the template of this name in the default organization.
    pub fn new(name: impl Into<String>, files: UploadFile) -> Self {
        Self {
            organization: OrganizationRef::Default,
            name: name.into(),
            files,
            version_name: None,
            message: None,
            tags: BTreeMap::new(),
            variables: BTreeMap::new(),
            activate: true,
            wait_limit: WAIT_LIMIT,
        }
    }

    /// Sets the organization of the template.
    #[must_use]
    pub fn organization(self, organization: impl Into<OrganizationRef>) -> Self {
        Self { organization: organization.into(), ..self }
    }

    /// Sets the name of the version, which is unique in the template. Coder invents one by default.
    #[must_use]
    pub fn version_name(self, name: impl Into<String>) -> Self {
        Self { version_name: Some(name.into()), ..self }
    }

    /// Sets the message that describes the changes of the version, like the subject of a commit.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// Adds a tag that a provisioner daemon must have to build the version's workspaces.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Adds the value of a Terraform variable. The value may be sensitive.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Sets whether the version becomes the active one, by default `true`. A new template always
    /// begins with its first version.
    #[must_use]
    pub fn activate(self, activate: bool) -> Self {
        Self { activate, ..self }
    }

    /// Sets how long the import is waited for, by default half an hour.
    #[must_use]
    pub fn wait_limit(self, wait_limit: Duration) -> Self {
        Self { wait_limit, ..self }
    }

    /// Pushes the template, and tells each step of it to `on_progress`.
    ///
    /// # Errors
    ///
    /// [`PushTemplateError`], after which the template has the active version that it had before.
    pub async fn run(
        &self,
        client: &Client,
        mut on_progress: impl FnMut(PushProgress<'_>) + MaybeSend,
    ) -> Result<PushedTemplate, PushTemplateError> {
        let template = self.find(client).await?;
        on_progress(PushProgress::Uploading);
        let file = client.send(&self.files).await?.id;
        let version = client.send(&self.version(file, template.as_ref())).await?;
        on_progress(PushProgress::Importing(&version));
        let version = self.imported(client, version.id, &mut on_progress).await?;
        let Some(template) = template else {
            on_progress(PushProgress::Creating(&self.name));
            let create =
                CreateTemplate::new(self.organization.clone(), self.name.as_str(), version.id);
            let template = client.send(&create).await?;
            let version = client.send(&GetTemplateVersion::new(version.id)).await?;
            return Ok(PushedTemplate { template, version, created: true });
        };
        if !self.activate {
            return Ok(PushedTemplate { template, version, created: false });
        }
        on_progress(PushProgress::Activating(&version));
        client.send(&PromoteTemplateVersion::new(template.id, version.id)).await?;
        let template = client.send(&GetTemplate::new(template.id)).await?;
        Ok(PushedTemplate { template, version, created: false })
    }

    /// Returns the template, if it exists.
    async fn find(&self, client: &Client) -> Result<Option<Template>, ClientError> {
        let get = GetTemplateByName::new(self.organization.clone(), self.name.as_str());
        match client.send(&get).await {
            Ok(template) => Ok(Some(template)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn version(&self, file: crate::FileId, template: Option<&Template>) -> CreateTemplateVersion {
        let mut version = CreateTemplateVersion::new(self.organization.clone(), file);
        if let Some(template) = template {
            version = version.template(template.id);
        }
        if let Some(name) = &self.version_name {
            version = version.name(name);
        }
        if let Some(message) = &self.message {
            version = version.message(message);
        }
        for (name, value) in &self.tags {
            version = version.tag(name, value);
        }
        for (name, value) in &self.variables {
            version = version.variable(name, value.clone());
        }
        version
    }

    /// Waits until the version is imported.
    async fn imported(
        &self,
        client: &Client,
        id: TemplateVersionId,
        on_progress: &mut (impl FnMut(PushProgress<'_>) + MaybeSend),
    ) -> Result<TemplateVersion, PushTemplateError> {
        let started = client.world().clock.now();
        let mut last_line = None;
        loop {
            // In this order: what is written between the two is not lost.
            let version = client.send(&GetTemplateVersion::new(id)).await?;
            let lines = ListTemplateVersionLogs::new(id);
            let lines = last_line.map_or(lines, |line| lines.after(line));
            for line in client.send(&lines).await? {
                last_line = Some(line.id);
                on_progress(PushProgress::Log(&line));
            }
            let name = version.name.clone();
            match &version.job.status {
                JobStatus::Succeeded => return Ok(version),
                JobStatus::Failed => {
                    let job = version.job;
                    let (error, code) = (job.error, job.error_code);
                    return Err(PushTemplateError::ImportFailed { version: name, error, code });
                }
                JobStatus::Canceled => return Err(PushTemplateError::Canceled { version: name }),
                JobStatus::Pending
                | JobStatus::Running
                | JobStatus::Canceling
                | JobStatus::Unknown
                | JobStatus::Other(_) => {}
            }
            let waited = client.world().clock.now().duration_since(started);
            let waited = Duration::try_from(waited).unwrap_or_default();
            if waited >= self.wait_limit {
                return Err(PushTemplateError::TimedOut { version: name, waited });
            }
            client
                .world()
                .runtime
                .sleep(POLL_INTERVAL.min(self.wait_limit.saturating_sub(waited)))
                .await;
        }
    }
}

impl std::fmt::Display for PushProgress<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uploading => formatter.write_str("uploading the files"),
            Self::Importing(version) => write!(formatter, "importing the version {}", version.name),
            Self::Log(line) if line.output.is_empty() => formatter.write_str(&line.stage),
            Self::Log(line) => write!(formatter, "{}: {}", line.stage, line.output),
            Self::Creating(name) => write!(formatter, "creating the template {name}"),
            Self::Activating(version) => {
                write!(formatter, "making the version {} active", version.name)
            }
        }
    }
}
