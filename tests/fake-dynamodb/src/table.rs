//! Tables in memory: sorted rows, each kept as the JSON text it came in.

use std::borrow::Cow;
use std::collections::btree_map::{BTreeMap, Entry};
use std::ops::Bound;

use crate::attributes::{AttributeValue, Attributes};
use crate::failure::Failure;

const PARTITION_KEY_BYTES: usize = 2048;
const SORT_KEY_BYTES: usize = 1024;
pub const ITEM_BYTES: usize = 400 * 1024;

#[derive(Debug)]
pub struct Row {
    /// The attribute-value JSON, as the client wrote it.
    pub attributes: Box<str>,
    /// Bytes as the service counts them.
    pub size: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct KeyAttribute {
    pub name: String,
    /// "S", "N" or "B".
    pub kind: String,
}

/// A row's place. `sort` is empty in a table without a sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    pub partition: Cow<'a, str>,
    pub sort: Cow<'a, str>,
}

#[derive(Debug)]
pub struct Table {
    pub name: String,
    pub partition: KeyAttribute,
    pub sort: Option<KeyAttribute>,
    partitions: BTreeMap<Box<str>, BTreeMap<Box<str>, Row>>,
}

pub type Tables = BTreeMap<String, Table>;

impl Table {
    pub fn new(name: &str, partition: KeyAttribute, sort: Option<KeyAttribute>) -> Table {
        Table {
            name: name.to_owned(),
            partition,
            sort,
            partitions: BTreeMap::new(),
        }
    }

    /// The table of the flag store: `namespace` and `key`, both strings.
    pub fn standard(name: &str) -> Table {
        let text = |name: &str| KeyAttribute {
            name: name.to_owned(),
            kind: "S".to_owned(),
        };
        Table::new(name, text("namespace"), Some(text("key")))
    }

    /// The key of a whole item, which is checked as the service checks it.
    pub fn key_of_item<'a>(&self, item: &'a Attributes<'a>) -> Result<Key<'a>, Failure> {
        let key = self.key(item, |attribute| {
            Failure::validation(format!(
                "One or more parameter values were invalid: Missing the key {} in the item",
                attribute.name
            ))
        })?;
        Table::check_item(item)?;
        Ok(key)
    }

    /// Checks what an item of any table must keep to.
    pub fn check_item(item: &Attributes) -> Result<(), Failure> {
        if let Some(refusal) = item.refusal() {
            return Err(Failure::validation(refusal));
        }
        if item.size() > ITEM_BYTES {
            return Err(Failure::validation("Item size has exceeded the maximum allowed size"));
        }
        Ok(())
    }

    pub fn has_key(&self, name: &str) -> bool {
        self.partition.name == name || self.sort.as_ref().is_some_and(|sort| sort.name == name)
    }

    /// The key that stands alone in a request: exactly the key attributes.
    pub fn key_alone<'a>(&self, attributes: &'a Attributes<'a>) -> Result<Key<'a>, Failure> {
        let mismatch = || Failure::validation("The provided key element does not match the schema");
        if attributes.values.0.len() != 1 + usize::from(self.sort.is_some()) {
            return Err(mismatch());
        }
        self.key(attributes, |_| mismatch())
    }

    fn key<'a>(&self, from: &'a Attributes<'a>, absent: impl Fn(&KeyAttribute) -> Failure) -> Result<Key<'a>, Failure> {
        let part = |attribute: &KeyAttribute, limit: usize| {
            let value = from.values.find(&attribute.name).ok_or_else(|| absent(attribute))?;
            key_text(attribute, value, limit)
        };
        Ok(Key {
            partition: part(&self.partition, PARTITION_KEY_BYTES)?,
            sort: self
                .sort
                .as_ref()
                .map_or(Ok(Cow::Borrowed("")), |attribute| part(attribute, SORT_KEY_BYTES))?,
        })
    }

    /// A key as the service writes it in LastEvaluatedKey.
    pub fn key_json(&self, partition: &str, sort: &str) -> String {
        let part = |attribute: &KeyAttribute, text: &str| {
            let (name, text) = (serde_json::Value::from(&*attribute.name), serde_json::Value::from(text));
            format!(r#"{name}:{{"{}":{text}}}"#, attribute.kind)
        };
        let sort = self
            .sort
            .as_ref()
            .map(|attribute| format!(",{}", part(attribute, sort)))
            .unwrap_or_default();
        format!("{{{}{sort}}}", part(&self.partition, partition))
    }

    pub fn get(&self, key: &Key) -> Option<&Row> {
        self.partitions.get(&*key.partition)?.get(&*key.sort)
    }

    /// Puts a row; gives the one it replaced.
    pub fn put(&mut self, key: &Key, row: Row) -> Option<Row> {
        match self.partitions.get_mut(&*key.partition) {
            Some(rows) => match rows.get_mut(&*key.sort) {
                Some(place) => Some(std::mem::replace(place, row)),
                None => rows.insert(key.sort.as_ref().into(), row),
            },
            None => self
                .partitions
                .entry(key.partition.as_ref().into())
                .or_default()
                .insert(key.sort.as_ref().into(), row),
        }
    }

    pub fn delete(&mut self, key: &Key) -> Option<Row> {
        let Entry::Occupied(mut rows) = self.partitions.entry(key.partition.as_ref().into()) else {
            return None;
        };
        let removed = rows.get_mut().remove(&*key.sort);
        if rows.get().is_empty() {
            rows.remove();
        }
        removed
    }

    pub fn clear(&mut self) {
        self.partitions.clear();
    }

    pub fn rows(&self) -> usize {
        self.partitions.values().map(BTreeMap::len).sum()
    }

    /// The rows of one partition behind a sort key, in order.
    pub fn partition_rows<'t>(&'t self, partition: &str, after: Option<&'t str>) -> impl Iterator<Item = RowAt<'t>> {
        self.partitions
            .get_key_value(partition)
            .into_iter()
            .flat_map(move |(partition, rows)| {
                rows.range::<str, _>(behind(after))
                    .map(move |(sort, row)| RowAt { partition, sort, row })
            })
    }

    /// All rows behind a key, in the order of partitions and sort keys.
    pub fn all_rows<'t, 'k: 't>(&'t self, after: Option<&'k Key<'k>>) -> impl Iterator<Item = RowAt<'t>> {
        let from = after.map_or(Bound::Unbounded, |key| Bound::Included(&*key.partition));
        self.partitions
            .range::<str, _>((from, Bound::Unbounded))
            .flat_map(move |(partition, rows)| {
                let after = after.filter(|key| key.partition == **partition).map(|key| &*key.sort);
                rows.range::<str, _>(behind(after))
                    .map(move |(sort, row)| RowAt { partition, sort, row })
            })
    }
}

