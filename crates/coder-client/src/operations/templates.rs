//! Templates and their versions: the source of workspaces, and the parameters that they ask for.

use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::{Method, Request, Response};

use crate::models::{
    DynamicParameters, DynamicParametersRequest, Preset, ProvisionerJobLog, Template,
    TemplateVersion, TemplateVersionExternalAuth, TemplateVersionParameter,
    TemplateVersionVariable, WorkspaceResource,
};
use crate::operation::{FromResponse, RequestBuilder, impl_operation, operations};
use crate::{
    ClientError, List, Operation, OrganizationRef, TemplateFilter, TemplateId, TemplateVersionId,
    UserId,
};

operations! {
    /// `GET /api/v2/organizations/{organization}/templates`: lists the templates of an organization
    /// by name, without deprecated ones.
    ListOrganizationTemplates(organization: OrganizationRef) =
        GET ["organizations", organization, "templates"] => List<Template>;
    /// `GET /api/v2/organizations/{organization}/templates/{templatename}`: returns a template by
    /// its name.
    #[doc(alias = "find template")]
    GetTemplateByName(organization: OrganizationRef, name: String) =
        GET ["organizations", organization, "templates", name] => Template;
    /// `GET /api/v2/templates/{template}`: returns a template.
    GetTemplate(template: TemplateId) = GET ["templates", template] => Template;
    /// `DELETE /api/v2/templates/{template}`: deletes a template that no workspace uses.
    DeleteTemplate(template: TemplateId) = DELETE ["templates", template] => ();
    /// `GET /api/v2/templates/{template}/versions`: lists the versions of a template.
    ListTemplateVersions(template: TemplateId) = GET ["templates", template, "versions"]
        query {
            ;
            /// Returns archived versions too (`true`).
            include_archived: bool,
            /// Sets the greatest number of versions to return; 0 means all.
            limit: u32,
            /// Skips this number of versions.
            offset: u32,
        }
        => List<TemplateVersion>;
    /// `GET /api/v2/templates/{template}/versions/{templateversionname}`: returns a template version
    /// by its name.
    GetTemplateVersionByName(template: TemplateId, name: String) =
        GET ["templates", template, "versions", name] => TemplateVersion;
    /// `GET /api/v2/organizations/{organization}/templates/{templatename}/versions/{templateversionname}`:
    /// returns a template version by the names of its organization, its template and itself.
    GetTemplateVersionByNames(organization: OrganizationRef, template: String, name: String) =
        GET ["organizations", organization, "templates", template, "versions", name]
        => TemplateVersion;
    /// `GET /api/v2/templateversions/{templateversion}`: returns a template version.
    GetTemplateVersion(version: TemplateVersionId) =
        GET ["templateversions", version] => TemplateVersion;
    /// `GET /api/v2/templateversions/{templateversion}/resources`: lists the resources that the
    /// import of a version found.
    ListTemplateVersionResources(version: TemplateVersionId) =
        GET ["templateversions", version, "resources"] => List<WorkspaceResource>;
    /// `GET /api/v2/templateversions/{templateversion}/rich-parameters`: lists the parameters of a
    /// version.
    ///
    /// Coder answers 425 while the version is imported
    /// ([`ClientError::is_too_early`](crate::ClientError::is_too_early)).
    #[doc(alias = "rich parameters")]
    #[doc(alias = "variables of a workspace")]
    ListTemplateVersionParameters(version: TemplateVersionId) =
        GET ["templateversions", version, "rich-parameters"] => List<TemplateVersionParameter>;
    /// `GET /api/v2/templateversions/{templateversion}/variables`: lists the Terraform variables of
    /// a version.
    ListTemplateVersionVariables(version: TemplateVersionId) =
        GET ["templateversions", version, "variables"] => List<TemplateVersionVariable>;
    /// `GET /api/v2/templateversions/{templateversion}/presets`: lists the presets of a version, which
    /// are named sets of parameter values.
    #[derive(Copy)]
    ListPresets(version: TemplateVersionId) =
        GET ["templateversions", version, "presets"] => List<Preset>;
    /// `GET /api/v2/templateversions/{templateversion}/external-auth`: lists the external accounts
    /// that a version needs, and whether the user has linked them.
    ///
    /// Releases since 2.35 create no workspace while a required account is missing.
    #[derive(Copy)]
    ListTemplateVersionExternalAuth(version: TemplateVersionId) =
        GET ["templateversions", version, "external-auth"]
        query {
            ;
            /// Asks for the accounts of this user, by default for those of the caller.
            ///
            /// Older releases ignore the user, so the request is sent only to a release with
            /// [`Capability::ExternalAuthOfOthers`](crate::Capability::ExternalAuthOfOthers).
            for_user("user_id"): UserId,
        }
        => List<TemplateVersionExternalAuth>, needs ExternalAuthOfOthers if for_user;
    /// `GET /api/v2/templateversions/{templateversion}/logs`: lists the log lines of a version's
    /// import.
    #[derive(Copy)]
    ListTemplateVersionLogs(version: TemplateVersionId) =
        GET ["templateversions", version, "logs"]
        query {
            ;
            /// Returns only lines after the line with this id.
            after: i64,
        }
        => List<ProvisionerJobLog>;
}

