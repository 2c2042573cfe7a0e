//! A plan: who does what, and what goes wrong.

use coder_testkit::Version;

use crate::choices::Choices;
use crate::names::{self, ENVIRONMENTS, PORTAL};

/// A fault of one request to Coder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkFault {
    /// Coder never sees the request.
    RequestLost,
    /// Coder does its work; the connection breaks before the answer.
    AnswerLost,
    /// Coder does its work; the answer never comes and the connection stays.
    AnswerHangs,
    /// Nothing ever comes; Coder never sees the request.
    Hangs,
    /// The request takes 12 seconds to Coder.
    SlowRequest,
    /// A proxy answers 502.
    BadGateway,
}

impl NetworkFault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RequestLost => "requests lost",
            Self::AnswerLost => "answers lost",
            Self::AnswerHangs => "answers that hang",
            Self::Hangs => "requests that hang",
            Self::SlowRequest => "slow requests",
            Self::BadGateway => "bad gateways",
        }
    }
}

/// A fault of one call of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreFault {
    /// The call fails, and nothing was changed.
    Before,
    /// The call fails, and everything was changed.
    After,
    /// The call takes 3 seconds.
    Slow,
}

impl StoreFault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Before => "store calls failed",
            Self::After => "store calls failed after the commit",
            Self::Slow => "slow store calls",
        }
    }
}

/// An action of a person, a process or time itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    SignIn {
        browser: usize,
        user: usize,
        environment: usize,
    },
    /// A page asks for its session; a second one at once is a second tab.
    Refresh {
        browser: usize,
    },
    /// A page or a program of this browser's person does something with links, or asks another
    /// route of the portal.
    Use {
        browser: usize,
        by: Credential,
        environment: usize,
        what: Use,
    },
    LogOut {
        browser: usize,
    },
    /// The browser closes in the middle of what it waits for.
    Close {
        browser: usize,
    },
    /// Somebody shows a session cookie that has ended.
    ShowOldCookie {
        browser: usize,
    },
    Suspend {
        user: usize,
    },
    Activate {
        user: usize,
    },
    /// The administrator revokes all tokens of a person for the application.
    RevokeAll {
        user: usize,
    },
    DeleteSecret,
    Crash {
        replica: usize,
    },
    /// SIGTERM: no new requests, connections end, then what was detached.
    Stop {
        replica: usize,
    },
    Sweep {
        replica: usize,
    },
    /// The portal's clock jumps by so many seconds.
    Jump {
        seconds: i64,
    },
    /// So many seconds pass.
    Wait {
        seconds: u64,
    },
}

/// How a request says whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The session cookie of the browser.
    Cookie,
    /// The newest identity token of the browser.
    Token,
    /// The oldest identity token of the browser.
    OldToken,
}

/// A purpose of a request with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Another route of the portal.
    Call,
    /// The same; Coder refuses the caller's token there.
    CallRefused,
    ShowLink,
    Unlink,
    /// The session token of this user of the environment's Coder is linked.
    Link {
        user: usize,
    },
}

/// The identities of people in Backstage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identities {
    /// Nobody: a login gives access to Coder only.
    None,
    /// Each is an entity, which is the same at all deployments.
    Own,
    /// All are one entity.
    Shared,
}

/// An action, and how many turns pass before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) turns: usize,
    pub(crate) action: Action,
}

/// Everything that a seed decides, except the order of steps.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) replicas: usize,
    pub(crate) environments: usize,
    pub(crate) deployments: usize,
    pub(crate) browsers: usize,
    pub(crate) logout_ends_grant: bool,
    pub(crate) races: bool,
    /// Some of the requests to Coder, and of its answers, take a few seconds.
    pub(crate) is_slow: bool,
    /// How long Coder's answer to a rotation takes, in seconds.
    pub(crate) rotation_takes: u64,
    /// A process that stops awaits the work that outlives its callers, as the server does.
    pub(crate) awaits_detached_work: bool,
    /// How long Coder's sessions live, in seconds.
    pub(crate) session_lifetime: u64,
    pub(crate) release: Version,
    /// Backstage identities of the sign-ins, by environment.
    pub(crate) identities: [Identities; 2],
    pub(crate) items: Vec<Item>,
    pub(crate) network: Vec<(usize, NetworkFault)>,
    pub(crate) store: Vec<(usize, StoreFault)>,
}

