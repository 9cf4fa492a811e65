//! The pages of `docs/` match the schemas and show the examples. `docs/generate.sh` generates the pages; this test
//! detects with cargo alone that it was not run.

#![allow(clippy::panic, clippy::unwrap_used)] // a test fails by them

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use terraform_plugin::protocol::{ServeMode, Server};
use terraform_plugin::{Attribute, FunctionDefinition, Kind, Parameter, Schema};
use terraform_provider_konnect::KonnectProvider;

/// The prefix of all type names.
const NAME: &str = "konnect";

const REMEDY: &str = "run docs/generate.sh and commit what it writes";

/// An object with a page.
struct Documented<'a> {
    page: String,
    /// The folder of its examples.
    examples: String,
    description: &'a str,
    /// Its attributes, also the nested ones.
    attributes: Vec<&'a Attribute>,
    function: Option<&'a FunctionDefinition>,
}

impl<'a> Documented<'a> {
    fn block(page: String, examples: String, schema: &'a Schema) -> Self {
        Self {
            page,
            examples,
            description: schema.description(),
            attributes: with_nested(schema.attributes()),
            function: None,
        }
    }

    /// The parameters of a function.
    fn parameters(&self) -> impl Iterator<Item = &'a Parameter> {
        let of_function =
            |function: &'a FunctionDefinition| function.parameters.iter().chain(&function.variadic);
        self.function.into_iter().flat_map(of_function)
    }
}

fn with_nested(attributes: &[Attribute]) -> Vec<&Attribute> {
    let mut all = Vec::new();
    for attribute in attributes {
        all.push(attribute);
        if let Kind::Nested(_, inner) = &attribute.kind {
            all.extend(with_nested(inner.attributes()));
        }
    }
    all
}

fn documented(server: &Server<KonnectProvider>) -> Vec<Documented<'_>> {
    let of = |folder: &'static str| {
        move |(name, schema)| {
            let page = format!("docs/{folder}/{}.md", short(name));
            Documented::block(page, format!("examples/{folder}/{name}"), schema)
        }
    };
    let (index, provider) = ("docs/index.md".to_owned(), "examples/provider".to_owned());
    let mut all = vec![Documented::block(index, provider, server.schema())];
    all.extend(server.resources().map(of("resources")));
    all.extend(server.data_sources().map(of("data-sources")));
    all.extend(server.list_resources().map(of("list-resources")));
    all.extend(server.actions().map(of("actions")));
    all.extend(server.functions().map(|function| Documented {
        page: format!("docs/functions/{}.md", function.name()),
        examples: format!("examples/functions/{}", function.name()),
        description: function.definition().description,
        attributes: Vec::new(),
        function: Some(function.definition()),
    }));
    all
}

/// The name without the provider's prefix, as in the name of the page.
fn short(name: &str) -> &str {
    name.strip_prefix(NAME)
        .and_then(|rest| rest.strip_prefix('_'))
        .unwrap_or(name)
}

fn server() -> Server<KonnectProvider> {
    Server::new(KonnectProvider, ServeMode::Managed)
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}; {REMEDY}"))
}

/// The paths in a folder, from the project's root. Empty if the folder does not exist.
fn entries(folder: &str) -> BTreeSet<String> {
    let Ok(found) = fs::read_dir(project(folder)) else {
        return BTreeSet::new();
    };
    found
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap()))
        .collect()
}

#[test]
fn page_contains_description_and_attributes() {
    let server = server();
    for of in documented(&server) {
        let (page, text) = (&of.page, read(&of.page));
        let listed: Vec<_> = text.lines().filter(|line| line.contains("` (")).collect();
        let attributes = of.attributes.iter();
        let attributes = attributes.map(|of| (format!("- `{}` (", of.name), of.description));
        let parameters = of.parameters();
        let parameters = parameters.map(|of| (format!("`{}` (", of.name), of.description));
        for (head, description) in attributes.chain(parameters) {
            let end = format!(") {description}");
            let is_it = |line: &&str| line.contains(&head) && line.contains(&end);
            assert!(listed.iter().any(is_it), "{page} lacks {head}{end}: {REMEDY}");
        }
        // The front page has another introduction.
        let intro = if page == "docs/index.md" { "  " } else { "" };
        for paragraph in of.description.split("\n\n") {
            assert!(
                text.contains(&format!("\n{intro}{paragraph}\n")),
                "{page} lacks the description of its schema: {REMEDY}"
            );
        }
        let number = listed.iter().filter(|line| line.starts_with("- `")).count();
        assert!(
            of.function.is_some() || number == of.attributes.len(),
            "{page} lists attributes that its schema does not have: {REMEDY}"
        );
    }
}

