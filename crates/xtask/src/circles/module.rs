//! The modules of a crate, and what their names lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::{fs, io};

use proc_macro2::TokenStream;

use super::path::{Named, Piece, pieces};

/// How many names may lead to another one before it is given up.
const MAX_STEPS: usize = 16;

/// A need of one file for another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Edge {
    /// The file that names something.
    pub from: PathBuf,
    /// The file that defines it.
    pub to: PathBuf,
    /// The path that stands in the first file: `crate::state::State`.
    pub path: String,
}

/// A crate: its modules, the root first.
#[derive(Debug)]
pub(super) struct Crate {
    folder: PathBuf,
    modules: Vec<Module>,
}

/// A module with a file of its own, or an inline one.
#[derive(Debug, Default)]
struct Module {
    parent: usize,
    /// Below the folder of the root file.
    file: PathBuf,
    children: BTreeMap<String, usize>,
    items: BTreeSet<String>,
    /// By the name that they give.
    imports: BTreeMap<String, Vec<Named>>,
    paths: Vec<Named>,
    words: BTreeSet<String>,
}

/// The end of a path.
enum Target {
    Module(usize),
    /// An item, or something that is not known: the module that the path leads into.
    Item(usize),
}

impl Crate {
    /// Reads a crate from its root file.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        let mut all = Self { folder: folder.clone(), modules: Vec::new() };
        all.read_file(0, root, &folder)?;
        Ok(all)
    }

    /// Reads a file, whose modules are in the folder `below`.
    fn read_file(&mut self, parent: usize, file: &Path, below: &Path) -> io::Result<usize> {
        let text = fs::read_to_string(file)?;
        let text = text
            .split_once("\n")
            .filter(|(first, _)| first.starts_with("#!/"))
            .map_or(text.as_str(), |(_, rest)| rest);
        let tokens = TokenStream::from_str(text).map_err(|reason| {
            io::Error::other(format!("{} is not Rust: {reason}", file.display()))
        })?;
        let shown = file.strip_prefix(&self.folder).unwrap_or(file).to_owned();
        self.read_module(parent, shown, tokens, below)
    }

    fn read_module(
        &mut self,
        parent: usize,
        file: PathBuf,
        tokens: TokenStream,
        below: &Path,
    ) -> io::Result<usize> {
        let id = self.modules.len();
        self.modules.push(Module { parent, file: file.clone(), ..Module::default() });
        let mut module = Module { parent, file, ..Module::default() };
        for piece in pieces(tokens) {
            match piece {
                Piece::File { name, path } => {
                    let (file, folder) = self.find(below, &module.file, &name, path);
                    let child = self.read_file(id, &file, &folder)?;
                    module.children.insert(name, child);
                }
                Piece::Inline { name, body } => {
                    let file = module.file.clone();
                    let child = self.read_module(id, file, body, &below.join(&name))?;
                    module.children.insert(name, child);
                }
                Piece::Item(name) => {
                    module.items.insert(name);
                }
                Piece::Path(named) => match named.alias.clone() {
                    Some(alias) => module.imports.entry(alias).or_default().push(named),
                    None => module.paths.push(named),
                },
                Piece::Word(word) => {
                    module.words.insert(word);
                }
            }
        }
        if let Some(place) = self.modules.get_mut(id) {
            *place = module;
        }
        Ok(id)
    }

    /// Finds the file of `mod name;`, and the folder of its own modules.
    fn find(
        &self,
        below: &Path,
        declared_in: &Path,
        name: &str,
        path: Option<String>,
    ) -> (PathBuf, PathBuf) {
        if let Some(path) = path {
            let beside = self.folder.join(declared_in);
            let file = beside.parent().unwrap_or(Path::new("")).join(path);
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            return (file, folder);
        }
        let folder = below.join(name);
        let flat = below.join(format!("{name}.rs"));
        let file = if flat.is_file() { flat } else { folder.join("mod.rs") };
        (file, folder)
    }

    /// Returns the edges between the crate's files, each once.
    pub(super) fn edges(&self) -> Vec<Edge> {
        let mut edges = BTreeMap::new();
        for (id, module) in self.modules.iter().enumerate() {
            let imports = module.imports.values().flatten();
            let uses = imports.filter(|import| module.needs(import));
            for named in uses.chain(&module.paths) {
                let Some(target) = self.resolve(id, &named.segments, MAX_STEPS) else { continue };
                let (Target::Module(target) | Target::Item(target)) = target;
                let Some(to) = self.modules.get(target).map(|target| &target.file) else {
                    continue;
                };
                if *to != module.file {
                    let path = named.segments.join("::");
                    edges.entry((module.file.clone(), to.clone())).or_insert(path);
                }
            }
        }
        let edges = edges.into_iter().map(|((from, to), path)| Edge { from, to, path });
        edges.collect()
    }

    /// Resolves a path that stands in this module; `None` when it leaves the crate.
    fn resolve(&self, module: usize, path: &[String], steps: usize) -> Option<Target> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(module),
            "super" => Target::Module(self.modules.get(module)?.parent),
            name => self.name(module, name, steps)?,
        };
        let mut target = start;
        for segment in rest {
            let Target::Module(inside) = target else { return Some(target) };
            target = match segment.as_str() {
                "super" => Target::Module(self.modules.get(inside)?.parent),
                name => self.name(inside, name, steps).unwrap_or(Target::Item(inside)),
            };
        }
        Some(target)
    }

    /// Resolves a name in a module; `None` when the module does not know it.
    fn name(&self, module: usize, name: &str, steps: usize) -> Option<Target> {
        let known = self.modules.get(module)?;
        if let Some(child) = known.children.get(name) {
            return Some(Target::Module(*child));
        }
        if known.items.contains(name) {
            return Some(Target::Item(module));
        }
        let imports = |alias| known.imports.get(alias).into_iter().flatten();
        for import in imports(name) {
            // `use self::x::X` names a module by a name that it has in another module as well.
            let found = self.resolve(module, &import.segments, steps).filter(|found| match found {
                Target::Module(_) => true,
                Target::Item(item) => *item != module,
            });
            if found.is_some() {
                return found;
            }
        }
        for import in imports("*") {
            if let Some(Target::Module(glob)) = self.resolve(module, &import.segments, steps)
                && glob != module
                && let Some(found) = self.name(glob, name, steps.checked_sub(1)?)
            {
                return Some(found);
            }
        }
        None
    }
}

impl Module {
    /// Tells whether an import is more than passed on to other files.
    fn needs(&self, import: &Named) -> bool {
        let alias = import.alias.as_deref().unwrap_or_default();
        !import.is_passed_on
            || self.words.contains(alias)
            || self.paths.iter().any(|path| path.segments.first().is_some_and(|one| one == alias))
    }
}