impl Plan {
    /// Draws the plan of a seed.
    pub(crate) fn draw(seed: u64) -> Self {
        let mut choices = Choices::new(seed, 1);
        let choices = &mut choices;
        let environments = 1 + choices.below(2);
        let mut plan = Self {
            seed,
            replicas: 1 + choices.below(3),
            environments,
            deployments: if environments == 2 { 1 + choices.below(2) } else { 1 },
            browsers: 1 + choices.below(3),
            logout_ends_grant: choices.below(3) == 0,
            races: choices.below(2) == 0,
            is_slow: choices.below(3) == 0,
            rotation_takes: choices.one_of(&[0, 0, 5], 0),
            awaits_detached_work: true,
            session_lifetime: choices.one_of(&[24 * 3600, 3600, 1800], 3600),
            release: Version::default(),
            identities: [Identities::None; 2],
            items: Vec::new(),
            network: Vec::new(),
            store: Vec::new(),
        };
        // Most people sign in before anything happens.
        for browser in 0..plan.browsers {
            let action = plan.sign_in(choices, browser);
            plan.items.push(Item { turns: choices.below(40), action });
            if choices.below(2) == 0 {
                plan.items.push(Item { turns: 0, action: Action::Wait { seconds: 5 } });
            }
        }
        let calm = choices.below(3) == 0;
        for _ in 0..4 + choices.below(16) {
            let action = plan.action(choices, calm);
            plan.items.push(Item { turns: choices.below(12), action });
        }
        if choices.below(2) == 0 {
            plan.rush(choices);
        }
        if !calm && choices.below(2) == 0 {
            for _ in 0..1 + choices.below(3) {
                let fault = choices.one_of(
                    &[
                        NetworkFault::RequestLost,
                        NetworkFault::AnswerLost,
                        NetworkFault::AnswerHangs,
                        NetworkFault::Hangs,
                        NetworkFault::SlowRequest,
                        NetworkFault::BadGateway,
                    ],
                    NetworkFault::AnswerLost,
                );
                plan.network.push((choices.below(30), fault));
            }
        }
        if !calm && choices.below(3) == 0 {
            for _ in 0..1 + choices.below(2) {
                let fault = choices.one_of(
                    &[StoreFault::Before, StoreFault::After, StoreFault::Slow],
                    StoreFault::Before,
                );
                plan.store.push((choices.below(80), fault));
            }
        }
        plan.world(&mut Choices::new(seed, 3));
        plan
    }

    /// Draws the release of Coder, and who people are; then they link tokens, too.
    fn world(&mut self, choices: &mut Choices) {
        self.release = match choices.below(10) {
            0 => Version::V2_25,
            1 | 2 => Version::V2_36,
            _ => Version::V2_38,
        };
        let known = choices.one_of(&[Identities::Own, Identities::Shared], Identities::Own);
        self.identities = match choices.below(4) {
            0 => [known, known],
            1 => [known, Identities::None],
            _ => return,
        };
        for _ in 0..6 + choices.below(12) {
            let action = self.usage(choices);
            let item = Item { turns: choices.below(12), action };
            let at = self.browsers + choices.below(self.items.len());
            self.items.insert(at.min(self.items.len()), item);
        }
    }

    fn usage(&self, choices: &mut Choices) -> Action {
        let by = [Credential::Cookie, Credential::Token, Credential::Token, Credential::OldToken];
        let user = choices.one_of(&[0, 0, 1], 0);
        let what = match choices.below(8) {
            0..=1 => Use::Link { user },
            2 => Use::Unlink,
            3 => Use::ShowLink,
            4 => Use::CallRefused,
            _ => Use::Call,
        };
        Action::Use {
            browser: choices.below(self.browsers),
            by: choices.one_of(&by, Credential::Token),
            environment: choices.below(self.environments),
            what,
        }
    }

