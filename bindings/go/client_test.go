package lddynamodb

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldlogtest"
	"github.com/launchdarkly/go-sdk-common/v3/ldreason"
	"github.com/launchdarkly/go-sdk-common/v3/ldtime"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/interfaces"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
	"github.com/launchdarkly/go-server-sdk/v7/ldfiledata"
	"github.com/launchdarkly/go-server-sdk/v7/ldfilewatch"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"
	"github.com/launchdarkly/go-server-sdk/v7/testhelpers/ldtestdata"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// LaunchDarkly's SDK itself, with the store below it.

func newClient(t *testing.T, source subsystems.ComponentConfigurer[subsystems.DataSource], table testengine.Table) *ld.LDClient {
	config := ld.Config{
		DataSource: source,
		DataStore:  ldcomponents.PersistentDataStore(DataStore(table.Name).ClientOptions(table.Engine.Options())).NoCaching(),
		Events:     ldcomponents.NoEvents(),
		Logging:    ldcomponents.Logging().MinLevel(ldlog.Error),
	}
	client, err := ld.MakeCustomClient("sdk-key", config, 5*time.Second)
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestAClientWritesAndAnotherReadsInDaemonMode(t *testing.T) {
	table := testengine.Local(t).NewTable()
	file := filepath.Join(testengine.Repository(), "examples/flags.json")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var data struct {
		Flags map[string]struct{ Deleted bool }
	}
	require.NoError(t, json.Unmarshal(text, &data))
	writer := newClient(t, ldfiledata.DataSource().FilePaths(file), table)
	reader := newClient(t, ldcomponents.ExternalUpdatesOnly(), table)
	memory, err := ld.MakeCustomClient("sdk-key", ld.Config{
		DataSource: ldfiledata.DataSource().FilePaths(file), Events: ldcomponents.NoEvents(),
		Logging: ldcomponents.Logging().MinLevel(ldlog.Error),
	}, 5*time.Second)
	require.NoError(t, err)
	defer memory.Close()

	for _, user := range []ldcontext.Context{ldcontext.New("user-1"), ldcontext.NewBuilder("user-2").SetString("country", "GR").Build()} {
		for key, flag := range data.Flags {
			if flag.Deleted {
				continue // The SDK's file source evaluates a tombstone.
			}
			expected, expectedDetail, _ := memory.JSONVariationDetail(key, user, ldvalue.Null())
			for _, client := range []*ld.LDClient{writer, reader} {
				value, detail, err := client.JSONVariationDetail(key, user, ldvalue.Null())
				assert.NoError(t, err, key)
				assert.JSONEq(t, expected.JSONString(), value.JSONString(), key)
				assert.Equal(t, expectedDetail.Reason, detail.Reason, key)
			}
		}
	}
}

func TestUpdatesOfATestDataSourceAreStored(t *testing.T) {
	table := testengine.Local(t).NewTable()
	source := ldtestdata.DataSource()
	source.Update(source.Flag("flag").On(false))
	newClient(t, source, table)
	reader := newClient(t, ldcomponents.ExternalUpdatesOnly(), table)
	evaluate := func() bool {
		value, err := reader.BoolVariation("flag", ldcontext.New("user"), false)
		require.NoError(t, err)
		return value
	}
	assert.False(t, evaluate())
	source.Update(source.Flag("flag").On(true))
	assert.True(t, evaluate())
}

func TestAFileThatChangesIsStored(t *testing.T) {
	table := testengine.Local(t).NewTable()
	file := filepath.Join(t.TempDir(), "flags.json")
	write := func(value string) {
		require.NoError(t, os.WriteFile(file, []byte(`{"flagValues":{"flag":"`+value+`"}}`), 0o600))
	}
	write("one")
	newClient(t, ldfiledata.DataSource().FilePaths(file).Reloader(ldfilewatch.WatchFiles), table)
	reader := newClient(t, ldcomponents.ExternalUpdatesOnly(), table)
	write("two")
	assert.Eventually(t, func() bool {
		value, err := reader.StringVariation("flag", ldcontext.New("user"), "none")
		return err == nil && value == "two"
	}, 10*time.Second, 20*time.Millisecond)
}

func TestBigSegmentsOfAClient(t *testing.T) {
	table := testengine.Local(t).NewTable()
	store := table.Open()
	hash, err := lddynamostore.ContextHash("member", "")
	require.NoError(t, err)
	patch := `{"segmentId":"beta.g1","version":"v1","previousVersion":"","changes":{"included":{"add":["` + hash + `"]}}}`
	_, err = store.BigSegmentsApplyPatch(context.Background(), []byte(patch))
	require.NoError(t, err)
	require.NoError(t, store.BigSegmentsSetSynchronized(context.Background(), time.Now()))
	require.NoError(t, store.Init(context.Background(), []byte(`{"features":{"flag":{"key":"flag","version":1,"on":true,"variations":[false,true],
		"fallthrough":{"variation":0},"offVariation":0,"salt":"","rules":[{"id":"r","variation":1,"clauses":[
		{"attribute":"","op":"segmentMatch","values":["beta"],"negate":false}]}]}},
		"segments":{"beta":{"key":"beta","version":1,"unbounded":true,"generation":1,"salt":""}}}`)))
	client, err := ld.MakeCustomClient("sdk-key", ld.Config{
		DataSource:  ldcomponents.ExternalUpdatesOnly(),
		DataStore:   ldcomponents.PersistentDataStore(DataStore(table.Name).ClientOptions(table.Engine.Options())),
		BigSegments: ldcomponents.BigSegments(BigSegmentStore(table.Name).ClientOptions(table.Engine.Options())),
		Events:      ldcomponents.NoEvents(),
		Logging:     ldcomponents.Logging().MinLevel(ldlog.Error),
	}, 5*time.Second)
	require.NoError(t, err)
	defer client.Close()
	value, detail, err := client.BoolVariationDetail("flag", ldcontext.New("member"), false)
	require.NoError(t, err)
	assert.True(t, value)
	assert.Equal(t, ldreason.BigSegmentsHealthy, detail.Reason.GetBigSegmentsStatus())
	value, err = client.BoolVariation("flag", ldcontext.New("other"), true)
	require.NoError(t, err)
	assert.False(t, value)
}

func TestAnOutageIsSeenByTheSDKAndEnds(t *testing.T) {
	engine := testengine.Fake(t)
	table := engine.NewTable()
	require.NoError(t, table.Open().Init(context.Background(), []byte(`{"features":{"flag":{"key":"flag","version":1,"on":false,
		"offVariation":0,"variations":[true],"salt":""}}}`)))
	client := newClient(t, ldcomponents.ExternalUpdatesOnly(), table)
	provider := client.GetDataStoreStatusProvider()
	statuses := provider.AddStatusListener()
	engine.Rule(`{"action":{"server_error":true}}`)
	_, err := client.BoolVariation("flag", ldcontext.New("user"), false)
	assert.Error(t, err)
	assert.Equal(t, interfaces.DataStoreStatus{Available: false}, <-statuses)
	engine.Control("reset", map[string]any{})
	assert.True(t, (<-statuses).Available)
}

func newStores(t *testing.T, table testengine.Table) (subsystems.PersistentDataStore, subsystems.BigSegmentStore, *ldlogtest.MockLog) {
	log := ldlogtest.NewMockLog()
	clientContext := subsystems.BasicClientContext{}
	clientContext.Logging.Loggers = log.Loggers
	store, err := DataStore(table.Name).ClientOptions(table.Engine.Options()).Build(clientContext)
	require.NoError(t, err)
	segments, err := BigSegmentStore(table.Name).ClientOptions(table.Engine.Options()).Build(clientContext)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, store.Close())
		assert.NoError(t, segments.Close())
	})
	return store, segments, log
}

