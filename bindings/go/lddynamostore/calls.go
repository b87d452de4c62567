package lddynamostore

import (
	"context"
	"runtime"
	"strings"
	"time"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// answer is what a native call came to.
type answer struct {
	status  Status
	text    []byte
	members []native.Member
	err     error
}

// answered makes an answer of what a native call returned.
func answered(status int32, failure *native.Failure, err error) answer {
	if err == nil && status < 0 {
		err = failed(status, failure)
	}
	return answer{status: Status(status), err: err}
}

// text calls a function with a text as its result. As in the next two the store is kept alive: its finalizer closes the native one.
func (store *Store) text(function native.Function, texts ...string) answer {
	text, status, failure, err := store.native.CallForText(function, texts...)
	runtime.KeepAlive(store)
	answer := answered(status, failure, err)
	answer.text = text
	return answer
}

func (store *Store) members(function native.Function, texts ...string) answer {
	members, status, failure, err := store.native.CallForMembers(function, texts...)
	runtime.KeepAlive(store)
	answer := answered(status, failure, err)
	answer.members = members
	return answer
}

func (store *Store) plain(function native.Function, texts ...string) answer {
	answer := answered(store.native.Call(function, texts...))
	runtime.KeepAlive(store)
	return answer
}

// wait makes a call that may wait for the table. When the context ends it returns at once, and the call goes on to its own end.
func (store *Store) wait(ctx context.Context, timeout time.Duration, call func() answer) answer {
	if err := store.ready(ctx, timeout); err != nil {
		return answer{err: err}
	}
	// On the caller's goroutine: a logger is the program's code.
	defer store.messages.deliver()
	if ctx.Done() == nil {
		defer store.leaveSlot()
		return call()
	}
	done := make(chan answer, 1)
	go func() {
		defer store.leaveSlot()
		done <- call()
	}()
	select {
	case answer := <-done:
		return answer
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}

// ready waits for what a call needs: credentials, and one of the slots that bound the threads.
func (store *Store) ready(ctx context.Context, timeout time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if store.native.Closed() {
		return ErrClosed
	}
	if store.renewal != nil {
		if err := store.renewal.renew(ctx); err != nil {
			return err
		}
	}
	select {
	case store.slots <- struct{}{}:
		return nil
	default:
		return store.waitForSlot(ctx, timeout)
	}
}

func (store *Store) waitForSlot(ctx context.Context, timeout time.Duration) error {
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case store.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-expired:
		failure := refused(StatusTimedOut, "%d calls were under way for %v, and no further one may begin: see MaxConcurrentCalls",
			cap(store.slots), timeout)
		failure.(*Error).Retriable = true
		return failure
	}
}

func (store *Store) leaveSlot() { <-store.slots }

// withoutNUL refuses a text that C would take for a shorter one.
func withoutNUL(status Status, name, text string) error {
	if at := strings.IndexByte(text, 0); at >= 0 {
		return refused(status, "%s has a NUL character at byte %d", name, at)
	}
	return nil
}
