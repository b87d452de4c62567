// Package lddynamodb provides a DynamoDB-backed persistent data store for the LaunchDarkly Go SDK, over the native library ld-dynamo-store.
//
// It has the exported names of LaunchDarkly's own package, whose module path this module has, so that a program changes over with one line
// in its go.mod and none in its source:
//
//	replace github.com/launchdarkly/go-server-sdk-dynamodb/v4 => ../ld-dynamo-store/bindings/go
//
// To use the DynamoDB data store with the LaunchDarkly client:
//
//	import lddynamodb "github.com/launchdarkly/go-server-sdk-dynamodb/v4"
//
//	config := ld.Config{
//		DataStore: ldcomponents.PersistentDataStore(lddynamodb.DataStore("my-table-name")),
//	}
//	client, err := ld.MakeCustomClient("sdk-key", config, 5*time.Second)
//
// Region, endpoint and credentials are found as the AWS SDK for Go finds them; the methods of [StoreBuilder] set them. Options of the
// AWS SDK that this store cannot honour are errors of Build that name them and say what to use instead.
//
// The SDK caches, and this store does not: CacheSeconds of [github.com/launchdarkly/go-server-sdk/v7/ldcomponents.PersistentDataStore]
// says how long.
//
// Programs without the SDK use the package lddynamostore.
package lddynamodb