func TestCorruptRowsAreLoggedAndAbsent(t *testing.T) {
	table := testengine.Local(t).NewTable()
	table.Put("features", "bad", &types.AttributeValueMemberN{Value: "1"})
	table.Put("features", "good", &types.AttributeValueMemberS{Value: `{"key":"good","version":1}`})
	store, segments, log := newStores(t, table)
	for round := 0; round < 3; round++ {
		item, err := store.Get(ldstoreimpl.Features(), "bad")
		require.NoError(t, err)
		assert.Equal(t, -1, item.Version)
	}
	assert.Len(t, log.GetOutput(ldlog.Error), 1)
	assert.Contains(t, log.GetOutput(ldlog.Error)[0], "bad")
	all, err := store.GetAll(ldstoreimpl.Features())
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, `{"key":"good","version":1}`, string(all[0].Item.SerializedItem))
	metadata, err := segments.GetMetadata()
	require.NoError(t, err)
	assert.Zero(t, metadata.LastUpToDate)
}

func TestMembershipsAreWhatTheSetsOfAContextSay(t *testing.T) {
	table := testengine.Local(t).NewTable()
	_, segments, log := newStores(t, table)
	yes, no, unknown := ldvalue.NewOptionalBool(true), ldvalue.NewOptionalBool(false), ldvalue.OptionalBool{}
	put := func(hash string, sets map[string][]string) {
		attributes := map[string]types.AttributeValue{}
		for name, members := range sets {
			attributes[name] = &types.AttributeValueMemberSS{Value: members}
		}
		putRow(t, table, "big_segments_user", hash, attributes)
	}
	put("included", map[string][]string{"included": {"a.g1", "b.g2"}})
	put("excluded", map[string][]string{"excluded": {"a.g1"}})
	// An inclusion wins over an exclusion.
	put("both", map[string][]string{"included": {"a.g1"}, "excluded": {"a.g1", "b.g2"}})
	put("neither", nil)
	for hash, expected := range map[string][2]ldvalue.OptionalBool{
		"included": {yes, yes}, "excluded": {no, unknown}, "both": {yes, no}, "neither": {unknown, unknown}, "none": {unknown, unknown},
	} {
		membership, err := segments.GetMembership(hash)
		require.NoError(t, err)
		assert.Equal(t, expected, [2]ldvalue.OptionalBool{membership.CheckMembership("a.g1"), membership.CheckMembership("b.g2")}, hash)
	}
	putRow(t, table, "big_segments_user", "bad", map[string]types.AttributeValue{"included": &types.AttributeValueMemberS{Value: "a.g1"}})
	membership, err := segments.GetMembership("bad")
	require.NoError(t, err)
	assert.Equal(t, unknown, membership.CheckMembership("a.g1"))
	assert.Len(t, log.GetOutput(ldlog.Error), 1)
}

