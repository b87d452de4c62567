package lddynamostore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	static "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func credentials(number int64) aws.Credentials {
	return aws.Credentials{AccessKeyID: fmt.Sprintf("id-%d", number), SecretAccessKey: "secret"}
}

func asks(provider aws.CredentialsProviderFunc) func(*lddynamostore.Options) {
	return func(options *lddynamostore.Options) {
		options.Credentials, options.CredentialsProvider = nil, provider
	}
}

func signedWith(engine *testengine.Engine) string {
	id, _ := engine.Control("headers/last", nil)["access_key_id"].(string)
	return id
}

func TestPushedCredentials(t *testing.T) {
	engine := testengine.Fake(t)
	store := engine.NewTable().Open(func(options *lddynamostore.Options) {
		options.Credentials, options.PushedCredentials = nil, true
	})
	_, err := store.Get(ctx, "features", "a")
	assert.ErrorIs(t, err, lddynamostore.ErrNoCredentials)
	require.NoError(t, store.SetCredentials(lddynamostore.Credentials{AccessKeyID: "first", SecretAccessKey: "s", SessionToken: "t"}))
	_, err = store.Get(ctx, "features", "a")
	require.NoError(t, err)
	assert.Equal(t, "first", signedWith(engine))
	require.NoError(t, store.SetCredentialsJSON(`{"access_key_id":"second","secret_access_key":"s"}`))
	_, err = store.Get(ctx, "features", "a")
	require.NoError(t, err)
	assert.Equal(t, "second", signedWith(engine))
	require.NoError(t, store.SetCredentials(lddynamostore.Credentials{
		AccessKeyID: "old", SecretAccessKey: "s", Expires: time.Now().Add(-time.Second)}))
	_, err = store.Get(ctx, "features", "a")
	assert.ErrorIs(t, err, lddynamostore.ErrNoCredentials)
	assert.ErrorIs(t, store.SetCredentialsJSON(`{"unknown":1}`), lddynamostore.ErrConfiguration)
	assert.ErrorIs(t, store.SetCredentialsJSON("{}\x00"), lddynamostore.ErrInvalidJSON)
	assert.ErrorIs(t, engine.NewTable().Open().SetCredentials(lddynamostore.Credentials{}), lddynamostore.ErrConfiguration)
}

func TestAProviderIsAskedBeforeCallsAndNotEachTime(t *testing.T) {
	engine := testengine.Fake(t)
	var asked atomic.Int64
	store := engine.NewTable().Open(asks(func(context.Context) (aws.Credentials, error) {
		return credentials(asked.Add(1)), nil
	}))
	for call := 0; call < 10; call++ {
		_, err := store.Get(ctx, "features", "a")
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, asked.Load(), int64(3))
	assert.Contains(t, signedWith(engine), "id-")
	time.Sleep(1100 * time.Millisecond)
	_, err := store.Get(ctx, "features", "a")
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("id-%d", asked.Load()), signedWith(engine))
	assert.Greater(t, asked.Load(), int64(1))
}

func TestCredentialsAreRenewedWhenTheyExpire(t *testing.T) {
	engine := testengine.Fake(t)
	var asked atomic.Int64
	store := engine.NewTable().Open(asks(func(context.Context) (aws.Credentials, error) {
		found := credentials(asked.Add(1))
		found.CanExpire, found.Expires = true, time.Now().Add(300*time.Millisecond)
		return found, nil
	}))
	failures := 0
	for call := 0; call < 20; call++ {
		if _, err := store.Get(ctx, "features", "a"); err != nil {
			// They expired between the look and the signature.
			require.ErrorIs(t, err, lddynamostore.ErrNoCredentials)
			failures++
		}
		time.Sleep(50 * time.Millisecond)
	}
	assert.LessOrEqual(t, failures, 3)
	assert.Greater(t, asked.Load(), int64(2))
}

func TestAProviderThatFails(t *testing.T) {
	cause := errors.New("no one is signed in\n" + strings.Repeat("x", 500))
	var asked atomic.Int64
	store := testengine.Fake(t).NewTable().Open(asks(func(context.Context) (aws.Credentials, error) {
		asked.Add(1)
		return aws.Credentials{}, cause
	}))
	var callers sync.WaitGroup
	for caller := 0; caller < 8; caller++ {
		callers.Add(1)
		go func() {
			defer callers.Done()
			_, err := store.Get(ctx, "features", "a")
			assert.ErrorIs(t, err, lddynamostore.ErrNoCredentials)
			assert.ErrorIs(t, err, cause)
			var failure *lddynamostore.Error
			if assert.ErrorAs(t, err, &failure) {
				assert.True(t, failure.Retriable)
				assert.Less(t, len(failure.Message), 300)
				assert.NotContains(t, failure.Message, "\n")
			}
		}()
	}
	callers.Wait()
	assert.LessOrEqual(t, asked.Load(), int64(2))
}

func TestAProviderThatFailsLater(t *testing.T) {
	var fails atomic.Bool
	warnings := 0
	store := testengine.Fake(t).NewTable().Open(asks(func(context.Context) (aws.Credentials, error) {
		if fails.Load() {
			return aws.Credentials{}, errors.New("gone")
		}
		return credentials(1), nil
	}), logsTo(func(record slog.Record) {
		if record.Level == slog.LevelWarn {
			warnings++
			assert.Contains(t, record.Message, "gone")
		}
	}))
	_, err := store.Get(ctx, "features", "a")
	require.NoError(t, err)
	fails.Store(true)
	time.Sleep(1100 * time.Millisecond)
	for call := 0; call < 3; call++ {
		_, err = store.Get(ctx, "features", "a")
		require.NoError(t, err, "what is known is used")
	}
	assert.Equal(t, 1, warnings)
}

func TestAProviderHasTheContext(t *testing.T) {
	store := testengine.Fake(t).NewTable().Open(asks(func(ctx context.Context) (aws.Credentials, error) {
		<-ctx.Done()
		return aws.Credentials{}, ctx.Err()
	}), func(options *lddynamostore.Options) {
		options.OperationTimeout = lddynamostore.Value(200 * time.Millisecond)
	})
	limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err := store.Get(limited, "features", "a")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, lddynamostore.ErrNoCredentials)
	_, err = store.Get(ctx, "features", "a")
	assert.ErrorIs(t, err, lddynamostore.ErrNoCredentials, "the call's own time-out")
}

func TestSecretsAreNotPrinted(t *testing.T) {
	secret := lddynamostore.Credentials{AccessKeyID: "id", SecretAccessKey: "hidden-1", SessionToken: "hidden-2"}
	options := lddynamostore.Options{Credentials: &secret, Proxy: "http://user:hidden-3@proxy", Region: "eu-west-1"}
	provided := lddynamostore.Options{CredentialsProvider: static.NewStaticCredentialsProvider("id", "hidden-4", "hidden-5")}
	assert.Contains(t, options.String(), "eu-west-1")
	assert.NotContains(t, lddynamostore.Options{Proxy: "http://user:hidden-6@proxy\x00"}.String(), "hidden")
	marshalled, err := json.Marshal([]any{secret, options, provided})
	require.NoError(t, err)
	assert.Contains(t, string(marshalled), "eu-west-1")
	for _, text := range []string{fmt.Sprint(secret), fmt.Sprintf("%+v %#v %s", secret, secret, secret), fmt.Sprintf("%+v", &secret),
		fmt.Sprintf("%+v %#v %v", options, options, &options), fmt.Sprintf("%+v %#v", provided, provided), string(marshalled)} {
		assert.NotContains(t, text, "hidden")
	}
}
