// Package official opens LaunchDarkly's own DynamoDB store for Go and measures this process.
package official

import (
	"crypto/tls"
	"crypto/x509"
	"log"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	lddynamodb "github.com/launchdarkly/go-server-sdk-dynamodb/v4"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
)

// OpenStore gives a store without a cache. Over TLS it trusts the certificates of AWS_CA_BUNDLE.
func OpenStore(endpoint, table string) subsystems.PersistentDataStore {
	config := aws.Config{
		BaseEndpoint: aws.String(endpoint),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("benchmark", "benchmark", ""),
	}
	if bundle := os.Getenv("AWS_CA_BUNDLE"); bundle != "" {
		certificates, err := os.ReadFile(bundle)
		Check(err)
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(certificates) {
			log.Fatal("AWS_CA_BUNDLE holds no certificate")
		}
		// The AWS SDK's own client, which is also what it uses where none is given.
		config.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
			transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		})
	}
	context := subsystems.BasicClientContext{
		Logging: subsystems.LoggingConfiguration{Loggers: ldlog.NewDisabledLoggers()},
	}
	store, err := lddynamodb.DataStore(table).ClientConfig(config).Build(context)
	Check(err)
	return store
}

// CPUSeconds is the user and system time of this process.
func CPUSeconds() float64 {
	var usage syscall.Rusage
	Check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// Check ends the program where something failed.
func Check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
