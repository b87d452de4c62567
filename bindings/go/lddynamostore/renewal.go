package lddynamostore

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	// Between two looks for new credentials: the AWS SDK's own cache begins to renew minutes before the old ones expire.
	betweenLooks = time.Second
	// Between two warnings that credentials were not renewed.
	betweenWarnings = time.Minute
)

// renewal keeps one native store in credentials, on the goroutines that call it.
type renewal struct {
	provider aws.CredentialsProvider
	push     func(credentials string) error
	logger   *slog.Logger
	timeout  time.Duration

	// Unix nanoseconds: when to look again, and from when on nobody can do without a look.
	nextLook, expires atomic.Int64

	// turn holds one token: who has it looks.
	turn        chan struct{}
	pushed      string
	failure     error
	nextWarning time.Time
}

func newRenewal(provider aws.CredentialsProvider, push func(string) error, logger *slog.Logger, timeout time.Duration) *renewal {
	return &renewal{provider: provider, push: push, logger: logger, timeout: timeout, turn: make(chan struct{}, 1)}
}

// renew pushes what is new. It does nothing most of the time.
func (r *renewal) renew(ctx context.Context) error {
	now := time.Now().UnixNano()
	if now < r.nextLook.Load() && now < r.expires.Load() {
		return nil
	}
	if now < r.expires.Load() {
		// What is known will do: one looks, and the others go on.
		select {
		case r.turn <- struct{}{}:
		default:
			return nil
		}
	} else {
		select {
		case r.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-r.turn }()
	return r.look(ctx)
}

// look asks the provider where that is due still: another goroutine may have asked meanwhile, and those who waited share its failure.
func (r *renewal) look(ctx context.Context) error {
	now := time.Now().UnixNano()
	if now >= r.nextLook.Load() || now >= r.expires.Load() && r.failure == nil {
		limited, cancel := ctx, func() {}
		if r.timeout > 0 {
			limited, cancel = context.WithTimeout(ctx, r.timeout)
		}
		failure := r.retrieve(limited)
		cancel()
		if failure != nil && ctx.Err() != nil {
			// The caller gave up, which is nobody else's failure.
			return ctx.Err()
		}
		r.failure = failure
		r.nextLook.Store(time.Now().Add(betweenLooks).UnixNano())
	}
	switch {
	case r.failure == nil:
		return nil
	case r.pushed == "":
		return r.failure
	}
	// What was pushed is used until it expires, which the native library sees to.
	r.warn(r.failure)
	return nil
}

func (r *renewal) retrieve(ctx context.Context) (err error) {
	found, err := r.provider.Retrieve(ctx)
	if err != nil {
		return &Error{
			Status:  StatusNoCredentials,
			Message: "no AWS credentials came from the provider: " + oneLine(err),
			// Whoever hands them out may do so again later.
			Retriable: true,
			cause:     err,
		}
	}
	credentials := Credentials{
		AccessKeyID:     found.AccessKeyID,
		SecretAccessKey: found.SecretAccessKey,
		SessionToken:    found.SessionToken,
	}
	// As good as never.
	expires := time.Unix(1<<33, 0)
	if found.CanExpire {
		credentials.Expires, expires = found.Expires, found.Expires
	}
	if text := credentials.pushed(); text != r.pushed {
		if err := r.push(text); err != nil {
			return err
		}
		r.pushed = text
	}
	r.expires.Store(expires.UnixNano())
	return nil
}

func (r *renewal) warn(err error) {
	if now := time.Now(); now.After(r.nextWarning) {
		r.nextWarning = now.Add(betweenWarnings)
		r.logger.Warn("the AWS credentials were not renewed, and those that are known are used: " + oneLine(err))
	}
}

// oneLine is an error's text in one line of bounded length.
func oneLine(err error) string {
	text := []rune(strings.Join(strings.Fields(fmt.Sprint(err)), " "))
	if len(text) > 200 {
		return string(text[:199]) + "…"
	}
	return string(text)
}
