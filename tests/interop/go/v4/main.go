// Command v4 is LaunchDarkly's own DynamoDB store for Go, version 4, as a driver of tests/cases/README.md's protocol. Items go through
// the SDK's own types both ways, so that what the SDK cannot read is an error here; an item that is deleted is not found.
package main

import (
	"encoding/json"
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

// serialized is an item as the SDK hands it to its store.
func serialized(kind ldstoretypes.DataKind, item []byte) (ldstoretypes.SerializedItemDescriptor, error) {
	read, err := kind.Deserialize(item)
	return ldstoretypes.SerializedItemDescriptor{
		Version:        read.Version,
		Deleted:        read.Item == nil,
		SerializedItem: kind.Serialize(read),
	}, err
}

// text is an item as the store gave it, or nothing where the SDK takes it for a deleted one.
func text(kind ldstoretypes.DataKind, item ldstoretypes.SerializedItemDescriptor) (string, error) {
	if item.Deleted || item.SerializedItem == nil {
		return "", nil
	}
	read, err := kind.Deserialize(item.SerializedItem)
	if err != nil || read.Item == nil {
		return "", err
	}
	return string(item.SerializedItem), nil
}

func (s *stores) Get(name, key string) (int, string, error) {
	kind, err := kindNamed(name)
	if err != nil {
		return 0, "", err
	}
	item, err := s.flags.Get(kind, key)
	if err != nil {
		return 0, "", err
	}
	found, err := text(kind, item)
	if found == "" {
		return protocol.NotFound, "", err
	}
	return protocol.OK, found, err
}

func (s *stores) All(name string) (int, string, error) {
	kind, err := kindNamed(name)
	if err != nil {
		return 0, "", err
	}
	items, err := s.flags.GetAll(kind)
	if err != nil {
		return 0, "", err
	}
	all := map[string]json.RawMessage{}
	for _, item := range items {
		found, err := text(kind, item.Item)
		if err != nil {
			return 0, "", err
		}
		if found != "" {
			all[item.Key] = json.RawMessage(found)
		}
	}
	result, err := json.Marshal(all)
	return protocol.OK, string(result), err
}

func (s *stores) Init(dataSet map[string]map[string]json.RawMessage) error {
	var collections []ldstoretypes.SerializedCollection
	for name, items := range dataSet {
		kind, err := kindNamed(name)
		if err != nil {
			return err
		}
		collection := ldstoretypes.SerializedCollection{Kind: kind}
		for key, item := range items {
			descriptor, err := serialized(kind, item)
			if err != nil {
				return err
			}
			keyed := ldstoretypes.KeyedSerializedItemDescriptor{Key: key, Item: descriptor}
			collection.Items = append(collection.Items, keyed)
		}
		collections = append(collections, collection)
	}
	return s.flags.Init(collections)
}

func (s *stores) Upsert(name, key string, item []byte) (int, error) {
	kind, err := kindNamed(name)
	if err != nil {
		return 0, err
	}
	descriptor, err := serialized(kind, item)
	if err != nil {
		return 0, err
	}
	stored, err := s.flags.Upsert(kind, key, descriptor)
	if !stored {
		return protocol.NotNewer, err
	}
	return protocol.OK, err
}

func (s *stores) Initialized() bool {
	return s.flags.IsInitialized()
}

func (s *stores) Metadata() (int, string, error) {
	metadata, err := s.bigSegments.GetMetadata()
	if metadata.LastUpToDate == 0 {
		return protocol.NotFound, "", err
	}
	return protocol.OK, fmt.Sprintf(`{"synchronizedOn":%d}`, metadata.LastUpToDate), err
}

func (s *stores) Membership(contextHash string, references []string) (int, string, error) {
	membership, err := s.bigSegments.GetMembership(contextHash)
	if err != nil {
		return 0, "", err
	}
	named := map[string]bool{}
	for _, reference := range references {
		if isMember := membership.CheckMembership(reference); isMember.IsDefined() {
			named[reference] = isMember.BoolValue()
		}
	}
	result, err := json.Marshal(named)
	return protocol.OK, string(result), err
}
