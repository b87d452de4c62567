package main

import (
	"encoding/json"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
)

func (s *stores) Evaluate(keys []string, contexts []byte) (string, error) {
	var visitors []ldcontext.Context
	if err := json.Unmarshal(contexts, &visitors); err != nil {
		return "", err
	}
	client, err := ld.MakeCustomClient("no-sdk-key", ld.Config{
		DataSource:  ldcomponents.ExternalUpdatesOnly(),
		DataStore:   ldcomponents.PersistentDataStore(flagStore(s.configuration)).CacheForever(),
		BigSegments: ldcomponents.BigSegments(bigSegmentStore(s.configuration)),
		Events:      ldcomponents.NoEvents(),
		Logging:     ldcomponents.Logging().Loggers(ldlog.NewDisabledLoggers()),
	}, 5*time.Second)
	if err != nil {
		return "", err
	}
	defer client.Close()
	details := map[string][][3]any{}
	for _, key := range keys {
		for _, visitor := range visitors {
			// The error says what the reason says, too.
			value, detail, _ := client.JSONVariationDetail(key, visitor, ldvalue.Null())
			details[key] = append(details[key], [3]any{value, detail.VariationIndex, detail.Reason})
		}
	}
	result, err := json.Marshal(details)
	return string(result), err
}
