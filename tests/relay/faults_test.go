package relay

import (
	"slices"
	"testing"
)

const flagCount = 200

// Rows that DynamoDB leaves unprocessed are lost by the official store, and nobody is told. Ours writes them.
func TestUnprocessedRowsAreNotLost(t *testing.T) {
	t.Run(Official.Name, func(t *testing.T) {
		missing, stale := unprocessed(t, Official)
		// Were there none, the test of ours would show nothing.
		if missing == 0 || stale == 0 {
			t.Errorf("the official store lost %d rows and left %d that were deleted: the faults are none", missing, stale)
		}
		t.Logf("the official store lost %d rows of %d and left %d of those that were deleted", missing, flagCount, stale)
	})
	t.Run(Ours.Name, func(t *testing.T) {
		if missing, stale := unprocessed(t, Ours); missing != 0 || stale != 0 {
			t.Errorf("our store lost %d rows and left %d that were deleted", missing, stale)
		}
	})
}

// unprocessed counts the rows that are not there after a put, and those that are still there after one of half the flags.
func unprocessed(t *testing.T, build *Build) (missing, stale int) {
	flags := ManyFlags(flagCount)
	settings := Settings{LaunchDarkly: NewLaunchDarkly(t, flags, Items{}), Engine: scripted(t, build), Table: table}
	everySecond := map[string]any{
		"match":  map[string]any{"operation": "BatchWriteItem", "every": 2},
		"action": map[string]any{"unprocessed": map[string]any{"fraction": 0.4}},
	}
	settings.Engine.Control("rules", everySecond, nil)
	first := Start(t, build, settings)
	first.WaitUntilHealthy()
	missing = flagCount - len(keys(settings.Engine))

	half := ManyFlags(flagCount / 2)
	settings.LaunchDarkly.Replace(half, Items{})
	eventually(t, limit, "the second put is through", func() bool { return len(first.Flags()) == len(half) })
	stale = len(keys(settings.Engine)) - len(half)
	first.Stop()

	// What is not in the table is not served either, after the next restart.
	settings.LaunchDarkly.Down(true)
	if served := startIgnoringErrors(t, build, settings).Flags(); len(served) != len(keys(settings.Engine)) {
		t.Errorf("%d flags are served of the %d in the table", len(served), len(keys(settings.Engine)))
	}
	return missing, stale
}

// A patch that comes while the table is out of order is there once it is back, by whatever way the SDK chooses.
func TestAnOutageOfTheTableIsNoticedAndEnds(t *testing.T) {
	for _, build := range []*Build{Official, Ours} {
		t.Run(build.Name, func(t *testing.T) { outage(t, build) })
	}
}

func outage(t *testing.T, build *Build) {
	settings := Settings{LaunchDarkly: NewLaunchDarkly(t, ManyFlags(30), Items{}), Engine: scripted(t, build), Table: table}
	relay := Start(t, build, settings)
	relay.WaitUntilHealthy()
	store := func(state string) {
		t.Helper()
		eventually(t, limit, "the store is "+state, func() bool {
			return relay.Status().Environments[Environment].DataStoreStatus.State == state
		})
	}
	store("VALID")
	settings.Engine.Control("rules", map[string]any{"action": map[string]any{"server_error": true}}, nil)
	settings.LaunchDarkly.Patch(Flags, "flag-0001", Flag("flag-0001", 7))
	settings.LaunchDarkly.Delete(Flags, "flag-0002", 7)
	store("INTERRUPTED")
	settings.Engine.Control("reset", nil, nil)
	store("VALID")
	eventually(t, limit, "the rows are those of LaunchDarkly", func() bool {
		rows := settings.Engine.Rows(table)
		patched := rows[Place{"features", "flag-0001"}]
		deleted, found := rows[Place{"features", "flag-0002"}]
		return patched.Version == "7" && (!found || deleted.Version == "7")
	})
}

// While its table is out of order from the start, a Relay Proxy that may keep flags for ever serves them from memory once the init has
// failed. The official store gives up soon, ours after half a minute, or as soon as docs/relay.md has it do so.
func TestAnInitEndsInAnOutage(t *testing.T) {
	for _, build := range []*Build{Official, Ours, OursWithInitTimeout} {
		t.Run(build.Name, func(t *testing.T) {
			settings := Settings{LaunchDarkly: NewLaunchDarkly(t, ManyFlags(30), Items{}), Engine: scripted(t, build), Table: table}
			settings.Engine.Control("rules", map[string]any{"action": map[string]any{"throttle": true}}, nil)
			settings.More = []string{"CACHE_TTL=-1s"}
			relay := startIgnoringErrors(t, build, settings)
			if flags := relay.Flags(); len(flags) != 30 {
				t.Errorf("%d flags are served of 30", len(flags))
			}
			settings.Engine.Control("reset", nil, nil)
			eventually(t, limit, "the table has all rows", func() bool { return len(keys(settings.Engine)) == 30 })
		})
	}
}

func scripted(t *testing.T, build *Build) *Engine {
	// Needed by the program, else the engine would be started for nothing.
	build.Program(t)
	// With no latency at all the AWS SDK for Go breaks connections: tests/fake-dynamodb/README.md.
	return FakeDynamoDB(t, "--create-table", table, "--latency-ms", "1")
}

// keys gives those of the flags in the table.
func keys(engine *Engine) []string {
	var keys []string
	for place := range engine.Rows(table) {
		if place.Namespace == "features" {
			keys = append(keys, place.Key)
		}
	}
	slices.Sort(keys)
	return keys
}
