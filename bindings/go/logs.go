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

func (log sdkLog) Enabled(context.Context, slog.Level) bool { return true }

func (log sdkLog) Handle(_ context.Context, record slog.Record) error {
	var text strings.Builder
	text.WriteString(record.Message)
	text.WriteString(log.attributes)
	record.Attrs(func(attribute slog.Attr) bool {
		text.WriteString(" " + attribute.String())
		return true
	})
	switch {
	case record.Level >= slog.LevelError:
		log.loggers.Error(text.String())
	case record.Level >= slog.LevelWarn:
		log.loggers.Warn(text.String())
	case record.Level >= slog.LevelInfo:
		log.loggers.Info(text.String())
	default:
		log.loggers.Debug(text.String())
	}
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
