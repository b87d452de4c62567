package relay

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// DataSet is that of tests/interop, with some flags more so that it takes several batches.
func DataSet(t testing.TB) (flags, segments Items) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(), "tests", "interop", "data_set.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Features, Segments Items }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for key, flag := range ManyFlags(60) {
		all.Features[key] = flag
	}
	return all.Features, all.Segments
}

// ManyFlags gives flags of about 900 bytes.
func ManyFlags(count int) Items {
	flags := Items{}
	for number := range count {
		key := fmt.Sprintf("flag-%04d", number)
		flags[key] = Flag(key, 1)
	}
	return flags
}

// Flag gives one that is on and has a rule.
func Flag(key string, version int) json.RawMessage {
	values := make([]string, 40)
	for number := range values {
		values[number] = fmt.Sprintf(`"value-%d"`, number)
	}
	return json.RawMessage(fmt.Sprintf(
		`{"key":"%s","version":%d,"on":true,"prerequisites":[],"targets":[],"contextTargets":[],"rules":[{"id":"rule","variation":0,`+
			`"clauses":[{"contextKind":"user","attribute":"country","op":"in","values":[%s],"negate":false}],"trackEvents":false}],`+
			`"fallthrough":{"variation":1},"offVariation":0,"variations":[false,true],"salt":"%s","clientSide":false}`,
		key, version, strings.Join(values, ","), key))
}

// Segment gives one that includes a user.
func Segment(key string, version int, user string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(
		`{"key":"%s","version":%d,"included":["%s"],"excluded":[],"rules":[],"salt":"%s"}`, key, version, user, key))
}

// parsed gives items as values that can be compared.
func parsed(t testing.TB, items Items) map[string]any {
	t.Helper()
	values := map[string]any{}
	for key, item := range items {
		var value any
		if err := json.Unmarshal(item, &value); err != nil {
			t.Fatal(err)
		}
		values[key] = value
	}
	return values
}
