package lddynamodb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldlogtest"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// settings are the store's options that a builder comes to, without those that are always there, and without InitTimeout where it is the default.
func settings(t *testing.T, builder *StoreBuilder[subsystems.PersistentDataStore]) lddynamostore.Options {
	t.Helper()
	options, err := builder.settings(ldlog.NewDisabledLoggers())
	require.NoError(t, err)
	require.NotNil(t, options.Logger)
	require.Equal(t, time.Duration(0), *options.CacheTTL)
	require.Equal(t, "off", options.LogLevel)
	options.Logger, options.CacheTTL, options.LogLevel = nil, nil, ""
	if *options.InitTimeout == 30*time.Second {
		options.InitTimeout = nil
	}
	return options
}

// withoutAWS removes what this machine may know of AWS.
func withoutAWS(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_CA_BUNDLE", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
}

func TestDefaultsAreLeftToTheLibrary(t *testing.T) {
	withoutAWS(t)
	assert.Equal(t, lddynamostore.Options{}, settings(t, DataStore("t")))
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	assert.Equal(t, lddynamostore.Options{}, settings(t, DataStore("t")))
}

func TestOptionsAreTranslated(t *testing.T) {
	withoutAWS(t)
	static := credentials.NewStaticCredentialsProvider("a", "b", "c")
	translatedCredentials := &lddynamostore.Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c"}
	endpoint := aws.String("http://127.0.0.1:1")
	for name, test := range map[string]struct {
		builder  *StoreBuilder[subsystems.PersistentDataStore]
		expected lddynamostore.Options
	}{
		"Prefix": {DataStore("t").Prefix("p"), lddynamostore.Options{Prefix: "p"}},
		"ClientOptions": {
			DataStore("t").ClientOptions(dynamodb.Options{Region: "r", BaseEndpoint: endpoint, Credentials: static}),
			lddynamostore.Options{Region: "r", Endpoint: *endpoint, Credentials: translatedCredentials},
		},
		"ClientOptions, function": {
			DataStore("t").ClientOptions(dynamodb.Options{Region: "r"}, func(o *dynamodb.Options) { o.BaseEndpoint = endpoint }),
			lddynamostore.Options{Region: "r", Endpoint: *endpoint},
		},
		"ClientOptions, retries": {
			DataStore("t").ClientOptions(dynamodb.Options{RetryMode: aws.RetryModeAdaptive, RetryMaxAttempts: 2}),
			lddynamostore.Options{RetryMode: "adaptive", MaxAttempts: 2},
		},
		"ClientConfig": {
			DataStore("t").ClientConfig(aws.Config{Region: "r", Credentials: static}, func(o *dynamodb.Options) { o.BaseEndpoint = endpoint }),
			lddynamostore.Options{Region: "r", Endpoint: *endpoint, Credentials: translatedCredentials},
		},
		"ClientConfig, attempts that need longer": {
			DataStore("t").ClientConfig(aws.Config{RetryMaxAttempts: 5}),
			lddynamostore.Options{MaxAttempts: 5, OperationTimeout: lddynamostore.Value(10 * time.Second)},
		},
		"ClientConfig, Retryer": {
			DataStore("t").ClientConfig(aws.Config{Retryer: func() aws.Retryer { return aws.NopRetryer{} }}),
			lddynamostore.Options{MaxAttempts: 1},
		},
		"DynamoClient": {
			DataStore("t").DynamoClient(dynamodb.New(dynamodb.Options{Region: "r", Credentials: static, RetryMaxAttempts: 2})),
			lddynamostore.Options{Region: "r", Credentials: translatedCredentials, MaxAttempts: 2},
		},
		"EndpointResolver": {
			DataStore("t").ClientOptions(dynamodb.Options{EndpointResolver: dynamodb.EndpointResolverFromURL(*endpoint)}),
			lddynamostore.Options{Endpoint: *endpoint},
		},
		"FIPS": {
			DataStore("t").ClientConfig(aws.Config{Region: "us-east-1"}, func(o *dynamodb.Options) {
				o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
			}),
			lddynamostore.Options{Region: "us-east-1", Endpoint: "https://dynamodb-fips.us-east-1.amazonaws.com"},
		},
		"timeouts": {
			DataStore("t").ClientConfig(aws.Config{HTTPClient: awshttp.NewBuildableClient().WithTimeout(3 * time.Second)}),
			lddynamostore.Options{AttemptTimeout: lddynamostore.Value(3 * time.Second), OperationTimeout: lddynamostore.Value(9 * time.Second)},
		},
		"attempts that need longer than an init": {
			DataStore("t").ClientConfig(aws.Config{HTTPClient: awshttp.NewBuildableClient().WithTimeout(time.Minute)}),
			lddynamostore.Options{AttemptTimeout: lddynamostore.Value(time.Minute), OperationTimeout: lddynamostore.Value(3 * time.Minute),
				InitTimeout: lddynamostore.Value(3 * time.Minute)},
		},
		"StoreOptions, InitTimeout": {
			DataStore("t").StoreOptions(lddynamostore.Options{InitTimeout: lddynamostore.Value(5 * time.Minute)}),
			lddynamostore.Options{InitTimeout: lddynamostore.Value(5 * time.Minute)},
		},
		"StoreOptions, no InitTimeout": {
			DataStore("t").StoreOptions(lddynamostore.Options{InitTimeout: lddynamostore.Value(noTime)}),
			lddynamostore.Options{InitTimeout: lddynamostore.Value(noTime)},
		},
		"what changes only how connections are kept": {
			DataStore("t").ClientConfig(aws.Config{HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
				t.MaxIdleConnsPerHost, t.TLSHandshakeTimeout = 3, time.Second
			}).WithDialerOptions(func(d *net.Dialer) { d.Timeout, d.KeepAlive = 2*time.Second, time.Second })}),
			lddynamostore.Options{ConnectTimeout: lddynamostore.Value(2 * time.Second)},
		},
		"StoreOptions in the place of what is refused": {
			DataStore("t").ClientConfig(aws.Config{HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
				t.Proxy, t.ResponseHeaderTimeout = nil, time.Second
			})}).StoreOptions(lddynamostore.Options{Proxy: "http://p", AttemptTimeout: lddynamostore.Value(time.Second)}),
			lddynamostore.Options{Proxy: "http://p", AttemptTimeout: lddynamostore.Value(time.Second)},
		},
		"StoreOptions win": {
			DataStore("t").ClientConfig(aws.Config{Region: "r"}).StoreOptions(lddynamostore.Options{Region: "s", ReadOnly: true}),
			lddynamostore.Options{Region: "s", ReadOnly: true},
		},
		"StoreOptions, credentials": {
			DataStore("t").ClientConfig(aws.Config{Credentials: static}).StoreOptions(lddynamostore.Options{PushedCredentials: true}),
			lddynamostore.Options{PushedCredentials: true},
		},
		"StoreOptions, a profile's credentials": {
			DataStore("t").ClientConfig(aws.Config{Credentials: static}).StoreOptions(lddynamostore.Options{Profile: "p"}),
			lddynamostore.Options{Profile: "p"},
		},
		"ClientOptions after ClientConfig": {
			DataStore("t").ClientConfig(aws.Config{Region: "one"}).ClientOptions(dynamodb.Options{Region: "two"}),
			lddynamostore.Options{Region: "two"},
		},
		"ClientConfig after ClientOptions": {
			DataStore("t").ClientOptions(dynamodb.Options{Region: "one"}).ClientConfig(aws.Config{Region: "two"}),
			lddynamostore.Options{Region: "two"},
		},
		"DynamoClient and others": {
			DataStore("t").DynamoClient(dynamodb.New(dynamodb.Options{Region: "one"})).ClientConfig(aws.Config{Region: "two"}),
			lddynamostore.Options{Region: "one"},
		},
		"ClientOptions, attempts": {DataStore("t").ClientOptions(dynamodb.Options{RetryMaxAttempts: 2}), lddynamostore.Options{MaxAttempts: 2}},
		"anonymous":               {DataStore("t").ClientConfig(aws.Config{Credentials: aws.AnonymousCredentials{}}), lddynamostore.Options{}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.expected, settings(t, test.builder)) })
	}
}

