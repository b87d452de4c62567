package lddynamodb

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// dataStore is the SDK's interface over one store. An error reaches the SDK only where the table could not be asked, because the SDK takes
// any error for an outage: a row that is damaged is logged and counts as absent.
type dataStore struct {
	store    *lddynamostore.Store
	loggers  ldlog.Loggers
	failures repeatedFailures
}

func newDataStore(options *builderOptions, loggers ldlog.Loggers) (subsystems.PersistentDataStore, error) {
	loggers.SetPrefix("DynamoDBDataStore:")
	store, err := options.open(loggers)
	if err != nil {
		return nil, err
	}
	return &dataStore{store: store, loggers: loggers}, nil
}

func (s *dataStore) Init(allData []ldstoretypes.SerializedCollection) error {
	return s.store.Init(context.Background(), dataSet(allData))
}

// dataSet is the JSON of a full data set, with the items as they are.
func dataSet(allData []ldstoretypes.SerializedCollection) []byte {
	size := 2
	for _, collection := range allData {
		size += len(collection.Kind.GetName()) + 8
		for _, item := range collection.Items {
			size += len(item.Key) + len(item.Item.SerializedItem) + 8
		}
	}
	text := append(make([]byte, 0, size), '{')
	for index, collection := range allData {
		if index > 0 {
			text = append(text, ',')
		}
		text = append(appendQuoted(text, collection.Kind.GetName()), ':', '{')
		for index, item := range collection.Items {
			if index > 0 {
				text = append(text, ',')
			}
			text = append(appendQuoted(text, item.Key), ':')
			text = append(text, serialized(item.Key, item.Item)...)
		}
		text = append(text, '}')
	}
	return append(text, '}')
}

func appendQuoted(text []byte, value string) []byte {
	// A string has no way to fail.
	quoted, _ := json.Marshal(value)
	return append(text, quoted...)
}

// serialized is an item's JSON; the SDK gives none for some deletions.
func serialized(key string, item ldstoretypes.SerializedItemDescriptor) []byte {
	if item.SerializedItem != nil {
		return item.SerializedItem
	}
	tombstone, _ := json.Marshal(struct {
		Key     string `json:"key"`
		Version int    `json:"version"`
		Deleted bool   `json:"deleted"`
	}{key, item.Version, true})
	return tombstone
}

func (s *dataStore) Get(kind ldstoretypes.DataKind, key string) (ldstoretypes.SerializedItemDescriptor, error) {
	none := ldstoretypes.SerializedItemDescriptor{}.NotFound()
	item, err := s.store.Get(context.Background(), kind.GetName(), key)
	if errors.Is(err, lddynamostore.ErrCorruptItem) {
		s.failures.log(err.Error(), s.loggers.Error)
		return none, nil
	}
	if err != nil || item == nil {
		return none, err
	}
	// Version 0 makes the SDK take it from the item, which it parses anyway.
	return ldstoretypes.SerializedItemDescriptor{SerializedItem: item}, nil
}

func (s *dataStore) GetAll(kind ldstoretypes.DataKind) ([]ldstoretypes.KeyedSerializedItemDescriptor, error) {
	items, err := s.store.Items(context.Background(), kind.GetName())
	if err != nil {
		return nil, err
	}
	all := make([]ldstoretypes.KeyedSerializedItemDescriptor, len(items))
	for index, item := range items {
		all[index].Key = item.Key
		all[index].Item.SerializedItem = item.JSON
	}
	return all, nil
}

func (s *dataStore) Upsert(kind ldstoretypes.DataKind, key string, item ldstoretypes.SerializedItemDescriptor) (bool, error) {
	result, err := s.store.Upsert(context.Background(), kind.GetName(), key, serialized(key, item))
	return err == nil && result.Outcome == lddynamostore.Updated, err
}

func (s *dataStore) IsInitialized() bool {
	initialized, err := s.store.Initialized(context.Background())
	if err != nil && !errors.Is(err, lddynamostore.ErrClosed) {
		s.failures.log("whether the table is initialized is unknown, taken as no: "+err.Error(), s.loggers.Warn)
	}
	return initialized
}

func (s *dataStore) IsStoreAvailable() bool { return s.store.Available(context.Background()) }

func (s *dataStore) Close() error { return s.store.Close() }