/// A row and where it stands.
#[derive(Clone, Copy)]
pub struct RowAt<'t> {
    pub partition: &'t str,
    pub sort: &'t str,
    pub row: &'t Row,
}

fn behind(after: Option<&str>) -> (Bound<&str>, Bound<&str>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

fn key_text<'a>(
    attribute: &KeyAttribute,
    value: &'a AttributeValue<'a>,
    limit: usize,
) -> Result<Cow<'a, str>, Failure> {
    let name = &attribute.name;
    let text = value
        .scalar()
        .filter(|_| value.kind() == attribute.kind)
        .ok_or_else(|| {
            Failure::validation(format!(
                "One or more parameter values were invalid: Type mismatch for key {name} expected: {} actual: {}",
                attribute.kind,
                value.kind()
            ))
        })?;
    let text = text.text();
    if text.is_empty() {
        return Err(Failure::validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
        )));
    }
    if text.len() > limit {
        return Err(Failure::validation(format!(
            "One or more parameter values were invalid: Size of key {name} has exceeded the maximum size limit of {limit} bytes"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Row {
        Row {
            attributes: text.into(),
            size: text.len(),
        }
    }

    fn key(partition: &'static str, sort: &'static str) -> Key<'static> {
        Key {
            partition: partition.into(),
            sort: sort.into(),
        }
    }

    #[test]
    fn rows_are_sorted_and_resumed_behind_a_key() {
        let mut table = Table::standard("t");
        for (partition, sort) in [("b", "2"), ("a", "1"), ("b", "1"), ("c", "1")] {
            assert!(table.put(&key(partition, sort), row("{}")).is_none());
        }
        let places = |after: Option<&Key>| {
            table
                .all_rows(after)
                .map(|at| format!("{}{}", at.partition, at.sort))
                .collect::<Vec<_>>()
        };
        assert_eq!(places(None), ["a1", "b1", "b2", "c1"]);
        assert_eq!(places(Some(&key("b", "1"))), ["b2", "c1"]);
        assert_eq!(places(Some(&key("b", "9"))), ["c1"]);
        assert_eq!(table.partition_rows("b", Some("1")).count(), 1);
        assert_eq!(table.partition_rows("z", None).count(), 0);
    }

    #[test]
    fn put_replaces_and_delete_removes() {
        let mut table = Table::standard("t");
        table.put(&key("a", "1"), row("old"));
        assert_eq!(&*table.put(&key("a", "1"), row("new")).unwrap().attributes, "old");
        assert_eq!(&*table.delete(&key("a", "1")).unwrap().attributes, "new");
        assert!(table.delete(&key("a", "1")).is_none());
        assert_eq!(table.rows(), 0);
    }

    #[test]
    fn keys_are_checked() {
        let table = Table::standard("t");
        let message = |raw: &str| {
            let item = Attributes::parse(raw).unwrap();
            table.key_of_item(&item).map(|_| ()).unwrap_err().message
        };
        assert!(message(r#"{"namespace":{"S":"n"}}"#).contains("Missing the key key"));
        assert!(message(r#"{"namespace":{"S":"n"},"key":{"N":"1"}}"#).contains("expected: S actual: N"));
        assert!(message(r#"{"namespace":{"S":""},"key":{"S":"k"}}"#).contains("empty string"));
        let long = format!(r#"{{"namespace":{{"S":"n"}},"key":{{"S":"{}"}}}}"#, "x".repeat(1025));
        assert!(message(&long).contains("1024 bytes"));
        let extra = Attributes::parse(r#"{"namespace":{"S":"n"},"key":{"S":"k"},"x":{"S":""}}"#).unwrap();
        assert!(table.key_of_item(&extra).is_ok());
        assert!(table.key_alone(&extra).is_err());
    }

    #[test]
    fn an_item_may_have_exactly_400_kb() {
        let table = Table::standard("t");
        let item = |bytes: usize| {
            format!(
                r#"{{"namespace":{{"S":"n"}},"key":{{"S":"k"}},"item":{{"S":"{}"}}}}"#,
                "x".repeat(bytes)
            )
        };
        let fixed = "namespacenkeykitem".len();
        assert!(table
            .key_of_item(&Attributes::parse(&item(409_600 - fixed)).unwrap())
            .is_ok());
        assert!(table
            .key_of_item(&Attributes::parse(&item(409_601 - fixed)).unwrap())
            .is_err());
    }

    #[test]
    fn keys_are_written_with_their_types() {
        assert_eq!(
            Table::standard("t").key_json("n\"", "k"),
            r#"{"namespace":{"S":"n\""},"key":{"S":"k"}}"#
        );
    }
}
