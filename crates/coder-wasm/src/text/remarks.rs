//! Remarks about texts, as JavaScript gets them.

use coder_config::{Diagnostic, DiagnosticCode, Severity};
use serde::Serialize;

use super::places::{Place, Texts};

/// A remark with its place.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remark {
    severity: &'static str,
    code: DiagnosticCode,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(flatten)]
    place: Option<Place>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variables: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    included_at: Option<Place>,
}

impl Remark {
    fn new(diagnostic: Diagnostic, texts: &Texts<'_>) -> Self {
        let provenance = diagnostic.provenance.as_ref();
        let included_at = provenance.and_then(|provenance| provenance.included_at());
        Self {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code,
            message: diagnostic.problem().to_owned(),
            help: diagnostic.help().map(str::to_owned),
            place: diagnostic.location().and_then(|location| texts.place(location)),
            variables: provenance.map(|it| it.variables().to_vec()).unwrap_or_default(),
            included_at: included_at.and_then(|place| texts.place(place.location())),
            path: diagnostic.path,
        }
    }

    pub(super) fn all(diagnostics: Vec<Diagnostic>, texts: &Texts<'_>) -> Vec<Self> {
        diagnostics.into_iter().map(|diagnostic| Self::new(diagnostic, texts)).collect()
    }
}
