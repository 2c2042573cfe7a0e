//! A table of what people write for a repository, system by system.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use coder_config::{ConfigSources, Environment, Repository, RepositoryKey, ScmIntegrations};

/// Paragraphs of texts that name one repository each, below a line with a title.
const TABLE: &str = include_str!("repositories/table.txt");
const INTEGRATIONS: &str = include_str!("repositories/integrations.json");

fn integrations() -> ScmIntegrations {
    let text = format!("integrations: {INTEGRATIONS}");
    let files = BTreeMap::from([("app-config.yaml".to_owned(), text)]);
    let loaded = ConfigSources::new(&files, &Environment::default()).load().unwrap();
    ScmIntegrations::from_loaded(&loaded).unwrap()
}

/// Reads the repositories of the table, each with its title and its texts.
fn table() -> Vec<(&'static str, Vec<(&'static str, Repository)>)> {
    let integrations = integrations();
    let read = |text: &'static str| match Repository::from_url(text, &integrations) {
        Ok(repository) => (text, repository),
        Err(error) => panic!("{text}: {error}"),
    };
    let paragraph = |paragraph: &'static str| {
        let (title, texts) = paragraph.split_once('\n').unwrap();
        (title.strip_prefix("# ").unwrap(), texts.lines().map(read).collect())
    };
    TABLE.trim_end().split("\n\n").map(paragraph).collect()
}

/// Returns the spellings, in the letter case that a search does not see.
fn spellings(repository: &Repository) -> BTreeSet<String> {
    repository.spellings().into_iter().map(|text| text.to_lowercase()).collect()
}

#[test]
fn texts_of_one_repository_are_equal_and_each_ones_spellings_contain_the_others() {
    let mut faults = Vec::new();
    for (title, texts) in table() {
        let known: Vec<_> = texts.iter().map(|(_, repository)| spellings(repository)).collect();
        for (other, another) in &texts {
            let clone_url = another.clone_url().to_lowercase();
            let differs = |(_, repository): &&(&str, Repository)| repository != another;
            let lacking = known.iter().position(|known| !known.contains(&clone_url));
            let lacking = lacking.and_then(|index| texts.get(index));
            if let Some((one, _)) = texts.iter().find(differs).or(lacking) {
                faults.push(format!("{title}: {one} lacks {clone_url} of {other}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}\n{} faults", faults.join("\n"), faults.len());
}

#[test]
fn texts_of_different_repositories_are_not_equal_and_no_spelling_is_of_both() {
    let table = table();
    for (index, (title, texts)) in table.iter().enumerate() {
        for (other_title, others) in table.iter().skip(index + 1) {
            for (one, repository) in texts {
                for (other, another) in others {
                    assert!(repository != another, "{title} {one}: {other_title} {other}");
                }
            }
            let known = texts.iter().flat_map(|(_, repository)| spellings(repository));
            let known: BTreeSet<_> = known.collect();
            for (other, another) in others {
                let both: Vec<_> = spellings(another).intersection(&known).cloned().collect();
                assert!(both.is_empty(), "{title}, {other_title} {other}: {both:?}");
            }
        }
    }
}

#[test]
fn texts_of_one_repository_have_one_key_and_so_has_each_spelling() {
    let integrations = integrations();
    let mut faults = Vec::new();
    for (title, texts) in table() {
        let keys: BTreeSet<_> = texts.iter().map(|(_, repository)| repository.key()).collect();
        if keys.len() != 1 {
            faults.push(format!("{title}: {keys:?}"));
        }
        for (text, repository) in &texts {
            for spelling in repository.spellings() {
                let key = RepositoryKey::from_url(&spelling, &integrations);
                if key.as_ref() != Some(repository.key()) {
                    faults.push(format!("{title}: {text} as {spelling} has {key:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}\n{} faults", faults.join("\n"), faults.len());
}

#[test]
fn a_text_that_matches_a_repository_has_its_key() {
    let integrations = integrations();
    let table = table();
    let texts: BTreeSet<String> = table
        .iter()
        .flat_map(|(_, texts)| texts)
        .flat_map(|(text, repository)| {
            let plain = repository.spellings().into_iter();
            plain.chain([(*text).to_owned(), text.to_uppercase(), format!(" {text}/")])
        })
        .collect();
    let mut matches = 0;
    for (title, repositories) in &table {
        let Some((_, repository)) = repositories.first() else { continue };
        for text in texts.iter().filter(|text| repository.matches(text)) {
            let key = RepositoryKey::from_url(text, &integrations);
            assert_eq!(key.as_ref(), Some(repository.key()), "{title}: {text}");
            matches += 1;
        }
    }
    assert!(matches > 500, "only {matches} texts match");
}
