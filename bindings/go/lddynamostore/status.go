package lddynamostore

import "strconv"

// Status is what a call came to, as the C header has it: 0 is success, positive numbers are harmless outcomes, negative ones failures.
// A number that this module does not know counts by its sign.
type Status int32

// Every status of the C header.
const (
	StatusOK                     Status = 0
	StatusNotFound               Status = 1
	StatusNotNewer               Status = 2
	StatusTooLarge               Status = 3
	StatusNotCached              Status = 4
	StatusOutOfOrder             Status = 5
	StatusNullArgument           Status = -1
	StatusInvalidUTF8            Status = -2
	StatusInvalidJSON            Status = -3
	StatusInvalidItem            Status = -4
	StatusInvalidKind            Status = -5
	StatusInvalidKey             Status = -6
	StatusInvalidDataSet         Status = -7
	StatusInvalidBigSegments     Status = -8
	StatusInvalidConfiguration   Status = -100
	StatusUnsupportedCredentials Status = -101
	StatusNoRegion               Status = -102
	StatusTableNotFound          Status = -200
	StatusTableMismatch          Status = -201
	StatusAccessDenied           Status = -202
	StatusNoCredentials          Status = -203
	StatusServiceError           Status = -204
	StatusThrottled              Status = -300
	StatusTimedOut               Status = -400
	StatusUnreachable            Status = -401
	StatusInvalidResponse        Status = -402
	StatusCorruptItem            Status = -500
	StatusReadOnly               Status = -600
	StatusInternal               Status = -900
	StatusPanic                  Status = -901
)

var statusNames = map[Status]string{
	StatusOK:                     "OK",
	StatusNotFound:               "NOT_FOUND",
	StatusNotNewer:               "NOT_NEWER",
	StatusTooLarge:               "TOO_LARGE",
	StatusNotCached:              "NOT_CACHED",
	StatusOutOfOrder:             "OUT_OF_ORDER",
	StatusNullArgument:           "NULL_ARGUMENT",
	StatusInvalidUTF8:            "INVALID_UTF8",
	StatusInvalidJSON:            "INVALID_JSON",
	StatusInvalidItem:            "INVALID_ITEM",
	StatusInvalidKind:            "INVALID_KIND",
	StatusInvalidKey:             "INVALID_KEY",
	StatusInvalidDataSet:         "INVALID_DATA_SET",
	StatusInvalidBigSegments:     "INVALID_BIG_SEGMENTS",
	StatusInvalidConfiguration:   "INVALID_CONFIGURATION",
	StatusUnsupportedCredentials: "UNSUPPORTED_CREDENTIALS",
	StatusNoRegion:               "NO_REGION",
	StatusTableNotFound:          "TABLE_NOT_FOUND",
	StatusTableMismatch:          "TABLE_MISMATCH",
	StatusAccessDenied:           "ACCESS_DENIED",
	StatusNoCredentials:          "NO_CREDENTIALS",
	StatusServiceError:           "SERVICE_ERROR",
	StatusThrottled:              "THROTTLED",
	StatusTimedOut:               "TIMED_OUT",
	StatusUnreachable:            "UNREACHABLE",
	StatusInvalidResponse:        "INVALID_RESPONSE",
	StatusCorruptItem:            "CORRUPT_ITEM",
	StatusReadOnly:               "READ_ONLY",
	StatusInternal:               "INTERNAL",
	StatusPanic:                  "PANIC",
}

// String is the constant's name in the C header without "LD_DYNAMO_", or the number of one that this module does not know.
func (status Status) String() string {
	if name, known := statusNames[status]; known {
		return name
	}
	return strconv.Itoa(int(status))
}
