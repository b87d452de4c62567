package lddynamodb

import (
	"context"
	"crypto/x509"
	"net/http"
	"os"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

const noTime = time.Duration(0)

// The library's own defaults.
const (
	attempts         = 3
	attemptTimeout   = 2 * time.Second
	operationTimeout = 5 * time.Second
)

// initTimeout is shorter than the library's own default, because until an init has ended the SDK and the Relay Proxy hand on nothing.
const initTimeout = 30 * time.Second

// translated are the fields of dynamodb.Options that have a counterpart, and harmless are those that change nothing here. Any other one
// is refused where it is not as in a client with default options, also one that a later AWS SDK adds.
var (
	translated = fields("Region", "BaseEndpoint", "EndpointResolver", "EndpointOptions", "Credentials", "HTTPClient", "Retryer",
		"RetryMode", "RetryMaxAttempts")
	harmless = fields("AppID", "DefaultsMode", "RuntimeEnvironment", "DisableValidateResponseChecksum", "EnableAcceptEncodingGzip",
		"EndpointDiscovery", "IdempotencyTokenProvider", "AccountIDEndpointMode", "Logger")
	// Those whose loss somebody may notice, but which change no answer.
	warned = fields("ClientLogMode", "TracerProvider", "MeterProvider")
)

// What is translated or harmless in a BuildableClient; anything else that differs from the AWS SDK's own one is refused.
var (
	dialerFields    = fields("Timeout", "DualStack", "FallbackDelay", "KeepAlive", "KeepAliveConfig")
	transportFields = fields("TLSClientConfig", "TLSHandshakeTimeout", "TLSNextProto", "DisableKeepAlives", "DisableCompression",
		"MaxIdleConns", "MaxIdleConnsPerHost", "MaxConnsPerHost", "IdleConnTimeout", "ExpectContinueTimeout", "MaxResponseHeaderBytes",
		"WriteBufferSize", "ReadBufferSize", "ForceAttemptHTTP2", "HTTP2", "Protocols")
	tlsFields = fields("RootCAs", "NextProtos", "ClientSessionCache", "SessionTicketsDisabled", "DynamicRecordSizingDisabled")
)

var replacements = map[string]string{
	"APIOptions":         "leave out what changes requests: this store sends its own",
	"EndpointResolverV2": "give the address as BaseEndpoint",
	"HTTPSignerV4":       "leave it out: requests are signed with Signature Version 4",
	"AuthSchemes":        "leave them out: requests are signed with Signature Version 4",
	"AuthSchemeResolver": "leave it out: requests are signed with Signature Version 4",
}

func fields(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// translation makes options of the store of the options of a client.
type translation struct {
	options *lddynamostore.Options
	// given are the store's own options, which win, and make up for what cannot be translated.
	given *lddynamostore.Options
	// defaults is the default configuration where that is what the options began with, else nil. The library finds for itself what is
	// unchanged in it.
	defaults *aws.Config
	loggers  ldlog.Loggers
}

func (t *translation) run(client dynamodb.Options) error {
	if err := t.refuseOthers(client); err != nil {
		return err
	}
	if t.defaults == nil || client.Region != t.defaults.Region {
		t.options.Region = client.Region
	}
	for _, translate := range []func(dynamodb.Options) error{t.endpoint, t.credentials, t.httpClient, t.retries} {
		if err := translate(client); err != nil {
			return err
		}
	}
	return nil
}

func refused(option, replacement string) error { return &UnsupportedOptionError{option, replacement} }

// refuseOthers compares with a client that has default options, because clients fill in what is not given.
func (t *translation) refuseOthers(client dynamodb.Options) error {
	usual := reflect.ValueOf(dynamodb.New(dynamodb.Options{Region: client.Region}).Options())
	given := reflect.ValueOf(client)
	for index := 0; index < given.NumField(); index++ {
		field := given.Type().Field(index)
		if !field.IsExported() || translated[field.Name] || harmless[field.Name] || alike(given.Field(index), usual.Field(index)) {
			continue
		}
		if warned[field.Name] {
			t.loggers.Warnf("the DynamoDB option %s has no effect: StoreOptions has LogLevel and Logger", field.Name)
			continue
		}
		replacement := replacements[field.Name]
		if replacement == "" {
			replacement = "leave it out: this store has no counterpart"
		}
		return refused(field.Name, replacement)
	}
	return nil
}

func alike(one, other reflect.Value) bool {
	switch one.Kind() {
	case reflect.Interface:
		if one.IsNil() || other.IsNil() {
			return one.IsNil() == other.IsNil()
		}
		return one.Elem().Type() == other.Elem().Type()
	case reflect.Slice:
		if one.Len() != other.Len() {
			return false
		}
		for index := 0; index < one.Len(); index++ {
			if !alike(one.Index(index), other.Index(index)) {
				return false
			}
		}
		return true
	case reflect.Func:
		return one.Pointer() == other.Pointer()
	}
	return reflect.DeepEqual(one.Interface(), other.Interface())
}

func (t *translation) endpoint(client dynamodb.Options) error {
	if client.EndpointOptions.DisableHTTPS {
		return refused("EndpointOptions (DisableHTTPS)", "give an address that begins with http:// as BaseEndpoint")
	}
	switch {
	case client.EndpointResolver != nil:
		// As in the AWS SDK it goes before BaseEndpoint. It answers from what it was made with.
		found, err := client.EndpointResolver.ResolveEndpoint(client.Region, client.EndpointOptions)
		if err != nil {
			return refused("EndpointResolver", "it gives no address ("+err.Error()+"): give one as BaseEndpoint")
		}
		t.options.Endpoint = found.URL
	case client.BaseEndpoint != nil:
		t.options.Endpoint = *client.BaseEndpoint
	case client.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled,
		client.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled:
		found, err := dynamodb.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), dynamodb.EndpointParameters{
			Region:       aws.String(client.Region),
			UseFIPS:      aws.Bool(client.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
			UseDualStack: aws.Bool(client.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		})
		if err != nil {
			return refused("EndpointOptions", "they give no address ("+err.Error()+"): give one as BaseEndpoint")
		}
		t.options.Endpoint = found.URI.String()
	}
	return nil
}

func (t *translation) credentials(client dynamodb.Options) error {
	provider := client.Credentials
	if t.given.Credentials != nil || t.given.CredentialsProvider != nil || t.given.PushedCredentials || t.given.Profile != "" {
		return nil
	}
	if provider == nil {
		return nil
	}
	if t.defaults != nil && provider == t.defaults.Credentials && isOneOf(provider, credentials.StaticCredentialsProvider{},
		&stscreds.WebIdentityRoleProvider{}, &endpointcreds.Provider{}, &ec2rolecreds.Provider{}) {
		// The library's own chain finds the same. Others, such as single sign-on, may be more than it can do.
		return nil
	}
	if !isOneOf(provider, credentials.StaticCredentialsProvider{}) {
		t.options.CredentialsProvider = provider
		return nil
	}
	static, err := provider.Retrieve(context.Background())
	if err != nil {
		return err
	}
	t.options.Credentials = &lddynamostore.Credentials{
		AccessKeyID:     static.AccessKeyID,
		SecretAccessKey: static.SecretAccessKey,
		SessionToken:    static.SessionToken,
	}
	return nil
}

func isOneOf(provider aws.CredentialsProvider, targets ...aws.CredentialsProvider) bool {
	for _, target := range targets {
		if aws.IsCredentialsProvider(provider, target) {
			return true
		}
	}
	return false
}

func (t *translation) httpClient(client dynamodb.Options) error {
	buildable, ok := client.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		return refused("HTTPClient", "leave it out: StoreOptions has ConnectTimeout, AttemptTimeout, Proxy and CABundle")
	}
	if timeout := buildable.GetTimeout(); timeout > 0 {
		t.options.AttemptTimeout = &timeout
	}
	if dialer := buildable.GetDialer(); dialer.Timeout != awshttp.DefaultDialConnectTimeout {
		t.options.ConnectTimeout = &dialer.Timeout
	}
	usual := awshttp.NewBuildableClient()
	if name := difference(buildable.GetDialer(), usual.GetDialer(), dialerFields); name != "" {
		return refused("HTTPClient (Dialer."+name+")", "leave it out: this store makes its own connections")
	}
	transport := buildable.GetTransport()
	// Later AWS SDKs have another function there as soon as any option of the dialer is given.
	withDialer := usual.WithDialerOptions().GetTransport()
	if alike(reflect.ValueOf(transport.DialContext), reflect.ValueOf(withDialer.DialContext)) {
		transport.DialContext = usual.GetTransport().DialContext
	}
	return t.transport(transport, usual.GetTransport())
}

func (t *translation) transport(transport, usual *http.Transport) error {
	if t.given.Proxy != "" {
		transport.Proxy = usual.Proxy
	}
	if t.given.AttemptTimeout != nil {
		transport.ResponseHeaderTimeout = usual.ResponseHeaderTimeout
	}
	if name := difference(transport, usual, transportFields); name != "" {
		return refusedTransport(name, "leave it out: this store makes its own connections")
	}
	if transport.TLSClientConfig == nil {
		return nil
	}
	if name := difference(transport.TLSClientConfig, usual.TLSClientConfig, tlsFields); name != "" {
		return refusedTransport(name, "leave it out: this store speaks TLS 1.2 and 1.3 in its own way")
	}
	roots := transport.TLSClientConfig.RootCAs
	if roots != nil && roots != t.defaultRoots() && t.given.CABundle == "" && os.Getenv("AWS_CA_BUNDLE") == "" {
		return refused("HTTPClient (RootCAs)", "give the file of root certificates as CABundle in StoreOptions")
	}
	return nil
}

var transportReplacements = map[string]string{
	"Proxy":                 "give the proxy's address as Proxy in StoreOptions, or set HTTPS_PROXY or NO_PROXY",
	"ResponseHeaderTimeout": "give AttemptTimeout in StoreOptions",
	"InsecureSkipVerify":    "give the file of root certificates as CABundle in StoreOptions",
	"Certificates":          "client certificates are not supported; use a proxy that presents one",
	"GetClientCertificate":  "client certificates are not supported; use a proxy that presents one",
}

func refusedTransport(field, otherwise string) error {
	if replacement := transportReplacements[field]; replacement != "" {
		return refused("HTTPClient ("+field+")", replacement)
	}
	return refused("HTTPClient ("+field+")", otherwise)
}

// defaultRoots are those of a profile's ca_bundle, which the library finds for itself.
func (t *translation) defaultRoots() *x509.CertPool {
	if t.defaults == nil {
		return nil
	}
	buildable, ok := t.defaults.HTTPClient.(*awshttp.BuildableClient)
	if !ok || buildable.GetTransport().TLSClientConfig == nil {
		return nil
	}
	return buildable.GetTransport().TLSClientConfig.RootCAs
}

// difference is the name of a field in which two values differ, and which is not among those that may; else "".
func difference[Struct any](given, usual *Struct, may map[string]bool) string {
	one, other := reflect.ValueOf(given).Elem(), reflect.ValueOf(usual).Elem()
	for index := 0; index < one.NumField(); index++ {
		field := one.Type().Field(index)
		if field.IsExported() && !may[field.Name] && !alike(one.Field(index), other.Field(index)) {
			return field.Name
		}
	}
	return ""
}

func (t *translation) retries(client dynamodb.Options) error {
	retryer := withoutMaxAttempts(client.Retryer)
	switch retryer.(type) {
	case *retry.AdaptiveMode:
		t.options.RetryMode = string(aws.RetryModeAdaptive)
	case *retry.Standard, aws.NopRetryer, *aws.NopRetryer:
	default:
		return refused("Retryer", "leave it out: RetryMode and RetryMaxAttempts say how to retry")
	}
	most := client.Retryer.MaxAttempts()
	switch {
	case most == 0:
		return refused("Retryer", "it retries for ever: give RetryMaxAttempts")
	case most != attempts:
		t.options.MaxAttempts = most
	}
	t.allowEveryAttempt(most)
	return nil
}

// withoutMaxAttempts is the retryer that a client wraps where RetryMaxAttempts is given.
func withoutMaxAttempts(retryer aws.Retryer) aws.Retryer {
	wrapper := reflect.TypeOf(retry.AddWithMaxAttempts(aws.NopRetryer{}, 1))
	for reflect.TypeOf(retryer) == wrapper {
		inner, ok := reflect.ValueOf(retryer).Elem().FieldByName("RetryerV2").Interface().(aws.Retryer)
		if !ok {
			break
		}
		retryer = inner
	}
	return retryer
}

// allowEveryAttempt lets a whole call last as long as its attempts may, and an init no shorter.
func (t *translation) allowEveryAttempt(most int) {
	timeout := attemptTimeout
	if t.options.AttemptTimeout != nil {
		timeout = *t.options.AttemptTimeout
	}
	if needed := timeout * time.Duration(most); needed > operationTimeout && (t.options.AttemptTimeout != nil || most != attempts) {
		t.options.OperationTimeout = &needed
		if needed > initTimeout {
			t.options.InitTimeout = &needed
		}
	}
}
