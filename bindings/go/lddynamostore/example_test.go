package lddynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	store, err := lddynamostore.Open("my-table", lddynamostore.Options{
		Prefix:   "my-environment",
		Region:   "eu-west-1",
		CacheTTL: lddynamostore.Value(30 * time.Second),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	var flag struct{ On bool }
	found, err := store.Decode(ctx, "features", "my-flag", &flag)
	switch {
	case errors.Is(err, lddynamostore.ErrConnectivity):
		fmt.Println("later:", err)
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(found, flag.On)
	}
}

func ExampleOpen_credentialsProvider() {
	// config, err := awsconfig.LoadDefaultConfig(ctx), for a profile with single sign-on for example.
	options := lddynamostore.Options{Region: "eu-west-1", CredentialsProvider: nil /* config.Credentials */}
	fmt.Println(options)
	// Output: lddynamostore.Options{"table":"","region":"eu-west-1"}
}

func ExampleContextHash() {
	hash, err := lddynamostore.ContextHash("user-key", "")
	fmt.Println(hash, err)
	// Output: CEXjZY7cHJG/ydFy7q4+YEFwVrG3/pkJwA4FAjrbfx0= <nil>
}
