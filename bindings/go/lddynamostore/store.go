package lddynamostore

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"time"
	"unsafe"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// defaultConcurrentCalls is as many as the library keeps idle connections for.
const defaultConcurrentCalls = 16

// Store is a handle on one table and prefix, for any number of goroutines at once.
//
// Opening a store makes no connection and starts no thread; the first call connects. Every method that asks the table blocks until the
// answer, the end of its context, or the library's own time-outs. When the context ends first, the call returns its error at once, and
// what it was doing goes on: an upsert may still be stored.
//
// A kind is "features" (or its alias "flags"), "segments", or a name of your own. Items are JSON objects with an integer "version".
// Deleted items are tombstones: objects with "deleted": true, returned as they are.
type Store struct {
	native    *native.Store
	messages  *messages
	renewal   *renewal
	slots     chan struct{}
	caches    bool
	operation time.Duration
	init      time.Duration
}

// Open opens a store on an existing table, whose partition key is "namespace" and whose sort key is "key", both strings.
//
// Fails with an [Error] of the group [ErrConfiguration], or with a [LibraryError].
func Open(table string, options Options) (*Store, error) {
	configuration, err := options.toJSON(table)
	if err != nil {
		return nil, err
	}
	return open(configuration, &options)
}

// OpenJSON opens a store with the native library's own configuration text, also with keys that this module does not know. Of the options
// only Logger, MaxConcurrentCalls and Library may be given.
func OpenJSON(configuration string, options Options) (*Store, error) {
	others := options
	others.Logger, others.MaxConcurrentCalls, others.Library = nil, 0, ""
	if !reflect.ValueOf(others).IsZero() {
		return nil, refused(StatusInvalidConfiguration,
			"only Logger, MaxConcurrentCalls and Library may be given beside a configuration: put the others into its text")
	}
	return open(configuration, &options)
}

func open(configuration string, options *Options) (*Store, error) {
	if err := withoutNUL(StatusInvalidJSON, "configuration", configuration); err != nil {
		return nil, err
	}
	library, err := native.Load(options.Library)
	if err != nil {
		return nil, err
	}
	made, status, failure := library.NewStore(configuration)
	if status < 0 {
		return nil, failed(status, failure)
	}
	logger := options.Logger
	if logger == nil {
		logger = slog.Default()
	}
	calls := options.MaxConcurrentCalls
	if calls <= 0 {
		calls = defaultConcurrentCalls
	}
	store := &Store{native: made, messages: &messages{logger: logger}, slots: make(chan struct{}, calls)}
	store.caches, store.operation, store.init = limitsOf(configuration)
	if options.CredentialsProvider != nil {
		push := func(credentials string) error {
			return answered(made.Call(native.SetCredentials, credentials)).err
		}
		store.renewal = newRenewal(options.CredentialsProvider, push, logger, store.operation)
	}
	if err := answered(made.SetLogSink(store.messages.collect)).err; err != nil {
		made.Close()
		return nil, err
	}
	// The native store goes with a store that nobody refers to any more.
	runtime.SetFinalizer(store, func(store *Store) { store.native.Close() })
	return store, nil
}

// Get gets one item as it is stored, byte for byte, or nil if there is none.
//
// A key that DynamoDB cannot hold is not asked for: the answer is nil. Fails with [ErrCorruptItem] where the row's "item" is no JSON
// object.
func (store *Store) Get(ctx context.Context, kind, key string) (json.RawMessage, error) {
	if withoutNUL(StatusInvalidKey, "key", key) != nil {
		return nil, nil // No row can have such a key.
	}
	if err := withoutNUL(StatusInvalidKind, "kind", kind); err != nil {
		return nil, err
	}
	if store.caches {
		if known := store.text(native.GetCached, kind, key); known.err != nil || known.status != StatusNotCached {
			return known.text, known.err
		}
	}
	answer := store.wait(ctx, store.operation, func() answer { return store.text(native.Get, kind, key) })
	return answer.text, answer.err
}

// Decode gets one item and unmarshals it into target, a pointer as for [json.Unmarshal]; false if there is none.
func (store *Store) Decode(ctx context.Context, kind, key string, target any) (bool, error) {
	item, err := store.Get(ctx, kind, key)
	if err != nil || item == nil {
		return false, err
	}
	if err := json.Unmarshal(item, target); err != nil {
		return false, undecodable(fmt.Sprintf("the item %q of %q", key, kind), err)
	}
	return true, nil
}