/// `GET /api/v2/templates`: lists the templates of all organizations that match a filter, by name.
///
/// ```
/// use coder_client::operations::ListTemplates;
/// use coder_client::{Client, ClientError, TemplateFilter};
///
/// async fn names(client: &Client) -> Result<Vec<String>, ClientError> {
///     let templates = client.send(&ListTemplates::new(TemplateFilter::new())).await?;
///     Ok(templates.into_iter().map(|template| template.name).collect())
/// }
/// ```
#[doc(alias = "search")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListTemplates {
    filter: TemplateFilter,
}

impl ListTemplates {
    /// Creates the operation for the templates that match.
    pub fn new(filter: TemplateFilter) -> Self {
        Self { filter }
    }
}

impl_operation!(ListTemplates => List<Template>, |this| {
    let query = (!this.filter.is_empty()).then_some(&this.filter);
    RequestBuilder::get(["templates"]).query("q", query)
});

/// `GET /api/v2/organizations/{organization}/templates/{templatename}/versions/{templateversionname}/previous`:
/// returns the version before a template version; `None` for the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetPreviousTemplateVersion {
    organization: OrganizationRef,
    template: String,
    version: String,
}

impl GetPreviousTemplateVersion {
    /// Creates the operation for the version with this name.
    pub fn new(
        organization: impl Into<OrganizationRef>,
        template: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        let (template, version) = (template.into(), version.into());
        Self { organization: organization.into(), template, version }
    }
}

impl Operation for GetPreviousTemplateVersion {
    type Output = Option<TemplateVersion>;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        let organization = self.organization.to_string();
        let template = ["organizations", &organization, "templates", &self.template];
        let previous = ["versions", &self.version, "previous"];
        RequestBuilder::new(Method::GET, template.into_iter().chain(previous)).build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, ClientError> {
        // Releases before 2.34 answer 404, which may also mean that there is no such template.
        let is_the_first = |error: &ClientError| {
            error.api().is_some_and(|api| api.message.starts_with("No previous template version"))
        };
        match FromResponse::from_response(&response) {
            Err(error) if is_the_first(&error) => Ok(None),
            previous => previous,
        }
    }
}

/// `POST /api/v2/templateversions/{templateversion}/dynamic-parameters/evaluate`: evaluates the
/// parameters of a version for the values that were chosen so far.
///
/// The route is for templates that do not use the classic parameter flow. Coder answers 425 while
/// the version is imported ([`ClientError::is_too_early`](crate::ClientError::is_too_early)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluateDynamicParameters {
    version: TemplateVersionId,
    request: DynamicParametersRequest,
}

impl EvaluateDynamicParameters {
    /// Creates the operation without any chosen value.
    pub fn new(version: TemplateVersionId) -> Self {
        let request =
            DynamicParametersRequest { id: 0, inputs: Default::default(), owner_id: None };
        Self { version, request }
    }

    /// Sets the value that was chosen for a parameter.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.inputs.insert(name.into(), value.into());
        self
    }

    /// Sets the future owner of the workspace, which is the caller by default.
    #[must_use]
    pub fn for_user(mut self, user: UserId) -> Self {
        self.request.owner_id = Some(user);
        self
    }
}

impl_operation!(EvaluateDynamicParameters => DynamicParameters, repeatable, |this| {
    let version = this.version.to_string();
    RequestBuilder::post(["templateversions", &version, "dynamic-parameters", "evaluate"])
        .json(&this.request)
});
