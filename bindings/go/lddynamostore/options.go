package lddynamostore

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options of a store. The zero value of a field leaves it at the library's default, which stands in parentheses; where the zero value of
// the type means something else, the field is a pointer, and [Value] makes one: CacheTTL: lddynamostore.Value(time.Duration(0)).
//
// Times are handed over in milliseconds, rounded up. A timeout of 0 means none.
type Options struct {
	// Prefix goes before every namespace with a colon, so that environments share a table (none).
	Prefix string
	// Region is the AWS region (environment, profile, instance metadata).
	Region string
	// Endpoint is the address of a local engine or a VPC endpoint (environment, profile, then the region's).
	Endpoint string
	// Profile is the name of an AWS profile, which goes before the keys in the environment.
	Profile string
	// Credentials are static ones (the AWS chain: environment, profile, web identity, ECS, IMDS).
	Credentials *Credentials
	// CredentialsProvider is asked for credentials on the goroutine that makes a call, before the call, at most once a second. At most one
	// of Credentials, CredentialsProvider and PushedCredentials may be given.
	CredentialsProvider aws.CredentialsProvider
	// PushedCredentials says that SetCredentials gives them (false).
	PushedCredentials bool
	// ConsistentReads makes reads strongly consistent, at twice the price of eventual ones (true).
	ConsistentReads *bool
	// ReadOnly refuses writes before any request (false).
	ReadOnly bool
	// ConnectTimeout is for one connection (1 s).
	ConnectTimeout *time.Duration
	// AttemptTimeout is for one HTTP attempt (2 s).
	AttemptTimeout *time.Duration
	// OperationTimeout is for a whole call with its retries (5 s).
	OperationTimeout *time.Duration
	// InitTimeout is for a whole Init or patch of Big Segments (5 min).
	InitTimeout *time.Duration
	// MaxAttempts are the tries of one request (3).
	MaxAttempts int
	// RetryMode is how AWS SDKs wait between tries: "standard" or "adaptive" ("standard").
	RetryMode string
	// Transport "sdk" sends every request through the AWS SDK ("auto").
	Transport string
	// MaxConcurrency is how many batches Init has under way at once (16).
	MaxConcurrency int
	// CacheTTL is how long a read is answered from memory; 0 is never, a negative one for ever (15 s).
	CacheTTL *time.Duration
	// ContextCacheTTL is how long a context's membership in Big Segments is answered from memory; 0 is never, and so it is where CacheTTL
	// is 0 (5 s).
	ContextCacheTTL *time.Duration
	// ContextCacheSize is how many contexts' memberships are kept; 0 is none (1000).
	ContextCacheSize *int
	// StaleOnError serves an expired value when the table cannot be asked (false).
	StaleOnError bool
	// Share makes stores of equal options use one set of connections and one cache (false).
	Share bool
	// CABundle is a file of root certificates in PEM (AWS_CA_BUNDLE, the profile, then the system's).
	CABundle string
	// Proxy is the address of an HTTP proxy (the usual environment variables).
	Proxy string
	// LogLevel is the least severe message that is logged: "off", "error", "warn", "info", "debug" or "trace" ("info").
	LogLevel string

	// Logger receives the library's messages, on the goroutine that made a call, after the call's work is done (slog.Default()).
	Logger *slog.Logger
	// MaxConcurrentCalls is how many calls that may wait for the table are in the native library at once; each holds a thread of the
	// operating system. Further callers wait, OperationTimeout at most (16).
	MaxConcurrentCalls int
	// Library is the path of the native library; see [Load].
	Library string
}

// String has what is given as the native library's configuration, without secrets.
func (options Options) String() string {
	options.Credentials, options.CredentialsProvider, options.PushedCredentials = nil, nil, false
	if proxy, err := url.Parse(options.Proxy); err == nil {
		options.Proxy = proxy.Redacted()
	} else {
		options.Proxy = ""
	}
	text, _ := options.toJSON("")
	return "lddynamostore.Options" + text
}

// GoString is as String.
func (options Options) GoString() string { return options.String() }

// MarshalJSON is the text of String, because loggers that write JSON marshal what they are given.
func (options Options) MarshalJSON() ([]byte, error) { return json.Marshal(options.String()) }

// Value returns a pointer to a value, for the options that are pointers.
func Value[T any](value T) *T { return &value }