/// A reader must first see the required permission and CLI version.
#[test]
fn page_begins_with_permission_and_cli_version() {
    let server = server();
    for Documented { page, .. } in documented(&server) {
        if page == "docs/index.md" {
            continue;
        }
        let text = read(&page);
        let (top, _) = text.split_once("\n## ").unwrap();
        for label in ["\n**Permission:** ", "\n**CLI:** Terraform 1."] {
            assert!(top.contains(label), "{page} lacks {label:?} at its top");
        }
    }
}

/// Editors and pages show these texts.
#[test]
fn everything_has_a_description() {
    let server = server();
    for of in documented(&server) {
        let page = &of.page;
        check_description(page, of.description);
        for attribute in &of.attributes {
            check_description(&format!("{page}: {}", attribute.name), attribute.description);
        }
        if let Some(function) = of.function {
            check_description(page, function.summary);
        }
        for parameter in of.parameters() {
            check_description(&format!("{page}: {}", parameter.name), parameter.description);
        }
    }
}

/// A CLI hides the values of these attributes.
#[test]
fn secrets_are_sensitive() {
    let server = server();
    let mut sensitive = BTreeSet::new();
    for Documented { page, attributes, .. } in documented(&server) {
        let hidden = attributes.iter().filter(|attribute| attribute.sensitive);
        sensitive.extend(hidden.map(|attribute| format!("{page} {}", attribute.name)));
    }
    let expected = [
        "docs/data-sources/audit_log_destination.md endpoint",
        "docs/data-sources/audit_log_destinations.md endpoint",
        "docs/index.md personal_access_token",
        "docs/index.md system_account_access_token",
        "docs/resources/audit_log_destination.md authorization",
        "docs/resources/audit_log_webhook.md authorization",
    ];
    assert_eq!(sensitive, expected.map(str::to_owned).into());
}

/// A description is a sentence that does not only repeat the name.
fn check_description(of: &str, text: &str) {
    assert!(
        text.starts_with(|c: char| c.is_uppercase() || c == '`' || c.is_ascii_digit()) && text.ends_with('.'),
        "{of} has the description {text:?}, which is not a sentence"
    );
    assert!(
        text.split_whitespace().count() >= 3,
        "{of} has the description {text:?}, which is too short"
    );
}

#[test]
fn page_contains_examples_verbatim() {
    let server = server();
    for Documented { page, examples, .. } in documented(&server) {
        let text = read(&page);
        let files = entries(&examples);
        assert!(!files.is_empty(), "{examples} has no example: add one");
        for file in files {
            let example = read(&file);
            let command = Path::new(&file).extension().is_some_and(|e| e == "sh");
            let language = if command { "shell" } else { "terraform" };
            assert!(
                text.contains(&format!("```{language}\n{}\n```", example.trim_end())),
                "{page} does not show {file} as it is: {REMEDY}"
            );
        }
    }
}

/// Examples without a page of their own are part of a guide.
#[test]
fn guide_contains_examples_verbatim() {
    let shown = [
        ("getting-started", "examples/stream/main.tf"),
        ("getting-started", "examples/stream/siem.tf"),
    ];
    for (guide, file) in shown {
        let page = format!("docs/guides/{guide}.md");
        assert!(
            read(&page).contains(read(file).trim_end()),
            "{page} does not show {file}: {REMEDY}"
        );
    }
}

#[test]
fn index_page_links_every_guide() {
    let front = read("docs/index.md");
    for guide in entries("docs/guides") {
        let link = guide.trim_start_matches("docs/");
        assert!(
            front.contains(&format!("({link})")),
            "docs/index.md has no link to {guide}"
        );
    }
}

/// The documents of the project.
fn pages() -> Vec<String> {
    let own = [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "DESIGN.md",
        "README.md",
        "SECURITY.md",
        "benches/README.md",
        "docs/index.md",
        "examples/modules/audit-logging/README.md",
        "examples/policies/README.md",
        "packaging/README.md",
        "tests/README.md",
    ];
    let mut pages: Vec<_> = own.map(str::to_owned).into();
    let folders = entries("docs").into_iter().filter(|path| project(path).is_dir());
    for folder in folders.chain(["docs-internal".to_owned()]) {
        pages.extend(entries(&folder));
    }
    pages
}

