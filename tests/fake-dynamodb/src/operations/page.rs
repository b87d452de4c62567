//! A page of rows: how Query and Scan walk, filter, project and stop.

use std::borrow::Cow;

use crate::attributes::Attributes;
use crate::capacity::{read_units, Report};
use crate::condition::Condition;
use crate::expression::attribute_name;
use crate::failure::Failure;
use crate::table::{RowAt, Table};

use super::{push_field, substitutes, Names, Values, Work};

/// The service stops reading before the row that would pass this.
const PAGE_BYTES: usize = 1024 * 1024;

pub struct PageOptions<'a> {
    pub limit: Option<usize>,
    pub filter: Option<Condition<'a>>,
    /// Top-level attributes to give; None gives the rows as they are.
    pub projection: Option<Vec<Cow<'a, str>>>,
    pub only_count: bool,
    pub consistent: bool,
    pub report: Report,
}

pub fn projection<'a>(
    expression: &'a Option<Cow<'a, str>>,
    attributes: &'a Option<Vec<Cow<'a, str>>>,
    names: &'a Names<'a>,
) -> Result<Option<Vec<Cow<'a, str>>>, Failure> {
    if let Some(expression) = expression {
        return expression
            .split(',')
            .map(|token| attribute_name(token.trim(), names.as_ref()))
            .collect::<Result<_, _>>()
            .map(Some);
    }
    Ok(attributes
        .as_ref()
        .map(|attributes| attributes.iter().map(|name| Cow::Borrowed(&**name)).collect()))
}

/// Adds an item, whole or projected.
pub fn push_item(body: &mut Vec<u8>, attributes: &str, projection: Option<&[Cow<str>]>) {
    let Some(names) = projection else {
        return body.extend_from_slice(attributes.as_bytes());
    };
    let values: crate::attributes::Map<&serde_json::value::RawValue> =
        serde_json::from_str(attributes).expect("stored rows were parsed");
    body.push(b'{');
    for (name, value) in values.0.iter().filter(|(name, _)| names.contains(name)) {
        if body.last() != Some(&b'{') {
            body.push(b',');
        }
        serde_json::to_writer(&mut *body, name).expect("writing to memory");
        body.push(b':');
        body.extend_from_slice(value.get().as_bytes());
    }
    body.push(b'}');
}

pub fn page<'t>(table: &Table, rows: impl Iterator<Item = RowAt<'t>>, options: &PageOptions) -> Work {
    let mut chosen = Vec::new();
    let (mut bytes, mut scanned, mut text, mut more) = (0, 0, 0, false);
    let mut last = None;
    for at in rows {
        if scanned > 0 && bytes + at.row.size > PAGE_BYTES {
            more = true;
            break;
        }
        bytes += at.row.size;
        scanned += 1;
        last = Some(at);
        if options.filter.as_ref().is_none_or(|filter| passes(filter, &at)) {
            text += at.row.attributes.len() + 1;
            chosen.push(at.row);
        }
        if options.limit == Some(scanned) {
            // The service does not look whether another row follows.
            more = true;
            break;
        }
    }
    let mut body = Vec::with_capacity(if options.only_count { 256 } else { text + 4096 });
    body.push(b'{');
    if !options.only_count {
        push_field(&mut body, "Items", b"[");
        for (index, row) in chosen.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            push_item(&mut body, &row.attributes, options.projection.as_deref());
        }
        body.push(b']');
    }
    push_field(&mut body, "Count", chosen.len().to_string().as_bytes());
    push_field(&mut body, "ScannedCount", scanned.to_string().as_bytes());
    if let (true, Some(at)) = (more, last) {
        push_field(
            &mut body,
            "LastEvaluatedKey",
            table.key_json(at.partition, at.sort).as_bytes(),
        );
    }
    let units = read_units(bytes, options.consistent);
    if let Some(report) = options.report.text(&table.name, units) {
        push_field(&mut body, "ConsumedCapacity", report.as_bytes());
    }
    body.push(b'}');
    Work {
        body,
        read_units: units,
        ..Work::default()
    }
}

fn passes(filter: &Condition, at: &RowAt) -> bool {
    let item = Attributes::parse(&at.row.attributes).expect("stored rows were parsed");
    filter.holds_for(Some(&item))
}

pub fn limit(limit: Option<usize>) -> Result<Option<usize>, Failure> {
    if limit == Some(0) {
        return Err(Failure::validation("Limit must be greater than or equal to 1"));
    }
    Ok(limit)
}

pub fn filter<'a>(
    text: &'a Option<Cow<'a, str>>,
    names: &'a Names<'a>,
    values: &'a Values<'a>,
) -> Result<Option<Condition<'a>>, Failure> {
    text.as_ref()
        .map(|text| Condition::parse(text, &substitutes(names, values)))
        .transpose()
}
