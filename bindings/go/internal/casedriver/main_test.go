package main

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

func TestFrames(t *testing.T) {
	input := bufio.NewReader(strings.NewReader("4\n3\nget\n5\nstore\n-1\n3\na\nb\n0\n"))
	fields, err := readFields(input)
	require.NoError(t, err)
	require.Len(t, fields, 4)
	assert.Equal(t, "get", *fields[0])
	assert.Nil(t, fields[2])
	assert.Equal(t, "a\nb", *fields[3])
	fields, err = readFields(input)
	require.NoError(t, err)
	assert.Empty(t, fields)
	_, err = readFields(input)
	assert.Equal(t, io.EOF, err)
	_, err = readFields(bufio.NewReader(strings.NewReader("1\n5\nab")))
	assert.ErrorContains(t, err, "inside a frame")

	var output bytes.Buffer
	writer := bufio.NewWriter(&output)
	text := "ü\n"
	writeAnswer(writer, answer{status: lddynamostore.StatusNotNewer, result: &text})
	require.NoError(t, writer.Flush())
	assert.Equal(t, "5\n1\n2\n3\nü\n\n-1\n-1\n-1\n", output.String())
}

func TestAnswers(t *testing.T) {
	table := testengine.Local(t).NewTable()
	driver := &driver{map[string]*lddynamostore.Store{}, slog.New(slog.NewTextHandler(io.Discard, nil))}
	ask := func(call string, arguments ...string) answer {
		given := make([]*string, len(arguments))
		for index := range arguments {
			given[index] = &arguments[index]
		}
		return driver.answer(call, "store", given)
	}
	configuration := `{"table":"` + table.Name + `","endpoint":"` + table.Engine.Endpoint +
		`","region":"us-east-1","credentials":{"access_key_id":"local","secret_access_key":"local"}}`
	assert.Equal(t, answer{}, ask("new", configuration))
	assert.Equal(t, answer{}, ask("upsert", "features", "a", `{"version":2}`))
	assert.Equal(t, lddynamostore.StatusNotNewer, ask("upsert", "features", "a", `{"version":1}`).status)
	assert.Equal(t, `{"version":2}`, *ask("get", "features", "a").result)
	assert.Equal(t, answer{status: lddynamostore.StatusNotFound}, ask("get", "features", "b"))
	assert.Contains(t, *ask("stats").result, `"requests":`)
	missing := driver.answer("get", "store", []*string{nil, nil})
	assert.Equal(t, lddynamostore.StatusNullArgument, missing.status)
	assert.Equal(t, "0", *missing.retriable)
	assert.Equal(t, lddynamostore.StatusInvalidJSON, ask("new", "{").status)
	assert.Empty(t, driver.stores, "a store that had this name is freed, too")
}
