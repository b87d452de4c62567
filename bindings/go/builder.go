package lddynamodb

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// StoreBuilder configures a persistent data store or a Big Segment store. [DataStore] and [BigSegmentStore] make one; pass it to
// [github.com/launchdarkly/go-server-sdk/v7/ldcomponents.PersistentDataStore] or
// [github.com/launchdarkly/go-server-sdk/v7/ldcomponents.BigSegments]. The two stores are independent of each other and may have
// different tables and options:
//
//	config.DataStore = ldcomponents.PersistentDataStore(lddynamodb.DataStore("table1")).CacheSeconds(15)
//	config.BigSegments = ldcomponents.BigSegments(lddynamodb.BigSegmentStore("table2"))
type StoreBuilder[T any] struct {
	builderOptions
	factory func(*StoreBuilder[T], subsystems.ClientContext) (T, error)
}

type builderOptions struct {
	table         string
	prefix        string
	client        *dynamodb.Client
	awsConfig     *aws.Config
	clientOptions *dynamodb.Options
	clientOptFns  []func(*dynamodb.Options)
	storeOptions  lddynamostore.Options
}

// DataStore makes a builder of a store for flags and segments. The table must exist; its partition key is "namespace" and its sort key
// "key", both strings.
func DataStore(tableName string) *StoreBuilder[subsystems.PersistentDataStore] {
	return &StoreBuilder[subsystems.PersistentDataStore]{
		builderOptions: builderOptions{table: tableName},
		factory: func(
			builder *StoreBuilder[subsystems.PersistentDataStore], context subsystems.ClientContext,
		) (subsystems.PersistentDataStore, error) {
			return newDataStore(&builder.builderOptions, context.GetLogging().Loggers)
		},
	}
}

// BigSegmentStore makes a builder of a store for Big Segments. The table is as in [DataStore].
func BigSegmentStore(tableName string) *StoreBuilder[subsystems.BigSegmentStore] {
	return &StoreBuilder[subsystems.BigSegmentStore]{
		builderOptions: builderOptions{table: tableName},
		factory: func(
			builder *StoreBuilder[subsystems.BigSegmentStore], context subsystems.ClientContext,
		) (subsystems.BigSegmentStore, error) {
			return newBigSegmentStore(&builder.builderOptions, context.GetLogging().Loggers)
		},
	}
}

// Prefix goes before every namespace with a colon, so that environments share a table; "" is none.
func (b *StoreBuilder[T]) Prefix(prefix string) *StoreBuilder[T] {
	b.prefix = prefix
	return b
}

// DynamoClient takes region, endpoint, credentials and retries from an existing client. The client itself makes no requests.
// ClientConfig and ClientOptions are ignored then.
func (b *StoreBuilder[T]) DynamoClient(client *dynamodb.Client) *StoreBuilder[T] {
	b.client = client
	return b
}

// ClientConfig takes the settings of a client that dynamodb.NewFromConfig makes of these.
func (b *StoreBuilder[T]) ClientConfig(options aws.Config, optFns ...func(*dynamodb.Options)) *StoreBuilder[T] {
	b.awsConfig = &options
	b.clientOptFns = optFns
	return b
}

// ClientOptions takes the settings of a client with the default configuration of the AWS SDK and these options over it.
func (b *StoreBuilder[T]) ClientOptions(options dynamodb.Options, optFns ...func(*dynamodb.Options)) *StoreBuilder[T] {
	b.awsConfig = nil
	b.clientOptions = &options
	b.clientOptFns = optFns
	return b
}

// StoreOptions sets what the AWS SDK has no options for, for example ReadOnly for a service in daemon mode. They win over what comes
// from the AWS SDK. Prefix has a method of its own, and the caches are refused, because the SDK caches. Two defaults are others than
// those of lddynamostore: InitTimeout is 30 s, because until an init has ended the SDK hands on nothing; and messages go to the SDK's
// loggers, with their least severe level as LogLevel.
func (b *StoreBuilder[T]) StoreOptions(options lddynamostore.Options) *StoreBuilder[T] {
	b.storeOptions = options
	return b
}

// Build is called by the SDK. It sends nothing: a missing table is found by the first call.
func (b *StoreBuilder[T]) Build(context subsystems.ClientContext) (T, error) {
	return b.factory(b, context)
}

// DescribeConfiguration is used by the SDK for its diagnostic events.
func (b *StoreBuilder[T]) DescribeConfiguration(subsystems.ClientContext) ldvalue.Value {
	return ldvalue.String("DynamoDB")
}

var errNoTable = errors.New("table name is required")
