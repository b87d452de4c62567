package lddynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func newStub(t *testing.T) *testengine.Stub {
	return testengine.NewStub(t, native.ABIMajor, native.ABIMinor)
}

func openStub(t *testing.T, stub *testengine.Stub, change ...func(*lddynamostore.Options)) *lddynamostore.Store {
	options := lddynamostore.Options{Library: stub.Path, CacheTTL: lddynamostore.Value(time.Duration(0))}
	for _, change := range change {
		change(&options)
	}
	store, err := lddynamostore.Open("table", options)
	require.NoError(t, err)
	return store
}

// calls are all that may fail, on a store.
func calls(store *lddynamostore.Store) map[string]func() error {
	return map[string]func() error{
		"Get":                        func() error { _, err := store.Get(ctx, "features", "a"); return err },
		"Decode":                     func() error { _, err := store.Decode(ctx, "features", "a", new(any)); return err },
		"All":                        func() error { _, err := store.All(ctx, "features"); return err },
		"Items":                      func() error { _, err := store.Items(ctx, "features"); return err },
		"AllText":                    func() error { _, err := store.AllText(ctx, "features"); return err },
		"DecodeAll":                  func() error { return store.DecodeAll(ctx, "features", new(any)) },
		"Init":                       func() error { return store.Init(ctx, []byte("{}")) },
		"Upsert":                     func() error { _, err := store.Upsert(ctx, "features", "not-newer", []byte("{}")); return err },
		"Initialized":                func() error { _, err := store.Initialized(ctx); return err },
		"CheckAvailable":             func() error { return store.CheckAvailable(ctx) },
		"BigSegmentsMetadata":        func() error { _, err := store.BigSegmentsMetadata(ctx); return err },
		"BigSegmentsCursor":          func() error { _, _, err := store.BigSegmentsCursor(ctx); return err },
		"BigSegmentsMembership":      func() error { _, err := store.BigSegmentsMembership(ctx, "hash"); return err },
		"BigSegmentsApplyPatch":      func() error { _, err := store.BigSegmentsApplyPatch(ctx, []byte("{}")); return err },
		"BigSegmentsSetSynchronized": func() error { return store.BigSegmentsSetSynchronized(ctx, time.Now()) },
		"SetCredentials":             func() error { return store.SetCredentials(lddynamostore.Credentials{}) },
		"Stats":                      func() error { _, err := store.Stats(); return err },
	}
}

func assertAllIsFreed(t *testing.T, stub *testengine.Stub) {
	t.Helper()
	for _, counter := range []string{"live_stores", "live_strings", "live_errors", "freed_in_a_call"} {
		assert.Zero(t, stub.Count(counter), counter)
	}
}

func TestWhatCallsGiveIsFreed(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub)
	for round := 0; round < 3; round++ {
		for name, call := range calls(store) {
			if err := call(); name == "CheckAvailable" {
				assert.ErrorIs(t, err, lddynamostore.ErrUnreachable)
			} else {
				assert.NoError(t, err, name)
			}
		}
	}
	for _, key := range []string{"status:-300", "bare-status:-300", "status:-1234", "log:1:text"} {
		_, _ = store.Get(ctx, "features", key)
	}
	_, err := lddynamostore.Open("table", lddynamostore.Options{Library: stub.Path, Prefix: "refused"})
	assert.ErrorIs(t, err, lddynamostore.ErrConfiguration)
	_, err = lddynamostore.ContextHash("key", stub.Path)
	assert.NoError(t, err)
	_, err = lddynamostore.ContextHash("status:-6", stub.Path)
	assert.ErrorIs(t, err, lddynamostore.ErrInvalidKey)
	assert.Equal(t, 1, stub.Count("live_stores"))
	assert.NoError(t, store.Close())
	assert.NoError(t, store.Close())
	assertAllIsFreed(t, stub)
}

func TestEveryCallOnAClosedStoreSaysSo(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub)
	require.NoError(t, store.Close())
	assert.True(t, store.Closed())
	for name, call := range calls(store) {
		assert.ErrorIs(t, call(), lddynamostore.ErrClosed, name)
	}
	assert.False(t, store.Available(ctx))
	caching := openStub(t, stub, func(options *lddynamostore.Options) { options.CacheTTL = lddynamostore.Value(time.Minute) })
	require.NoError(t, caching.Close())
	for _, closed := range []*lddynamostore.Store{store, caching} {
		initialized, err := closed.Initialized(ctx)
		assert.ErrorIs(t, err, lddynamostore.ErrClosed)
		assert.False(t, initialized, "not known is no")
	}
	assertAllIsFreed(t, stub)
}

