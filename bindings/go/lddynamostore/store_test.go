package lddynamostore_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

var ctx = context.Background()

func newTable(t *testing.T) testengine.Table { return testengine.Local(t).NewTable() }

func flagsFile(t *testing.T) []byte {
	text, err := os.ReadFile(filepath.Join(testengine.Repository(), "examples/flags.json"))
	require.NoError(t, err)
	return text
}

func TestAFullDataSet(t *testing.T) {
	store := newTable(t).Open()
	var data struct{ Flags, Segments map[string]any }
	require.NoError(t, json.Unmarshal(flagsFile(t), &data))
	initialized, err := store.Initialized(ctx)
	require.NoError(t, err)
	assert.False(t, initialized)

	require.NoError(t, store.Init(ctx, flagsFile(t)))

	initialized, err = store.Initialized(ctx)
	require.NoError(t, err)
	assert.True(t, initialized)
	assert.True(t, store.Available(ctx))
	segments := map[string]any{}
	require.NoError(t, store.DecodeAll(ctx, "segments", &segments))
	assert.Equal(t, data.Segments, segments)
	flags, err := store.All(ctx, "flags")
	require.NoError(t, err)
	assert.Len(t, flags, len(data.Flags))
	items, err := store.Items(ctx, "features")
	require.NoError(t, err)
	for _, item := range items {
		assert.Equal(t, string(flags[item.Key]), string(item.JSON))
		one, err := store.Get(ctx, "features", item.Key)
		require.NoError(t, err)
		assert.Equal(t, string(item.JSON), string(one))
	}
	stats, err := store.Stats()
	require.NoError(t, err)
	assert.EqualValues(t, len(data.Flags)+len(data.Segments), stats.LastInit.Written)
}

func TestItemsAreKeptByteForByte(t *testing.T) {
	store := newTable(t).Open()
	text := "{ \"version\" : 7,\n \"name\":\"Grüße 🎉\", \"number\": 1.0e2, \"escaped\":\"\\u00e9<&>\" }"
	key := "a\"\\ü\n"
	result, err := store.Upsert(ctx, "features", key, []byte(text))
	require.NoError(t, err)
	assert.Equal(t, lddynamostore.Updated, result.Outcome)
	item, err := store.Get(ctx, "features", key)
	require.NoError(t, err)
	assert.Equal(t, text, string(item))
	items, err := store.Items(ctx, "features")
	require.NoError(t, err)
	assert.Equal(t, []lddynamostore.Item{{Key: key, JSON: json.RawMessage(text)}}, items)
	all, err := store.AllText(ctx, "features")
	require.NoError(t, err)
	assert.JSONEq(t, `{"a\"\\ü\n":`+text+`}`, string(all))
}

func TestItemsMayBeAppendedTo(t *testing.T) {
	store := newTable(t).Open()
	require.NoError(t, store.Init(ctx, []byte(`{"features":{"a":{"version":1},"b":{"version":2}}}`)))
	items, err := store.Items(ctx, "features")
	require.NoError(t, err)
	_ = append(items[0].JSON, "more"...)
	assert.Equal(t, `{"version":2}`, string(items[1].JSON))
}

func TestAbsentItems(t *testing.T) {
	store := newTable(t).Open()
	for _, key := range []string{"a", "", strings.Repeat("x", 2000), "a\x00b"} {
		item, err := store.Get(ctx, "features", key)
		assert.NoError(t, err)
		assert.Nil(t, item)
	}
	found, err := store.Decode(ctx, "features", "a", &struct{}{})
	assert.NoError(t, err)
	assert.False(t, found)
	all, err := store.All(ctx, "features")
	assert.NoError(t, err)
	assert.Empty(t, all)
	text, err := store.AllText(ctx, "features")
	assert.NoError(t, err)
	assert.Equal(t, "{}", string(text))
}

func TestUpsertOutcomes(t *testing.T) {
	store := newTable(t).Open()
	upsert := func(item string) lddynamostore.UpsertResult {
		result, err := store.Upsert(ctx, "features", "a", []byte(item))
		require.NoError(t, err)
		return result
	}
	assert.Equal(t, lddynamostore.UpsertResult{Outcome: lddynamostore.Updated}, upsert(`{"version":2}`))
	assert.Equal(t, lddynamostore.UpsertResult{Outcome: lddynamostore.NotNewer, Stored: json.RawMessage(`{"version":2}`)},
		upsert(`{"version":1}`))
	assert.Equal(t, lddynamostore.UpsertResult{Outcome: lddynamostore.TooLarge},
		upsert(`{"version":4,"filler":"`+strings.Repeat("x", 400_000)+`"}`))
	assert.Equal(t, "updated, not newer, too large", strings.Join([]string{
		lddynamostore.Updated.String(), lddynamostore.NotNewer.String(), lddynamostore.TooLarge.String()}, ", "))
}

