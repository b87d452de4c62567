package lddynamodb

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
)

// sdkLog passes the store's messages to the SDK's loggers.
type sdkLog struct {
	loggers    ldlog.Loggers
	attributes string
}

// logLevels are the library's least severe messages for the SDK's: what the SDK does not show is not made either.
var logLevels = map[ldlog.LogLevel]string{
	ldlog.Debug: "debug",
	ldlog.Info:  "info",
	ldlog.Warn:  "warn",
	ldlog.Error: "error",
	ldlog.None:  "off",
}

func (log sdkLog) Enabled(_ context.Context, level slog.Level) bool {
	return sdkLevel(level) >= log.loggers.GetMinLevel()
}

func sdkLevel(level slog.Level) ldlog.LogLevel {
	switch {
	case level >= slog.LevelError:
		return ldlog.Error
	case level >= slog.LevelWarn:
		return ldlog.Warn
	case level >= slog.LevelInfo:
		return ldlog.Info
	}
	return ldlog.Debug
}

func (log sdkLog) Handle(_ context.Context, record slog.Record) error {
	var text strings.Builder
	text.WriteString(record.Message)
	text.WriteString(log.attributes)
	record.Attrs(func(attribute slog.Attr) bool {
		text.WriteString(" " + attribute.String())
		return true
	})
	log.loggers.ForLevel(sdkLevel(record.Level)).Println(text.String())
	return nil
}

func (log sdkLog) WithAttrs(attributes []slog.Attr) slog.Handler {
	for _, attribute := range attributes {
		log.attributes += " " + attribute.String()
	}
	return log
}

func (log sdkLog) WithGroup(string) slog.Handler { return log }

const (
	silence        = time.Minute
	mostRemembered = 1000
)

// repeatedFailures remembers what was logged of late: some failures come again with every call and are worth a line a minute.
type repeatedFailures struct {
	mutex  sync.Mutex
	logged map[string]time.Time
}

func (failures *repeatedFailures) log(failure string, log func(...interface{})) {
	if failures.isDue(failure) {
		log(failure)
	}
}

func (failures *repeatedFailures) isDue(failure string) bool {
	failures.mutex.Lock()
	defer failures.mutex.Unlock()
	now := time.Now()
	if last, known := failures.logged[failure]; known && now.Sub(last) < silence {
		return false
	}
	if failures.logged == nil || len(failures.logged) >= mostRemembered {
		failures.logged = map[string]time.Time{}
	}
	failures.logged[failure] = now
	return true
}
