//! The search for secrets in the files and output of a run.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;

/// A secret in common encodings.
fn forms(secret: &str) -> Vec<String> {
    // The scheme is not secret, but the part after it is.
    let bare = secret.rsplit(' ').next().unwrap();
    let mut forms = vec![bare.to_owned()];
    for text in [secret, bare] {
        // Within a longer text, base64 depends on the position.
        for (before, engine) in (0..6).map(|nth| (nth % 3, [&STANDARD, &URL_SAFE][nth / 3])) {
            let whole = engine.encode(format!("{}{text}", " ".repeat(before)));
            let from = [0, 2, 3][before];
            let whole = whole.trim_end_matches('=');
            forms.push(whole[from..whole.len() - 1].to_owned());
        }
        let bytes = text.bytes();
        let hex: Vec<_> = bytes.clone().map(|byte| format!("{byte:02x}")).collect();
        let decimal: Vec<_> = bytes.map(|byte| byte.to_string()).collect();
        forms.extend([
            hex.concat(),
            hex.concat().to_uppercase(),
            hex.join(" "),
            decimal.join(", "),
            decimal.join(" "),
        ]);
        forms.push(text.replace(' ', "%20"));
        forms.push(text.chars().rev().collect());
    }
    forms
}

/// Asserts that a text contains none of the secrets.
#[track_caller]
pub fn assert_no_secret(text: &str, of: &str, secrets: &[&str]) {
    for secret in secrets {
        for form in forms(secret) {
            if let Some(at) = text.find(&form) {
                let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
                let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
                panic!("{of} holds {secret} as {form}: {}", &text[line..end]);
            }
        }
    }
}

/// All files of a folder with their content. Plan files are unpacked, and the private data of states is decoded.
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        // Skips the provider: its mirror, and the link to it.
        if path.is_symlink() || path.ends_with("mirror") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            read_file(&path.display().to_string(), &bytes, &mut found);
        }
    }
    found
}

/// A file in raw and readable form.
fn read_file(name: &str, bytes: &[u8], found: &mut Vec<(String, String)>) {
    if bytes.starts_with(b"PK") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).expect("an entry");
            let mut unpacked = Vec::new();
            entry.read_to_end(&mut unpacked).expect("an entry that unpacks");
            let entry = entry.name().expect("a name").into_owned();
            read_file(&format!("{name}/{entry}"), &unpacked, found);
        }
    }
    if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
        let instances = document["resources"].as_array().into_iter().flatten();
        let instances = instances.flat_map(|resource| resource["instances"].as_array().into_iter().flatten());
        for private in instances.filter_map(|instance| instance["private"].as_str()) {
            let decoded = STANDARD.decode(private).expect("base64");
            found.push((
                format!("{name}/private"),
                String::from_utf8_lossy(&decoded).into_owned(),
            ));
        }
    }
    found.push((name.to_owned(), String::from_utf8_lossy(bytes).into_owned()));
}