/// The types and arguments of Kong's provider in the documents.
const OF_KONG: [&str; 8] = [
    "konnect_access_token",
    "konnect_audit_log",
    "konnect_managed",
    "konnect_portal",
    "konnect_portal_audit_log_webhook",
    "konnect_system_account",
    "konnect_system_account_access_token",
    "konnect_system_account_role",
];

/// The provider serves every type in the documents. Lists and actions are described as such.
#[test]
fn named_types_are_served() {
    let server = server();
    let lists: BTreeSet<_> = server.list_resources().map(|(name, _)| name).collect();
    let mut types: BTreeSet<_> = server.resources().map(|(name, _)| name).collect();
    types.extend(server.data_sources().map(|(name, _)| name));
    types.extend(server.actions().map(|(name, _)| name));
    let mut named = 0;
    for page in pages()
        .into_iter()
        .filter(|page| page.contains("docs/") || !page.contains('/'))
    {
        let text = read(&page);
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            // Types have lower case letters. The name of an archive does not.
            let is_type = word.starts_with("konnect_")
                && word != "konnect_"
                && !word.chars().any(|c| c.is_ascii_uppercase());
            if is_type {
                named += 1;
                assert!(
                    types.contains(word) || OF_KONG.contains(&word),
                    "{page} names {word}, which is not served"
                );
            }
        }
        for head in text.lines().filter_map(|line| line.strip_prefix("list \"")) {
            let (listed, _) = head.split_once('"').unwrap();
            assert!(
                lists.contains(listed),
                "{page} lists {listed}, which is not served"
            );
        }
    }
    assert!(named > 100, "only {named} names were found");
    // A bullet in the changelog ends at the next one.
    let changelog = read("CHANGELOG.md");
    let (_, bullet) = changelog.split_once("- List resources for").unwrap();
    let (bullet, _) = bullet.split_once("\n- ").unwrap();
    let in_changelog: BTreeSet<_> = bullet
        .split('`')
        .filter(|word| word.starts_with("konnect_"))
        .collect();
    assert_eq!(in_changelog, lists, "CHANGELOG.md");
}

/// Links within the documents lead to an existing file and heading.
#[test]
fn link_target_and_heading_exist() {
    let mut links = 0;
    for page in pages() {
        for link in links_of(&read(&page)) {
            if link.contains("://") {
                continue;
            }
            links += 1;
            let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => project(&page),
                path => project(&page).parent().unwrap().join(path),
            };
            assert!(target.exists(), "{page} links to {link}, which does not exist");
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                assert!(
                    anchors(&text).contains(heading),
                    "{page} links to {link}, where there is no such heading"
                );
            }
        }
    }
    assert!(links > 50, "only {links} links were found");
}

/// The files and folders in the map of the tests exist, relative to `tests/` or to the project's root.
#[test]
fn map_of_the_tests_names_existing_files() {
    let text = read("tests/README.md");
    let prose = text.split("```").step_by(2).collect::<String>();
    let named = prose.split('`').skip(1).step_by(2);
    let paths: Vec<_> = named
        .filter(|code| Path::new(code).extension().is_some_and(|e| e == "rs") || code.ends_with('/'))
        .collect();
    assert!(paths.len() > 40, "only {} paths were found", paths.len());
    for path in paths {
        assert!(
            project(path).exists() || project(&format!("tests/{path}")).exists(),
            "tests/README.md names {path}, which does not exist"
        );
    }
}

/// The targets of the links of a page, outside of its blocks of code.
fn links_of(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2).collect::<String>();
    let links = prose.split("](").skip(1);
    // A line break may precede the target of a link.
    links
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link.to_owned())
        .collect()
}

/// How long the documentation is, so that the decisive sentence is found. A page of reference counts without its schema.
#[test]
fn pages_keep_their_word_limits() {
    let words = |text: &str| text.split_whitespace().count();
    let mut total = 0;
    for page in markdown("docs/") {
        let text = read(&page);
        total += words(&text);
        let limit = if page.starts_with("docs/guides/") {
            1_200
        } else {
            1_000
        };
        let (own, _) = text.split_once("\n## Schema").unwrap_or((&text, ""));
        assert!(
            words(own) <= limit,
            "{page} has {} words: at most {limit}",
            words(own)
        );
    }
    assert!(total <= 17_000, "docs/ has {total} words: at most 17000");
    let readme = words(&read("README.md"));
    assert!(readme <= 800, "README.md has {readme} words: at most 800");
}

