// Command call-benchmark measures single calls of LaunchDarkly's own DynamoDB store for Go; see benches/README.md.
//
//	call-benchmark ENDPOINT TABLE WORK THREADS SECONDS     WORK: get, all, newer or refused
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"benchmarks/official"

	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"
)

const (
	// Flags that gets and upserts take turns with.
	keys        = 1000
	warmUpCalls = 20
)

// caller is one goroutine's place in its calls.
type caller struct {
	store subsystems.PersistentDataStore
	work  string
	calls int
	// Greater than any that an earlier run has stored.
	version int
	// The flag that upserts send, before and behind its version.
	before, behind string
}

func main() {
	if len(os.Args) != 6 {
		log.Fatal("usage: call-benchmark ENDPOINT TABLE get|all|newer|refused THREADS SECONDS")
	}
	work := os.Args[3]
	threads, err := strconv.Atoi(os.Args[4])
	official.Check(err)
	seconds, err := strconv.ParseFloat(os.Args[5], 64)
	official.Check(err)
	store := official.OpenStore(os.Args[1], os.Args[2])
	defer store.Close()

	warmUp := warmUpCalls
	if work == "all" {
		warmUp = 1
	}
	callers := make([]*caller, threads)
	for number := range callers {
		callers[number] = newCaller(store, work)
	}
	eachAtOnce(callers, func(caller *caller) {
		for range warmUp {
			caller.call()
		}
	})
	began, cpuBefore := time.Now(), official.CPUSeconds()
	end := began.Add(time.Duration(seconds * float64(time.Second)))
	eachAtOnce(callers, func(caller *caller) {
		for time.Now().Before(end) {
			caller.call()
		}
	})
	elapsed, cpu := time.Since(began).Seconds(), official.CPUSeconds()-cpuBefore
	calls := 0
	for _, caller := range callers {
		calls += caller.calls - warmUp
	}
	fmt.Printf("{\"calls\": %d, \"seconds\": %f, \"cpu_seconds\": %f}\n", calls, elapsed, cpu)
}

func eachAtOnce(callers []*caller, do func(*caller)) {
	var group sync.WaitGroup
	for _, caller := range callers {
		group.Add(1)
		go func() {
			defer group.Done()
			do(caller)
		}()
	}
	group.Wait()
}

func newCaller(store subsystems.PersistentDataStore, work string) *caller {
	item, err := store.Get(ldstoreimpl.Features(), "flag-000000")
	official.Check(err)
	before, rest, found := strings.Cut(string(item.SerializedItem), `"version":`)
	if !found {
		log.Fatal("flag-000000 is no flag")
	}
	behind := strings.TrimLeft(rest, "0123456789")
	return &caller{store, work, 0, int(time.Now().UnixMicro()), before + `"version":`, behind}
}

func (c *caller) call() {
	key := fmt.Sprintf("flag-%06d", c.calls%keys)
	switch c.work {
	case "get":
		item, err := c.store.Get(ldstoreimpl.Features(), key)
		official.Check(err)
		require(item.SerializedItem != nil, "a flag is missing")
	case "all":
		items, err := c.store.GetAll(ldstoreimpl.Features())
		official.Check(err)
		require(len(items) > 0, "there are no flags")
	case "newer":
		c.version++
		require(c.upsert(ldstoreimpl.Segments(), key, c.version), "an upsert was refused")
	case "refused":
		require(!c.upsert(ldstoreimpl.Features(), key, 0), "an upsert was not refused")
	default:
		log.Fatalf("no work %q", c.work)
	}
	c.calls++
}

func (c *caller) upsert(kind ldstoretypes.DataKind, key string, version int) bool {
	item := []byte(c.before + strconv.Itoa(version) + c.behind)
	descriptor := ldstoretypes.SerializedItemDescriptor{Version: version, SerializedItem: item}
	updated, err := c.store.Upsert(kind, key, descriptor)
	official.Check(err)
	return updated
}

func require(holds bool, what string) {
	if !holds {
		log.Fatal(what)
	}
}
