package lddynamostore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// definitions are the numbers of the C header, by name without LD_DYNAMO_.
func definitions(t *testing.T) map[string]int {
	header, err := os.ReadFile("../../../include/ld_dynamo_store.h")
	require.NoError(t, err)
	numbers := map[string]int{}
	for _, found := range regexp.MustCompile(`(?m)^#define LD_DYNAMO_(\w+) \(?(-?\d+)\)?$`).FindAllStringSubmatch(string(header), -1) {
		numbers[found[1]], err = strconv.Atoi(found[2])
		require.NoError(t, err)
	}
	return numbers
}

func TestConstantsAreThoseOfTheHeader(t *testing.T) {
	numbers := definitions(t)
	assert.Equal(t, native.ABIMajor, numbers["ABI_MAJOR"])
	assert.LessOrEqual(t, native.ABIMinor, numbers["ABI_MINOR"])
	statuses, levels := map[string]int{}, map[string]int{}
	for name, number := range numbers {
		switch {
		case strings.HasPrefix(name, "LOG_"):
			levels[strings.TrimPrefix(name, "LOG_")] = number
		case !strings.HasPrefix(name, "VERSION_") && !strings.HasPrefix(name, "ABI_"):
			statuses[name] = number
		}
	}
	assert.Greater(t, len(statuses), 20)
	ours := map[string]int{}
	for status, name := range statusNames {
		ours[name] = int(status)
		assert.Equal(t, name, status.String())
	}
	assert.Equal(t, statuses, ours)
	assert.Equal(t, levels, map[string]int{
		"ERROR": int(logError), "WARN": int(logWarn), "INFO": int(logInfo), "DEBUG": int(logDebug), "TRACE": int(logTrace)})
	assert.Len(t, slogLevels, len(levels))
	assert.Equal(t, "-77", Status(-77).String())
}

func TestEveryStatusHasAConstant(t *testing.T) {
	source, err := os.ReadFile("status.go")
	require.NoError(t, err)
	constants := regexp.MustCompile(`(?m)^\tStatus\w+\s+Status = `).FindAll(source, -1)
	assert.Len(t, constants, len(statusNames))
}

func TestEveryFailureHasItsCauseAndGroup(t *testing.T) {
	used := map[error]bool{}
	for status := range statusNames {
		err := failed(int32(status), &native.Failure{Message: "what", Retriable: true, ServiceCode: "Code"})
		cause, group := causes[status], groups[-status/100]
		if status >= 0 {
			assert.Nil(t, cause)
			continue
		}
		require.NotNil(t, cause, status)
		assert.ErrorIs(t, err, cause)
		assert.ErrorIs(t, err, group)
		used[cause] = true
		for other := range used {
			assert.Equal(t, other == cause || other == group, errors.Is(err, other), "%v is %v", status, other)
		}
		assert.Equal(t, &Error{Status: status, Message: "what", Retriable: true, ServiceCode: "Code"}, err)
		assert.Equal(t, "what", err.Error())
	}
}

func TestCausesHaveTheNamesOfTheirStatuses(t *testing.T) {
	others := map[Status]error{StatusNullArgument: ErrInvalidArgument, StatusInvalidUTF8: ErrInvalidUTF8,
		StatusServiceError: ErrService, StatusReadOnly: ErrReadOnly, StatusInternal: ErrInternal}
	for status, cause := range causes {
		if other, isOther := others[status]; isOther {
			assert.Equal(t, other, cause)
			continue
		}
		assert.Equal(t, strings.ReplaceAll(statusNames[status], "_", " "), strings.ToUpper(cause.Error()))
	}
}

func TestNumbersThatAreNotKnown(t *testing.T) {
	for status, group := range map[int32]error{
		-99: ErrInvalidArgument, -199: ErrConfiguration, -299: ErrService, -399: ErrThrottled, -499: ErrConnectivity,
		-599: ErrCorruptItem, -699: ErrReadOnly, -999: ErrInternal,
	} {
		assert.ErrorIs(t, failed(status, nil), group)
		assert.ErrorContains(t, failed(status, nil), fmt.Sprint(status))
	}
	assert.NotErrorIs(t, failed(-1234, nil), ErrInternal)
	assert.Nil(t, answered(99, nil, nil).err, "a positive number is harmless")
}

func TestEveryOptionHasItsKey(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("../../../docs/configuration.md"))
	require.NoError(t, err)
	documented := map[string]bool{}
	for _, found := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(string(page), -1) {
		documented[found[1]] = true
	}
	source, err := os.ReadFile("options.go")
	require.NoError(t, err)
	ours := map[string]bool{}
	for _, found := range regexp.MustCompile(`json:"(\w+)(?:,omitempty)?"`).FindAllStringSubmatch(string(source), -1) {
		ours[found[1]] = true
	}
	assert.Equal(t, documented, ours)
}