/// The pages below a folder.
fn markdown(folder: &str) -> Vec<String> {
    let is_page = |page: &String| {
        Path::new(page)
            .extension()
            .is_some_and(|extension| extension == "md")
    };
    let all = pages().into_iter().filter(|page| page.starts_with(folder));
    all.filter(is_page).collect()
}

/// A fact stands in one place. Pages of one template share its text.
#[test]
fn no_sentence_stands_on_two_pages() {
    let templates = ["templates/list-resources.md.tmpl", "templates/functions.md.tmpl"];
    let mut shared: BTreeSet<_> = templates.iter().flat_map(|file| sentences(&read(file))).collect();
    let server = server();
    let described = documented(&server);
    shared.extend(described.iter().flat_map(|of| sentences(of.description)));
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for page in markdown("docs/").into_iter().chain(["README.md".to_owned()]) {
        for sentence in sentences(&read(&page)) {
            if shared.contains(&sentence) {
                continue;
            }
            let first = seen.entry(sentence.clone()).or_insert_with(|| page.clone());
            assert_eq!(*first, page, "both have the sentence: {sentence}");
        }
    }
    assert!(seen.len() > 300, "only {} sentences were found", seen.len());
}

/// The sentences of more than eight words in the prose of a page, without its schema, code, tables of contents and the
/// targets of links.
fn sentences(text: &str) -> Vec<String> {
    let text = text
        .strip_prefix("---")
        .and_then(|rest| rest.split_once("\n---"))
        .map_or(text, |(_, rest)| rest);
    let (text, _) = text.split_once("\n## Schema").unwrap_or((text, ""));
    let prose = text.split("```").step_by(2).collect::<String>();
    let mut sentences = Vec::new();
    for paragraph in prose
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim_start().starts_with('#'))
    {
        // A row of a table and an item of a list are paragraphs of their own.
        let lines = paragraph
            .replace("\n|", "\0|")
            .replace("\n- ", "\0")
            .replace("\n1. ", "\0");
        for part in lines.split(['\0', '|']) {
            for sentence in without_targets(part).replace('\n', " ").split(". ") {
                let words: Vec<_> = sentence.split_whitespace().collect();
                let labelled = words
                    .first()
                    .is_some_and(|word| ["**Permission:**", "**CLI:**"].contains(word));
                if words.len() > 8 && !labelled {
                    sentences.push(words.join(" ").trim_end_matches(['.', ':']).to_owned());
                }
            }
        }
    }
    sentences
}

/// A text with the words of its links only.
fn without_targets(text: &str) -> String {
    let mut parts = text.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut whole, part| {
        whole.push_str(part.split_once(')').map_or(part, |(_, rest)| rest));
        whole
    })
}

/// The anchors of the headings of a page, and those that the generator writes.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| -> String {
        let title = line
            .trim_start_matches('#')
            .trim()
            .to_lowercase()
            .replace(' ', "-");
        title
            .chars()
            .filter(|c| c.is_alphanumeric() || ['-', '_'].contains(c))
            .collect()
    };
    let written = text.split("<a id=\"").skip(1);
    let written = written.filter_map(|rest| rest.split_once('"'));
    headings
        .map(anchor)
        .chain(written.map(|(id, _)| id.to_owned()))
        .collect()
}

#[test]
fn page_and_example_have_existing_schema() {
    let server = server();
    let documented = documented(&server);
    let pages: BTreeSet<_> = documented.iter().map(|d| d.page.clone()).collect();
    let examples: BTreeSet<_> = documented.iter().map(|d| d.examples.clone()).collect();
    for folder in entries("docs") {
        match folder.as_str() {
            // Separate pages, and the generator.
            "docs/index.md" | "docs/guides" | "docs/generate.sh" | "docs/schema.rs" => {}
            _ => assert!(
                entries(&folder).is_subset(&pages),
                "{folder} has a page for something that does not exist: {REMEDY}"
            ),
        }
    }
    for folder in [
        "examples/actions",
        "examples/data-sources",
        "examples/functions",
        "examples/list-resources",
        "examples/resources",
    ] {
        assert!(
            entries(folder).is_subset(&examples),
            "{folder} has an example for something that does not exist: remove it"
        );
    }
}
