//! Links lead somewhere, and the first page stays short.

use std::collections::BTreeSet;

use super::{files, markdown, read};

/// The most that a newcomer should have to read first.
const README_LIMIT: usize = 7 * 1024;

/// The file to which a link leads from another file, by its name in the repository.
fn resolve(from: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(from.to_owned());
    }
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for step in path.trim_end_matches('/').split('/') {
        match step {
            "." => {}
            ".." => {
                folders.pop()?;
            }
            step => folders.push(step),
        }
    }
    Some(folders.join("/"))
}

/// What is wrong with a link, if anything.
fn complaint(files: &BTreeSet<String>, from: &str, link: &str) -> Option<&'static str> {
    if ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| link.starts_with(scheme))
    {
        return None;
    }
    let (path, anchor) = link
        .split_once('#')
        .map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let Some(file) = resolve(from, path) else {
        return Some("leaves the repository");
    };
    let is_folder = || files.iter().any(|other| other.starts_with(&format!("{file}/")));
    if !files.contains(&file) {
        return (!is_folder()).then_some("leads to no file");
    }
    let anchor = anchor?;
    let is_heading = file.ends_with(".md") && markdown::anchors(&read(&file)).iter().any(|known| known == anchor);
    (!is_heading).then_some("leads to no heading")
}

#[test]
fn every_relative_link_leads_somewhere() {
    let files: BTreeSet<_> = files().into_iter().collect();
    let mut count = 0;
    let mut complaints = Vec::new();
    for page in files.iter().filter(|file| file.ends_with(".md")) {
        let text = read(page);
        // A link's text may go on in the next line, its target never does.
        for (number, line) in markdown::parse(&text).1 {
            for link in markdown::links(&markdown::without_code(line)) {
                count += 1;
                let complaint = complaint(&files, page, link);
                complaints.extend(complaint.map(|reason| format!("{page}:{number}: {link} {reason}")));
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(count > 30, "only {count} links were found");
}

#[test]
fn a_newcomer_reads_seven_kilobytes() {
    let size = read("README.md").len();
    assert!(size <= README_LIMIT, "README.md has {size} bytes");
}
