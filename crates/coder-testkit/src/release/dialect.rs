//! What differs between Coder's releases in the REST API: the API's part of the table.

use super::Version;

/// The behaviour of a release's API where releases differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// A user whom the caller may not see is 400 and named, instead of 404.
    pub(crate) names_unknown_users: bool,
    /// Each word of a search without a key is a term of its own, instead of one text.
    pub(crate) words_are_terms: bool,
    /// Users are searched by `name`.
    pub(crate) searches_full_names: bool,
    /// The cookie of a session outlives the browser.
    pub(crate) session_cookie_lasts: bool,
    /// The cookie that a logout takes away has a `SameSite`.
    pub(crate) logout_is_same_site: bool,
    /// Templates are searched by author, exact display name and external agents; workspaces by
    /// the latter.
    pub(crate) searches_authors: bool,
    /// The field of templates in which text without a key is looked for.
    pub(crate) template_text: &'static str,
    /// Workspaces are searched by who shares them.
    pub(crate) searches_shares: bool,
    /// `shared_with_user:me` is the caller, instead of somebody called "me".
    pub(crate) shared_with_me: bool,
    /// Workspaces are searched by several states of agents, and by health.
    pub(crate) searches_health: bool,
    /// Workspaces are listed with metadata of their agents.
    pub(crate) searches_metadata: bool,
    /// Tokens are limited to scopes and to an allow list, and show both.
    pub(crate) token_limits: bool,
    /// When a token was used that never was.
    pub(crate) never_used: &'static str,
    /// The version of the protocol that provisioners speak.
    pub(crate) provisioner_api: &'static str,
    /// `buildinfo` has a key for push messages.
    pub(crate) push_key: bool,
    /// The provider is an experiment that can be switched on.
    pub(crate) oauth2_experiment: bool,
    /// Experiments that are safe to try.
    pub(crate) safe_experiments: &'static [&'static str],
    /// A user's appearance has modes beside the theme.
    pub(crate) theme_modes: bool,
    pub(crate) preferences: Preferences,
    /// Whether users have the field `has_ai_seat`.
    pub(crate) ai_seats: bool,
    /// Members of an organization show the user's status and times.
    pub(crate) full_members: bool,
    /// Organizations have default roles of their members.
    pub(crate) default_member_roles: bool,
    /// Providers of external authentication say whether they revoke tokens, and how they use PKCE.
    pub(crate) revokes_external_tokens: bool,
    /// `DELETE /external-auth/{id}` answers a text, not what became of the token.
    pub(crate) unlinks_in_a_word: bool,
    /// There is a provider of external authentication that nobody has set up.
    pub(crate) default_external_auth: bool,
    /// Owners may ask which accounts others have linked for a template.
    pub(crate) external_auth_of_others: bool,
    /// An authorization check knows which actions there are.
    pub(crate) checks_actions: bool,
    /// An authorization check about a workspace needs the organization.
    pub(crate) checks_organizations: bool,
    /// A version that has no previous one is 404, instead of 204.
    pub(crate) previous_version_is_missing: bool,
    /// Templates start with the classic parameter flow.
    pub(crate) classic_parameters: bool,
    pub(crate) template_fields: &'static [TemplateField],
    /// Presets have a description, an icon and a number of prebuilt workspaces.
    pub(crate) preset_details: bool,
    /// A version's author can mark a preset as the default.
    pub(crate) default_presets: bool,
    /// Jobs and versions say more about who made them.
    pub(crate) initiators: bool,
}

/// The fields of `/users/{user}/preferences`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preferences {
    /// A preference of tasks only.
    Tasks,
    /// The preferences of the agents' chat as well, at first all automatic.
    Chat,
    /// The chat preferences with other first values.
    QuietChat,
}

/// A field of templates that not every release has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemplateField {
    CorsBehavior,
    UseTerraformWorkspaceCache,
    Deleted,
    DisableModuleCache,
    TimeTilAutostopNotify,
    AgentsAllowed,
}

