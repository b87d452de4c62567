package lddynamostore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// What a call costs that asks nothing: the way into the library and back, with an item of 1 KB.

func benchmarkedStore(b *testing.B) *lddynamostore.Store {
	store := testengine.Fake(b).NewTable().Open(func(options *lddynamostore.Options) {
		options.CacheTTL, options.LogLevel = lddynamostore.Value(time.Hour), "error"
	})
	item := `{"version":1,"filler":"` + strings.Repeat("x", 1000) + `"}`
	if err := store.Init(ctx, []byte(`{"features":{"a":`+item+`}}`)); err != nil {
		b.Fatal(err)
	}
	if _, err := store.Get(ctx, "features", "a"); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	return store
}

func BenchmarkGetCached(b *testing.B) {
	store := benchmarkedStore(b)
	for n := 0; n < b.N; n++ {
		if _, err := store.Get(ctx, "features", "a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetCachedInParallel(b *testing.B) {
	store := benchmarkedStore(b)
	b.RunParallel(func(run *testing.PB) {
		for run.Next() {
			if _, err := store.Get(ctx, "features", "a"); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkGetUncached(b *testing.B) {
	table := testengine.Fake(b).NewTable()
	store := table.Open()
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": ctx, "cancellable": limited} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; n < b.N; n++ {
				if _, err := store.Get(ctx, "features", "a"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
