package lddynamodb

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// UnsupportedOptionError is an option that this store cannot honour.
type UnsupportedOptionError struct {
	// Option is its name, such as "HTTPClient".
	Option string
	// Replacement says what to do instead.
	Replacement string
}

func (failure *UnsupportedOptionError) Error() string {
	return fmt.Sprintf("the DynamoDB option %s is not supported: %s", failure.Option, failure.Replacement)
}

// open opens the store that the builder describes.
func (b *builderOptions) open(loggers ldlog.Loggers) (*lddynamostore.Store, error) {
	if b.table == "" {
		return nil, errNoTable
	}
	options, err := b.settings(loggers)
	if err != nil {
		return nil, err
	}
	store, err := lddynamostore.Open(b.table, options)
	if err != nil {
		return nil, err
	}
	loggers.Infof("Using DynamoDB table %s", b.table)
	return store, nil
}

// settings are the store's options: what the client's options mean, and the store's own over them.
func (b *builderOptions) settings(loggers ldlog.Loggers) (lddynamostore.Options, error) {
	if err := refuseWhatTheSDKDoes(&b.storeOptions); err != nil {
		return lddynamostore.Options{}, err
	}
	client, defaults, err := b.makeClient()
	if err != nil {
		return lddynamostore.Options{}, err
	}
	options := lddynamostore.Options{InitTimeout: lddynamostore.Value(initTimeout)}
	translation := translation{options: &options, given: &b.storeOptions, defaults: defaults, loggers: loggers}
	if err := translation.run(client.Options()); err != nil {
		return lddynamostore.Options{}, err
	}
	if b.storeOptions.Logger == nil {
		options.Logger, options.LogLevel = slog.New(sdkLog{loggers: loggers}), logLevels[loggers.GetMinLevel()]
	}
	override(&options, &b.storeOptions)
	options.Prefix = b.prefix
	options.CacheTTL = lddynamostore.Value(noTime)
	return options, nil
}

// makeClient makes the client that the official store would use, of which only the options are read; and the default configuration,
// where that is below them.
func (b *builderOptions) makeClient() (*dynamodb.Client, *aws.Config, error) {
	switch {
	case b.client != nil:
		return b.client, nil, nil
	case b.awsConfig != nil:
		return dynamodb.NewFromConfig(*b.awsConfig, b.clientOptFns...), nil, nil
	}
	defaults, err := awsconfig.LoadDefaultConfig(context.Background())
	if err != nil {
		return nil, nil, err
	}
	var functions []func(*dynamodb.Options)
	if b.clientOptions != nil {
		functions = append(functions, func(options *dynamodb.Options) {
			apiOptions := append(options.APIOptions, b.clientOptions.APIOptions...)
			override(options, b.clientOptions)
			options.APIOptions = apiOptions
		})
		if b.clientOptions.RetryMode != "" {
			// A client makes its retryer before the functions run.
			defaults.RetryMode = b.clientOptions.RetryMode
		}
	}
	return dynamodb.NewFromConfig(defaults, append(functions, b.clientOptFns...)...), &defaults, nil
}

// override sets the fields of target that are given in source.
func override[Struct any](target, source *Struct) {
	to, from := reflect.ValueOf(target).Elem(), reflect.ValueOf(source).Elem()
	for index := 0; index < from.NumField(); index++ {
		if from.Type().Field(index).IsExported() && !from.Field(index).IsZero() {
			to.Field(index).Set(from.Field(index))
		}
	}
}

func refuseWhatTheSDKDoes(options *lddynamostore.Options) error {
	refuse := func(option, replacement string) error {
		return &UnsupportedOptionError{"StoreOptions." + option, replacement}
	}
	switch {
	case options.Prefix != "":
		return refuse("Prefix", "use the method Prefix of the builder")
	case options.CacheTTL != nil && *options.CacheTTL != 0:
		return refuse("CacheTTL", "the SDK caches, and CacheTime or CacheSeconds of ldcomponents.PersistentDataStore says how long")
	case options.StaleOnError:
		return refuse("StaleOnError", "the SDK caches, and serves nothing that has expired: CacheForever keeps it")
	case options.ContextCacheTTL != nil && *options.ContextCacheTTL != 0:
		return refuse("ContextCacheTTL", "the SDK caches, and ContextCacheTime of ldcomponents.BigSegments says how long")
	case options.ContextCacheSize != nil && *options.ContextCacheSize != 0:
		return refuse("ContextCacheSize", "the SDK caches, and ContextCacheSize of ldcomponents.BigSegments says how much")
	}
	return nil
}
