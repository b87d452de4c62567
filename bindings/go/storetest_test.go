package lddynamodb

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"
	"github.com/launchdarkly/go-server-sdk/v7/testhelpers/storetest"
	"github.com/stretchr/testify/assert"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
)

// LaunchDarkly's own suites, as the official package runs them.

func TestDataStoreSuite(t *testing.T) {
	table := testengine.Local(t).NewTable()
	storetest.NewPersistentDataStoreTestSuite(
		func(prefix string) subsystems.ComponentConfigurer[subsystems.PersistentDataStore] {
			return mockItems{DataStore(table.Name).ClientOptions(table.Engine.Options()).Prefix(prefix)}
		},
		func(prefix string) error { return clear(table, prefix) },
	).
		// Without a region, every operation fails.
		ErrorStoreFactory(DataStore(table.Name), func(t assert.TestingT, err error) {
			assert.Contains(t, err.Error(), "no AWS region was found")
		}).
		ConcurrentModificationHook(func(store subsystems.PersistentDataStore, hook func()) {
			store.(*mockItemStore).hook = hook
		}).
		Run(t)
}

func TestBigSegmentStoreSuite(t *testing.T) {
	table := testengine.Local(t).NewTable()
	storetest.NewBigSegmentStoreTestSuite(
		func(prefix string) subsystems.ComponentConfigurer[subsystems.BigSegmentStore] {
			return BigSegmentStore(table.Name).ClientOptions(table.Engine.Options()).Prefix(prefix)
		},
		func(prefix string) error { return clear(table, prefix) },
		func(prefix string, metadata subsystems.BigSegmentStoreMetadata) error {
			return update(table, named(prefix, "big_segments_metadata"), named(prefix, "big_segments_metadata"), "ADD synchronizedOn :value",
				&types.AttributeValueMemberN{Value: strconv.FormatUint(uint64(metadata.LastUpToDate), 10)})
		},
		func(prefix, contextHash string, included, excluded []string) error {
			for attribute, segments := range map[string][]string{"included": included, "excluded": excluded} {
				if len(segments) == 0 {
					continue
				}
				err := update(table, named(prefix, "big_segments_user"), contextHash, "ADD "+attribute+" :value",
					&types.AttributeValueMemberSS{Value: segments})
				if err != nil {
					return err
				}
			}
			return nil
		},
	).Run(t)
}

func named(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + ":" + name
}

func update(table testengine.Table, namespace, key, expression string, value types.AttributeValue) error {
	_, err := table.Engine.Client.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName: aws.String(table.Name),
		Key: map[string]types.AttributeValue{
			"namespace": &types.AttributeValueMemberS{Value: namespace},
			"key":       &types.AttributeValueMemberS{Value: key},
		},
		UpdateExpression:          aws.String(expression),
		ExpressionAttributeValues: map[string]types.AttributeValue{":value": value},
	})
	return err
}

// clear deletes the rows of a prefix; without one, all.
func clear(table testengine.Table, prefix string) error {
	found, err := table.Engine.Client.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String(table.Name)})
	if err != nil {
		return err
	}
	for _, row := range found.Items {
		namespace := row["namespace"].(*types.AttributeValueMemberS).Value
		if prefix != "" && !strings.HasPrefix(namespace, prefix+":") {
			continue
		}
		_, err := table.Engine.Client.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{
			TableName: aws.String(table.Name),
			Key:       map[string]types.AttributeValue{"namespace": row["namespace"], "key": row["key"]},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mockItems makes stores for the suite's items, which are no JSON: each is put into a JSON object and taken out again.
type mockItems struct {
	subsystems.ComponentConfigurer[subsystems.PersistentDataStore]
}

type mockItemStore struct {
	subsystems.PersistentDataStore
	hook func()
}

type wrapped struct {
	Version int    `json:"version"`
	Deleted bool   `json:"deleted,omitempty"`
	Mock    []byte `json:"mock"`
}

func (m mockItems) Build(context subsystems.ClientContext) (subsystems.PersistentDataStore, error) {
	store, err := m.ComponentConfigurer.Build(context)
	return &mockItemStore{PersistentDataStore: store}, err
}

func wrap(item ldstoretypes.SerializedItemDescriptor) ldstoretypes.SerializedItemDescriptor {
	text, err := json.Marshal(wrapped{item.Version, item.Deleted, item.SerializedItem})
	if err != nil {
		panic(err)
	}
	item.SerializedItem = text
	return item
}

func unwrap(item ldstoretypes.SerializedItemDescriptor) ldstoretypes.SerializedItemDescriptor {
	if item.SerializedItem == nil {
		return item
	}
	var inner wrapped
	if err := json.Unmarshal(item.SerializedItem, &inner); err != nil {
		panic(fmt.Sprintf("%s: %v", item.SerializedItem, err))
	}
	item.SerializedItem = inner.Mock
	return item
}

func (s *mockItemStore) Init(allData []ldstoretypes.SerializedCollection) error {
	outer := make([]ldstoretypes.SerializedCollection, len(allData))
	for index, collection := range allData {
		outer[index].Kind = collection.Kind
		for _, item := range collection.Items {
			outer[index].Items = append(outer[index].Items,
				ldstoretypes.KeyedSerializedItemDescriptor{Key: item.Key, Item: wrap(item.Item)})
		}
	}
	return s.PersistentDataStore.Init(outer)
}

func (s *mockItemStore) Get(kind ldstoretypes.DataKind, key string) (ldstoretypes.SerializedItemDescriptor, error) {
	item, err := s.PersistentDataStore.Get(kind, key)
	return unwrap(item), err
}

func (s *mockItemStore) GetAll(kind ldstoretypes.DataKind) ([]ldstoretypes.KeyedSerializedItemDescriptor, error) {
	items, err := s.PersistentDataStore.GetAll(kind)
	for index := range items {
		items[index].Item = unwrap(items[index].Item)
	}
	return items, err
}

func (s *mockItemStore) Upsert(kind ldstoretypes.DataKind, key string, item ldstoretypes.SerializedItemDescriptor) (bool, error) {
	if s.hook != nil {
		s.hook()
	}
	return s.PersistentDataStore.Upsert(kind, key, wrap(item))
}
