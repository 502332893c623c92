//! The library's public items, read off its text as rustfmt lays it out.

use crate::ids::ids_in;
use crate::sources::text;
use std::path::{Path, PathBuf};

/// A public function, method, type or trait with its documentation.
#[derive(Clone, Debug)]
pub struct Item {
    /// The public module in which it is found, as in `gaussian_mixture::score`.
    pub module: String,
    /// Its name there, as in `in_means` or `GaussianMixture::density`.
    pub name: String,
    /// How rustdoc's links name it.
    pub link: String,
    pub documentation: String,
}

impl Item {
    pub fn path(&self) -> String {
        format!("{}::{}", self.module, self.name)
    }

    /// The paragraph that begins with `Source:`, if there is one; an example may follow it at once.
    pub fn source(&self) -> &str {
        let start = self.documentation.find("Source:");
        let paragraph = |start: usize| self.documentation[start..].split("\n\n").next().unwrap_or_default();
        start.map_or("", |start| paragraph(start).split("\n```").next().unwrap_or_default())
    }

    /// The ids of the `Source:` paragraph; of errata, also those that are named anywhere in the documentation.
    pub fn ids(&self) -> Vec<String> {
        let mut ids = ids_in(self.source());
        ids.extend(ids_in(&self.documentation).into_iter().filter(|id| id.contains('E')));
        ids
    }
}

/// The public path under which a file's items are found: a private module's are re-exported by the one above it.
/// None for what is outside the public library.
pub fn public_module(path: &Path) -> Option<String> {
    let inner = path.strip_prefix("src").ok()?.with_extension("");
    let mut names: Vec<&str> = inner.iter().filter_map(|name| name.to_str()).collect();
    if matches!(names.as_slice(), ["lib" | "main"]) {
        return None;
    }
    if names.last() == Some(&"mod") {
        names.pop();
    }
    let mut parent = text("src/lib.rs");
    let mut folder = PathBuf::from("src");
    let mut public = Vec::new();
    for (depth, name) in names.iter().enumerate() {
        if declares(&parent, name) {
            public.push(*name);
        } else if depth == 0 {
            return None;
        }
        folder.push(name);
        let own = folder.join("mod.rs");
        let has_own = Path::new(crate::sources::ROOT).join(&own).exists();
        parent = text(if has_own { own } else { folder.with_extension("rs") });
    }
    Some(public.join("::"))
}

/// Whether a module's text publishes another, and without asking for a feature.
fn declares(parent: &str, name: &str) -> bool {
    let mut before = "";
    for line in parent.lines() {
        if line == format!("pub mod {name};") {
            return !before.starts_with("#[cfg");
        }
        before = line;
    }
    false
}

/// What the braces that are open belong to; in the last two, functions are public without saying so.
enum Owner {
    Type(String),
    Trait(String),
    TraitOf(String),
}

/// The public items of a file, with the methods of its types and traits.
pub fn items(code: &str, module: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut documentation = String::new();
    let mut owner: Option<Owner> = None;
    for line in code.lines() {
        let words = line.trim_start();
        if let Some(comment) = words.strip_prefix("///") {
            documentation.push_str(comment.strip_prefix(' ').unwrap_or(comment));
            documentation.push('\n');
            continue;
        }
        if words.starts_with("#[") || words.starts_with("//") {
            continue;
        }
        let public = words.strip_prefix("pub ");
        let in_trait = matches!(owner, Some(Owner::Trait(_) | Owner::TraitOf(_)));
        let declaration = public.unwrap_or(if in_trait && line.starts_with("    fn ") { words } else { "" });
        let declaration =
            declaration.strip_prefix("const ").filter(|d| d.starts_with("fn ")).unwrap_or(declaration);
        if let Some((kind, rest)) = declaration.split_once(' ')
            && ["fn", "struct", "enum", "trait", "type", "const"].contains(&kind)
        {
            let own = identifier(rest);
            let (name, link) = match &owner {
                Some(Owner::TraitOf(owner)) => (format!("{owner}::{own}"), format!("{owner}#method.{own}")),
                Some(Owner::Type(owner) | Owner::Trait(owner)) => {
                    (format!("{owner}::{own}"), format!("{owner}::{own}()"))
                }
                None => (own.to_owned(), own.to_owned() + if kind == "fn" { "()" } else { "" }),
            };
            let (module, link) = (module.to_owned(), format!("{module}::{link}"));
            items.push(Item { module, name, link, documentation: documentation.clone() });
        }
        if let Some(rest) = line.strip_prefix("impl").filter(|_| !line.ends_with('}')) {
            owner = Some(match rest.split_once(" for ") {
                Some((_, target)) => Owner::TraitOf(identifier(target).to_owned()),
                None => Owner::Type(identifier(after_generics(rest).trim_start()).to_owned()),
            });
        } else if let Some(rest) = line.strip_prefix("pub trait ") {
            owner = Some(Owner::Trait(identifier(rest).to_owned()));
        } else if line == "}" {
            owner = None;
        }
        documentation.clear();
    }
    items
}

pub fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// What follows the `<…>` at the start of a text, if there is one.
fn after_generics(text: &str) -> &str {
    let mut depth = 0;
    for (index, c) in text.char_indices() {
        depth += i32::from(c == '<') - i32::from(c == '>');
        if depth == 0 {
            return if index == 0 { text } else { &text[index + 1..] };
        }
    }
    text
}

/// The scanner finds what rustfmt lays out: items, methods, methods of traits, and what belongs to each.
#[test]
fn items_are_read_with_their_documentation() {
    let code = "/// One.\n///\n/// Source: H-01\n/// (and H-02); see H-E01.\n///\n/// More of H-03, H-E02.\n\
        pub fn one() {\n}\n\n\
        /// Hidden. Source: H-04.\nfn hidden() {}\n\n\
        impl<M: Model> Fit<M> {\n    /// Source: H-05.\n    #[must_use]\n    pub const fn two() {}\n}\n\n\
        impl Model for Fit<f64> {\n    /// Source: H-06.\n    fn three() {}\n}\n\n\
        /// Source: H-07.\npub trait Model {\n    /// Source: H-08.\n    fn four();\n}\n\n\
        /// Source: H-09.\npub struct Five;\n";
    let found: Vec<(String, String, Vec<String>)> =
        items(code, "m").into_iter().map(|item| (item.path(), item.link.clone(), item.ids())).collect();
    let expected: [(&str, &str, &[&str]); 6] = [
        ("m::one", "m::one()", &["H-01", "H-02", "H-E01", "H-E01", "H-E02"]),
        ("m::Fit::two", "m::Fit::two()", &["H-05"]),
        ("m::Fit::three", "m::Fit#method.three", &["H-06"]),
        ("m::Model", "m::Model", &["H-07"]),
        ("m::Model::four", "m::Model::four()", &["H-08"]),
        ("m::Five", "m::Five", &["H-09"]),
    ];
    let expected = expected.map(|(path, link, ids)| {
        (path.to_owned(), link.to_owned(), ids.iter().map(|id| (*id).to_owned()).collect())
    });
    assert_eq!(found, expected);
}
