//! `signIn.resolvers`: how a Coder user is found in the catalog.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::reader::{Reader, Section, each_once};
use crate::suggest::or_known;
use crate::{ConfigError, Location, Provenance};

/// One item of `signIn.resolvers`.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum SignInResolverConfig {
    /// One of Backstage's rules.
    BuiltIn(BuiltInSignInResolver),
    /// A rule that the program around this library brings along. Nobody knows here whether it
    /// does: [`CustomSignInResolver::unknown`] is the error for one that it does not.
    Custom(CustomSignInResolver),
}

/// One of Backstage's rules, with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuiltInSignInResolver {
    /// Name of the resolver.
    pub resolver: SignInResolverName,
    /// `allowedDomains` of e-mail addresses; empty allows all. Only for the e-mail rules.
    pub allowed_domains: Vec<String>,
    /// Lets people in who are in no catalog.
    pub dangerously_allow_sign_in_without_user_in_catalog: bool,
}

/// The options that a built-in rule takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleOptions {
    /// The resolver takes no options.
    None,
    /// The options about e-mail addresses.
    Email,
}

/// Declares the built-in rules: for each its variant, its name in configuration, its options.
macro_rules! built_in_rules {
    ($($variant:ident = $name:literal, $options:ident;)+) => {
        /// The rules that are always there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
        pub enum SignInResolverName {
            $(#[doc = concat!("The rule that configuration calls `", $name, "`.")] $variant,)+
        }

        impl SignInResolverName {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the name as it is written in configuration.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub(crate) fn options(self) -> RuleOptions {
                match self { $(Self::$variant => RuleOptions::$options),+ }
            }
        }
    };
}

built_in_rules! {
    UsernameMatchingUserEntityName = "usernameMatchingUserEntityName", None;
    EmailMatchingUserEntityProfileEmail = "emailMatchingUserEntityProfileEmail", Email;
    EmailLocalPartMatchingUserEntityName = "emailLocalPartMatchingUserEntityName", Email;
}

/// A rule that a program brings along, as configuration names it.
///
/// `Debug` shows the names of the options only: one may be a secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomSignInResolver {
    /// Key `resolver`: name of the resolver.
    pub name: String,
    /// Everything else that is written beside the name, as it is written.
    pub options: Map<String, Json>,
    /// Place where the name is written.
    pub provenance: Provenance,
    path: String,
}

impl BuiltInSignInResolver {
    /// Creates one of Backstage's rules for all addresses and people of the catalog.
    pub fn new(resolver: SignInResolverName) -> Self {
        Self {
            resolver,
            allowed_domains: Vec::new(),
            dangerously_allow_sign_in_without_user_in_catalog: false,
        }
    }
}

impl CustomSignInResolver {
    /// Creates the name of a rule of the program, with its options, that is not read from
    /// configuration.
    pub fn new(name: impl Into<String>, options: Map<String, Json>) -> Self {
        Self {
            name: name.into(),
            options,
            provenance: Provenance::at(Location::Program),
            path: "signIn.resolvers".to_owned(),
        }
    }

    /// Creates the error for a name that no built-in rule has, and none of those that the program
    /// `registered`: with the place, and the name that was probably meant.
    pub fn unknown(&self, registered: &[&str]) -> ConfigError {
        let built_in = SignInResolverName::ALL.iter().map(|name| name.as_str());
        let known: Vec<&str> = built_in.chain(registered.iter().copied()).collect();
        let problem = format!(
            "is `{}`, and there is no such resolver{}",
            crate::message::shown(&self.name),
            or_known(&self.name, &known)
        );
        ConfigError::invalid(self.path.clone(), self.provenance.clone(), problem)
    }

    /// Creates the error for an option that the program's rule cannot use: `problem` says what it
    /// is and what is allowed, like ``is `7`; it must be a group's name``. It must not hold a
    /// secret.
    pub fn invalid_option(&self, option: &str, problem: impl Into<String>) -> ConfigError {
        let item = self.path.trim_end_matches(".resolver");
        ConfigError::invalid(format!("{item}.{option}"), self.provenance.clone(), problem)
    }
}

