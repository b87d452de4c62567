// Command v4 is LaunchDarkly's own DynamoDB store for Go, version 4, as a driver of tests/cases/README.md's protocol. Items go through
// the SDK's own types both ways: what the SDK cannot read is an error here, and what it drops is gone. An item that is deleted is not found.
package main

import (
	"fmt"

	"protocol"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	lddynamodb "github.com/launchdarkly/go-server-sdk-dynamodb/v4"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"
)

type stores struct {
	configuration protocol.Configuration
	flags         subsystems.PersistentDataStore
	bigSegments   subsystems.BigSegmentStore
}

func main() {
	protocol.Serve(open)
}

func flagStore(given protocol.Configuration) subsystems.ComponentConfigurer[subsystems.PersistentDataStore] {
	return lddynamodb.DataStore(given.Table).Prefix(given.Prefix).ClientConfig(client(given))
}

func bigSegmentStore(given protocol.Configuration) subsystems.ComponentConfigurer[subsystems.BigSegmentStore] {
	return lddynamodb.BigSegmentStore(given.Table).Prefix(given.Prefix).ClientConfig(client(given))
}

func client(given protocol.Configuration) aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(given.Endpoint),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

func open(given protocol.Configuration) (protocol.Store, error) {
	context := subsystems.BasicClientContext{
		Logging: subsystems.LoggingConfiguration{Loggers: ldlog.NewDisabledLoggers()},
	}
	flags, err := flagStore(given).Build(context)
	if err != nil {
		return nil, err
	}
	bigSegments, err := bigSegmentStore(given).Build(context)
	return &stores{given, flags, bigSegments}, err
}

func kindNamed(name string) (ldstoretypes.DataKind, error) {
	for _, kind := range ldstoreimpl.AllKinds() {
		if kind.GetName() == name {
			return kind, nil
		}
	}
	return nil, fmt.Errorf("the SDK has no kind %q", name)
}

func (s *stores) Parsed(name string, text []byte) (protocol.Item, error) {
	kind, err := kindNamed(name)
	if err != nil {
		return protocol.Item{}, err
	}
	read, err := kind.Deserialize(text)
	return protocol.Item{Version: read.Version, Deleted: read.Item == nil, SerializedItem: kind.Serialize(read)}, err
}

func (s *stores) Get(name, key string) (protocol.Item, error) {
	kind, err := kindNamed(name)
	if err != nil {
		return protocol.Item{}, err
	}
	item, err := s.flags.Get(kind, key)
	return protocol.Item(item), err
}

func (s *stores) GetAll(name string) (map[string]protocol.Item, error) {
	kind, err := kindNamed(name)
	if err != nil {
		return nil, err
	}
	items, err := s.flags.GetAll(kind)
	all := map[string]protocol.Item{}
	for _, item := range items {
		all[item.Key] = protocol.Item(item.Item)
	}
	return all, err
}

func (s *stores) Init(dataSet map[string]map[string]protocol.Item) error {
	var collections []ldstoretypes.SerializedCollection
	for name, items := range dataSet {
		kind, err := kindNamed(name)
		if err != nil {
			return err
		}
		collection := ldstoretypes.SerializedCollection{Kind: kind}
		for key, item := range items {
			keyed := ldstoretypes.KeyedSerializedItemDescriptor{Key: key, Item: ldstoretypes.SerializedItemDescriptor(item)}
			collection.Items = append(collection.Items, keyed)
		}
		collections = append(collections, collection)
	}
	return s.flags.Init(collections)
}

func (s *stores) Upsert(name, key string, item protocol.Item) (bool, error) {
	kind, err := kindNamed(name)
	if err != nil {
		return false, err
	}
	return s.flags.Upsert(kind, key, ldstoretypes.SerializedItemDescriptor(item))
}

func (s *stores) IsInitialized() bool {
	return s.flags.IsInitialized()
}

func (s *stores) SynchronizedOn() (uint64, error) {
	metadata, err := s.bigSegments.GetMetadata()
	return uint64(metadata.LastUpToDate), err
}

func (s *stores) Membership(contextHash string) (func(string) (bool, bool), error) {
	membership, err := s.bigSegments.GetMembership(contextHash)
	return func(reference string) (bool, bool) {
		isMember := membership.CheckMembership(reference)
		return isMember.BoolValue(), isMember.IsDefined()
	}, err
}
