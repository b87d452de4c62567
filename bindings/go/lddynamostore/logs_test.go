package lddynamostore_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// handler calls a function with each record.
type handler func(slog.Record)

func (h handler) Enabled(context.Context, slog.Level) bool { return true }
func (h handler) Handle(_ context.Context, record slog.Record) error {
	h(record)
	return nil
}
func (h handler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h handler) WithGroup(string) slog.Handler      { return h }

func logsTo(h handler) func(*lddynamostore.Options) {
	return func(options *lddynamostore.Options) { options.Logger = slog.New(h) }
}

func TestEveryLevelArrives(t *testing.T) {
	var records []slog.Record
	store := openStub(t, newStub(t), logsTo(func(record slog.Record) { records = append(records, record) }))
	defer store.Close()
	for _, key := range []string{"log:1:one", "log:2:two", "log:3:three", "log:4:four", "log:5:five", "log:9:nine \xff"} {
		_, err := store.Get(ctx, "features", key)
		require.NoError(t, err)
	}
	var levels []slog.Level
	var texts []string
	for _, record := range records {
		levels, texts = append(levels, record.Level), append(texts, record.Message)
	}
	assert.Equal(t, []slog.Level{slog.LevelError, slog.LevelWarn, slog.LevelInfo, slog.LevelDebug, lddynamostore.LevelTrace,
		lddynamostore.LevelTrace}, levels)
	assert.Equal(t, []string{"one", "two", "three", "four", "five", "nine \xff"}, texts)
}

func TestInfoIsTheDefaultLevel(t *testing.T) {
	var output bytes.Buffer
	store := newTable(t).Open(func(options *lddynamostore.Options) {
		options.Logger = slog.New(slog.NewTextHandler(&output, &slog.HandlerOptions{Level: lddynamostore.LevelTrace}))
	})
	require.NoError(t, store.Init(ctx, []byte(`{"features":{}}`)))
	assert.Contains(t, output.String(), "level=INFO")
	assert.NotContains(t, output.String(), "level=DEBUG")
	assert.NotContains(t, output.String(), "local", "the secret of the engine's credentials")
}

func TestALoggerMayUseTheStore(t *testing.T) {
	calls := 0
	var store *lddynamostore.Store
	store = openStub(t, newStub(t), logsTo(func(slog.Record) {
		calls++
		_, _ = store.Get(ctx, "features", "log:3:again")
	}))
	defer store.Close()
	_, err := store.Get(ctx, "features", "log:3:first")
	require.NoError(t, err)
	assert.LessOrEqual(t, calls, 1000, "it ends")
	assert.Greater(t, calls, 1)
}

func TestALoggerMayCloseTheStore(t *testing.T) {
	stub := newStub(t)
	var store *lddynamostore.Store
	store = openStub(t, stub, logsTo(func(slog.Record) { assert.NoError(t, store.Close()) }))
	_, err := store.Get(ctx, "features", "log:3:text")
	assert.NoError(t, err)
	assertAllIsFreed(t, stub)
}

func TestAPanicOfALoggerComesOutOfTheCall(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub, logsTo(func(slog.Record) { panic("the logger's") }))
	assert.PanicsWithValue(t, "the logger's", func() { _, _ = store.Get(ctx, "features", "log:1:text") })
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	assert.PanicsWithValue(t, "the logger's", func() { _, _ = store.Get(limited, "features", "log:1:text") })
	_, err := store.Get(ctx, "features", "a")
	assert.NoError(t, err)
	require.NoError(t, store.Close())
	assertAllIsFreed(t, stub)
}

func TestMessagesOfACallThatNobodyWaitsForComeLater(t *testing.T) {
	var mutex sync.Mutex
	var texts []string
	store := openStub(t, newStub(t), logsTo(func(record slog.Record) {
		mutex.Lock()
		defer mutex.Unlock()
		texts = append(texts, record.Message)
	}))
	limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err := store.Get(limited, "features", "log-after:200")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Eventually(t, func() bool {
		_, err := store.Get(ctx, "features", "a")
		assert.NoError(t, err)
		mutex.Lock()
		defer mutex.Unlock()
		return len(texts) == 1
	}, 10*time.Second, 20*time.Millisecond)
	require.NoError(t, store.Close())
}