func TestOtherProvidersAreAsked(t *testing.T) {
	withoutAWS(t)
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil })
	options := settings(t, DataStore("t").ClientConfig(aws.Config{Credentials: provider}))
	assert.NotNil(t, options.CredentialsProvider)
	assert.Nil(t, options.Credentials)

	file := os.Getenv("AWS_CONFIG_FILE")
	source := "[profile source]\naws_access_key_id = a\naws_secret_access_key = b\n"
	for profile, isAsked := range map[string]bool{
		"credential_process = /bin/false":                                          true,
		"sso_start_url = u\nsso_region = r\nsso_account_id = 1\nsso_role_name = n": true,
		"role_arn = arn:aws:iam::1:role/r\nsource_profile = source":                true,
		"aws_access_key_id = a\naws_secret_access_key = b":                         false,
		"role_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = /dev/null":    false,
		"": false,
	} {
		require.NoError(t, os.WriteFile(file, []byte("[default]\nregion = r\n"+profile+"\n"+source), 0o600))
		options = settings(t, DataStore("t"))
		assert.Equal(t, isAsked, options.CredentialsProvider != nil, profile)
		assert.Empty(t, options.Region, profile)
		assert.Nil(t, options.Credentials, profile)
	}
}

type anyHTTPClient struct{}

