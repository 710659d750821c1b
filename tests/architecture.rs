//! Holds the code to `ARCHITECTURE.md`: which layer may use which, and which crates.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read the sources has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::Visit;

/// One layer: the other layers it may name, and the crates it may use.
struct Layer {
    name: &'static str,
    layers: &'static [&'static str],
    /// `None`: any dependency.
    crates: Option<&'static [&'static str]>,
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "domain",
        layers: &[],
        crates: Some(&["serde", "thiserror", "hdrhistogram", "jiff"]),
    },
    Layer {
        name: "proto",
        layers: &["domain"],
        crates: Some(&["httparse", "quick_xml", "ring", "thiserror", "x509_parser"]),
    },
    Layer { name: "files", layers: &[], crates: Some(&[]) },
    Layer { name: "process", layers: &[], crates: Some(&["nix", "tokio"]) },
    Layer { name: "probe", layers: &["domain", "process", "proto"], crates: None },
    Layer { name: "schedule", layers: &["domain"], crates: Some(&[]) },
    Layer {
        name: "config",
        layers: &["domain", "files"],
        crates: Some(&[
            "serde",
            "serde_json",
            "thiserror",
            "toml",
            "toml_edit",
            "humantime",
            "idna",
            "jiff",
            "strsim",
            "etcetera",
            "ironrdp_rdpfile",
            "csv",
            "quick_xml",
        ]),
    },
    Layer {
        name: "cli",
        layers: &["domain", "config"],
        crates: Some(&["clap", "clap_complete", "clap_mangen", "humantime", "thiserror"]),
    },
    Layer {
        name: "store",
        layers: &["domain", "files"],
        crates: Some(&["serde", "serde_json", "thiserror"]),
    },
    Layer { name: "monitor", layers: &["domain"], crates: Some(&["tracing"]) },
    Layer {
        name: "scenario",
        layers: &["domain", "monitor"],
        crates: Some(&["serde", "strsim", "thiserror", "toml"]),
    },
    Layer {
        name: "ui",
        layers: &["domain", "report"],
        crates: Some(&[
            "ratatui",
            "anstyle",
            "anstyle_lossy",
            "crossterm",
            "serde",
            "strsim",
            "toml",
            "thiserror",
            "tui_input",
            "unicode_width",
            "unicode_segmentation",
            "jiff",
            "nix",
        ]),
    },
    Layer {
        name: "report",
        layers: &["domain"],
        crates: Some(&["serde", "serde_json", "jiff", "strsim", "thiserror"]),
    },
    Layer { name: "sink", layers: &["domain", "process", "proto", "report"], crates: None },
    Layer { name: "demo", layers: &["domain", "proto", "probe"], crates: None },
    Layer {
        name: "app",
        layers: &[
            "cli", "config", "demo", "domain", "monitor", "probe", "proto", "report", "scenario",
            "schedule", "sink", "store", "ui",
        ],
        crates: None,
    },
];

/// Files that alone may read and write the terminal.
const TERMINAL_EDGE: &[&str] = &["ui/terminal.rs"];

/// Names a source file uses: layers of this crate, and dependencies.
#[derive(Default)]
struct Names {
    module: Vec<String>,
    layers: BTreeSet<String>,
    crates: BTreeSet<String>,
    dependencies: BTreeSet<String>,
}

impl Names {
    fn note(&mut self, segments: &[String]) {
        let Some(first) = segments.first() else { return };
        match first.as_str() {
            "crate" | "rdpwatch" => {
                if let Some(layer) = segments.get(1) {
                    self.layers.insert(layer.clone());
                }
            }
            "super" => {
                let supers = segments.iter().take_while(|segment| *segment == "super").count();
                if supers >= self.module.len()
                    && let Some(layer) = segments.get(supers)
                {
                    self.layers.insert(layer.clone());
                }
            }
            name if self.dependencies.contains(name) => {
                self.crates.insert(name.to_owned());
            }
            _ => {}
        }
    }

