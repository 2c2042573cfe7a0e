//! The example template is written in Terraform's language, and has what a template needs.
//!
//! The tests read the files and apply nothing: Terraform, Docker and Coder's registry of modules are
//! not asked.
#![expect(clippy::panic, reason = "a failed test may panic anywhere")]

use std::collections::BTreeSet;

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use hcl_edit::visit::{Visit, visit_body, visit_traversal};

const TEMPLATE: &str = include_str!("../template/main.tf");
const DOCUMENTATION: &str = include_str!("../../docs/workspaces.md");

fn template() -> Body {
    TEMPLATE.parse().unwrap_or_else(|error| panic!("main.tf: {error}"))
}

fn labels(block: &Block) -> Vec<&str> {
    block.labels.iter().map(|label| label.as_str()).collect()
}

fn value<'a>(body: &'a Body, name: &str) -> Option<&'a Expression> {
    body.get_attribute(name).map(|attribute| &attribute.value)
}

fn text<'a>(body: &'a Body, name: &str) -> Option<&'a str> {
    value(body, name)?.as_str()
}

/// Returns the names of what an expression reads: `data.coder_parameter.repo`.
#[derive(Default)]
struct References(BTreeSet<String>);

impl References {
    fn of(body: &Body) -> BTreeSet<String> {
        let mut references = Self::default();
        visit_body(&mut references, body);
        references.0
    }
}

impl Visit for References {
    fn visit_traversal(&mut self, node: &Traversal) {
        let names = node.operators.iter().map_while(|operator| match &**operator {
            TraversalOperator::GetAttr(name) => Some(name.as_str().to_owned()),
            _ => None,
        });
        let root = node.expr.as_variable().map(|root| root.as_str().to_owned());
        let path: Vec<String> = root.into_iter().chain(names).collect();
        let length = if path.first().is_some_and(|root| root == "data") { 3 } else { 2 };
        self.0.insert(path.into_iter().take(length).collect::<Vec<_>>().join("."));
        visit_traversal(self, node);
    }
}

/// Returns the names by which the parts of a template can be read.
fn declared(template: &Body) -> BTreeSet<String> {
    let blocks = template.blocks().flat_map(|block| match block.ident.as_str() {
        "data" => vec![format!("data.{}", labels(block).join("."))],
        "resource" => vec![labels(block).join(".")],
        "module" => vec![format!("module.{}", labels(block).join("."))],
        "variable" => vec![format!("var.{}", labels(block).join("."))],
        "locals" => {
            let locals = block.body.attributes();
            locals.map(|local| format!("local.{}", local.key.as_str())).collect()
        }
        _ => Vec::new(),
    });
    blocks.collect()
}

fn parameters(template: &Body) -> impl Iterator<Item = &Block> {
    template.get_blocks("data").filter(|block| block.has_labels(&["coder_parameter"]))
}

#[test]
fn a_name_that_the_template_reads_is_one_that_it_declares() {
    let template = template();
    let read = References::of(&template);
    assert!(read.contains("data.coder_parameter.repo"), "{read:?}");
    let declared = declared(&template);
    let unknown: Vec<_> = read.difference(&declared).collect();
    assert!(unknown.is_empty(), "{unknown:?} is read, and not declared");
}

#[test]
fn the_repository_is_a_text_parameter_that_keeps_its_first_value() {
    let template = template();
    let repository = parameters(&template).find(|block| labels(block).last() == Some(&"repo"));
    let repository = &repository.unwrap().body;
    assert_eq!(text(repository, "name"), Some("repo"));
    assert_eq!(text(repository, "type"), Some("string"));
    assert_eq!(value(repository, "mutable").and_then(Expression::as_bool), Some(false));
}

#[test]
fn only_the_repository_has_no_default() {
    let template = template();
    let open = parameters(&template).filter(|block| !block.body.has_attribute("default"));
    let open: Vec<_> = open.map(|block| text(&block.body, "name").unwrap()).collect();
    assert_eq!(open, ["repo"]);
}

#[test]
fn the_module_clones_the_repository_that_the_parameter_holds() {
    let template = template();
    let is_git_clone = |block: &&Block| {
        text(&block.body, "source") == Some("registry.coder.com/coder/git-clone/coder")
    };
    let clone = &template.get_blocks("module").find(is_git_clone).unwrap().body;
    let read = |name| value(clone, name).unwrap().to_string().trim().to_owned();
    assert_eq!(read("url"), "data.coder_parameter.repo.value");
    assert_eq!(read("agent_id"), "coder_agent.main.id");
}

#[test]
fn each_provider_that_the_template_uses_is_required() {
    let template = template();
    let terraform = &template.get_blocks("terraform").next().unwrap().body;
    let required = &terraform.get_blocks("required_providers").next().unwrap().body;
    let kinds =
        template.blocks().filter(|block| matches!(block.ident.as_str(), "data" | "resource"));
    let providers: BTreeSet<_> =
        kinds.filter_map(|block| labels(block).first()?.split('_').next()).collect();
    for provider in providers {
        assert!(required.has_attribute(provider), "{provider} is used, and not required");
    }
}

#[test]
fn the_snippets_of_the_documentation_are_in_the_same_language() {
    let snippets = DOCUMENTATION.split("```hcl\n").skip(1);
    let snippets: Vec<_> = snippets.map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(!snippets.is_empty());
    for snippet in snippets {
        let body: Body = snippet.parse().unwrap_or_else(|error| panic!("{snippet}\n{error}"));
        assert_eq!(parameters(&body).count(), 1, "{snippet}");
    }
}
