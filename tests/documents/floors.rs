//! The rooms of `src` and which of them each may import: ARCHITECTURE.md shows this list, and the code keeps to it. Paths within
//! a macro's arguments are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// From the top: each room, and the rooms below that it imports.
const FLOORS: [(&str, &[&str]); 11] = [
    ("command", &["store", "config", "table", "error"]),
    ("ffi", &["store", "config", "process", "table", "error"]),
    ("launchdarkly", &["store", "config", "process", "error"]),
    (
        "store",
        &["cache", "client", "config", "process", "table", "stats", "error"],
    ),
    ("cache", &["config", "table", "stats", "error"]),
    ("client", &["config", "process", "table", "stats", "error"]),
    ("config", &["table", "error"]),
    ("process", &["error"]),
    ("table", &["error"]),
    ("stats", &[]),
    ("error", &[]),
];

/// The crate's root, which only declares and re-exports.
const ROOT: &str = "crate";

/// A module and all the paths that its code names, tests aside.
struct Module {
    file: PathBuf,
    children: BTreeSet<String>,
    paths: Vec<Vec<String>>,
    source: String,
}

type Modules = BTreeMap<Vec<String>, Module>;

/// The modules below the crate's root by their place in it, the root as the empty one.
fn modules() -> Modules {
    let mut modules = BTreeMap::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"),
        Vec::new(),
        &mut modules,
    );
    modules
}

fn read(file: &Path, place: Vec<String>, modules: &mut Modules) {
    let source = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let syntax = syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut collector = Collector::default();
    collector.visit_file(&syntax);
    let folder = match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "mod") => file.parent().expect("a folder").to_owned(),
        _ => file.with_extension(""),
    };
    for child in &collector.children {
        let candidates = [folder.join(format!("{child}.rs")), folder.join(child).join("mod.rs")];
        let found = candidates.iter().find(|candidate| candidate.exists());
        let child_file = found.unwrap_or_else(|| panic!("{}: no file for mod {child}", file.display()));
        read(
            child_file,
            [place.as_slice(), std::slice::from_ref(child)].concat(),
            modules,
        );
    }
    let module = Module {
        file: file.to_owned(),
        children: collector.children,
        paths: collector.paths,
        source,
    };
    modules.insert(place, module);
}

#[derive(Default)]
struct Collector {
    children: BTreeSet<String>,
    paths: Vec<Vec<String>>,
}

impl Collector {
    fn add_tree(&mut self, tree: &syn::UseTree, mut path: Vec<String>) {
        match tree {
            syn::UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.add_tree(&step.tree, path);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(tree, path.clone())),
            syn::UseTree::Name(name) => self.paths.push([path, vec![name.ident.to_string()]].concat()),
            syn::UseTree::Rename(name) => self.paths.push([path, vec![name.ident.to_string()]].concat()),
            syn::UseTree::Glob(_) => self.paths.push([path, vec!["*".to_owned()]].concat()),
        }
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    let is_test = |attribute: &syn::Attribute| {
        let arguments = attribute.meta.require_list().map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg") && arguments.is_ok_and(|arguments| arguments == "test")
    };
    attributes.iter().any(is_test)
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if is_for_tests(&module.attrs) {
            return;
        }
        if module.content.is_none() {
            self.children.insert(module.ident.to_string());
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.add_tree(&item.tree, Vec::new());
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    /// `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string());
        self.paths.push(segments.collect());
        visit::visit_path(self, path);
    }
}

/// The module in which what `path` names from `place` is declared; `None` where it is of another crate or of this very module.
fn target(modules: &Modules, place: &[String], path: &[String]) -> Option<Vec<String>> {
    let first = path.first()?.as_str();
    let absolute = match first {
        ROOT => path[1..].to_vec(),
        "self" => [place, &path[1..]].concat(),
        "super" => [&place[..place.len().checked_sub(1)?], &path[1..]].concat(),
        _ if path.len() > 1 && modules[place].children.contains(first) => [place, path].concat(),
        _ => return None,
    };
    if absolute.is_empty() {
        return None;
    }
    let mut length = absolute.len();
    while !modules.contains_key(&absolute[..length]) {
        length -= 1;
    }
    (absolute[..length] != *place).then(|| absolute[..length].to_vec())
}