// configuration has the names of docs/configuration.md.
type configuration struct {
	Table              string `json:"table"`
	Prefix             string `json:"prefix,omitempty"`
	Region             string `json:"region,omitempty"`
	Endpoint           string `json:"endpoint,omitempty"`
	Profile            string `json:"profile,omitempty"`
	Credentials        any    `json:"credentials,omitempty"`
	ConsistentReads    *bool  `json:"consistent_reads,omitempty"`
	ReadOnly           bool   `json:"read_only,omitempty"`
	ConnectTimeoutMS   *int64 `json:"connect_timeout_ms,omitempty"`
	AttemptTimeoutMS   *int64 `json:"attempt_timeout_ms,omitempty"`
	OperationTimeoutMS *int64 `json:"operation_timeout_ms,omitempty"`
	InitTimeoutMS      *int64 `json:"init_timeout_ms,omitempty"`
	MaxAttempts        int    `json:"max_attempts,omitempty"`
	RetryMode          string `json:"retry_mode,omitempty"`
	Transport          string `json:"transport,omitempty"`
	MaxConcurrency     int    `json:"max_concurrency,omitempty"`
	CacheTTLMS         *int64 `json:"cache_ttl_ms,omitempty"`
	ContextCacheTTLMS  *int64 `json:"context_cache_ttl_ms,omitempty"`
	ContextCacheSize   *int   `json:"context_cache_size,omitempty"`
	StaleOnError       bool   `json:"stale_on_error,omitempty"`
	Share              bool   `json:"share,omitempty"`
	CABundle           string `json:"ca_bundle,omitempty"`
	Proxy              string `json:"proxy,omitempty"`
	LogLevel           string `json:"log_level,omitempty"`
}

// toJSON is the configuration text of a store on the table.
func (options *Options) toJSON(table string) (string, error) {
	credentials, err := options.credentials()
	if err != nil {
		return "", err
	}
	if options.MaxConcurrentCalls < 0 {
		return "", refused(StatusInvalidConfiguration, "MaxConcurrentCalls is %d: give the number of calls, or 0 for the default",
			options.MaxConcurrentCalls)
	}
	cacheTTL := milliseconds(options.CacheTTL)
	if cacheTTL != nil && *cacheTTL < 0 {
		*cacheTTL = -1
	}
	text, err := json.Marshal(configuration{
		Table:              table,
		Prefix:             options.Prefix,
		Region:             options.Region,
		Endpoint:           options.Endpoint,
		Profile:            options.Profile,
		Credentials:        credentials,
		ConsistentReads:    options.ConsistentReads,
		ReadOnly:           options.ReadOnly,
		ConnectTimeoutMS:   milliseconds(options.ConnectTimeout),
		AttemptTimeoutMS:   milliseconds(options.AttemptTimeout),
		OperationTimeoutMS: milliseconds(options.OperationTimeout),
		InitTimeoutMS:      milliseconds(options.InitTimeout),
		MaxAttempts:        options.MaxAttempts,
		RetryMode:          options.RetryMode,
		Transport:          options.Transport,
		MaxConcurrency:     options.MaxConcurrency,
		CacheTTLMS:         cacheTTL,
		ContextCacheTTLMS:  milliseconds(options.ContextCacheTTL),
		ContextCacheSize:   options.ContextCacheSize,
		StaleOnError:       options.StaleOnError,
		Share:              options.Share,
		CABundle:           options.CABundle,
		Proxy:              options.Proxy,
		LogLevel:           options.LogLevel,
	})
	if err != nil {
		return "", fmt.Errorf("the options are no JSON: %w", err)
	}
	return string(text), nil
}

func (options *Options) credentials() (any, error) {
	given := 0
	var credentials any
	if options.Credentials != nil {
		given++
		credentials = options.Credentials.static()
	}
	if options.CredentialsProvider != nil {
		given++
		credentials = "pushed"
	}
	if options.PushedCredentials {
		given++
		credentials = "pushed"
	}
	if given > 1 {
		return nil, refused(StatusInvalidConfiguration,
			"Credentials, CredentialsProvider and PushedCredentials exclude each other: give one of them")
	}
	return credentials, nil
}

// milliseconds rounds away from 0, which means something else.
func milliseconds(duration *time.Duration) *int64 {
	if duration == nil {
		return nil
	}
	rounded := int64(math.Ceil(math.Abs(float64(*duration)) / float64(time.Millisecond)))
	if *duration < 0 {
		rounded = -rounded
	}
	return &rounded
}

// limits is what the Go side has to know of a configuration, which may be a text of the caller's.
type limits struct {
	CacheTTLMS         *int64 `json:"cache_ttl_ms"`
	OperationTimeoutMS *int64 `json:"operation_timeout_ms"`
	InitTimeoutMS      *int64 `json:"init_timeout_ms"`
}

// limitsOf ignores mistakes, which the native library names.
func limitsOf(configuration string) (caches bool, operation, init time.Duration) {
	var found limits
	_ = json.Unmarshal([]byte(configuration), &found)
	caches = found.CacheTTLMS == nil || *found.CacheTTLMS != 0
	return caches, orDefault(found.OperationTimeoutMS, 5*time.Second), orDefault(found.InitTimeoutMS, 5*time.Minute)
}

func orDefault(milliseconds *int64, otherwise time.Duration) time.Duration {
	if milliseconds == nil {
		return otherwise
	}
	return time.Duration(*milliseconds) * time.Millisecond
}
