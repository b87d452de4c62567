//! The parts of Markdown that the documents use.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub struct Block<'text> {
    /// The number of the line of its first fence, from 1.
    pub line: usize,
    pub language: &'text str,
    pub lines: Vec<&'text str>,
    /// The last line of text above it.
    pub introduction: &'text str,
}

impl Block<'_> {
    pub fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// The file into which a reader saves it: the introduction ends with its name in backquotes and a colon.
    pub fn file(&self) -> Option<&str> {
        let (_, name) = self.introduction.strip_suffix("`:")?.rsplit_once('`')?;
        Some(name)
    }
}

/// The fenced blocks of a page, and its other lines with their numbers.
pub fn parse(text: &str) -> (Vec<Block<'_>>, Vec<(usize, &str)>) {
    let mut blocks: Vec<Block> = Vec::new();
    let mut prose: Vec<(usize, &str)> = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(text.lines()) {
        match line.strip_prefix("```") {
            Some(_) if is_open => is_open = false,
            Some(language) => {
                let above = prose.iter().rev().find(|(_, line)| !line.trim().is_empty());
                blocks.push(Block {
                    line: number,
                    language,
                    lines: Vec::new(),
                    introduction: above.map_or("", |(_, line)| line),
                });
                is_open = true;
            }
            None if is_open => blocks.last_mut().expect("an open block").lines.push(line),
            None => prose.push((number, line)),
        }
    }
    if let Some(block) = blocks.last().filter(|_| is_open) {
        panic!(
            "the block in line {}, under {:?}, is not closed",
            block.line, block.introduction
        );
    }
    (blocks, prose)
}

/// A line without what stands in backquotes, where nothing is a link.
pub fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts
        .filter(|(number, _)| number % 2 == 0)
        .map(|(_, part)| part)
        .collect()
}

/// Where the links of a text lead, which has no code in it.
pub fn links(text: &str) -> Vec<&str> {
    let inline = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ', '\n']).next());
    let definitions = text.lines().filter_map(|line| {
        line.strip_prefix('[')?
            .split_once("]: ")
            .map(|(_, target)| target.trim())
    });
    inline.chain(definitions).collect()
}

/// The names by which GitHub lets links lead to the headings of a page.
pub fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in parse(text).1 {
        let heading = line.trim_start_matches('#');
        if heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let slug = slug(heading.trim());
        let same = anchors.iter().filter(|anchor| {
            let number = anchor.strip_prefix(&slug).map(|rest| rest.trim_start_matches('-'));
            number.is_some_and(|number| number.chars().all(|digit| digit.is_ascii_digit()))
        });
        anchors.push(match same.count() {
            0 => slug,
            earlier => format!("{slug}-{earlier}"),
        });
    }
    anchors
}

fn slug(heading: &str) -> String {
    let mut shown = String::new();
    let mut rest = heading;
    // Of a link, only its text is shown.
    while let Some((before, after)) = rest.split_once("](") {
        shown.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    shown.push_str(rest);
    let letters = shown
        .chars()
        .flat_map(char::to_lowercase)
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        });
    letters.collect()
}

#[test]
fn a_block_knows_its_language_its_file_and_its_line() {
    let text = "# Page\n\nSave this as `first.c`:\n\n```c\nint x;\n```\n\nThen:\n\n```sh\n# comment\n./first\n```\n";
    let (blocks, prose) = parse(text);
    assert_eq!(blocks.len(), 2);
    assert_eq!((blocks[0].line, blocks[0].language), (5, "c"));
    assert_eq!(blocks[0].file(), Some("first.c"));
    assert_eq!(blocks[1].text(), "# comment\n./first\n");
    assert_eq!(blocks[1].file(), None);
    assert!(prose.contains(&(9, "Then:")));
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# What's `this_one`?\n## C & C++\n## [The table](a.md#b)\n```sh\n# none\n```\n## The table\n### The table is big\n#no heading\n";
    let expected = ["whats-this_one", "c--c", "the-table", "the-table-1", "the-table-is-big"];
    assert_eq!(anchors(text), expected);
}

#[test]
fn links_in_code_are_none() {
    let line = without_code("see [a](b.md#c), `[x](y)` and [`z`](w \"title\")");
    assert_eq!(links(&line), ["b.md#c", "w"]);
    assert_eq!(links("[name]: docs/c.md"), ["docs/c.md"]);
}
