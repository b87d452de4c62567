// Command evaluate evaluates flags with LaunchDarkly's Go SDK, which reads them from a DynamoDB table through ld-dynamo-store.
//
//	ENDPOINT=http://127.0.0.1:8000 TABLE=my-table go run ./evaluate
//
// The SDK runs in daemon mode: it never connects to LaunchDarkly, and takes what some other program wrote into the table. Without
// ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldreason"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	lddynamodb "github.com/launchdarkly/go-server-sdk-dynamodb/v4"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
)

var (
	visitor  = ldcontext.NewBuilder("user-5150").Name("a visitor from Greece").SetString("country", "GR").Build()
	employee = ldcontext.NewBuilder("zoë.müller").Name("an employee in Austria").SetString("country", "AT").Build()
	customer = ldcontext.NewBuilder("user-0007").Name("a gold customer").SetString("country", "DE").
			SetValue("loyalty", ldvalue.ObjectBuild().SetString("tier", "gold").Build()).Build()
)

type question struct {
	flag     string
	context  ldcontext.Context
	fallback ldvalue.Value
}

var questions = []question{
	{"home-greeting", visitor, ldvalue.String("Hello!")},
	{"home-greeting", employee, ldvalue.String("Hello!")},
	{"checkout-redesign", visitor, ldvalue.String("control")},
	{"checkout-redesign", employee, ldvalue.String("control")},
	{"pricing-loyalty-discount", visitor, ldvalue.Int(0)},
	{"pricing-loyalty-discount", customer, ldvalue.Int(0)},
	{"account-deletion-flow", visitor, ldvalue.Bool(false)},
	{"guest-checkout", visitor, ldvalue.Bool(false)},
	{"seasonal-gift-wrap", visitor, ldvalue.String("the default")},
}

func main() {
	if len(os.Args) != 1 || os.Getenv("TABLE") == "" {
		fmt.Fprintln(os.Stderr, "usage: TABLE=my-table [ENDPOINT=http://127.0.0.1:8000] [PREFIX=…] go run ./evaluate")
		os.Exit(2)
	}
	client, err := openClient()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	for _, question := range questions {
		value, detail, _ := client.JSONVariationDetail(question.flag, question.context, question.fallback)
		fmt.Printf("%s for %s: %s (%s)\n", question.flag, question.context.Name().OrElse(""), value.JSONString(), reason(detail.Reason))
	}
}

// openClient opens the SDK's client on the table that the environment names.
func openClient() (*ld.LDClient, error) {
	store := lddynamodb.DataStore(os.Getenv("TABLE")).Prefix(os.Getenv("PREFIX")).StoreOptions(lddynamostore.Options{
		Endpoint: os.Getenv("ENDPOINT"),
		// A service in daemon mode needs no more than GetItem and Query.
		ReadOnly: true,
	})
	return ld.MakeCustomClient("no-sdk-key", ld.Config{
		DataSource: ldcomponents.ExternalUpdatesOnly(),
		DataStore:  ldcomponents.PersistentDataStore(store),
		Events:     ldcomponents.NoEvents(),
		Logging:    ldcomponents.Logging().MinLevel(ldlog.Error),
	}, 5*time.Second)
}

// reason is why the SDK came to a value, in one word or two.
func reason(reason ldreason.EvaluationReason) string {
	switch reason.GetKind() {
	case ldreason.EvalReasonError:
		return fmt.Sprintf("%s %s", reason.GetKind(), reason.GetErrorKind())
	case ldreason.EvalReasonPrerequisiteFailed:
		return fmt.Sprintf("%s %s", reason.GetKind(), reason.GetPrerequisiteKey())
	case ldreason.EvalReasonRuleMatch:
		return fmt.Sprintf("%s %d", reason.GetKind(), reason.GetRuleIndex())
	}
	return string(reason.GetKind())
}