fn imports(modules: &Modules) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let of = |(place, module): (&Vec<String>, &Module)| {
        let targets = module.paths.iter().filter_map(|path| target(modules, place, path));
        (place.clone(), targets.collect())
    };
    modules.iter().map(of).collect()
}

#[test]
fn each_room_imports_the_rooms_of_the_list_and_no_other() {
    let modules = modules();
    let mut rooms: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (place, targets) in imports(&modules) {
        let Some(room) = FLOORS
            .iter()
            .map(|(room, _)| *room)
            .find(|room| place.first().is_some_and(|first| first == room))
        else {
            assert!(place.is_empty(), "{place:?} is a room that the list does not have");
            continue;
        };
        let others = targets.iter().map(|target| target.first().map_or(ROOT, String::as_str));
        let others = others.filter(|other| *other != room).map(str::to_owned);
        rooms.entry(room).or_default().extend(others);
    }
    for (floor, (room, allowed)) in FLOORS.iter().enumerate() {
        let allowed: BTreeSet<String> = allowed.iter().map(|room| (*room).to_owned()).collect();
        assert_eq!(rooms[room], allowed, "what {room} imports, and what the list says");
        let is_below = |other: &String| FLOORS[floor + 1..].iter().any(|(below, _)| below == other);
        assert!(allowed.iter().all(is_below), "{room} imports upwards");
    }
}

#[test]
fn no_file_imports_one_that_imports_it() {
    let modules = modules();
    let imports = imports(&modules);
    for start in imports.keys().filter(|place| !place.is_empty()) {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Vec<String>> = imports[start].iter().collect();
        while let Some(place) = next.pop() {
            assert!(place != start, "{} is part of a circle", modules[start].file.display());
            // The root names every room, and nothing may name the root.
            assert!(
                !place.is_empty(),
                "{} imports from the root",
                modules[start].file.display()
            );
            if reached.insert(place) {
                next.extend(&imports[place]);
            }
        }
    }
}

#[test]
fn only_the_client_knows_the_aws_sdk_and_only_ffi_knows_c() {
    // The one type of the AWS SDK's that a user hands in.
    let is_factory = |file: &Path| file.ends_with("src/config/client_factory.rs");
    for (place, module) in modules() {
        let names = |wanted: &str| {
            module
                .paths
                .iter()
                .any(|path| path.iter().any(|name| name.starts_with(wanted) && name != "aws_lc_rs"))
        };
        let room = place.first().map(String::as_str);
        // aws-lc is cryptography, whoever asks.
        let knows_aws = names("aws_");
        assert!(
            !knows_aws || room == Some("client") || is_factory(&module.file),
            "{} knows the AWS SDK",
            module.file.display()
        );
        let knows_c = names("c_char") || names("CStr") || module.source.contains("#[no_mangle]");
        assert!(!knows_c || room == Some("ffi"), "{} knows C", module.file.display());
    }
}

#[test]
fn architecture_shows_the_list() {
    let text = include_str!("../../ARCHITECTURE.md");
    let rows = text.lines().filter_map(|line| {
        let (room, rest) = line.strip_prefix("| `src/")?.split_once('`')?;
        let below = rest.trim_end_matches('|').rsplit('|').next()?.trim();
        Some((
            room.trim_end_matches('/').trim_end_matches(".rs").to_owned(),
            below.to_owned(),
        ))
    });
    let shown: Vec<_> = rows.collect();
    let listed = FLOORS.map(|(room, below)| {
        let below = if below.is_empty() {
            "nothing".to_owned()
        } else {
            below.join(", ")
        };
        (room.to_owned(), below)
    });
    assert_eq!(shown, listed);
}

#[test]
fn the_files_that_architecture_names_exist() {
    let text = include_str!("../../ARCHITECTURE.md");
    let quoted = text.split('`').skip(1).step_by(2);
    let is_path = |name: &&str| {
        let is_below = ["src/", "tests/", "docs/", "bindings/"]
            .iter()
            .any(|folder| name.starts_with(folder));
        is_below && !name.contains(['*', ' ']) && !name.contains("NAME")
    };
    let paths: Vec<&str> = quoted.filter(is_path).collect();
    assert!(paths.len() > 40, "{paths:?}");
    for path in paths {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
}