func (anyHTTPClient) Do(*http.Request) (*http.Response, error) { return nil, errors.New("unused") }

type customResolver struct{ dynamodb.EndpointResolverV2 }

type failingResolver struct{}

func (failingResolver) ResolveEndpoint(string, dynamodb.EndpointResolverOptions) (aws.Endpoint, error) {
	return aws.Endpoint{}, errors.New("none")
}

type customSigner struct{ dynamodb.HTTPSignerV4 }

func TestWhatCannotBeTranslatedIsRefusedByName(t *testing.T) {
	withoutAWS(t)
	transport := func(change func(*http.Transport)) *StoreBuilder[subsystems.PersistentDataStore] {
		return DataStore("t").ClientConfig(aws.Config{HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(change)})
	}
	options := func(options dynamodb.Options) *StoreBuilder[subsystems.PersistentDataStore] {
		return DataStore("t").ClientOptions(options)
	}
	store := func(options lddynamostore.Options) *StoreBuilder[subsystems.PersistentDataStore] {
		return DataStore("t").StoreOptions(options)
	}
	for option, builder := range map[string]*StoreBuilder[subsystems.PersistentDataStore]{
		"HTTPClient": options(dynamodb.Options{HTTPClient: anyHTTPClient{}}),
		"APIOptions": options(dynamodb.Options{
			APIOptions: []func(*middleware.Stack) error{func(*middleware.Stack) error { return nil }}}),
		"EndpointResolverV2": options(dynamodb.Options{EndpointResolverV2: customResolver{}}),
		"EndpointResolver":   options(dynamodb.Options{EndpointResolver: failingResolver{}}),
		"HTTPSignerV4":       options(dynamodb.Options{HTTPSignerV4: customSigner{v4.NewSigner()}}),
		"Retryer": options(dynamodb.Options{
			Retryer: retry.AddWithErrorCodes(retry.NewStandard(), "Code"), RetryMaxAttempts: 2}),
		"HTTPClient (Proxy)":              transport(func(t *http.Transport) { t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "p"}) }),
		"HTTPClient (InsecureSkipVerify)": transport(func(t *http.Transport) { t.TLSClientConfig.InsecureSkipVerify = true }),
		"HTTPClient (DialContext)":        transport(func(t *http.Transport) { t.DialContext = nil }),
		"HTTPClient (DialTLSContext)": transport(func(t *http.Transport) {
			t.DialTLSContext = func(context.Context, string, string) (net.Conn, error) { return nil, nil }
		}),
		"HTTPClient (ProxyConnectHeader)":    transport(func(t *http.Transport) { t.ProxyConnectHeader = http.Header{"A": {"b"}} }),
		"HTTPClient (ResponseHeaderTimeout)": transport(func(t *http.Transport) { t.ResponseHeaderTimeout = time.Second }),
		"HTTPClient (Certificates)": transport(func(t *http.Transport) {
			t.TLSClientConfig.Certificates = []tls.Certificate{{}}
		}),
		"HTTPClient (GetClientCertificate)": transport(func(t *http.Transport) {
			t.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return nil, nil }
		}),
		"HTTPClient (VerifyConnection)": transport(func(t *http.Transport) {
			t.TLSClientConfig.VerifyConnection = func(tls.ConnectionState) error { return nil }
		}),
		"HTTPClient (MinVersion)": transport(func(t *http.Transport) { t.TLSClientConfig.MinVersion = tls.VersionTLS13 }),
		"HTTPClient (Dialer.LocalAddr)": options(dynamodb.Options{
			HTTPClient: awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) { d.LocalAddr = &net.TCPAddr{} })}),
		"HTTPClient (Dialer.Resolver)": options(dynamodb.Options{
			HTTPClient: awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) { d.Resolver = &net.Resolver{PreferGo: true} })}),
		"HTTPClient (RootCAs)": options(dynamodb.Options{HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(
			func(t *http.Transport) { t.TLSClientConfig.RootCAs = x509.NewCertPool() })}),
		"EndpointOptions (DisableHTTPS)": options(dynamodb.Options{EndpointOptions: dynamodb.EndpointResolverOptions{DisableHTTPS: true}}),
		"StoreOptions.StaleOnError":      store(lddynamostore.Options{StaleOnError: true}),
		"StoreOptions.Prefix":            store(lddynamostore.Options{Prefix: "p"}),
		"StoreOptions.CacheTTL":          store(lddynamostore.Options{CacheTTL: lddynamostore.Value(time.Second)}),
		"StoreOptions.ContextCacheTTL":   store(lddynamostore.Options{ContextCacheTTL: lddynamostore.Value(time.Second)}),
		"StoreOptions.ContextCacheSize":  store(lddynamostore.Options{ContextCacheSize: lddynamostore.Value(1)}),
	} {
		t.Run(option, func(t *testing.T) {
			_, err := builder.Build(subsystems.BasicClientContext{})
			var refused *UnsupportedOptionError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, option, refused.Option)
			assert.NotEmpty(t, refused.Replacement)
			assert.ErrorContains(t, err, option)
			big := BigSegmentStore("t")
			big.builderOptions = builder.builderOptions
			_, err = big.Build(subsystems.BasicClientContext{})
			assert.ErrorAs(t, err, &refused)
		})
	}
}

