package lddynamodb

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldlogtest"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func TestTheLogLevelIsThatOfTheSDK(t *testing.T) {
	withoutAWS(t)
	for level, expected := range map[ldlog.LogLevel]string{
		ldlog.Debug: "debug", ldlog.Info: "info", ldlog.Warn: "warn", ldlog.Error: "error", ldlog.None: "off",
	} {
		loggers := ldlog.NewDefaultLoggers()
		loggers.SetMinLevel(level)
		options, err := DataStore("t").settings(loggers)
		require.NoError(t, err)
		assert.Equal(t, expected, options.LogLevel)
		for _, message := range []slog.Level{lddynamostore.LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			assert.Equal(t, sdkLevel(message) >= level, options.Logger.Enabled(context.Background(), message), "%v %v", level, message)
		}
		options, err = DataStore("t").StoreOptions(lddynamostore.Options{LogLevel: "trace"}).settings(loggers)
		require.NoError(t, err)
		assert.Equal(t, "trace", options.LogLevel, "what is given wins")
		logger := slog.New(slog.NewTextHandler(io.Discard, nil))
		options, err = DataStore("t").StoreOptions(lddynamostore.Options{Logger: logger}).settings(loggers)
		require.NoError(t, err)
		assert.Empty(t, options.LogLevel, "the SDK's level says nothing about another logger")
		assert.Same(t, logger, options.Logger)
	}
}

func TestMessagesComeInTheSDKsLevels(t *testing.T) {
	log := ldlogtest.NewMockLog()
	log.Loggers.SetMinLevel(ldlog.Debug)
	logger := slog.New(sdkLog{loggers: log.Loggers})
	for level, expected := range map[slog.Level]ldlog.LogLevel{
		lddynamostore.LevelTrace: ldlog.Debug, slog.LevelDebug: ldlog.Debug, slog.LevelInfo: ldlog.Info, slog.LevelWarn: ldlog.Warn,
		slog.LevelError: ldlog.Error, slog.LevelError + 4: ldlog.Error,
	} {
		before := len(log.GetOutput(expected))
		logger.With("a", 1).Log(context.Background(), level, "100% text", "b", "c")
		output := log.GetOutput(expected)
		require.Len(t, output, before+1)
		assert.Equal(t, "100% text a=1 b=c", output[before])
	}
}

func TestTheLibrarysDebugMessagesComeWhereTheSDKShowsThem(t *testing.T) {
	engine := testengine.Fake(t)
	table := engine.NewTable()
	for level, some := range map[ldlog.LogLevel]bool{ldlog.Debug: true, ldlog.Info: false} {
		log := ldlogtest.NewMockLog()
		log.Loggers.SetMinLevel(level)
		clientContext := subsystems.BasicClientContext{}
		clientContext.Logging.Loggers = log.Loggers
		store, err := DataStore(table.Name).ClientOptions(table.Engine.Options()).Build(clientContext)
		require.NoError(t, err)
		engine.Rule(`{"match":{"operation":"GetItem"},"times":1,"action":{"throttle":true}}`)
		_, err = store.Get(ldstoreimpl.Features(), "a")
		require.NoError(t, err)
		require.NoError(t, store.Close())
		assert.Equal(t, some, len(log.GetOutput(ldlog.Debug)) > 0, level)
	}
}

func TestFailuresAreNotRememberedForEver(t *testing.T) {
	var failures repeatedFailures
	lines := 0
	for number := 0; number < 5000; number++ {
		for again := 0; again < 2; again++ {
			failures.log(fmt.Sprint(number), func(...interface{}) { lines++ })
		}
	}
	assert.Equal(t, 5000, lines)
	assert.LessOrEqual(t, len(failures.logged), 1000)
}

func TestAFailureIsLoggedAgainAfterAMinute(t *testing.T) {
	var failures repeatedFailures
	assert.True(t, failures.isDue("a"))
	for ago, isDue := range map[time.Duration]bool{59 * time.Second: false, 61 * time.Second: true} {
		failures.logged["a"] = time.Now().Add(-ago)
		assert.Equal(t, isDue, failures.isDue("a"), ago)
	}
}
