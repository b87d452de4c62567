// Command casedriver answers the requests of the shared cases through this module; tests/cases/README.md has the protocol.
//
// Run it with LD_DYNAMO_STORE_LIBRARY set; it reads standard input until its end.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// answer has the five fields of the protocol; those that are nil are NULL.
type answer struct {
	status      lddynamostore.Status
	result      *string
	message     *string
	serviceCode *string
	retriable   *string
}

type driver struct {
	stores map[string]*lddynamostore.Store
	logger *slog.Logger
}

func main() {
	driver := &driver{map[string]*lddynamostore.Store{}, slog.New(slog.NewTextHandler(os.Stderr, nil))}
	input, output := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		fields, err := readFields(input)
		if err == io.EOF {
			return
		}
		if err != nil {
			fail("%v", err)
		}
		if len(fields) < 2 || fields[0] == nil || fields[1] == nil {
			fail("the call and the store's name cannot be NULL")
		}
		writeAnswer(output, driver.answer(*fields[0], *fields[1], fields[2:]))
		if err := output.Flush(); err != nil {
			fail("%v", err)
		}
	}
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "casedriver: "+format+"\n", arguments...)
	os.Exit(1)
}

func (driver *driver) answer(call, name string, arguments []*string) answer {
	given, err := texts(arguments)
	if call == "new" {
		if old := driver.stores[name]; old != nil {
			_ = old.Close()
			delete(driver.stores, name)
		}
	}
	if err != nil {
		return failure(err)
	}
	switch call {
	case "new":
		options := lddynamostore.Options{Logger: driver.logger}
		store, err := lddynamostore.OpenJSON(given[0], options)
		if err != nil {
			return failure(err)
		}
		driver.stores[name] = store
		return answer{}
	case "context_hash":
		hash, err := lddynamostore.ContextHash(given[0], "")
		return found(hash, true, err)
	}
	store := driver.stores[name]
	if store == nil {
		fail("there is no store %q", name)
	}
	if call == "free" {
		delete(driver.stores, name)
		return done(store.Close())
	}
	return storeAnswer(store, call, given)
}

func storeAnswer(store *lddynamostore.Store, call string, given []string) answer {
	ctx := context.Background()
	switch call {
	case "get":
		item, err := store.Get(ctx, given[0], given[1])
		return found(string(item), item != nil, err)
	case "all":
		items, err := store.AllText(ctx, given[0])
		return found(string(items), true, err)
	case "init":
		return done(store.Init(ctx, []byte(given[0])))
	case "upsert":
		return upsert(store, given)
	case "initialized":
		initialized, err := store.Initialized(ctx)
		return found("", initialized, err).withoutResult()
	case "is_available":
		return found("", store.Available(ctx), nil).withoutResult()
	case "available":
		return done(store.CheckAvailable(ctx))
	case "big_segments_metadata":
		metadata, err := store.BigSegmentsMetadata(ctx)
		return foundValue(metadata, metadata != nil, err)
	case "big_segments_cursor":
		cursor, isThere, err := store.BigSegmentsCursor(ctx)
		return found(cursor, isThere, err)
	case "big_segments_membership":
		membership, err := store.BigSegmentsMembership(ctx, given[0])
		return foundValue(membership, membership != nil, err)
	case "big_segments_apply_patch":
		outcome, err := store.BigSegmentsApplyPatch(ctx, []byte(given[0]))
		if err == nil && outcome == lddynamostore.OutOfOrder {
			return answer{status: lddynamostore.StatusOutOfOrder}
		}
		return done(err)
	case "big_segments_set_synchronized":
		milliseconds, err := strconv.ParseInt(given[0], 10, 64)
		if err != nil {
			fail("%v", err)
		}
		return done(store.BigSegmentsSetSynchronized(ctx, time.UnixMilli(milliseconds)))
	case "set_credentials":
		return done(store.SetCredentialsJSON(given[0]))
	case "stats":
		stats, err := store.Stats()
		return foundValue(stats, true, err)
	}
	fail("there is no call %q", call)
	return answer{}
}

func upsert(store *lddynamostore.Store, given []string) answer {
	result, err := store.Upsert(context.Background(), given[0], given[1], []byte(given[2]))
	if err != nil {
		return failure(err)
	}
	switch result.Outcome {
	case lddynamostore.NotNewer:
		stored := string(result.Stored)
		return answer{status: lddynamostore.StatusNotNewer, result: &stored}
	case lddynamostore.TooLarge:
		return answer{status: lddynamostore.StatusTooLarge}
	}
	return answer{}
}

func done(err error) answer {
	if err != nil {
		return failure(err)
	}
	return answer{}
}

func found(text string, isThere bool, err error) answer {
	switch {
	case err != nil:
		return failure(err)
	case !isThere:
		return answer{status: lddynamostore.StatusNotFound}
	}
	return answer{result: &text}
}

func foundValue(value any, isThere bool, err error) answer {
	if err != nil || !isThere {
		return found("", isThere, err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		fail("%v", err)
	}
	return found(string(text), true, nil)
}

func (answer answer) withoutResult() answer {
	answer.result = nil
	return answer
}

func failure(err error) answer {
	var failed *lddynamostore.Error
	if !errors.As(err, &failed) {
		fail("%v", err)
	}
	retriable := "0"
	if failed.Retriable {
		retriable = "1"
	}
	answer := answer{status: failed.Status, message: &failed.Message, retriable: &retriable}
	if failed.ServiceCode != "" {
		answer.serviceCode = &failed.ServiceCode
	}
	return answer
}

// texts are the arguments; Go's strings cannot be NULL.
func texts(arguments []*string) ([]string, error) {
	given := make([]string, len(arguments))
	for index, argument := range arguments {
		if argument == nil {
			return nil, &lddynamostore.Error{Status: lddynamostore.StatusNullArgument, Message: "an argument is NULL"}
		}
		given[index] = *argument
	}
	return given, nil
}
