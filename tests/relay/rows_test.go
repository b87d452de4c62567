package relay

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
)

const table = "flags"

// The rows that both Relay Proxies make of one stream, step by step.
func TestTheRowsAreThoseOfTheOfficialStore(t *testing.T) {
	official, ours := writtenRows(t, Official), writtenRows(t, Ours)
	for _, step := range slices.Sorted(maps.Keys(official)) {
		same(t, step, official[step], ours[step])
	}
}

func writtenRows(t *testing.T, build *Build) map[string]map[Place]Row {
	t.Helper()
	build.Program(t)
	flags, segments := DataSet(t)
	launchDarkly := NewLaunchDarkly(t, flags, segments)
	engine := LocalDynamoDB(t)
	engine.NewTable(table)
	relay := Start(t, build, Settings{LaunchDarkly: launchDarkly, Engine: engine, Table: table, Prefix: "production"})
	relay.WaitUntilHealthy()
	environment := relay.Status().Environments[Environment]
	if store := environment.DataStoreStatus; store.State != "VALID" || store.Database != "dynamodb" || store.DBTable != table {
		t.Errorf("the %s store is %+v", build.Name, store)
	}
	written := map[string]map[Place]Row{}
	snapshot := func(step string, kind Kind, last string) {
		t.Helper()
		namespace := map[Kind]string{Flags: "production:features", Segments: "production:segments"}[kind]
		waitForRow(t, engine, Place{namespace, last})
		written[step] = engine.Rows(table)
		// Not the stores' work: the Relay Proxy notes the time in it, some time after it has seen a Big Segment.
		delete(written[step], Place{"production:big_segments_metadata", "production:big_segments_metadata"})
	}
	snapshot("1 the first data set", Flags, "flag-0059")
	if expected := len(flags) + len(segments) + 1; len(written["1 the first data set"]) != expected {
		t.Errorf("the %s store wrote %d rows of %d", build.Name, len(written["1 the first data set"]), expected)
	}

	launchDarkly.Patch(Flags, "flag-0001", Flag("flag-0001", 5))
	launchDarkly.Patch(Flags, "flag-0001", Flag("flag-0001", 4))
	launchDarkly.Patch(Segments, "employees", Segment("employees", 15, "zoë"))
	launchDarkly.Patch(Flags, "patched", Flag("patched", 1))
	snapshot("2 patches", Flags, "patched")

	launchDarkly.Delete(Flags, "flag-0002", 2)
	launchDarkly.Delete(Flags, "flag-0003", 1)
	launchDarkly.Delete(Flags, "never-there", 3)
	launchDarkly.Delete(Segments, "newsletter", 58)
	launchDarkly.Patch(Segments, "after-deletions", Segment("after-deletions", 1, "anna"))
	snapshot("3 deletions", Segments, "after-deletions")

	// Rows that are gone, others that are new, one of an older version: a put replaces.
	flags = launchDarkly.Items(Flags)
	maps.DeleteFunc(flags, func(key string, _ json.RawMessage) bool { return key > "flag-0040" })
	flags["flag-0001"] = Flag("flag-0001", 2)
	flags["z-after-replacement"] = Flag("z-after-replacement", 1)
	launchDarkly.Replace(flags, Items{})
	eventually(t, limit, "the second data set is written", func() bool {
		_, found := engine.Rows(table)[Place{"production:features", "flag-0059"}]
		return !found
	})
	snapshot("4 another data set", Flags, "z-after-replacement")
	if connections := launchDarkly.Requests("/all"); connections != 1 {
		t.Errorf("the Relay Proxy connected %d times to the stream", connections)
	}
	return written
}

func same(t *testing.T, step string, official, ours map[Place]Row) {
	t.Helper()
	t.Logf("%s: %d rows", step, len(official))
	for place, row := range official {
		if own, found := ours[place]; !found {
			t.Errorf("%s: only the official store has %v", step, place)
		} else if own.Version != row.Version || !reflect.DeepEqual(own.Item, row.Item) {
			t.Errorf("%s: %v differs:\nofficial %s %v\nours     %s %v", step, place, row.Version, row.Item, own.Version, own.Item)
		} else if !slices.Equal(slices.Sorted(maps.Keys(own.Attributes)), slices.Sorted(maps.Keys(row.Attributes))) {
			t.Errorf("%s: the attributes of %v differ", step, place)
		}
	}
	for place := range ours {
		if _, found := official[place]; !found {
			t.Errorf("%s: only our store has %v", step, place)
		}
	}
}