    fn note_use(&mut self, prefix: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.note_use(prefix, &path.tree);
                prefix.pop();
            }
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.note_use(prefix, item);
                }
            }
            syn::UseTree::Name(name) => self.note_leaf(prefix, &name.ident),
            syn::UseTree::Rename(rename) => self.note_leaf(prefix, &rename.ident),
            syn::UseTree::Glob(_) => self.note(prefix),
        }
    }

    fn note_leaf(&mut self, prefix: &[String], ident: &syn::Ident) {
        let mut segments = prefix.to_vec();
        segments.push(ident.to_string());
        self.note(&segments);
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_use(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.note(&segments);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test_only(&item.attrs) {
            self.module.push(item.ident.to_string());
            syn::visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        let words: Vec<String> =
            invocation.tokens.to_string().split_whitespace().map(str::to_owned).collect();
        for window in words.windows(3) {
            if window[0] == "crate" && window[1] == "::" {
                self.layers.insert(window[2].clone());
            }
        }
        syn::visit::visit_macro(self, invocation);
    }
}

fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the source folder is readable") {
        let path = entry.expect("its entries are readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn dependencies() -> BTreeSet<String> {
    let manifest = fs::read_to_string("Cargo.toml").expect("Cargo.toml is readable");
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml parses");
    let mut names = BTreeSet::new();
    let mut collect = |table: Option<&toml::Value>| {
        for name in table.and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys) {
            names.insert(name.replace('-', "_"));
        }
    };
    collect(manifest.get("dependencies"));
    for target in manifest["target"].as_table().expect("targets are a table").values() {
        collect(target.get("dependencies"));
    }
    names
}

/// The module path of a file below `src`, layer first: `probe/echo/mod.rs` is `[probe, echo]`.
fn module_of(relative: &Path) -> Vec<String> {
    let mut module: Vec<String> = relative
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

fn names_in(path: &Path, relative: &Path, dependencies: &BTreeSet<String>) -> Names {
    let text = fs::read_to_string(path).expect("sources are readable");
    let file = syn::parse_file(&text).expect("sources parse");
    let mut names = Names {
        module: module_of(relative),
        dependencies: dependencies.clone(),
        ..Names::default()
    };
    names.visit_file(&file);
    names
}

fn is_test_file(relative: &Path) -> bool {
    relative.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        matches!(part.trim_end_matches(".rs"), "tests" | "testing" | "test_support")
    })
}

#[test]
fn every_layer_uses_only_what_the_architecture_allows() {
    let dependencies = dependencies();
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let relative = path.strip_prefix("src").expect("sources are below src").to_path_buf();
        let module = module_of(&relative);
        if matches!(module[0].as_str(), "main" | "lib") || is_test_file(&relative) {
            continue;
        }
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == module[0]) else {
            wrong.push(format!("{}: layer {} is not in the table", path.display(), module[0]));
            continue;
        };
        let names = names_in(&path, &relative, &dependencies);
        let known: BTreeSet<&str> = LAYERS.iter().map(|layer| layer.name).collect();
        for used in names.layers.iter().filter(|used| known.contains(used.as_str())) {
            if used != layer.name && !layer.layers.contains(&used.as_str()) {
                wrong.push(format!("{}: {} may not use {used}", path.display(), layer.name));
            }
        }
        for used in &names.crates {
            if layer.crates.is_some_and(|allowed| !allowed.contains(&used.as_str())) {
                wrong.push(format!("{}: {} may not use crate {used}", path.display(), layer.name));
            }
        }
    }
    assert!(wrong.is_empty(), "the architecture is broken:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_terminal_edge_touches_the_terminal() {
    let mut files = Vec::new();
    sources(Path::new("src/ui"), &mut files);
    for path in files {
        let relative = path.strip_prefix("src").expect("sources are below src");
        let text = fs::read_to_string(&path).expect("sources are readable");
        let touches = ["crossterm::terminal", "crossterm::execute", "std::io::stdout", "nix::"]
            .iter()
            .any(|name| text.contains(name));
        let allowed = TERMINAL_EDGE.iter().any(|edge| relative == Path::new(edge));
        assert!(allowed || !touches, "{} touches the terminal", path.display());
    }
}

#[test]
fn the_checker_sees_forbidden_names_in_every_spelling() {
    let spellings = [
        "use crate::probe::clock::Clock;",
        "use crate::{domain::time, probe};",
        "use super::probe::clock;",
        "fn f() { crate::probe::go(); }",
        "fn f() { let x: crate::probe::T = 1; }",
        "fn f() { println!(\"{}\", crate :: probe :: X); }",
    ];
    for text in spellings {
        let file = syn::parse_file(text).expect("the sample parses");
        let mut names = Names { module: vec!["ui".to_owned()], ..Names::default() };
        names.visit_file(&file);
        assert!(names.layers.contains("probe"), "{text}");
    }
}
