//! Templates, as a test sets them up.

use coder_client::{TemplateId, TemplateVersionId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::json::Json as _;
use crate::model::{NewResource, Preset, Template, TemplateVersion};
use crate::{FakeCoder, FakeUser};

/// A template of the fake. Every method changes it at once.
///
/// ```
/// # let coder = coder_testkit::FakeCoder::new();
/// let template = coder
///     .add_template("devcontainers")
///     .required_parameter("repo")
///     .parameter("region", "eu-helsinki")
///     .preset("Large", &[("cpu", "8")]);
/// ```
#[derive(Clone, Debug)]
pub struct FakeTemplate {
    coder: FakeCoder,
    id: Uuid,
    name: String,
}

impl FakeCoder {
    /// Adds a template of that name to the default organization, or returns the one that is there.
    pub fn add_template(&self, name: &str) -> FakeTemplate {
        let id = self.with(|deployment| deployment.template_in_default(name));
        FakeTemplate { coder: self.clone(), id, name: name.to_owned() }
    }

    /// Makes the import of every template version fail that is pushed from now on, with this error,
    /// as after a mistake in its Terraform files. `None` lets imports succeed again.
    pub fn imports_fail(&self, error: Option<&str>) {
        let error = error.map(str::to_owned);
        self.with(|deployment| deployment.state.imports_fail = error);
    }
}

impl FakeTemplate {
    /// Returns the id of the template.
    pub fn id(&self) -> TemplateId {
        self.id.into()
    }

    /// Returns the name of the template.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of the version that new workspaces are made from.
    pub fn active_version_id(&self) -> TemplateVersionId {
        self.coder
            .with(|deployment| deployment.state.template(self.id).map(Template::active_id))
            .unwrap_or_default()
            .into()
    }

    /// Moves it to another organization, which is made when there is none of that name.
    pub fn organization(self, name: &str) -> Self {
        let organization = self.coder.with(|deployment| deployment.organization_named(name));
        self.change(|template| {
            if let Some(role) = template.roles.groups.remove(&template.organization) {
                template.roles.groups.insert(organization, role);
            }
            template.organization = organization;
        })
    }

    /// Sets the name that people read.
    pub fn display_name(self, text: &str) -> Self {
        self.change(|template| text.clone_into(&mut template.display_name))
    }

    /// Sets the icon: a URL, or a path of the deployment like `/icon/k8s.png`.
    pub fn icon(self, icon: &str) -> Self {
        self.change(|template| icon.clone_into(&mut template.icon))
    }

    /// Sets the user who has made the template.
    pub fn created_by(self, user: &FakeUser) -> Self {
        let user = user.id.as_uuid();
        self.change(|template| template.created_by = Some(user))
    }

    /// Sets the program that builds its workspaces; `terraform` by default.
    pub fn provisioner(self, name: &str) -> Self {
        self.change(|template| name.clone_into(&mut template.provisioner))
    }

    /// Sets the text that explains the template's versions.
    pub fn readme(self, text: &str) -> Self {
        self.change(|template| text.clone_into(&mut template.readme))
    }

    /// Names the active version; the first one is called `first` by default.
    pub fn version_name(self, name: &str) -> Self {
        self.change_active(|version| name.clone_into(&mut version.name))
    }

    /// Sets whether members may cancel builds of their workspaces; they may by default.
    pub fn cancel_by_members(self, allowed: bool) -> Self {
        self.change(|template| template.cancel_by_members = allowed)
    }

    /// Sets whether its workspaces must use the active version; they need not by default. A start
    /// with another version is refused (403) to everybody but owners.
    pub fn require_active_version(self, required: bool) -> Self {
        self.change(|template| template.require_active_version = required)
    }

    /// Gives the active version a text parameter with a default.
    pub fn parameter(self, name: &str, default: &str) -> Self {
        self.rich_parameter(json!({ "name": name, "default_value": default, "required": false }))
    }

    /// Gives the active version a text parameter that must be given a value.
    pub fn required_parameter(self, name: &str) -> Self {
        self.rich_parameter(json!({ "name": name, "required": true }))
    }

    /// Gives the active version a parameter as `GET
    /// /templateversions/{id}/rich-parameters` lists it. Fields left out are filled in: a mutable
    /// text without options.
    pub fn rich_parameter(self, parameter: Value) -> Self {
        let mut whole = json!({
            "name": "",
            "display_name": "",
            "description": "",
            "description_plaintext": "",
            "type": "string",
            "form_type": "input",
            "mutable": true,
            "default_value": "",
            "icon": "",
            "options": [],
            "required": false,
            "ephemeral": false,
        });
        if let Value::Object(given) = parameter {
            for (field, value) in given {
                whole.set(&field, value);
            }
        }
        let name = whole.text("name").unwrap_or_default().to_owned();
        self.change_active(|version| {
            version.takes_anything = false;
            version.parameters.retain(|known| known.text("name") != Some(&name));
            version.parameters.push(whole);
        })
    }

    /// Restricts the active version to the parameters that were added; values of other names are
    /// ignored. A template takes any parameter until this method or one that adds a parameter was
    /// called.
    pub fn no_other_parameters(self) -> Self {
        self.change_active(|version| version.takes_anything = false)
    }

    /// Sets the resources that a build makes, in this order; a Kubernetes pod with the workspace's
    /// agents and a volume by default. The agents of workspaces that are created from now on are
    /// those of the resources.
    pub fn resources(self, resources: impl IntoIterator<Item = NewResource>) -> Self {
        let resources: Vec<_> = resources.into_iter().map(NewResource::into_resource).collect();
        self.change(|template| template.resources = resources)
    }

    /// Sets the lines of a build's log: while the provisioner plans and while it applies.
    pub fn build_log(self, planning: &[&str], applying: &[&str]) -> Self {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        self.change(|template| template.log = [lines(planning), lines(applying)])
    }

    /// Gives the active version a preset. The first one is the default.
    pub fn preset(self, name: &str, values: &[(&str, &str)]) -> Self {
        let id = self.coder.with(|deployment| deployment.mint().uuid());
        self.change_active(|version| {
            let values = values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let default = version.presets.is_empty();
            version.presets.push(Preset { id, name: name.to_owned(), default, values });
        })
    }

    /// Sets whether the template's parameters are the classic ones, or those of a form that answers
    /// (dynamic). A new template's are dynamic, and classic before 2.25.
    pub fn classic_parameters(self, classic: bool) -> Self {
        self.change(|template| template.classic = Some(classic))
    }

    /// Publishes a new version with the same parameters: workspaces of the earlier ones are
    /// outdated now.
    pub fn new_version(self, name: &str) -> Self {
        let (id, now) = self.coder.with(|deployment| (deployment.mint().uuid(), deployment.now));
        self.change(|template| template.add_version(id, name, now))
    }

    /// Sets whether the active version is still being imported: its parameters answer 425, and
    /// workspaces cannot be made from it.
    pub fn importing(self, importing: bool) -> Self {
        self.change_active(|version| version.importing = importing)
    }

    /// Deprecates the template: no more workspaces can be made from it, and the message says why.
    pub fn deprecated(self, message: &str) -> Self {
        self.change(|template| message.clone_into(&mut template.deprecation))
    }

    /// Makes the builds that start the template's workspaces fail from now on, with this error and
    /// perhaps a code: `INSUFFICIENT_QUOTA` when the owner's credits do not suffice, or
    /// `REQUIRED_TEMPLATE_VARIABLES`.
    ///
    /// As at Coder, the request for the build succeeds all the same; it is the job that fails.
    /// Stopping and deleting still work.
    pub fn builds_fail(self, error: &str, code: Option<&str>) -> Self {
        let failure = (error.to_owned(), code.map(str::to_owned));
        self.change(|template| template.builds_fail = Some(failure))
    }

    /// Makes the builds that delete the template's workspaces fail from now on, with this error:
    /// the workspaces are still there, and their status is `failed`.
    pub fn deletions_fail(self, error: &str) -> Self {
        let failure = (error.to_owned(), None);
        self.change(|template| template.deletions_fail = Some(failure))
    }

    /// Makes the template's workspaces start again from now on, and lets them be deleted.
    pub fn builds_succeed(self) -> Self {
        self.change(|template| {
            template.builds_fail = None;
            template.deletions_fail = None;
        })
    }

    /// Requires that people have linked this external provider before they create a workspace
    /// (enforced since 2.35). Link it with [`FakeCoder::link_external_auth`].
    pub fn external_auth(self, id: &str, display_name: &str) -> Self {
        self.change(|template| {
            template.external_auth.push((id.to_owned(), display_name.to_owned()));
        })
    }

    fn change_active(self, change: impl FnOnce(&mut TemplateVersion)) -> Self {
        self.change(|template| {
            if let Some(version) = template.active_mut() {
                change(version);
            }
        })
    }

    fn change(self, change: impl FnOnce(&mut Template)) -> Self {
        self.coder.with(|deployment| {
            if let Some(template) = deployment.state.template_mut(self.id) {
                change(template);
            }
        });
        self
    }
}
