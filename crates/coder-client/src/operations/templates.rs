//! Templates and their versions: what workspaces are made from, and what they ask for.

use http::Method;

use crate::models::{
    DynamicParameters, DynamicParametersRequest, Preset, ProvisionerJobLog, Template,
    TemplateVersion, TemplateVersionExternalAuth, TemplateVersionParameter,
    TemplateVersionVariable, WorkspaceResource,
};
use crate::operation::{Draft, operation, operations};
use crate::{
    Capability, List, OrganizationRef, TemplateFilter, TemplateId, TemplateVersionId, UserId,
};

operations! {
    /// `GET /api/v2/organizations/{organization}/templates`: the templates of an organization,
    /// by name; deprecated ones are left out.
    ListOrganizationTemplates(organization: OrganizationRef) =
        GET ["organizations", organization, "templates"] => List<Template>;
    /// `GET /api/v2/organizations/{organization}/templates/{templatename}`: a template, by its
    /// name.
    GetTemplateByName(organization: OrganizationRef, name: String) =
        GET ["organizations", organization, "templates", name] => Template;
    /// `GET /api/v2/templates/{template}`: one template.
    GetTemplate(template: TemplateId) = GET ["templates", template] => Template;
    /// `DELETE /api/v2/templates/{template}`: removes a template that no workspace uses.
    DeleteTemplate(template: TemplateId) = DELETE ["templates", template];
    /// `GET /api/v2/templates/{template}/versions/{templateversionname}`: a version, by its name.
    GetTemplateVersionByName(template: TemplateId, name: String) =
        GET ["templates", template, "versions", name] => TemplateVersion;
    /// `GET /api/v2/organizations/{organization}/templates/{templatename}/versions/{templateversionname}`:
    /// a version, by all its names.
    GetTemplateVersionByNames(organization: OrganizationRef, template: String, name: String) =
        GET ["organizations", organization, "templates", template, "versions", name]
        => TemplateVersion;
    /// `GET /api/v2/templateversions/{templateversion}`: one version.
    GetTemplateVersion(version: TemplateVersionId) =
        GET ["templateversions", version] => TemplateVersion;
    /// `GET /api/v2/templateversions/{templateversion}/resources`: what its import found.
    ListTemplateVersionResources(version: TemplateVersionId) =
        GET ["templateversions", version, "resources"] => List<WorkspaceResource>;
    /// `GET /api/v2/templateversions/{templateversion}/rich-parameters`: what it asks for. Answers
    /// 425 while it is being imported ([`Error::is_too_early`](crate::Error::is_too_early)).
    ListTemplateVersionParameters(version: TemplateVersionId) =
        GET ["templateversions", version, "rich-parameters"] => List<TemplateVersionParameter>;
    /// `GET /api/v2/templateversions/{templateversion}/variables`: its Terraform variables.
    ListTemplateVersionVariables(version: TemplateVersionId) =
        GET ["templateversions", version, "variables"] => List<TemplateVersionVariable>;
}

/// `GET /api/v2/templates`: the templates of all organizations that match a filter, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListTemplates {
    filter: TemplateFilter,
}

impl ListTemplates {
    /// Those that match.
    pub fn matching(filter: TemplateFilter) -> Self {
        Self { filter }
    }
}

operation!(ListTemplates => List<Template>, |this| {
    let query = (!this.filter.is_empty()).then(|| this.filter.to_string());
    Draft::get(["templates"]).query("q", query)
});

/// `GET /api/v2/templates/{template}/versions`: the versions of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListTemplateVersions {
    template: TemplateId,
    include_archived: bool,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl ListTemplateVersions {
    /// Of this template, without archived ones.
    pub fn new(template: TemplateId) -> Self {
        Self { template, include_archived: false, limit: None, offset: None }
    }

    /// Archived ones as well.
    #[must_use]
    pub fn include_archived(self) -> Self {
        Self { include_archived: true, ..self }
    }

    /// At most `limit` of them (0 for all), beginning after the first `offset`.
    #[must_use]
    pub fn page(self, limit: u32, offset: u32) -> Self {
        Self { limit: Some(limit), offset: Some(offset), ..self }
    }
}

operation!(ListTemplateVersions => List<TemplateVersion>, |this| {
    Draft::get(["templates", &this.template.to_string(), "versions"])
        .query("include_archived", this.include_archived.then_some(true))
        .query("limit", this.limit)
        .query("offset", this.offset)
});

/// `GET /api/v2/organizations/{organization}/templates/{templatename}/versions/{templateversionname}/previous`:
/// the version before one; `None` for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetPreviousTemplateVersion {
    organization: OrganizationRef,
    template: String,
    version: String,
}

impl GetPreviousTemplateVersion {
    /// Before this one.
    pub fn new(organization: impl Into<OrganizationRef>, template: &str, version: &str) -> Self {
        let (template, version) = (template.to_owned(), version.to_owned());
        Self { organization: organization.into(), template, version }
    }
}