    /// Returns the deployment of an environment.
    pub(crate) fn coder_of(&self, environment: usize) -> usize {
        environment.min(self.deployments.saturating_sub(1))
    }

    /// Returns the identities of the people of an environment.
    pub(crate) fn identities_of(&self, environment: usize) -> Identities {
        self.identities.get(environment).copied().unwrap_or(Identities::None)
    }

    /// Returns the user entity ref of a user of this environment's Coder.
    pub(crate) fn entity_of(&self, environment: usize, user: usize) -> Option<String> {
        match self.identities_of(environment) {
            Identities::None => None,
            Identities::Own => Some(format!("user:default/{}", names::user_name(user))),
            Identities::Shared => Some("user:default/everyone".to_owned()),
        }
    }

    /// Returns the redirect URI that the logins of this deployment use.
    pub(crate) fn callback_of(&self, coder: usize) -> String {
        let frame = format!("{PORTAL}/api/auth/coder/handler/frame");
        match ENVIRONMENTS.get(coder) {
            Some(first) if self.deployments > 1 => format!("{frame}/{first}"),
            Some(_) | None => frame,
        }
    }

    /// Tells whether Coder can end one pair of a person and leave the others alone.
    pub(crate) fn revokes_pairs(&self) -> bool {
        self.release >= Version::V2_29
    }

    /// Plans that tokens are about to expire, and that everything happens while they are rotated.
    fn rush(&mut self, choices: &mut Choices) {
        let seconds = self.session_lifetime - 300;
        self.items.push(Item { turns: 0, action: Action::Wait { seconds } });
        for browser in 0..self.browsers {
            self.items.push(Item { turns: choices.below(3), action: Action::Refresh { browser } });
        }
        if choices.below(3) == 0 {
            self.change_of_hands(choices);
        }
        for _ in 0..1 + choices.below(4) {
            let browser = choices.below(self.browsers);
            let action = match choices.below(8) {
                0..=2 => Action::LogOut { browser },
                3..=5 => self.sign_in(choices, browser),
                6 => Action::Close { browser },
                _ => Action::Stop { replica: choices.below(self.replicas) },
            };
            self.items.push(Item { turns: choices.below(10), action });
        }
    }

    /// Plans that somebody signs out and in again while the old tokens are rotated.
    fn change_of_hands(&mut self, choices: &mut Choices) {
        let browser = choices.below(self.browsers);
        let action = Action::LogOut { browser };
        self.items.push(Item { turns: 10 + choices.below(20), action });
        let browser = choices.below(self.browsers);
        let action = self.sign_in(choices, browser);
        self.items.push(Item { turns: choices.below(20), action });
    }

    fn sign_in(&self, choices: &mut Choices, browser: usize) -> Action {
        let user = choices.one_of(&[0, 0, 1], 0);
        Action::SignIn { browser, user, environment: choices.below(self.environments) }
    }

    fn action(&self, choices: &mut Choices, calm: bool) -> Action {
        let browser = choices.below(self.browsers);
        let user = choices.one_of(&[0, 0, 1], 0);
        let replica = choices.below(self.replicas);
        match choices.below(if calm { 24 } else { 32 }) {
            0..=2 => self.sign_in(choices, browser),
            3..=9 => Action::Refresh { browser },
            10..=12 => Action::LogOut { browser },
            13 => Action::Close { browser },
            14 => Action::ShowOldCookie { browser },
            15 => Action::Sweep { replica },
            16 => Action::Stop { replica },
            17..=23 => {
                Action::Wait { seconds: choices.one_of(&[1, 5, 35, 180, 660, 960, 1500, 3000], 5) }
            }
            24 | 25 => Action::Crash { replica },
            26 => Action::Suspend { user },
            27 => Action::Activate { user },
            28 => Action::RevokeAll { user },
            29 => Action::Jump { seconds: choices.one_of(&[30, 700, 3600, -30, -700, -3600], 30) },
            30 => Action::Stop { replica },
            _ => Action::DeleteSecret,
        }
    }
}