func TestAForgottenStoreIsFreed(t *testing.T) {
	stub := newStub(t)
	openStub(t, stub)
	assert.Eventually(t, func() bool {
		runtime.GC()
		return stub.Count("live_stores") == 0
	}, 10*time.Second, 10*time.Millisecond)
}

func TestCloseDuringACallFreesAfterIt(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub)
	done := make(chan error)
	go func() {
		_, err := store.Get(ctx, "features", "sleep:500")
		done <- err
	}()
	time.Sleep(100 * time.Millisecond)
	begun := time.Now()
	require.NoError(t, store.Close())
	assert.Less(t, time.Since(begun), 300*time.Millisecond, "it does not wait for the call")
	assert.Equal(t, 1, stub.Count("live_stores"))
	assert.NoError(t, <-done)
	assertAllIsFreed(t, stub)
}

func TestCloseRacesWithCalls(t *testing.T) {
	stub := newStub(t)
	for round := 0; round < 100; round++ {
		store := openStub(t, stub)
		var callers sync.WaitGroup
		for caller := 0; caller < 4; caller++ {
			callers.Add(1)
			go func() {
				defer callers.Done()
				for {
					if _, err := store.Get(ctx, "features", "a"); err != nil {
						assert.ErrorIs(t, err, lddynamostore.ErrClosed)
						return
					}
				}
			}()
		}
		runtime.Gosched()
		require.NoError(t, store.Close())
		callers.Wait()
	}
	assertAllIsFreed(t, stub)
}

func TestACancelledContextReturnsEarly(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub)
	limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := store.Get(limited, "features", "sleep:1000")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(begun), 700*time.Millisecond)
	_, err = store.Get(limited, "features", "a")
	assert.ErrorIs(t, err, context.DeadlineExceeded, "nothing is begun")
	require.NoError(t, store.Close())
	assert.Equal(t, 1, stub.Count("live_stores"), "the native call goes on")
	assert.Eventually(t, func() bool { return stub.Count("live_stores") == 0 }, 10*time.Second, 10*time.Millisecond)
	assertAllIsFreed(t, stub)
}

func TestALivingContextChangesNothing(t *testing.T) {
	store := newTable(t).Open()
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	require.NoError(t, store.Init(limited, []byte(`{"features":{"a":{"version":1}}}`)))
	item, err := store.Get(limited, "features", "a")
	require.NoError(t, err)
	assert.Equal(t, `{"version":1}`, string(item))
	result, err := store.Upsert(limited, "features", "a", []byte(`{"version":2}`))
	require.NoError(t, err)
	assert.Equal(t, lddynamostore.Updated, result.Outcome)
}

func TestCallersAreBounded(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub, func(options *lddynamostore.Options) {
		options.MaxConcurrentCalls = 2
		options.OperationTimeout = lddynamostore.Value(200 * time.Millisecond)
	})
	defer store.Close()
	results := make(chan error)
	for caller := 0; caller < 3; caller++ {
		go func() {
			_, err := store.Get(ctx, "features", "sleep:1000")
			results <- err
		}()
	}
	err := <-results
	assert.ErrorIs(t, err, lddynamostore.ErrTimedOut)
	assert.ErrorContains(t, err, "MaxConcurrentCalls")
	var failure *lddynamostore.Error
	require.ErrorAs(t, err, &failure)
	assert.True(t, failure.Retriable)
	limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err = store.Get(limited, "features", "a")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NoError(t, <-results)
	assert.NoError(t, <-results)
}

func TestSixteenCallsAreUnderWayByDefault(t *testing.T) {
	store := openStub(t, newStub(t))
	defer store.Close()
	limited, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	var callers sync.WaitGroup
	call := func() {
		callers.Add(1)
		go func() {
			defer callers.Done()
			_, err := store.Get(ctx, "features", "sleep:1000")
			assert.NoError(t, err)
		}()
	}
	for caller := 0; caller < 15; caller++ {
		call()
	}
	time.Sleep(50 * time.Millisecond)
	_, err := store.Get(limited, "features", "a")
	assert.NoError(t, err, "the sixteenth")
	call()
	time.Sleep(50 * time.Millisecond)
	_, err = store.Get(limited, "features", "a")
	assert.ErrorIs(t, err, context.DeadlineExceeded, "the seventeenth")
	callers.Wait()
}

