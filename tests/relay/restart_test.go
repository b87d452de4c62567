package relay

import (
	"reflect"
	"testing"
	"time"
)

// A Relay Proxy that cannot reach LaunchDarkly serves what is in the table, whichever store has written it.
func TestTheTableIsServedWithoutLaunchDarkly(t *testing.T) {
	for _, writer := range []*Build{Official, Ours} {
		for _, reader := range []*Build{Official, Ours} {
			t.Run(writer.Name+" writes and "+reader.Name+" reads", func(t *testing.T) { restart(t, writer, reader) })
		}
	}
}

func restart(t *testing.T, writer, reader *Build) {
	flags, segments := DataSet(t)
	settings := Settings{LaunchDarkly: NewLaunchDarkly(t, flags, segments), Engine: LocalDynamoDB(t), Table: table}
	settings.Engine.NewTable(table)
	before := Start(t, writer, settings)
	before.WaitUntilHealthy()
	settings.LaunchDarkly.Patch(Flags, "flag-0001", Flag("flag-0001", 5))
	settings.LaunchDarkly.Delete(Flags, "flag-0002", 2)
	settings.LaunchDarkly.Patch(Flags, "last", Flag("last", 1))
	waitForRow(t, settings.Engine, Place{"features", "last"})
	served, evaluated := before.Flags(), before.Evaluations("anna")
	if now := version(served["flag-0001"]); now != 5 {
		t.Errorf("flag-0001 is served in version %d after its patch to 5", now)
	}
	before.Stop()

	settings.LaunchDarkly.Down(true)
	after := startIgnoringErrors(t, reader, settings)
	if again := after.Flags(); !reflect.DeepEqual(parsed(t, served), parsed(t, again)) {
		t.Errorf("%d flags were served before and %d now, or others", len(served), len(again))
	}
	if streamed := after.Streamed(); len(streamed) == 0 || !reflect.DeepEqual(parsed(t, served), parsed(t, streamed)) {
		t.Errorf("%d flags are streamed to SDKs of %d", len(streamed), len(served))
	}
	if again := after.Evaluations("anna"); len(again) == 0 || !reflect.DeepEqual(evaluated, again) {
		t.Errorf("flags were evaluated to\n%v before, and to\n%v now", evaluated, again)
	}

	settings.LaunchDarkly.Down(false)
	settings.LaunchDarkly.Patch(Flags, "flag-0001", Flag("flag-0001", 6))
	after.WaitUntilHealthy()
	eventually(t, limit, "what LaunchDarkly has meanwhile is served", func() bool {
		return version(after.Flags()["flag-0001"]) == 6
	})
}

// For so long our store goes on with an init, unless it is told otherwise.
const initLimit = 30 * time.Second

func startIgnoringErrors(t *testing.T, build *Build, settings Settings) *Relay {
	t.Helper()
	settings.More = append(settings.More, "IGNORE_CONNECTION_ERRORS=1", "INIT_TIMEOUT=1s")
	relay := Start(t, build, settings)
	eventually(t, initLimit+limit, "the Relay Proxy gives up waiting for LaunchDarkly", func() bool {
		return relay.Answers("/sdk/flags")
	})
	return relay
}

func waitForRow(t *testing.T, engine *Engine, place Place) {
	t.Helper()
	eventually(t, limit, place.Key+" is written", func() bool {
		_, found := engine.Rows(table)[place]
		return found
	})
}