func TestBigSegmentsAreAsNewAsTheirMetadataSays(t *testing.T) {
	table := testengine.Local(t).NewTable()
	_, segments, log := newStores(t, table)
	number := func(value string) types.AttributeValue { return &types.AttributeValueMemberN{Value: value} }
	cursor := &types.AttributeValueMemberS{Value: "v1"}
	for _, row := range []struct {
		attributes map[string]types.AttributeValue
		expected   ldtime.UnixMillisecondTime
	}{
		// The Relay Proxy writes its cursor before it has been in step for the first time.
		{map[string]types.AttributeValue{"lastVersion": cursor}, 0},
		{map[string]types.AttributeValue{"synchronizedOn": number("0")}, 0},
		{map[string]types.AttributeValue{"synchronizedOn": number("-5")}, 0},
		{map[string]types.AttributeValue{"synchronizedOn": number("1700000000123"), "lastVersion": cursor}, 1700000000123},
	} {
		putRow(t, table, "big_segments_metadata", "big_segments_metadata", row.attributes)
		metadata, err := segments.GetMetadata()
		require.NoError(t, err)
		assert.Equal(t, row.expected, metadata.LastUpToDate)
	}
	assert.Empty(t, log.GetOutput(ldlog.Error))
}

// putRow puts a row as another writer would.
func putRow(t *testing.T, table testengine.Table, namespace, key string, attributes map[string]types.AttributeValue) {
	row := map[string]types.AttributeValue{
		"namespace": &types.AttributeValueMemberS{Value: namespace}, "key": &types.AttributeValueMemberS{Value: key},
	}
	for name, value := range attributes {
		row[name] = value
	}
	_, err := table.Engine.Client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &table.Name, Item: row})
	require.NoError(t, err)
}