func TestAnInitWaitsForItsTurnAsLongAsItMay(t *testing.T) {
	for _, waits := range []bool{true, false} {
		stub := newStub(t)
		store := openStub(t, stub, func(options *lddynamostore.Options) {
			options.MaxConcurrentCalls = 1
			options.OperationTimeout, options.InitTimeout = lddynamostore.Value(time.Millisecond), lddynamostore.Value(time.Minute)
			if !waits {
				options.OperationTimeout, options.InitTimeout = options.InitTimeout, options.OperationTimeout
			}
		})
		for _, call := range []string{"Init", "BigSegmentsApplyPatch"} {
			done := make(chan error)
			go func() {
				_, err := store.Get(ctx, "features", "sleep:300")
				done <- err
			}()
			time.Sleep(100 * time.Millisecond)
			if err := calls(store)[call](); waits {
				assert.NoError(t, err, call)
			} else {
				assert.ErrorIs(t, err, lddynamostore.ErrTimedOut, call)
			}
			assert.NoError(t, <-done)
		}
		require.NoError(t, store.Close())
	}
}

func TestCallsWithAContextGiveTheirTurnBack(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub, func(options *lddynamostore.Options) { options.MaxConcurrentCalls = 1 })
	defer store.Close()
	limited, cancel := context.WithCancel(ctx)
	for call := 0; call < 3; call++ {
		_, err := store.Get(limited, "features", "a")
		require.NoError(t, err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := store.Get(limited, "features", "sleep:200")
	assert.ErrorIs(t, err, context.Canceled)
	_, err = store.Get(ctx, "features", "a")
	assert.NoError(t, err, "the turn of the one that nobody waits for")
}

func TestManyCallersUseFewThreads(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub)
	defer store.Close()
	threads := sync.Map{}
	var callers sync.WaitGroup
	for caller := 0; caller < 64; caller++ {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for round := 0; round < 10; round++ {
				_, err := store.Get(ctx, "features", "sleep:5")
				assert.NoError(t, err)
				var item struct{ Version int }
				_, err = store.Decode(ctx, "features", "thread", &item)
				assert.NoError(t, err)
				threads.Store(item.Version, true)
			}
		}()
	}
	callers.Wait()
	used := 0
	threads.Range(func(any, any) bool { used++; return true })
	assert.LessOrEqual(t, used, 32)
}

func TestTheCacheNeedsNoTurn(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub, func(options *lddynamostore.Options) {
		options.MaxConcurrentCalls, options.CacheTTL = 1, lddynamostore.Value(time.Minute)
	})
	defer store.Close()
	done := make(chan error)
	go func() {
		_, err := store.Get(ctx, "features", "sleep:500")
		done <- err
	}()
	time.Sleep(100 * time.Millisecond)
	item, err := store.Get(ctx, "features", "cached")
	require.NoError(t, err)
	assert.Contains(t, string(item), "cached")
	select {
	case <-done:
		t.Error("it waited for the other call")
	default:
	}
	assert.NoError(t, <-done)
}

func TestGrowingStacksAndCollectionsDuringCalls(t *testing.T) {
	stub := newStub(t)
	store := openStub(t, stub)
	defer store.Close()
	var callers sync.WaitGroup
	for caller := 0; caller < 8; caller++ {
		callers.Add(1)
		go func(caller int) {
			defer callers.Done()
			for round := 0; round < 200; round++ {
				key := fmt.Sprintf("log:3:caller %d round %d", caller, round)
				item, err := deep(round%50, func() ([]byte, error) { return store.Get(ctx, "features", key) })
				assert.NoError(t, err)
				assert.Contains(t, string(item), key)
				if round%50 == 0 {
					runtime.GC()
				}
			}
		}(caller)
	}
	callers.Wait()
}

// deep calls from further down the stack.
func deep(levels int, call func() ([]byte, error)) ([]byte, error) {
	var room [256]byte
	if levels == 0 {
		return call()
	}
	room[levels] = 1
	result, err := deep(levels-1, call)
	if room[levels] != 1 {
		return nil, errors.New("the stack is damaged")
	}
	return result, err
}
