//! Consumed capacity, by the sizes the service bills.

use serde::Deserialize;

/// How much of it an answer reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Report {
    #[default]
    None,
    Total,
    Indexes,
}

/// One unit for every 4 KB begun, half of it when not consistent.
pub fn read_units(bytes: usize, consistent: bool) -> f64 {
    let units = bytes.div_ceil(4096).max(1) as f64;
    if consistent {
        units
    } else {
        units / 2.0
    }
}

/// One unit for every KB begun, of the larger of the old and the new item.
pub fn write_units(bytes: usize) -> f64 {
    bytes.div_ceil(1024).max(1) as f64
}

impl Report {
    /// The ConsumedCapacity object of one table, or nothing.
    pub fn text(self, table: &str, units: f64) -> Option<String> {
        self.object(table, &format!(r#""CapacityUnits":{units:.1}"#))
    }

    /// The same of a transaction, which also says what kind of units they are.
    pub fn text_of_transaction(self, table: &str, kind: &str, units: f64) -> Option<String> {
        self.object(table, &format!(r#""CapacityUnits":{units:.1},"{kind}":{units:.1}"#))
    }

    fn object(self, table: &str, units: &str) -> Option<String> {
        let name = serde_json::Value::from(table);
        match self {
            Report::None => None,
            Report::Total => Some(format!(r#"{{"TableName":{name},{units}}}"#)),
            Report::Indexes => Some(format!(r#"{{"TableName":{name},{units},"Table":{{{units}}}}}"#)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_by_size() {
        assert_eq!(read_units(0, false), 0.5);
        assert_eq!(read_units(4096, true), 1.0);
        assert_eq!(read_units(4097, true), 2.0);
        assert_eq!(read_units(1_000_000, false), 122.5);
        assert_eq!(write_units(0), 1.0);
        assert_eq!(write_units(1025), 2.0);
    }

    #[test]
    fn reports() {
        assert_eq!(Report::None.text("t", 1.0), None);
        assert_eq!(
            Report::Total.text("t", 0.5).unwrap(),
            r#"{"TableName":"t","CapacityUnits":0.5}"#
        );
        assert_eq!(
            Report::Total
                .text_of_transaction("t", "WriteCapacityUnits", 4.0)
                .unwrap(),
            r#"{"TableName":"t","CapacityUnits":4.0,"WriteCapacityUnits":4.0}"#
        );
        assert!(Report::Indexes
            .text("t", 25.0)
            .unwrap()
            .ends_with(r#""Table":{"CapacityUnits":25.0}}"#));
    }
}
