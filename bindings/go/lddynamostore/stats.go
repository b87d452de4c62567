package lddynamostore

import (
	"encoding/json"
	"fmt"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// Stats are what a store counted since it was opened; see docs/operations.md. Numbers only grow, but for LastInit and Generation.
type Stats struct {
	// Hits are reads that were answered from the cache, and Misses those that were not, while there is a cache.
	Hits   uint64 `json:"hits"`
	Misses uint64 `json:"misses"`
	// StaleHits are misses whose read failed, and that were served what was known before.
	StaleHits uint64 `json:"stale_hits"`
	// JoinedCalls are misses that were served the answer to another caller's request.
	JoinedCalls uint64 `json:"joined_calls"`
	// Requests are HTTP requests to DynamoDB, retries included; DirectRequests those of them that went past the AWS SDK; Retries those
	// that repeat one that failed.
	Requests       uint64 `json:"requests"`
	DirectRequests uint64 `json:"direct_requests"`
	Retries        uint64 `json:"retries"`
	// Throttles are answers that said that the table or the account is asked too much.
	Throttles uint64 `json:"throttles"`
	// ConsumedReadUnits and ConsumedWriteUnits are capacity units that DynamoDB bills, halves included.
	ConsumedReadUnits  float64 `json:"consumed_read_units"`
	ConsumedWriteUnits float64 `json:"consumed_write_units"`
	// UnprocessedRows are rows of batches that DynamoDB left undone, each time; they are sent again.
	UnprocessedRows uint64 `json:"unprocessed_rows"`
	// LastInit counts the rows of the last Init that succeeded.
	LastInit InitStats `json:"last_init"`
	// Generation is a number of the process that counted this.
	Generation uint64 `json:"generation"`
}

// InitStats counts rows.
type InitStats struct {
	Written   uint64 `json:"written"`
	Unchanged uint64 `json:"unchanged"`
	Deleted   uint64 `json:"deleted"`
	// Dropped are those that were over DynamoDB's size limit.
	Dropped uint64 `json:"dropped"`
}

// Stats is what this store counted, or with Options.Share all stores of its connections. Asks nothing.
func (store *Store) Stats() (Stats, error) {
	answer := store.text(native.Stats)
	var stats Stats
	if answer.err != nil {
		return stats, answer.err
	}
	if err := json.Unmarshal(answer.text, &stats); err != nil {
		return stats, fmt.Errorf("the library's counters cannot be read: %w", err)
	}
	return stats, nil
}
