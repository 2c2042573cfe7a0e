//! Who and what there is at the demo's fake Coder.

use coder_testkit::{FakeApp, FakeCoder, FakeUser, NewWorkspace};

/// The environment of the demo's app-config.
pub(super) const ENVIRONMENT: &str = "development";

/// The components of the demo's catalog, by name.
pub(super) const COMPONENTS: &[&str] =
    &["data-notebooks", "handbook", "payments", "python-project", "web-shop"];

/// The fake, with everything in it.
pub(super) struct Scene {
    pub(super) coder: FakeCoder,
    pub(super) alice: FakeUser,
    pub(super) app: FakeApp,
}

/// A workspace of the demo, and the component it is made for.
struct Planned {
    owner: &'static str,
    name: &'static str,
    component: &'static str,
    template: &'static str,
    /// The template's parameter that holds the repository, and how the repository is spelled in it.
    repository: (&'static str, &'static str),
    state: fn(NewWorkspace) -> NewWorkspace,
}

/// Two parameters and many spellings, since that is what one finds at a Coder.
const WORKSPACES: &[Planned] = &[
    Planned {
        owner: "alice",
        name: "payments-dev",
        component: "payments",
        template: "devcontainers",
        repository: ("custom_repo", "https://github.com/acme/payments"),
        state: NewWorkspace::running,
    },
    Planned {
        owner: "alice",
        name: "payments-review",
        component: "payments",
        template: "devcontainers",
        repository: ("repo_url", "https://github.com/acme/payments.git"),
        state: NewWorkspace::starting,
    },
    Planned {
        owner: "alice",
        name: "payments-2025",
        component: "payments",
        template: "devcontainers",
        repository: ("custom_repo", "git@github.com:acme/payments.git"),
        state: NewWorkspace::stopped,
    },
    Planned {
        owner: "alice",
        name: "python",
        component: "python-project",
        template: "devcontainers",
        repository: ("repo_url", "https://github.com/acme/python-project/"),
        state: |workspace| workspace.failed("terraform apply: no capacity left in us-pittsburgh"),
    },
    Planned {
        owner: "alice",
        name: "shop",
        component: "web-shop",
        template: "web",
        repository: ("custom_repo", "https://gitlab.example.com/acme/shop"),
        state: NewWorkspace::agents_lost,
    },
    Planned {
        owner: "bob",
        name: "python",
        component: "python-project",
        template: "devcontainers",
        repository: ("custom_repo", "https://github.com/acme/python-project"),
        state: NewWorkspace::running,
    },
    Planned {
        owner: "bob",
        name: "shop",
        component: "web-shop",
        template: "web",
        repository: ("custom_repo", "https://gitlab.example.com/acme/shop.git"),
        state: NewWorkspace::running,
    },
];

impl Scene {
    /// Fills the fake: people, an application for the portal at `callback_url`, templates and
    /// workspaces.
    pub(super) fn set(coder: FakeCoder, callback_url: &str) -> Self {
        let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
        let app = coder.add_oauth2_app("coder-backstage demo", callback_url);
        for (name, display_name) in [("devcontainers", "Dev containers"), ("web", "Web")] {
            let template = coder.add_template(name).display_name(display_name);
            let parameters =
                [("custom_repo", ""), ("repo_url", ""), ("repo", ""), ("region", "eu-helsinki")];
            let template = parameters
                .into_iter()
                .fold(template, |template, (name, default)| template.parameter(name, default));
            let template = template.parameter("python_version", "3.14");
            if name == "web" {
                template
                    .preset("Europe", &[("region", "eu-helsinki")])
                    .preset("America", &[("region", "us-pittsburgh")]);
            }
        }
        for planned in WORKSPACES {
            let owner = if planned.owner == alice.username { &alice } else { &bob };
            let (parameter, spelling) = planned.repository;
            let workspace = coder
                .add_workspace(owner, planned.name)
                .template(planned.template)
                .parameter(parameter, spelling);
            (planned.state)(workspace).create();
        }
        // Made for no repository of the catalog, so the portal shows it nowhere.
        coder.add_workspace(&alice, "scratch").stopped().create();
        Self { coder, alice, app }
    }
}

/// Returns the names of a person's workspaces that are made for a component, in alphabetical order.
pub(super) fn workspaces_of(owner: &str, component: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = WORKSPACES
        .iter()
        .filter(|planned| planned.owner == owner && planned.component == component)
        .map(|planned| planned.name)
        .collect();
    names.sort_unstable();
    names
}
