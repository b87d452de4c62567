package lddynamostore

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// What the module reckons by itself, where the library's own numbers are the measure.

func TestLimitsAreTheLibrarysUnlessTheyAreGiven(t *testing.T) {
	for configuration, expected := range map[string]struct {
		caches          bool
		operation, init time.Duration
	}{
		`{"table":"t"}`: {true, 5 * time.Second, 5 * time.Minute},
		`{"cache_ttl_ms":0,"operation_timeout_ms":1500,"init_timeout_ms":2500}`: {false, 1500 * time.Millisecond, 2500 * time.Millisecond},
		`{"cache_ttl_ms":-1,"operation_timeout_ms":0,"init_timeout_ms":0}`:      {true, 0, 0},
		"no JSON": {true, 5 * time.Second, 5 * time.Minute},
	} {
		caches, operation, init := limitsOf(configuration)
		assert.Equal(t, expected.caches, caches, configuration)
		assert.Equal(t, expected.operation, operation, configuration)
		assert.Equal(t, expected.init, init, configuration)
	}
}

func TestPartsOfAMillisecondAreWholeOnes(t *testing.T) {
	for given, expected := range map[time.Duration]int64{
		0: 0, time.Nanosecond: 1, time.Millisecond: 1, 1500 * time.Microsecond: 2, -time.Nanosecond: -1, -1500 * time.Microsecond: -2,
	} {
		options := Options{ConnectTimeout: &given, AttemptTimeout: &given, OperationTimeout: &given, InitTimeout: &given, ContextCacheTTL: &given,
			CacheTTL: &given}
		text, err := options.toJSON("t")
		require.NoError(t, err)
		var told map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &told))
		for _, name := range []string{"connect_timeout_ms", "attempt_timeout_ms", "operation_timeout_ms", "init_timeout_ms", "context_cache_ttl_ms"} {
			assert.EqualValues(t, expected, told[name], "%s of %v", name, given)
		}
		// Any negative one is for ever, which the library calls -1.
		assert.EqualValues(t, max(expected, -1), told["cache_ttl_ms"], given)
	}
}

func TestEveryCounterIsRead(t *testing.T) {
	var stats Stats
	require.NoError(t, json.Unmarshal([]byte(`{"hits":1,"misses":2,"stale_hits":3,"joined_calls":4,"requests":5,"direct_requests":6,"retries":7,
		"throttles":8,"consumed_read_units":9.5,"consumed_write_units":10.5,"unprocessed_rows":11,"generation":16,
		"last_init":{"written":12,"unchanged":13,"deleted":14,"dropped":15}}`), &stats))
	assert.Equal(t, Stats{1, 2, 3, 4, 5, 6, 7, 8, 9.5, 10.5, 11, InitStats{12, 13, 14, 15}, 16}, stats)

	store, err := Open("table", Options{Region: "r"})
	require.NoError(t, err)
	defer store.Close()
	counted := map[string]any{}
	require.NoError(t, json.Unmarshal(store.text(native.Stats).text, &counted))
	assert.Len(t, counted, reflect.TypeOf(stats).NumField())
	assert.Len(t, counted["last_init"], reflect.TypeOf(stats.LastInit).NumField())
}

// heard counts records.
type heard struct{ records *[]string }

func (h heard) Enabled(context.Context, slog.Level) bool { return true }
func (h heard) Handle(_ context.Context, record slog.Record) error {
	*h.records = append(*h.records, record.Level.String()+" "+record.Message)
	return nil
}
func (h heard) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h heard) WithGroup(string) slog.Handler      { return h }

func TestAProviderIsAskedOnceASecondAndAFailureToldOnceAMinute(t *testing.T) {
	var records, pushed []string
	asked, fails := 0, false
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		asked++
		if fails {
			return aws.Credentials{}, errors.New("gone")
		}
		return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", CanExpire: true, Expires: time.UnixMilli(4102444800123)}, nil
	})
	push := func(text string) error { pushed = append(pushed, text); return nil }
	renewal := newRenewal(provider, push, slog.New(heard{&records}), time.Second)
	renew := func() { require.NoError(t, renewal.renew(context.Background())) }
	renew()
	renew()
	assert.Equal(t, 1, asked)
	assert.WithinDuration(t, time.Now().Add(time.Second), time.Unix(0, renewal.nextLook.Load()), 500*time.Millisecond)
	assert.Equal(t, []string{`{"access_key_id":"a","secret_access_key":"b","expires_ms":4102444800123}`}, pushed)

	fails = true
	for round := 0; round < 3; round++ {
		renewal.nextLook.Store(0)
		renew()
		renew()
	}
	assert.Equal(t, 4, asked)
	assert.Equal(t, []string{"WARN the AWS credentials were not renewed, and those that are known are used: no AWS credentials came from the provider: gone"}, records)
	assert.WithinDuration(t, time.Now().Add(time.Minute), renewal.nextWarning, 10*time.Second)
	renewal.nextWarning = time.Now()
	renewal.nextLook.Store(0)
	renew()
	assert.Len(t, records, 2)
	assert.Len(t, pushed, 1)
}
