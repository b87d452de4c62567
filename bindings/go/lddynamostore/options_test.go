package lddynamostore_test

import (
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func TestEveryOptionIsHandedOver(t *testing.T) {
	options := lddynamostore.Options{
		Prefix: "p", Region: "r", Endpoint: "http://e", Profile: "f", ConsistentReads: lddynamostore.Value(false), ReadOnly: true,
		ConnectTimeout: lddynamostore.Value(1 * time.Millisecond), AttemptTimeout: lddynamostore.Value(2 * time.Millisecond),
		OperationTimeout: lddynamostore.Value(3 * time.Millisecond), InitTimeout: lddynamostore.Value(4 * time.Millisecond),
		MaxAttempts: 5, RetryMode: "adaptive", Transport: "sdk", MaxConcurrency: 6, CacheTTL: lddynamostore.Value(7 * time.Millisecond),
		ContextCacheTTL: lddynamostore.Value(8 * time.Millisecond), ContextCacheSize: lddynamostore.Value(9), StaleOnError: true,
		Share: true, CABundle: "c", Proxy: "http://x", LogLevel: "warn",
	}
	assert.JSONEq(t, `{"table":"","prefix":"p","region":"r","endpoint":"http://e","profile":"f","consistent_reads":false,"read_only":true,
		"connect_timeout_ms":1,"attempt_timeout_ms":2,"operation_timeout_ms":3,"init_timeout_ms":4,"max_attempts":5,"retry_mode":"adaptive",
		"transport":"sdk","max_concurrency":6,"cache_ttl_ms":7,"context_cache_ttl_ms":8,"context_cache_size":9,"stale_on_error":true,
		"share":true,"ca_bundle":"c","proxy":"http://x","log_level":"warn"}`, strings.TrimPrefix(options.String(), "lddynamostore.Options"))

	// Those that do not go to the library as they are, or not at all.
	options.Credentials, options.CredentialsProvider, options.PushedCredentials = &lddynamostore.Credentials{}, aws.AnonymousCredentials{}, true
	options.Logger, options.MaxConcurrentCalls, options.Library = slog.Default(), 1, "l"
	given := reflect.ValueOf(options)
	for index := 0; index < given.NumField(); index++ {
		assert.False(t, given.Field(index).IsZero(), "%s is not in this test", given.Type().Field(index).Name)
	}
}