// Item is one item of a kind: its key, and its JSON as it is stored.
type Item struct {
	Key  string
	JSON json.RawMessage
}

// Items gets every item of a kind, tombstones included, in the order of their keys. Corrupt rows are left out and logged. The items'
// texts are parts of one buffer, which lives as long as any of them.
func (store *Store) Items(ctx context.Context, kind string) ([]Item, error) {
	members, err := store.allMembers(ctx, kind)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(members))
	for index, member := range members {
		items[index] = Item{member.Name, member.Value}
	}
	return items, nil
}

// All is as Items, but a map from key to item.
func (store *Store) All(ctx context.Context, kind string) (map[string]json.RawMessage, error) {
	members, err := store.allMembers(ctx, kind)
	if err != nil {
		return nil, err
	}
	items := make(map[string]json.RawMessage, len(members))
	for _, member := range members {
		items[member.Name] = member.Value
	}
	return items, nil
}

func (store *Store) allMembers(ctx context.Context, kind string) ([]native.Member, error) {
	if err := withoutNUL(StatusInvalidKind, "kind", kind); err != nil {
		return nil, err
	}
	if store.caches {
		if known := store.members(native.AllCached, kind); known.err != nil || known.status != StatusNotCached {
			return known.members, known.err
		}
	}
	answer := store.wait(ctx, store.operation, func() answer { return store.members(native.All, kind) })
	return answer.members, answer.err
}

// AllText is as All, but the text of one JSON object from key to item.
func (store *Store) AllText(ctx context.Context, kind string) (json.RawMessage, error) {
	if err := withoutNUL(StatusInvalidKind, "kind", kind); err != nil {
		return nil, err
	}
	if store.caches {
		if known := store.text(native.AllCached, kind); known.err != nil || known.status != StatusNotCached {
			return known.text, known.err
		}
	}
	answer := store.wait(ctx, store.operation, func() answer { return store.text(native.All, kind) })
	return answer.text, answer.err
}

// DecodeAll gets every item of a kind and unmarshals them into target, a pointer to a map from string.
func (store *Store) DecodeAll(ctx context.Context, kind string, target any) error {
	items, err := store.AllText(ctx, kind)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(items, target); err != nil {
		return undecodable(fmt.Sprintf("the items of %q", kind), err)
	}
	return nil
}

func undecodable(what string, cause error) error {
	return &Error{Status: StatusCorruptItem, Message: fmt.Sprintf("%s cannot be unmarshalled: %v", what, cause), cause: cause}
}

// Init replaces the full data set: of every kind in it, exactly these items are stored afterwards.
//
// The data is {"features": {key: item, …}, "segments": {…}} as JSON; a payload from LaunchDarkly goes in as it is. A kind that is not in
// it is left alone; one that is there but empty is emptied. Rows that are already as they should be are not written. An item over
// DynamoDB's size limit is logged as an error and left out. If Init fails, the next one goes on where it stopped.
//
// Fails with [ErrInvalidArgument] for wrong data, of which nothing was written.
func (store *Store) Init(ctx context.Context, data []byte) error {
	payload := make([]byte, len(data)+1)
	copy(payload, data)
	return store.initTerminated(ctx, payload)
}

// initTerminated takes data that ends with a NUL.
func (store *Store) initTerminated(ctx context.Context, payload []byte) error {
	if err := withoutNUL(StatusInvalidJSON, "data", asText(payload[:len(payload)-1])); err != nil {
		return err
	}
	return store.wait(ctx, store.init, func() answer {
		return answered(store.native.CallWithPayload(native.Init, payload))
	}).err
}

// UpsertOutcome is what became of an upsert that did not fail.
type UpsertOutcome int

const (
	// Updated says that the item is stored.
	Updated UpsertOutcome = iota
	// NotNewer says that the stored item has the same or a higher version and stays.
	NotNewer
	// TooLarge says that the item is over DynamoDB's size limit; the stored item stays, and an error was logged.
	TooLarge
)