impl fmt::Debug for CustomSignInResolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CustomSignInResolver")
            .field("name", &self.name)
            .field("options", &self.options.keys())
            .field("provenance", &self.provenance)
            .finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    pub(super) fn sign_in_resolvers(
        &mut self,
        environment: &Section<'a>,
    ) -> Vec<SignInResolverConfig> {
        let sign_in = self.section(environment, "signIn");
        self.only(&sign_in, &["resolvers"]);
        let resolvers = self.sections(&sign_in, "resolvers");
        resolvers.iter().filter_map(|resolver| self.resolver(resolver)).collect()
    }

    /// Refuses the resolvers that are neither built in nor `registered` by the program.
    pub(super) fn unknown_resolvers(&mut self, registered: &[&str]) {
        let unknown = self
            .custom_resolvers
            .iter()
            .filter(|custom| !registered.contains(&custom.name.as_str()))
            .map(|custom| custom.unknown(registered));
        self.errors.extend(unknown);
    }

    fn resolver(&mut self, section: &Section<'a>) -> Option<SignInResolverConfig> {
        let text = self.required(section, "resolver")?.trim();
        let built_in = SignInResolverName::ALL.iter().find(|name| name.as_str() == text);
        match built_in {
            Some(name) => self.built_in(section, *name).map(SignInResolverConfig::BuiltIn),
            None => {
                let custom = self.custom(section, text)?;
                self.custom_resolvers.push(custom.clone());
                Some(SignInResolverConfig::Custom(custom))
            }
        }
    }

    fn built_in(
        &mut self,
        section: &Section<'a>,
        resolver: SignInResolverName,
    ) -> Option<BuiltInSignInResolver> {
        const OUTSIDERS: &str = "dangerouslyAllowSignInWithoutUserInCatalog";
        let known = ["resolver", "allowedDomains", OUTSIDERS];
        self.every_key(section);
        for key in section.keys().into_iter().filter(|key| !known.contains(key)) {
            // Ignoring `alowedDomains` would let in everybody.
            let problem = format!("is not known{}", or_known(key, &known));
            self.value(section, key).iter().for_each(|value| self.invalid(value, &*problem));
        }
        if resolver.options() == RuleOptions::None {
            for value in ["allowedDomains", OUTSIDERS].map(|key| self.value(section, key)) {
                // Ignoring it may let in people whom the author meant to keep out.
                let name = resolver.as_str();
                let problem = format!("is no option of `{name}`, which takes none");
                value.iter().for_each(|value| self.invalid(value, &*problem));
            }
        }
        let allowed_domains = match self.value(section, "allowedDomains") {
            Some(value) if value.node.as_list().is_none() => {
                self.wrong(&value, "a list of domains");
                return None;
            }
            // A variable that is missing drops the item it stands in: that must not let all in.
            Some(value) if value.node.as_list().is_some_and(<[_]>::is_empty) => {
                self.invalid(&value, "is empty; leave it out to let all domains in");
                return None;
            }
            _ => each_once(self.texts(section, "allowedDomains")),
        };
        let without_user = self.flag(section, OUTSIDERS);
        Some(BuiltInSignInResolver {
            resolver,
            allowed_domains,
            dangerously_allow_sign_in_without_user_in_catalog: without_user.unwrap_or(false),
        })
    }

    fn custom(&self, section: &Section<'a>, name: &str) -> Option<CustomSignInResolver> {
        let value = self.value(section, "resolver")?;
        let options = section.keys().into_iter().filter(|key| *key != "resolver");
        let options = options
            .filter_map(|key| Some((key.to_owned(), self.value(section, key)?.node.to_json())))
            .collect();
        let provenance = value.node.provenance().clone();
        Some(CustomSignInResolver { name: name.to_owned(), options, provenance, path: value.path })
    }
}