func TestARetryerForEverIsRefused(t *testing.T) {
	withoutAWS(t)
	forEver := retry.AddWithMaxAttempts(retry.NewStandard(), 0)
	_, err := DataStore("t").ClientOptions(dynamodb.Options{Retryer: forEver}).Build(subsystems.BasicClientContext{})
	assert.ErrorContains(t, err, "retries for ever")
}

func TestRootCertificatesInCodeNeedTheirFile(t *testing.T) {
	withoutAWS(t)
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	require.NoError(t, os.WriteFile(bundle, certificate(t), 0o600))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	anonymous := awsconfig.WithCredentialsProvider(aws.AnonymousCredentials{})
	config, err := awsconfig.LoadDefaultConfig(context.Background(), anonymous)
	require.NoError(t, err)
	assert.Equal(t, lddynamostore.Options{}, settings(t, DataStore("t")))
	assert.Equal(t, lddynamostore.Options{}, settings(t, DataStore("t").ClientConfig(config)))
	os.Unsetenv("AWS_CA_BUNDLE")
	_, err = DataStore("t").ClientConfig(config).Build(subsystems.BasicClientContext{})
	assert.ErrorContains(t, err, "RootCAs")
	options := settings(t, DataStore("t").ClientConfig(config).StoreOptions(lddynamostore.Options{CABundle: bundle}))
	assert.Equal(t, lddynamostore.Options{CABundle: bundle}, options)
	profile := "[default]\nca_bundle = " + bundle + "\n"
	require.NoError(t, os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(profile), 0o600))
	assert.Equal(t, lddynamostore.Options{}, settings(t, DataStore("t")), "the library finds that of the profile")
}

func TestWhatChangesNoAnswerIsWarnedOf(t *testing.T) {
	withoutAWS(t)
	log := ldlogtest.NewMockLog()
	_, err := DataStore("t").ClientOptions(dynamodb.Options{ClientLogMode: aws.LogRequest}).settings(log.Loggers)
	require.NoError(t, err)
	log.AssertMessageMatch(t, true, ldlog.Warn, "ClientLogMode")
}

func TestMistakesOfTheBuilder(t *testing.T) {
	withoutAWS(t)
	none, err := DataStore("").Build(subsystems.BasicClientContext{})
	assert.ErrorContains(t, err, "table name is required")
	assert.Nil(t, none)
	noSegments, err := BigSegmentStore("").Build(subsystems.BasicClientContext{})
	assert.Error(t, err)
	assert.Nil(t, noSegments)
	t.Setenv("AWS_CA_BUNDLE", "not a file")
	none, err = DataStore("t").Build(subsystems.BasicClientContext{})
	assert.Error(t, err)
	assert.Nil(t, none)
}

func TestAnInitTakesHalfAMinuteAtMost(t *testing.T) {
	withoutAWS(t)
	options, err := DataStore("t").settings(ldlog.NewDisabledLoggers())
	require.NoError(t, err)
	assert.Equal(t, 30*time.Second, *options.InitTimeout)
}

func TestDiagnosticsSayDynamoDB(t *testing.T) {
	var description subsystems.DiagnosticDescription = DataStore("t")
	assert.Equal(t, ldvalue.String("DynamoDB"), description.DescribeConfiguration(subsystems.BasicClientContext{}))
	description = BigSegmentStore("t")
	assert.Equal(t, ldvalue.String("DynamoDB"), description.DescribeConfiguration(subsystems.BasicClientContext{}))
}