impl Dialect {
    /// Returns the behaviour of `version`: the oldest one's, and what each later release changed.
    pub(crate) const fn new(version: Version) -> Self {
        let release = version as u8;
        let mut dialect = V2_24;
        if release >= Version::V2_25 as u8 {
            dialect.oauth2_experiment = true;
        }
        if release >= Version::V2_29 as u8 {
            dialect.words_are_terms = false;
            dialect.searches_authors = true;
            dialect.template_text = "display_name";
            dialect.searches_shares = true;
            dialect.token_limits = true;
            dialect.provisioner_api = "1.12";
            dialect.checks_organizations = true;
            dialect.classic_parameters = false;
            dialect.template_fields =
                &[TemplateField::CorsBehavior, TemplateField::UseTerraformWorkspaceCache];
            dialect.preset_details = true;
            dialect.initiators = true;
            dialect.revokes_external_tokens = true;
            dialect.unlinks_in_a_word = false;
        }
        if release >= Version::V2_31 as u8 {
            dialect.names_unknown_users = false;
            dialect.logout_is_same_site = true;
            dialect.searches_full_names = true;
            dialect.searches_health = true;
            dialect.provisioner_api = "1.15";
            dialect.template_fields = &[
                TemplateField::CorsBehavior,
                TemplateField::Deleted,
                TemplateField::DisableModuleCache,
            ];
            dialect.default_presets = true;
        }
        if release >= Version::V2_34 as u8 {
            dialect.never_used = "1970-01-01T00:00:00Z";
            dialect.provisioner_api = "1.18";
            dialect.push_key = true;
            dialect.session_cookie_lasts = true;
            dialect.default_external_auth = true;
            dialect.theme_modes = true;
            dialect.preferences = Preferences::Chat;
            dialect.ai_seats = true;
            dialect.full_members = true;
            dialect.previous_version_is_missing = false;
        }
        if release >= Version::V2_36 as u8 {
            dialect.shared_with_me = true;
            dialect.external_auth_of_others = true;
            dialect.safe_experiments = &["minimum-implicit-member"];
            dialect.preferences = Preferences::QuietChat;
            dialect.default_member_roles = true;
            dialect.checks_actions = true;
            dialect.template_fields = &[
                TemplateField::CorsBehavior,
                TemplateField::Deleted,
                TemplateField::DisableModuleCache,
                TemplateField::TimeTilAutostopNotify,
            ];
        }
        if release >= Version::V2_37 as u8 {
            dialect.searches_metadata = true;
            dialect.template_fields = &[
                TemplateField::CorsBehavior,
                TemplateField::Deleted,
                TemplateField::DisableModuleCache,
                TemplateField::TimeTilAutostopNotify,
                TemplateField::AgentsAllowed,
            ];
        }
        if release >= Version::V2_38 as u8 {
            dialect.oauth2_experiment = false;
        }
        dialect
    }

    /// Tells whether templates have a field.
    pub(crate) fn has(&self, field: TemplateField) -> bool {
        self.template_fields.contains(&field)
    }
}

const V2_24: Dialect = Dialect {
    names_unknown_users: true,
    words_are_terms: true,
    searches_full_names: false,
    session_cookie_lasts: false,
    logout_is_same_site: false,
    searches_authors: false,
    template_text: "name",
    searches_shares: false,
    shared_with_me: false,
    searches_health: false,
    searches_metadata: false,
    token_limits: false,
    never_used: "0001-01-01T00:00:00Z",
    provisioner_api: "1.7",
    push_key: false,
    oauth2_experiment: false,
    safe_experiments: &[],
    theme_modes: false,
    preferences: Preferences::Tasks,
    ai_seats: false,
    full_members: false,
    default_member_roles: false,
    revokes_external_tokens: false,
    unlinks_in_a_word: true,
    default_external_auth: false,
    external_auth_of_others: false,
    checks_actions: false,
    checks_organizations: false,
    previous_version_is_missing: true,
    classic_parameters: true,
    template_fields: &[],
    preset_details: false,
    default_presets: false,
    initiators: false,
};