impl crate::Operation for GetPreviousTemplateVersion {
    type Output = Option<TemplateVersion>;

    fn request(
        &self,
        deployment: &coder_core::DeploymentUrl,
    ) -> Result<http::Request<bytes::Bytes>, crate::Error> {
        let organization = self.organization.to_string();
        let template = ["organizations", &organization, "templates", &self.template];
        let previous = ["versions", &self.version, "previous"];
        Draft::api(Method::GET, template.into_iter().chain(previous)).build(deployment)
    }

    fn parse(
        &self,
        response: http::Response<bytes::Bytes>,
    ) -> Result<Option<TemplateVersion>, crate::Error> {
        if response.status() == http::StatusCode::NO_CONTENT {
            return Ok(None);
        }
        // Releases before 2.34 answer 404, which may also mean that there is no such template.
        let is_the_first = |error: &crate::Error| {
            error.api().is_some_and(|api| api.message.starts_with("No previous template version"))
        };
        match crate::operation::tolerant(&response) {
            Err(error) if is_the_first(&error) => Ok(None),
            previous => previous.map(Some),
        }
    }
}

/// `GET /api/v2/templateversions/{templateversion}/presets`: values under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPresets {
    version: TemplateVersionId,
}

impl ListPresets {
    /// Of this version.
    pub fn new(version: TemplateVersionId) -> Self {
        Self { version }
    }
}

/// Coder answers `null` where there are none.
impl crate::Operation for ListPresets {
    type Output = List<Preset>;

    fn request(
        &self,
        deployment: &coder_core::DeploymentUrl,
    ) -> Result<http::Request<bytes::Bytes>, crate::Error> {
        Draft::get(["templateversions", &self.version.to_string(), "presets"]).build(deployment)
    }

    fn parse(&self, response: http::Response<bytes::Bytes>) -> Result<List<Preset>, crate::Error> {
        crate::operation::tolerant(&response)
    }
}

/// `GET /api/v2/templateversions/{templateversion}/external-auth`: the accounts that a version
/// needs, and whether they are linked. From 2.35 on no workspace is created while one is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListTemplateVersionExternalAuth {
    version: TemplateVersionId,
    user: Option<UserId>,
}

impl ListTemplateVersionExternalAuth {
    /// For the caller.
    pub fn new(version: TemplateVersionId) -> Self {
        Self { version, user: None }
    }

    /// For somebody else, or for the caller by id. Older releases answer for the caller, whoever is
    /// asked for: it is asked of a release only that has [`Capability::ExternalAuthOfOthers`].
    #[must_use]
    pub fn for_user(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }
}

operation!(ListTemplateVersionExternalAuth => List<TemplateVersionExternalAuth>,
    |this| {
        Draft::get(["templateversions", &this.version.to_string(), "external-auth"])
            .query("user_id", this.user)
    },
    fn needs(&self) -> Option<Capability> {
        self.user.map(|_| Capability::ExternalAuthOfOthers)
    }
);

/// `GET /api/v2/templateversions/{templateversion}/logs`: the log of its import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListTemplateVersionLogs {
    version: TemplateVersionId,
    after: Option<i64>,
}

impl ListTemplateVersionLogs {
    /// All of it.
    pub fn new(version: TemplateVersionId) -> Self {
        Self { version, after: None }
    }

    /// What comes after the line with this id.
    #[must_use]
    pub fn after(self, id: i64) -> Self {
        Self { after: Some(id), ..self }
    }
}

operation!(ListTemplateVersionLogs => List<ProvisionerJobLog>, |this| {
    Draft::get(["templateversions", &this.version.to_string(), "logs"]).query("after", this.after)
});

/// `POST /api/v2/templateversions/{templateversion}/dynamic-parameters/evaluate`: what a form
/// should ask, given what was answered so far. For templates that do not use the classic
/// parameter flow; answers 425 while the version is being imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluateDynamicParameters {
    version: TemplateVersionId,
    request: DynamicParametersRequest,
}

impl EvaluateDynamicParameters {
    /// With no answer so far.
    pub fn new(version: TemplateVersionId) -> Self {
        let request =
            DynamicParametersRequest { id: 0, inputs: Default::default(), owner_id: None };
        Self { version, request }
    }

    /// With this answer.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.inputs.insert(name.into(), value.into());
        self
    }

    /// For somebody else's workspace.
    #[must_use]
    pub fn for_user(mut self, user: UserId) -> Self {
        self.request.owner_id = Some(user);
        self
    }
}

operation!(EvaluateDynamicParameters => DynamicParameters,
    |this| {
        let version = this.version.to_string();
        Draft::post(["templateversions", &version, "dynamic-parameters", "evaluate"])
            .json(&this.request)
    },
    fn is_repeatable(&self, _method: &Method) -> bool {
        true
    }
);
