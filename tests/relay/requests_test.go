package relay

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// Both ask LaunchDarkly and the table alone, and describe themselves in the same way.
func TestNothingElseIsAskedAndTheDiagnosticsAreTheSame(t *testing.T) {
	official, ours := diagnostics(t, Official), diagnostics(t, Ours)
	for name, value := range official {
		if ours[name] != value {
			t.Errorf("the official Relay Proxy says that %s is %v, ours says %v", name, value, ours[name])
		}
	}
}

func diagnostics(t *testing.T, build *Build) map[string]any {
	t.Helper()
	var asked atomic.Pointer[string]
	proxy := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		asked.Store(&request.Host)
		http.Error(writer, "there is nothing else", http.StatusBadGateway)
	}))
	defer proxy.Close()
	launchDarkly := NewLaunchDarkly(t, ManyFlags(3), Items{})
	engine := LocalDynamoDB(t)
	engine.NewTable(table)
	// Loopback apart, everything would go to the proxy.
	relay := Start(t, build, Settings{LaunchDarkly: launchDarkly, Engine: engine, Table: table, More: []string{
		"HTTP_PROXY=" + proxy.URL, "HTTPS_PROXY=" + proxy.URL, "NO_PROXY=127.0.0.1",
	}})
	relay.WaitUntilHealthy()
	eventually(t, limit, "diagnostics come", func() bool { return len(launchDarkly.Diagnostics()) > 0 })
	relay.Stop()
	if host := asked.Load(); host != nil {
		t.Errorf("the %s Relay Proxy has asked for %s", build.Name, *host)
	}
	var event struct{ Configuration map[string]any }
	if err := json.Unmarshal(launchDarkly.Diagnostics()[0], &event); err != nil {
		t.Fatal(err)
	}
	if len(event.Configuration) == 0 {
		t.Errorf("the diagnostics have no configuration: %s", launchDarkly.Diagnostics()[0])
	}
	return event.Configuration
}
