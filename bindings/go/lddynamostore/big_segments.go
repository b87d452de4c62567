package lddynamostore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// BigSegmentsMetadata is the state of the Big Segments data.
type BigSegmentsMetadata struct {
	// SynchronizedOn is when it was last brought up to date, in milliseconds since 1970.
	SynchronizedOn int64 `json:"synchronizedOn"`
}

// PatchOutcome is what became of a patch of Big Segments that did not fail.
type PatchOutcome int

const (
	// Applied says that all of it is stored, and that the table's cursor is the patch's "version".
	Applied PatchOutcome = iota
	// OutOfOrder says that the table's cursor is not the patch's "previousVersion"; a patch of one transaction has changed nothing.
	OutOfOrder
)

// String is "applied" or "out of order".
func (outcome PatchOutcome) String() string {
	if outcome == OutOfOrder {
		return "out of order"
	}
	return "applied"
}

// ContextHash is the key under which Big Segments know a context: the SHA-256 of the context's key, in padded standard base64.
//
// LaunchDarkly's SDKs compute it themselves; this is for programs without one. Asks no table. The key of a context of several kinds is
// that of the kind which the segment is about. The library is as in [Load].
func ContextHash(key, library string) (string, error) {
	if err := withoutNUL(StatusInvalidKey, "key", key); err != nil {
		return "", err
	}
	loaded, err := native.Load(library)
	if err != nil {
		return "", err
	}
	hash, status, failure := loaded.ContextHash(key)
	if status < 0 {
		return "", failed(status, failure)
	}
	return string(hash), nil
}

// BigSegmentsMetadata is the state of the Big Segments data, or nil if there is none. Never from memory.
func (store *Store) BigSegmentsMetadata(ctx context.Context) (*BigSegmentsMetadata, error) {
	answer := store.wait(ctx, store.operation, func() answer { return store.text(native.BigSegmentsMetadata) })
	if answer.err != nil || answer.text == nil {
		return nil, answer.err
	}
	var metadata BigSegmentsMetadata
	if err := json.Unmarshal(answer.text, &metadata); err != nil {
		return nil, undecodable("the metadata of Big Segments", err)
	}
	return &metadata, nil
}

// BigSegmentsCursor is the version of the last patch that was applied, after which LaunchDarkly is asked for the next ones; false if
// there was none. Never from memory, and always strongly consistent.
func (store *Store) BigSegmentsCursor(ctx context.Context) (string, bool, error) {
	answer := store.wait(ctx, store.operation, func() answer { return store.text(native.BigSegmentsCursor) })
	return string(answer.text), answer.text != nil, answer.err
}

// BigSegmentsMembership says whether a context is included in (true) or excluded from (false) Big Segments, by segment reference such as
// "segment-key.g1"; nil if the table does not know the context. The hash is what [ContextHash] makes of the context's key. An answer is
// kept for Options.ContextCacheTTL.
func (store *Store) BigSegmentsMembership(ctx context.Context, contextHash string) (map[string]bool, error) {
	if withoutNUL(StatusInvalidKey, "contextHash", contextHash) != nil {
		return nil, nil // No row can have such a key.
	}
	answer := store.wait(ctx, store.operation, func() answer { return store.text(native.BigSegmentsMembership, contextHash) })
	if answer.err != nil || answer.text == nil {
		return nil, answer.err
	}
	membership := map[string]bool{}
	if err := json.Unmarshal(answer.text, &membership); err != nil {
		return nil, undecodable("the membership of a context", err)
	}
	return membership, nil
}

// BigSegmentsApplyPatch applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy:
//
//	{"environmentId": text, "segmentId": "segment-key.g1", "version": text, "previousVersion": text,
//	 "changes": {"included": {"add": [context hash, …], "remove": […]}, "excluded": {…}}}
//
// It is applied where the table's cursor is its "previousVersion" (or there is none and that is empty), and moves the cursor to "version".
// Up to 99 contexts, whose rows have no more than 4 MB together, are changed all at once or not at all; more in several transactions, of
// which the last moves the cursor, so that a patch which failed can be applied again. A removal wins over an addition of the same context
// to the same set.
//
// Fails with [ErrInvalidArgument] for a wrong patch, of which nothing was sent.
func (store *Store) BigSegmentsApplyPatch(ctx context.Context, patch []byte) (PatchOutcome, error) {
	if err := withoutNUL(StatusInvalidJSON, "patch", asText(patch)); err != nil {
		return Applied, err
	}
	text := string(patch)
	answer := store.wait(ctx, store.init, func() answer { return store.plain(native.BigSegmentsApplyPatch, text) })
	if answer.status == StatusOutOfOrder {
		return OutOfOrder, answer.err
	}
	return Applied, answer.err
}

// BigSegmentsSetSynchronized notes that Big Segments were in step with LaunchDarkly, whatever was noted before. SDKs take memberships for
// stale some time after it, 120 s by default; the Relay Proxy notes it every 30 s.
//
// Fails with [ErrInvalidBigSegments] for a time before 1970; nothing was sent.
func (store *Store) BigSegmentsSetSynchronized(ctx context.Context, when time.Time) error {
	return store.wait(ctx, store.operation, func() answer {
		return answered(store.native.SetSynchronized(when.UnixMilli()))
	}).err
}
