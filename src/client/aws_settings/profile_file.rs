//! One of the two AWS files, taken apart as the AWS CLI does it, line by line with its numbers.
//!
//! The AWS SDK reads nothing of a file in which one line is wrong. Here a wrong line belongs to its profile, and what is right is
//! written out again for the AWS SDK.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// A file as far as it could be read.
#[derive(Default)]
pub(super) struct ProfileFile {
    /// `None` where the home folder is not known.
    pub(super) path: Option<PathBuf>,
    pub(super) sections: Vec<Section>,
    /// Why it could not be read, unless it is not there.
    pub(super) unreadable: Option<String>,
}

/// What stands below one line in brackets.
pub(super) struct Section {
    /// `default`, `profile NAME`, `services NAME` …, without needless spaces and quotes.
    pub(super) name: String,
    pub(super) properties: Vec<Property>,
    /// The lines that are none of the format's.
    pub(super) broken: Vec<usize>,
}

pub(super) struct Property {
    /// In lower case.
    pub(super) key: String,
    pub(super) value: String,
    pub(super) line: usize,
    /// The indented lines below a property without a value.
    pub(super) nested: Vec<Property>,
}

const COMMENT: [char; 2] = ['#', ';'];

impl ProfileFile {
    pub(super) fn read(path: Option<PathBuf>) -> Self {
        let mut file = ProfileFile {
            path,
            ..ProfileFile::default()
        };
        if file.path.as_deref().is_some_and(is_pipe) {
            file.unreadable = Some("it is a pipe, and is read more than once".to_owned());
            return file;
        }
        match file.path.as_ref().map(std::fs::read) {
            Some(Ok(bytes)) => file.sections = sections(&String::from_utf8_lossy(&bytes)),
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                file.unreadable = Some(error.to_string());
            }
            _ => {}
        }
        file
    }
}

/// A pipe can be read once, and before and after that there may be nobody at its other end, for whom reading waits.
pub(in crate::client) fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo())
}

/// As Python's `configparser` reads it, on which the AWS CLI is built: a line continues the property above only if it is indented
/// further than that is.
pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut indent_of_property = 0;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with(COMMENT) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let Some(header) = content.strip_prefix('[') {
            // Without its closing bracket it still ends the section above.
            let name = header.find(']').map_or("", |end| &header[..end]);
            sections.push(Section {
                name: section_name(name),
                properties: Vec::new(),
                broken: if name.is_empty() { vec![index + 1] } else { Vec::new() },
            });
            continue;
        }
        // What stands above the first section belongs to nobody.
        let Some(section) = sections.last_mut() else { continue };
        let property = property(content, index + 1);
        let continued = section.properties.last_mut().filter(|_| indent > indent_of_property);
        match (continued, property) {
            (Some(above), Some(property)) if above.value.is_empty() => above.nested.push(property),
            (Some(above), None) if above.value.is_empty() => section.broken.push(index + 1),
            // The AWS settings that are read here have one line.
            (Some(_), _) => {}
            (None, Some(property)) => {
                indent_of_property = indent;
                section.properties.push(property);
            }
            (None, None) => section.broken.push(index + 1),
        }
    }
    sections
}

fn property(content: &str, line: usize) -> Option<Property> {
    // Python's parser takes both for the sign between them.
    let (key, value) = without_comment(content).split_once(['=', ':'])?;
    let key = key.trim().to_ascii_lowercase();
    (!key.is_empty()).then(|| Property {
        key,
        value: value.trim().to_owned(),
        line,
        nested: Vec::new(),
    })
}

/// As the AWS SDK does it: what follows a space and `#` or `;` is a comment.
fn without_comment(content: &str) -> &str {
    let begins = content
        .match_indices(COMMENT)
        .find(|(place, _)| content[..*place].ends_with(char::is_whitespace));
    begins.map_or(content, |(place, _)| &content[..place])
}

fn section_name(header: &str) -> String {
    let words = header.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_spoils_its_own_section_only() {
        let sections = sections(
            "stray\n[profile one]\nregion\nregion = a\n[profile two]\n  region: b\n  output = json\n[broken\nregion = c\n\
             [ profile \"three\" ]\ns3 =\n  max = 1\nREGION=d # far\n[default]\nregion = e\n",
        );
        let told: Vec<_> = sections
            .iter()
            .map(|section| {
                let region = section.properties.iter().find(|property| property.key == "region");
                let region = region.map(|property| (property.value.as_str(), property.line));
                (section.name.as_str(), region, section.broken.as_slice())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("profile one", Some(("a", 4)), &[3][..]),
                ("profile two", Some(("b", 6)), &[]),
                ("", Some(("c", 9)), &[8]),
                ("profile three", Some(("d", 13)), &[]),
                ("default", Some(("e", 15)), &[]),
            ]
        );
        assert_eq!(sections[3].properties[0].nested[0].value, "1");
    }
}