func TestDecodeSaysWhatDoesNotFit(t *testing.T) {
	store := newTable(t).Open()
	_, err := store.Upsert(ctx, "features", "a", []byte(`{"version":1,"on":"text"}`))
	require.NoError(t, err)
	var flag struct{ On bool }
	_, err = store.Decode(ctx, "features", "a", &flag)
	assert.ErrorIs(t, err, lddynamostore.ErrCorruptItem)
	assert.ErrorContains(t, err, `the item "a" of "features"`)
	assert.ErrorIs(t, store.DecodeAll(ctx, "features", &map[string]int{}), lddynamostore.ErrCorruptItem)
}

func TestPrefixesAreApart(t *testing.T) {
	table := newTable(t)
	one := table.Open(func(options *lddynamostore.Options) { options.Prefix = "one" })
	two := table.Open(func(options *lddynamostore.Options) { options.Prefix = "two" })
	require.NoError(t, one.Init(ctx, []byte(`{"features":{"a":{"version":1}}}`)))
	item, err := two.Get(ctx, "features", "a")
	assert.NoError(t, err)
	assert.Nil(t, item)
}

func TestMistakesOfTheCaller(t *testing.T) {
	store := newTable(t).Open()
	upsert := func(kind, key, item string) error {
		_, err := store.Upsert(ctx, kind, key, []byte(item))
		return err
	}
	get := func(kind string) error { _, err := store.Get(ctx, kind, "a"); return err }
	all := func(kind string) error { _, err := store.All(ctx, kind); return err }
	for name, mistake := range map[string]struct {
		err   error
		cause error
	}{
		"JSON":            {upsert("features", "a", "{"), lddynamostore.ErrInvalidJSON},
		"no version":      {upsert("features", "a", "{}"), lddynamostore.ErrInvalidItem},
		"no object":       {upsert("features", "a", "[]"), lddynamostore.ErrInvalidItem},
		"empty item":      {upsert("features", "a", ""), lddynamostore.ErrInvalidJSON},
		"NUL in item":     {upsert("features", "a", "{\"version\":1}\x00"), lddynamostore.ErrInvalidJSON},
		"kind":            {upsert("a:b", "a", `{"version":1}`), lddynamostore.ErrInvalidKind},
		"NUL in kind":     {upsert("a\x00", "a", `{"version":1}`), lddynamostore.ErrInvalidKind},
		"empty key":       {upsert("features", "", `{"version":1}`), lddynamostore.ErrInvalidKey},
		"NUL in key":      {upsert("features", "a\x00", `{"version":1}`), lddynamostore.ErrInvalidKey},
		"UTF-8":           {upsert("features", "a\xff", `{"version":1}`), lddynamostore.ErrInvalidUTF8},
		"kind of get":     {get(""), lddynamostore.ErrInvalidKind},
		"NUL of get":      {get("a\x00"), lddynamostore.ErrInvalidKind},
		"NUL of all":      {all("a\x00"), lddynamostore.ErrInvalidKind},
		"data set":        {store.Init(ctx, []byte(`{"flags":{},"features":{}}`)), lddynamostore.ErrInvalidDataSet},
		"no data set":     {store.Init(ctx, []byte("nonsense")), lddynamostore.ErrInvalidJSON},
		"NUL in data set": {store.Init(ctx, []byte("{}\x00")), lddynamostore.ErrInvalidJSON},
	} {
		assert.ErrorIs(t, mistake.err, mistake.cause, name)
		assert.ErrorIs(t, mistake.err, lddynamostore.ErrInvalidArgument, name)
		assert.NotErrorIs(t, mistake.err, lddynamostore.ErrConnectivity, name)
	}
	stats, err := store.Stats()
	require.NoError(t, err)
	assert.Zero(t, stats.Requests)
}

