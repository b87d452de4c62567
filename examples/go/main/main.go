// Command main reads and changes a data set in a DynamoDB table through ld-dynamo-store.
//
//	ENDPOINT=http://127.0.0.1:8000 TABLE=my-table go run ./main [../flags.json]
//
// With a file, it writes its data set first. Without ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before
// the namespace of every row.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func main() {
	file := ""
	if len(os.Args) == 2 {
		file = os.Args[1]
	}
	if len(os.Args) > 2 || os.Getenv("TABLE") == "" {
		fmt.Fprintln(os.Stderr, "usage: TABLE=my-table [ENDPOINT=http://127.0.0.1:8000] [PREFIX=…] go run ./main [FILE]")
		os.Exit(2)
	}
	if err := run(context.Background(), file); err != nil {
		var failure *lddynamostore.Error
		if errors.As(err, &failure) {
			err = fmt.Errorf("status %v, retriable: %t: %w", failure.Status, failure.Retriable, err)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// openStore opens the store on the table that the environment names.
func openStore() (*lddynamostore.Store, error) {
	options := lddynamostore.Options{Prefix: os.Getenv("PREFIX"), Endpoint: os.Getenv("ENDPOINT")}
	if options.Endpoint != "" && os.Getenv("AWS_ACCESS_KEY_ID") == "" {
		// A local engine takes any credentials and any region.
		options.Region = "us-east-1"
		options.Credentials = &lddynamostore.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	}
	return lddynamostore.Open(os.Getenv("TABLE"), options)
}

// run shows what each call of the store does.
func run(ctx context.Context, file string) error {
	store, err := openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	fmt.Printf("library %s, table %s\n", store.Library().Version, os.Getenv("TABLE"))
	if file != "" {
		if err := load(ctx, store, file); err != nil {
			return err
		}
	}
	flags, err := store.Items(ctx, "features")
	if err != nil {
		return err
	}
	segments, err := store.Items(ctx, "segments")
	if err != nil {
		return err
	}
	fmt.Printf("all: %d flags and %d segments\n", len(flags), len(segments))
	for _, item := range flags {
		var flag map[string]any
		if err := json.Unmarshal(item.JSON, &flag); err != nil {
			return err
		}
		if flag["deleted"] != true {
			return change(ctx, store, item.Key)
		}
	}
	return errors.New("there is no flag: load some, by naming a file")
}

func load(ctx context.Context, store *lddynamostore.Store, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	initialized, err := store.Initialized(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("initialized before: %t\n", initialized)
	if err := store.Init(ctx, data); err != nil {
		return err
	}
	if initialized, err = store.Initialized(ctx); err != nil {
		return err
	}
	fmt.Printf("init wrote %s; initialized now: %t\n", filepath.Base(file), initialized)
	return nil
}

// change writes the next version of a flag, and is refused the one before.
func change(ctx context.Context, store *lddynamostore.Store, key string) error {
	older, err := store.Get(ctx, "features", key)
	if err != nil {
		return err
	}
	var flag map[string]any
	if _, err := store.Decode(ctx, "features", key, &flag); err != nil {
		return err
	}
	version := int(flag["version"].(float64))
	fmt.Printf("get %s: version %d, on: %t\n", key, version, flag["on"])
	absent, err := store.Get(ctx, "features", "no-such-flag")
	if err != nil {
		return err
	}
	fmt.Printf("get no-such-flag: found: %t\n", absent != nil)

	flag["on"], flag["version"] = flag["on"] != true, version+1
	newer, err := json.Marshal(flag)
	if err != nil {
		return err
	}
	result, err := store.Upsert(ctx, "features", key, newer)
	if err != nil {
		return err
	}
	fmt.Printf("upsert version %d: %v\n", version+1, result.Outcome)
	if result, err = store.Upsert(ctx, "features", key, older); err != nil {
		return err
	}
	var stored struct{ Version int }
	if err := json.Unmarshal(result.Stored, &stored); err != nil {
		return err
	}
	fmt.Printf("upsert version %d: %v, version %d stays\n", version, result.Outcome, stored.Version)
	return nil
}
