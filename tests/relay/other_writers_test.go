package relay

import (
	"net/http"
	"testing"
)

// One row of another writer's, or a damaged one, and the official store gives no flag at all. Ours gives the others.
func TestRowsOfOtherWritersDoNoHarm(t *testing.T) {
	for name, item := range map[string]map[string]any{
		"Java's deletion": {"S": "null"},
		"no JSON":         {"S": "{"},
	} {
		for build, expected := range map[*Build]int{Official: http.StatusInternalServerError, Ours: http.StatusOK} {
			t.Run(name+", "+build.Name, func(t *testing.T) { otherWriters(t, build, item, expected) })
		}
	}
}

func otherWriters(t *testing.T, build *Build, item map[string]any, expected int) {
	settings := Settings{LaunchDarkly: NewLaunchDarkly(t, ManyFlags(30), Items{}), Engine: scripted(t, build), Table: table}
	first := Start(t, build, settings)
	first.WaitUntilHealthy()
	first.Stop()
	settings.Engine.Call("PutItem", map[string]any{"TableName": table, "Item": map[string]any{
		"namespace": map[string]any{"S": "features"}, "key": map[string]any{"S": "of-another"},
		"version": map[string]any{"N": "3"}, "item": item,
	}}, nil)

	settings.LaunchDarkly.Down(true)
	settings.More = []string{"IGNORE_CONNECTION_ERRORS=1", "INIT_TIMEOUT=1s"}
	relay := Start(t, build, settings)
	status := 0
	eventually(t, limit, "the Relay Proxy gives up waiting for LaunchDarkly", func() bool {
		status, _ = relay.request("/sdk/flags")
		return status != http.StatusServiceUnavailable
	})
	if status != expected {
		t.Errorf("all flags are answered with %d, not with %d", status, expected)
	}
	if status == http.StatusOK && len(relay.Flags()) != 30 {
		t.Errorf("%d flags are served of 30", len(relay.Flags()))
	}
}