// String is "updated", "not newer" or "too large".
func (outcome UpsertOutcome) String() string {
	switch outcome {
	case NotNewer:
		return "not newer"
	case TooLarge:
		return "too large"
	}
	return "updated"
}

// UpsertResult is what became of an upsert.
type UpsertResult struct {
	// Outcome is one of three.
	Outcome UpsertOutcome
	// Stored is the JSON of the item that won, where the outcome is NotNewer; else nil.
	Stored json.RawMessage
}

// Upsert stores one item if it is newer than the stored one, in one request.
//
// The item is a JSON object with an integer "version", and is stored byte for byte under the key, whatever the item says; with
// "deleted": true it is a deletion. Fails with [ErrInvalidArgument] for a wrong argument, of which nothing was sent; after any other
// failure the item may be stored.
func (store *Store) Upsert(ctx context.Context, kind, key string, item []byte) (UpsertResult, error) {
	text := asText(item)
	for _, argument := range []struct {
		refusal    Status
		name, text string
	}{{StatusInvalidKind, "kind", kind}, {StatusInvalidKey, "key", key}, {StatusInvalidJSON, "item", text}} {
		if err := withoutNUL(argument.refusal, argument.name, argument.text); err != nil {
			return UpsertResult{}, err
		}
	}
	if ctx.Done() != nil {
		// The caller may change it when the context has ended, and the call has not.
		text = string(item)
	}
	answer := store.wait(ctx, store.operation, func() answer { return store.text(native.Upsert, kind, key, text) })
	if answer.err != nil {
		return UpsertResult{}, answer.err
	}
	switch answer.status {
	case StatusNotNewer:
		return UpsertResult{NotNewer, answer.text}, nil
	case StatusTooLarge:
		return UpsertResult{Outcome: TooLarge}, nil
	}
	return UpsertResult{Outcome: Updated}, nil
}

// Initialized says whether the table holds a full data set of this prefix.
func (store *Store) Initialized(ctx context.Context) (bool, error) {
	if store.caches {
		if known := store.plain(native.InitializedCached); known.err != nil || known.status != StatusNotCached {
			return known.err == nil && known.status != StatusNotFound, known.err
		}
	}
	answer := store.wait(ctx, store.operation, func() answer { return store.plain(native.Initialized) })
	return answer.err == nil && answer.status != StatusNotFound, answer.err
}

// Available says whether the table answers now; it asks the table, never the cache. CheckAvailable tells the reason.
func (store *Store) Available(ctx context.Context) bool { return store.CheckAvailable(ctx) == nil }

// CheckAvailable returns nil if the table answers now, else why it does not; it asks the table, never the cache.
func (store *Store) CheckAvailable(ctx context.Context) error {
	return store.wait(ctx, store.operation, func() answer { return store.plain(native.Available) }).err
}

// SetCredentials signs requests with these from now on, for a store with Options.PushedCredentials.
//
// At any time, from any goroutine, also before the first call. Expired ones are never sent: until new ones come, calls that have to ask
// the table fail with a retriable [ErrNoCredentials]. Fails with [ErrConfiguration] where the store was opened otherwise.
func (store *Store) SetCredentials(credentials Credentials) error {
	return store.SetCredentialsJSON(credentials.pushed())
}

// SetCredentialsJSON is as SetCredentials, for the text of a JSON object: "access_key_id", "secret_access_key", and where there are such
// "session_token" and "expires_ms", the time of expiry in milliseconds since 1970. Fails with [ErrConfiguration] for a wrong member.
func (store *Store) SetCredentialsJSON(credentials string) error {
	if err := withoutNUL(StatusInvalidJSON, "credentials", credentials); err != nil {
		return err
	}
	defer store.messages.deliver()
	return store.plain(native.SetCredentials, credentials).err
}

// Library is the native library in use.
func (store *Store) Library() Library { return described(store.native.Library()) }

// Closed says whether Close was called.
func (store *Store) Closed() bool { return store.native.Closed() }

// Close closes the store; again does nothing, and it never fails.
//
// It waits for nothing: calls that other goroutines are in go on to their end, and the last one frees the native store. Calls after it
// fail with [ErrClosed].
func (store *Store) Close() error {
	store.native.Close()
	store.messages.deliver()
	return nil
}

// asText is a string of the same bytes, which must not change while it is used.
func asText(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