func TestMistakesInTheOptions(t *testing.T) {
	credentials := &lddynamostore.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}
	for name, options := range map[string]lddynamostore.Options{
		"cache_ttl_ms":         {ReadOnly: true, CacheTTL: lddynamostore.Value(-time.Second)},
		"retry_mode":           {RetryMode: "often"},
		"connect_timeout_ms":   {ConnectTimeout: lddynamostore.Value(-time.Second)},
		"profile":              {Profile: "p", Credentials: credentials},
		"PushedCredentials":    {PushedCredentials: true, Credentials: credentials},
		"MaxConcurrentCalls":   {MaxConcurrentCalls: -1},
		"context_cache_size":   {ContextCacheSize: lddynamostore.Value(-1)},
		"context_cache_ttl_ms": {ContextCacheTTL: lddynamostore.Value(-time.Second)},
	} {
		_, err := lddynamostore.Open("table", options)
		assert.ErrorIs(t, err, lddynamostore.ErrConfiguration, name)
		assert.ErrorContains(t, err, name)
	}
	_, err := lddynamostore.Open("", lddynamostore.Options{})
	assert.ErrorIs(t, err, lddynamostore.ErrConfiguration)
	_, err = lddynamostore.OpenJSON("{", lddynamostore.Options{})
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidJSON)
	_, err = lddynamostore.OpenJSON("{}\x00", lddynamostore.Options{})
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidJSON)
	_, err = lddynamostore.OpenJSON(`{"table":"t"}`, lddynamostore.Options{Region: "r"})
	assert.ErrorIs(t, err, lddynamostore.ErrConfiguration)
	_, err = lddynamostore.OpenJSON(`{"table":"t","unknown":1}`, lddynamostore.Options{})
	assert.ErrorContains(t, err, "unknown")
}

func TestTheTableIsMissingOrAnother(t *testing.T) {
	engine := testengine.Local(t)
	missing := testengine.Table{Engine: engine, Name: "missing"}.Open()
	_, err := missing.Get(ctx, "features", "a")
	assert.ErrorIs(t, err, lddynamostore.ErrTableNotFound)
	assert.ErrorIs(t, err, lddynamostore.ErrService)
	var failure *lddynamostore.Error
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "ResourceNotFoundException", failure.ServiceCode)
	assert.Equal(t, lddynamostore.StatusTableNotFound, failure.Status)
	assert.False(t, failure.Retriable)
	assert.False(t, missing.Available(ctx))
}

func TestReadOnly(t *testing.T) {
	store := newTable(t).Open(func(options *lddynamostore.Options) { options.ReadOnly = true })
	assert.ErrorIs(t, store.Init(ctx, []byte("{}")), lddynamostore.ErrReadOnly)
	assert.ErrorIs(t, store.BigSegmentsSetSynchronized(ctx, time.Now()), lddynamostore.ErrReadOnly)
}

func TestCorruptItems(t *testing.T) {
	table := newTable(t)
	table.Put("features", "bad", &types.AttributeValueMemberN{Value: "1"})
	store := table.Open()
	_, err := store.Get(ctx, "features", "bad")
	assert.ErrorIs(t, err, lddynamostore.ErrCorruptItem)
	all, err := store.All(ctx, "features")
	assert.NoError(t, err)
	assert.Empty(t, all)
}

func TestTheCacheAnswersWithoutRequests(t *testing.T) {
	engine := testengine.Fake(t)
	store := engine.NewTable().Open(func(options *lddynamostore.Options) { options.CacheTTL = lddynamostore.Value(time.Hour) })
	require.NoError(t, store.Init(ctx, []byte(`{"features":{"a":{"version":1}}}`)))
	for round := 0; round < 5; round++ {
		item, err := store.Get(ctx, "features", "a")
		require.NoError(t, err)
		assert.Equal(t, `{"version":1}`, string(item))
		all, err := store.All(ctx, "features")
		require.NoError(t, err)
		assert.Len(t, all, 1)
		_, err = store.AllText(ctx, "features")
		require.NoError(t, err)
		initialized, err := store.Initialized(ctx)
		require.NoError(t, err)
		assert.True(t, initialized)
		absent, err := store.Get(ctx, "features", "absent")
		require.NoError(t, err)
		assert.Nil(t, absent)
	}
	assert.LessOrEqual(t, engine.Requests("GetItem"), 2)
}

func TestThrottled(t *testing.T) {
	engine := testengine.Fake(t)
	store := engine.NewTable().Open()
	engine.Rule(`{"action":{"throttle":true}}`)
	_, err := store.Get(ctx, "features", "a")
	assert.ErrorIs(t, err, lddynamostore.ErrThrottled)
	var failure *lddynamostore.Error
	require.ErrorAs(t, err, &failure)
	assert.True(t, failure.Retriable)
	assert.Equal(t, "ProvisionedThroughputExceededException", failure.ServiceCode)
}

