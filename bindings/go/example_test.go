package lddynamodb_test

import (
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"

	lddynamodb "github.com/launchdarkly/go-server-sdk-dynamodb/v4"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func ExampleDataStore() {
	client, err := ld.MakeCustomClient("sdk-key", ld.Config{
		DataStore: ldcomponents.PersistentDataStore(
			lddynamodb.DataStore("my-table").Prefix("my-environment").ClientOptions(dynamodb.Options{Region: "eu-west-1"}),
		).CacheSeconds(30),
		BigSegments: ldcomponents.BigSegments(lddynamodb.BigSegmentStore("my-table").Prefix("my-environment")),
	}, 5*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
}

func ExampleStoreBuilder_StoreOptions() {
	// Daemon mode: the SDK reads what another program writes, and needs no more than GetItem and Query.
	client, err := ld.MakeCustomClient("sdk-key", ld.Config{
		DataSource: ldcomponents.ExternalUpdatesOnly(),
		DataStore: ldcomponents.PersistentDataStore(lddynamodb.DataStore("my-table").StoreOptions(lddynamostore.Options{
			ReadOnly:        true,
			ConsistentReads: lddynamostore.Value(false),
		})),
	}, 5*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
}
