package relay

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
)

// The Relay Proxy writes Big Segments with an AWS client of its own, and reads them through the store.
func TestBigSegmentsAreEvaluated(t *testing.T) {
	for _, build := range []*Build{Official, Ours} {
		t.Run(build.Name, func(t *testing.T) { bigSegments(t, build) })
	}
}

func bigSegments(t *testing.T, build *Build) {
	flag := json.RawMessage(`{"key":"for-members","version":1,"on":true,"rules":[{"id":"rule","variation":1,` +
		`"clauses":[{"attribute":"","op":"segmentMatch","values":["members"],"negate":false}]}],` +
		`"fallthrough":{"variation":0},"offVariation":0,"variations":[false,true],"salt":"salt"}`)
	segment := json.RawMessage(`{"key":"members","version":1,"unbounded":true,"generation":1,"included":[],"excluded":[],"rules":[],"salt":"salt"}`)
	launchDarkly := NewLaunchDarkly(t, Items{"for-members": flag}, Items{"members": segment})
	hash := sha256.Sum256([]byte("anna"))
	launchDarkly.AddBigSegmentPatch(json.RawMessage(fmt.Sprintf(
		`{"environmentId":"test","segmentId":"members.g1","version":"1","previousVersion":"","changes":{"included":{"add":["%s"]}}}`,
		base64.StdEncoding.EncodeToString(hash[:]))))
	engine := LocalDynamoDB(t)
	engine.NewTable(table)
	relay := Start(t, build, Settings{LaunchDarkly: launchDarkly, Engine: engine, Table: table, Prefix: "production"})
	relay.WaitUntilHealthy()
	eventually(t, limit, "the Big Segments are synchronized", func() bool {
		status := relay.Status().Environments[Environment].BigSegmentStatus
		return status != nil && status.Available && !status.PotentiallyStale
	})
	for user, expected := range map[string]bool{"anna": true, "somebody-else": false} {
		evaluation := relay.Evaluations(user)["for-members"].(map[string]any)
		if evaluation["value"] != expected {
			t.Errorf("for-members is %v for %s", evaluation, user)
		}
	}
}
