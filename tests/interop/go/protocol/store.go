package protocol

import (
	"encoding/json"
	"fmt"
)

// Item is an item as an SDK hands it to its store, and gets it back.
type Item struct {
	Version        int
	Deleted        bool
	SerializedItem []byte
}

// Store is an official store, and its SDK's own types for what it holds.
type Store interface {
	// Parsed is what the SDK serializes of what it has read of an item.
	Parsed(kind string, text []byte) (Item, error)
	Get(kind, key string) (Item, error)
	GetAll(kind string) (map[string]Item, error)
	Init(dataSet map[string]map[string]Item) error
	Upsert(kind, key string, item Item) (bool, error)
	IsInitialized() bool
	// SynchronizedOn is 0 where there is no time.
	SynchronizedOn() (uint64, error)
	// Membership tells of a reference whether it is in or out, and whether it is known.
	Membership(contextHash string) (func(reference string) (isMember, isKnown bool), error)
}

// read is what a program gets of an item, or nothing where the SDK takes it for a deleted one.
func read(store Store, kind string, item Item) (string, error) {
	if item.Deleted || item.SerializedItem == nil {
		return "", nil
	}
	parsed, err := store.Parsed(kind, item.SerializedItem)
	if err != nil || parsed.Deleted {
		return "", err
	}
	return string(parsed.SerializedItem), nil
}

func get(store Store, kind, key string) (int, string, error) {
	item, err := store.Get(kind, key)
	if err != nil {
		return 0, "", err
	}
	found, err := read(store, kind, item)
	if found == "" {
		return NotFound, "", err
	}
	return OK, found, err
}

func all(store Store, kind string) (int, string, error) {
	items, err := store.GetAll(kind)
	if err != nil {
		return 0, "", err
	}
	all := map[string]json.RawMessage{}
	for key, item := range items {
		found, err := read(store, kind, item)
		if err != nil {
			return 0, "", err
		}
		if found != "" {
			all[key] = json.RawMessage(found)
		}
	}
	result, err := json.Marshal(all)
	return OK, string(result), err
}

func initialize(store Store, text []byte) error {
	var given map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	dataSet := map[string]map[string]Item{}
	for kind, items := range given {
		dataSet[kind] = map[string]Item{}
		for key, item := range items {
			parsed, err := store.Parsed(kind, item)
			if err != nil {
				return err
			}
			dataSet[kind][key] = parsed
		}
	}
	return store.Init(dataSet)
}

func upsert(store Store, kind, key string, text []byte) (int, error) {
	item, err := store.Parsed(kind, text)
	if err != nil {
		return 0, err
	}
	isStored, err := store.Upsert(kind, key, item)
	if !isStored {
		return NotNewer, err
	}
	return OK, err
}

func metadata(store Store) (int, string, error) {
	synchronized, err := store.SynchronizedOn()
	if synchronized == 0 {
		return NotFound, "", err
	}
	return OK, fmt.Sprintf(`{"synchronizedOn":%d}`, synchronized), err
}

func membership(store Store, contextHash string, references []string) (int, string, error) {
	check, err := store.Membership(contextHash)
	if err != nil {
		return 0, "", err
	}
	named := map[string]bool{}
	for _, reference := range references {
		if isMember, isKnown := check(reference); isKnown {
			named[reference] = isMember
		}
	}
	result, err := json.Marshal(named)
	return OK, string(result), err
}
