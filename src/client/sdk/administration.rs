//! The table itself: what it is, how it is made, and its rows with all that they have.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ProvisionedThroughput, ScalarAttributeType,
    TableDescription as Described,
};

use super::{text, units, Sdk, MAXIMUM_PAGE_BYTES};
use crate::client::administration::{
    Capacity, Extent, Identity, KeyAttribute, NewTable, TableDescription, WholePage, WholeRow,
};
use crate::client::optional::Asked;
use crate::client::rows::{big_segments_row, size, stored_row, Attributes, PageStart};
use crate::client::sent;
use crate::error::{Error, ErrorKind, Result};
use crate::table::item::{StoredRow, ROW_OVERHEAD_BYTES};
use crate::table::key_range::KeyRange;
use crate::table::schema;

impl Sdk {
    pub(in crate::client) async fn describe_table(&self) -> Result<TableDescription> {
        let request = self.dynamodb.describe_table().table_name(&self.table);
        let answer = send!(self, request, 0).map_err(|error| self.failed("DescribeTable", error))?;
        let described = answer.table.ok_or_else(|| {
            let message = format!("DescribeTable on {}: the answer describes no table", self.place);
            Error::new(ErrorKind::InvalidResponse, message)
        })?;
        Ok(description(&described))
    }

    /// Makes the table; `Ok(false)` where there is one of that name.
    pub(in crate::client) async fn create_table(&self, table: &NewTable) -> Result<bool> {
        let (answer, is_repeated) = sent::watching_answers(self.send_create_table(table)).await;
        let error = match answer {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        match error.as_service_error() {
            // An earlier attempt, whose answer was lost, may have made it.
            Some(CreateTableError::ResourceInUseException(_)) => Ok(is_repeated),
            _ => Err(self.failed("CreateTable", error)),
        }
    }

    async fn send_create_table(
        &self,
        table: &NewTable,
    ) -> std::result::Result<(), SdkError<CreateTableError, aws_sdk_dynamodb::config::http::HttpResponse>> {
        let request = self.dynamodb.create_table().table_name(&self.table);
        let (attributes, keys) = schema_of_keys().map_err(SdkError::construction_failure)?;
        let mut request = request
            .set_attribute_definitions(Some(attributes))
            .set_key_schema(Some(keys));
        request = match table.capacity {
            Capacity::OnDemand => request.billing_mode(BillingMode::PayPerRequest),
            Capacity::Provisioned {
                read_units,
                write_units,
            } => {
                let throughput = ProvisionedThroughput::builder()
                    .read_capacity_units(read_units)
                    .write_capacity_units(write_units)
                    .build();
                request
                    .billing_mode(BillingMode::Provisioned)
                    .provisioned_throughput(throughput.map_err(SdkError::construction_failure)?)
            }
        };
        // An engine that does not know the parameter refuses it, so that it goes out only where it says something.
        if table.has_deletion_protection {
            request = request.deletion_protection_enabled(true);
        }
        send!(self, request, 0).map(drop)
    }

    /// Region and endpoint, and where the credentials come from, which are looked for where nobody has yet.
    pub(in crate::client) async fn identity(&self) -> Result<Identity> {
        let credentials = match &self.settings.credentials {
            Some(credentials) => credentials.origin().await?,
            None => "handed in by the program",
        };
        let region = self.dynamodb.config().region();
        Ok(Identity {
            region: region.map(|region| region.to_string()).unwrap_or_default(),
            endpoint: self.named_endpoint.clone(),
            credentials: credentials.to_owned(),
        })
    }

    /// One page of the table or of a namespace: the first, or the one that `start` of the page before names.
    pub(in crate::client) async fn whole_rows(
        &self,
        extent: Extent<'_>,
        consistent: bool,
        start: Option<PageStart>,
    ) -> Result<WholePage> {
        let start = start.map(|start| start.0);
        let (items, next) = match extent {
            Extent::Table => self.scan(consistent, start).await?,
            Extent::Namespace(namespace) => self.query_attributes(namespace, consistent, start).await?,
        };
        let rows = items.into_iter().map(|attributes| self.whole_row(attributes));
        Ok(WholePage {
            rows: rows.collect::<Result<_>>()?,
            next: next.filter(|key| !key.is_empty()).map(PageStart),
        })
    }

    /// One page of all rows.
    async fn scan(&self, consistent: bool, start: Option<Attributes>) -> Result<(Vec<Attributes>, Option<Attributes>)> {
        let send = async |asked: Asked| {
            let request = self.dynamodb.scan().table_name(&self.table);
            let request = request
                .consistent_read(consistent)
                .set_return_consumed_capacity(asked.consumed_capacity())
                .set_exclusive_start_key(start.clone());
            send!(self, request, MAXIMUM_PAGE_BYTES)
        };
        let answer = self.without_refused(send).await;
        let answer = answer.map_err(|error| self.failed("Scan", error))?;
        self.stats.read_units(units(answer.consumed_capacity()));
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    async fn query_attributes(
        &self,
        namespace: &str,
        consistent: bool,
        start: Option<Attributes>,
    ) -> Result<(Vec<Attributes>, Option<Attributes>)> {
        let send = async |asked: Asked| {
            let request = self.dynamodb.query().table_name(&self.table);
            let request = request
                .key_condition_expression(KeyRange::default().condition())
                .expression_attribute_names("#namespace", schema::NAMESPACE)
                .expression_attribute_values(":namespace", text(namespace))
                .consistent_read(consistent)
                .set_return_consumed_capacity(asked.consumed_capacity())
                .set_exclusive_start_key(start.clone());
            send!(self, request, MAXIMUM_PAGE_BYTES)
        };
        let answer = self.without_refused(send).await;
        let answer = answer.map_err(|error| self.failed("Query", error))?;
        self.stats.read_units(units(answer.consumed_capacity()));
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    fn whole_row(&self, mut attributes: Attributes) -> Result<WholeRow> {
        let bytes = ROW_OVERHEAD_BYTES + size(&attributes);
        let text_of = |name: &str| attributes.get(name).and_then(|value| value.as_s().ok()).cloned();
        let (Some(namespace), Some(key)) = (text_of(schema::NAMESPACE), text_of(schema::KEY)) else {
            let message = format!(
                "{}: a row has no \"namespace\" and \"key\" that are strings (the table needs the partition key \"namespace\" and the \
                 sort key \"key\", both strings)",
                self.place
            );
            return Err(Error::new(ErrorKind::TableMismatch, message));
        };
        let ours = [schema::NAMESPACE, schema::KEY, schema::VERSION, schema::ITEM];
        let names = attributes.keys().filter(|name| !ours.contains(&name.as_str()));
        let mut other_attributes: Vec<String> = names.cloned().collect();
        other_attributes.sort_unstable();
        // Taken out rather than copied: sets may be large.
        let of_big_segments = [
            schema::SYNCHRONIZED_ON,
            schema::LAST_VERSION,
            schema::INCLUDED,
            schema::EXCLUDED,
        ];
        let of_big_segments = of_big_segments.iter().filter_map(|name| attributes.remove_entry(*name));
        let big_segments = big_segments_row(of_big_segments.collect());
        let row = StoredRow {
            only_our_attributes: other_attributes.is_empty(),
            ..stored_row(key, attributes)
        };
        Ok(WholeRow {
            namespace,
            row,
            bytes,
            other_attributes,
            big_segments,
        })
    }
}

fn schema_of_keys() -> std::result::Result<(Vec<AttributeDefinition>, Vec<KeySchemaElement>), BuildError> {
    let attribute = |name| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        attribute.attribute_type(ScalarAttributeType::S).build()
    };
    let key = |name, key_type| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(key_type)
            .build()
    };
    let attributes = vec![attribute(schema::NAMESPACE)?, attribute(schema::KEY)?];
    let keys = vec![
        key(schema::NAMESPACE, KeyType::Hash)?,
        key(schema::KEY, KeyType::Range)?,
    ];
    Ok((attributes, keys))
}

/// What engines leave out is taken for what it is where nothing is said: active, on demand, unprotected.
fn description(described: &Described) -> TableDescription {
    let definitions = described.attribute_definitions();
    let key = |key_type: &KeyType| {
        let element = described.key_schema().iter().find(|key| key.key_type() == key_type)?;
        let name = element.attribute_name();
        let definition = definitions.iter().find(|known| known.attribute_name() == name);
        Some(KeyAttribute {
            name: name.to_owned(),
            attribute_type: definition
                .map_or("?", |known| known.attribute_type().as_str())
                .to_owned(),
        })
    };
    let billing = described
        .billing_mode_summary()
        .and_then(|summary| summary.billing_mode());
    let throughput = described.provisioned_throughput();
    let throughput = throughput.map(|units| {
        let (read, write) = (units.read_capacity_units(), units.write_capacity_units());
        (read.unwrap_or(0), write.unwrap_or(0))
    });
    let capacity = match throughput {
        Some((read_units, write_units)) if billing != Some(&BillingMode::PayPerRequest) && read_units > 0 => {
            Capacity::Provisioned {
                read_units,
                write_units,
            }
        }
        _ => Capacity::OnDemand,
    };
    TableDescription {
        status: described
            .table_status()
            .map_or("ACTIVE", |status| status.as_str())
            .to_owned(),
        keys: [key(&KeyType::Hash), key(&KeyType::Range)]
            .into_iter()
            .flatten()
            .collect(),
        capacity,
        rows: described.item_count(),
        bytes: described.table_size_bytes(),
        arn: described.table_arn().map(str::to_owned),
        has_deletion_protection: described.deletion_protection_enabled().unwrap_or_default(),
    }
}
