package lddynamostore

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// The log levels of the C header.
const (
	logError int32 = 1
	logWarn  int32 = 2
	logInfo  int32 = 3
	logDebug int32 = 4
	logTrace int32 = 5
)

// LevelTrace is the level of the library's most detailed messages, which only come where Options.LogLevel is "trace".
const LevelTrace = slog.LevelDebug - 4

var slogLevels = map[int32]slog.Level{
	logError: slog.LevelError,
	logWarn:  slog.LevelWarn,
	logInfo:  slog.LevelInfo,
	logDebug: slog.LevelDebug,
	logTrace: LevelTrace,
}

const (
	// More messages than these wait for nobody: a logger is slower than the calls.
	mostWaiting = 4096
	// A logger that makes calls which log could go on for ever.
	mostAtOnce = 512
)

type message struct {
	level slog.Level
	text  string
}

// messages are those that the library delivered and that are not logged yet. They are logged after the native call, because a logger is
// the program's code: it may call the store, and must not unwind through C.
type messages struct {
	logger *slog.Logger

	count   atomic.Int32
	logging atomic.Bool
	mutex   sync.Mutex
	waiting []message
	lost    int
}

// collect runs below C's frames.
func (m *messages) collect(level int32, text string) {
	known, isKnown := slogLevels[level]
	if !isKnown {
		known = LevelTrace
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if len(m.waiting) >= mostWaiting {
		m.lost++
		return
	}
	m.waiting = append(m.waiting, message{known, text})
	m.count.Store(int32(len(m.waiting)))
}

// deliver logs what waits, on the caller's goroutine. Where another one is logging already it goes on with ours.
func (m *messages) deliver() {
	for logged := 0; logged < mostAtOnce && m.count.Load() > 0 && m.logging.CompareAndSwap(false, true); {
		logged += m.logWaiting()
	}
}

func (m *messages) logWaiting() int {
	// Before the next look at the count: who found this one logging relies on that look.
	defer m.logging.Store(false)
	batch, lost := m.take()
	for _, message := range batch {
		m.logger.Log(context.Background(), message.level, message.text)
	}
	if lost > 0 {
		m.logger.Warn("the logger is slower than the calls that log, and messages were lost", "count", lost)
	}
	return len(batch)
}

func (m *messages) take() ([]message, int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	batch, lost := m.waiting, m.lost
	m.waiting, m.lost = nil, 0
	m.count.Store(0)
	return batch, lost
}