func TestUnprocessedRowsAreSentAgain(t *testing.T) {
	engine := testengine.Fake(t)
	store := engine.NewTable().Open()
	engine.Rule(`{"match":{"operation":"BatchWriteItem"},"times":3,"action":{"unprocessed":{"count":2}}}`)
	features := map[string]any{}
	for _, key := range strings.Split("abcdefghijklmnopqrstuvwxyz0123456789", "") {
		features[key] = map[string]int{"version": 1}
	}
	data, err := json.Marshal(map[string]any{"features": features})
	require.NoError(t, err)
	require.NoError(t, store.Init(ctx, data))
	all, err := store.All(ctx, "features")
	require.NoError(t, err)
	assert.Len(t, all, len(features))
	stats, err := store.Stats()
	require.NoError(t, err)
	assert.Positive(t, stats.UnprocessedRows)
}

func TestASilentEndpoint(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	options := lddynamostore.Options{
		Endpoint:         "http://" + listener.Addr().String(),
		Region:           testengine.Region,
		Credentials:      &lddynamostore.Credentials{AccessKeyID: "local", SecretAccessKey: "local"},
		OperationTimeout: lddynamostore.Value(300 * time.Millisecond),
	}
	store, err := lddynamostore.Open("table", options)
	require.NoError(t, err)
	defer store.Close()
	_, err = store.Get(ctx, "features", "a")
	assert.ErrorIs(t, err, lddynamostore.ErrTimedOut)
	assert.ErrorIs(t, err, lddynamostore.ErrConnectivity)
}

func TestAnOutage(t *testing.T) {
	engine := testengine.Fake(t)
	table := engine.NewTable()
	store := table.Open()
	stale := table.Open(func(options *lddynamostore.Options) {
		options.CacheTTL, options.StaleOnError = lddynamostore.Value(time.Millisecond), true
	})
	_, err := stale.Upsert(ctx, "features", "a", []byte(`{"version":1}`))
	require.NoError(t, err)
	engine.Stop()
	_, err = store.Get(ctx, "features", "a")
	assert.ErrorIs(t, err, lddynamostore.ErrUnreachable)
	assert.False(t, store.Available(ctx))
	time.Sleep(5 * time.Millisecond)
	item, err := stale.Get(ctx, "features", "a")
	require.NoError(t, err)
	assert.Equal(t, `{"version":1}`, string(item))
}

func TestBigSegments(t *testing.T) {
	store := newTable(t).Open()
	hash, err := lddynamostore.ContextHash("user-key", "")
	require.NoError(t, err)
	metadata, err := store.BigSegmentsMetadata(ctx)
	require.NoError(t, err)
	assert.Nil(t, metadata)
	_, found, err := store.BigSegmentsCursor(ctx)
	require.NoError(t, err)
	assert.False(t, found)
	membership, err := store.BigSegmentsMembership(ctx, hash)
	require.NoError(t, err)
	assert.Nil(t, membership)

	patch := []byte(`{"segmentId":"s.g1","version":"v1","previousVersion":"","changes":{"included":{"add":["` + hash + `"]}}}`)
	outcome, err := store.BigSegmentsApplyPatch(ctx, patch)
	require.NoError(t, err)
	assert.Equal(t, lddynamostore.Applied, outcome)
	outcome, err = store.BigSegmentsApplyPatch(ctx, patch)
	require.NoError(t, err)
	assert.Equal(t, lddynamostore.OutOfOrder, outcome)
	now := time.Now()
	require.NoError(t, store.BigSegmentsSetSynchronized(ctx, now))

	membership, err = store.BigSegmentsMembership(ctx, hash)
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{"s.g1": true}, membership)
	cursor, found, err := store.BigSegmentsCursor(ctx)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, "v1", cursor)
	metadata, err = store.BigSegmentsMetadata(ctx)
	require.NoError(t, err)
	assert.Equal(t, now.UnixMilli(), metadata.SynchronizedOn)

	_, err = store.BigSegmentsApplyPatch(ctx, []byte(`{}`))
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidBigSegments)
	_, err = store.BigSegmentsApplyPatch(ctx, []byte("{}\x00"))
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidJSON)
	err = store.BigSegmentsSetSynchronized(ctx, time.UnixMilli(-1))
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidBigSegments)
	membership, err = store.BigSegmentsMembership(ctx, "a\x00")
	assert.NoError(t, err)
	assert.Nil(t, membership)
	_, err = lddynamostore.ContextHash("a\x00", "")
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidKey)
	_, err = lddynamostore.ContextHash("a\xff", "")
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidUTF8)
	assert.Equal(t, "applied, out of order", lddynamostore.Applied.String()+", "+lddynamostore.OutOfOrder.String())
}

func TestErrorsThatAreNone(t *testing.T) {
	store := newTable(t).Open()
	require.NoError(t, store.Close())
	_, err := store.Get(ctx, "features", "a")
	assert.True(t, errors.Is(err, lddynamostore.ErrClosed))
	var failure *lddynamostore.Error
	assert.False(t, errors.As(err, &failure))
}