func TestItemsThatAreTooLargeAreLoggedAndLeftOut(t *testing.T) {
	table := testengine.Local(t).NewTable()
	text := func(version int) []byte { return []byte(fmt.Sprintf(`{"version":%d}`, version)) }
	small := ldstoretypes.SerializedItemDescriptor{Version: 1, SerializedItem: text(1)}
	large := ldstoretypes.SerializedItemDescriptor{
		Version: 2, SerializedItem: []byte(`{"version":2,"filler":"` + strings.Repeat("x", 450_000) + `"}`)}
	deleted := ldstoretypes.SerializedItemDescriptor{Version: 4, Deleted: true}
	for _, kind := range []ldstoretypes.DataKind{ldstoreimpl.Features(), ldstoreimpl.Segments()} {
		store, _, log := newStores(t, table)
		require.NoError(t, store.Init([]ldstoretypes.SerializedCollection{{Kind: kind, Items: []ldstoretypes.KeyedSerializedItemDescriptor{
			// The large one is the first, so that others come after it.
			{Key: "large", Item: large}, {Key: "sm\"all", Item: small}, {Key: "deleted", Item: deleted},
		}}}))
		log.AssertMessageMatch(t, true, ldlog.Error, "was too large to store in DynamoDB and was dropped")
		stored := func() map[string]string {
			all, err := store.GetAll(kind)
			require.NoError(t, err)
			items := map[string]string{}
			for _, item := range all {
				items[item.Key] = string(item.Item.SerializedItem)
			}
			return items
		}
		before := stored()
		assert.Len(t, before, 2)
		assert.Equal(t, string(text(1)), before["sm\"all"])
		assert.Contains(t, before["deleted"], `"key":"deleted"`)
		assert.Contains(t, before["deleted"], `"deleted":true`)

		for _, refused := range []struct {
			key  string
			item ldstoretypes.SerializedItemDescriptor
		}{{"large", large}, {"sm\"all", large}, {"sm\"all", small}} {
			updated, err := store.Upsert(kind, refused.key, refused.item)
			assert.NoError(t, err)
			assert.False(t, updated)
		}
		assert.Equal(t, before, stored())
		assert.Len(t, log.GetOutput(ldlog.Error), 3)
	}
}

func TestInitializedIsNoWhereItIsUnknown(t *testing.T) {
	engine := testengine.Fake(t)
	store, _, log := newStores(t, engine.NewTable())
	engine.Rule(`{"action":{"throttle":true}}`)
	assert.False(t, store.IsInitialized())
	assert.False(t, store.IsInitialized())
	assert.False(t, store.IsStoreAvailable())
	assert.Len(t, log.GetOutput(ldlog.Warn), 1)
	_, err := store.GetAll(ldstoreimpl.Features())
	assert.ErrorIs(t, err, lddynamostore.ErrThrottled)
}

func TestAClosedStore(t *testing.T) {
	store, segments, log := newStores(t, testengine.Local(t).NewTable())
	require.NoError(t, store.Close())
	require.NoError(t, segments.Close())
	_, err := store.Get(ldstoreimpl.Features(), "a")
	assert.ErrorIs(t, err, lddynamostore.ErrClosed)
	assert.False(t, store.IsInitialized())
	assert.False(t, store.IsStoreAvailable())
	_, err = segments.GetMembership("hash")
	assert.ErrorIs(t, err, lddynamostore.ErrClosed)
	// The SDK asks twice a second.
	assert.Empty(t, log.GetOutput(ldlog.Warn))
}
