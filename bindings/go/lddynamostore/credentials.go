package lddynamostore

import (
	"encoding/json"
	"time"
)

// Credentials are AWS credentials as they are. They print without their secrets.
type Credentials struct {
	// AccessKeyID and SecretAccessKey are required.
	AccessKeyID     string
	SecretAccessKey string
	// SessionToken is for temporary credentials, else "".
	SessionToken string
	// Expires is when they expire, for SetCredentials; the zero time is never.
	Expires time.Time
}

// String has the access key id only.
func (credentials Credentials) String() string {
	return "Credentials{AccessKeyID: " + credentials.AccessKeyID + ", …}"
}

// GoString has the access key id only.
func (credentials Credentials) GoString() string { return "lddynamostore." + credentials.String() }

// MarshalJSON has the access key id only: secrets that are marshalled by chance end in logs.
func (credentials Credentials) MarshalJSON() ([]byte, error) {
	return json.Marshal(credentials.String())
}

type staticCredentials struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	SessionToken    string `json:"session_token,omitempty"`
}

type pushedCredentials struct {
	staticCredentials
	ExpiresMS *int64 `json:"expires_ms,omitempty"`
}

func (credentials Credentials) static() staticCredentials {
	return staticCredentials{credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken}
}

// pushed is the text that the native library takes.
func (credentials Credentials) pushed() string {
	pushed := pushedCredentials{staticCredentials: credentials.static()}
	if !credentials.Expires.IsZero() {
		expires := credentials.Expires.UnixMilli()
		pushed.ExpiresMS = &expires
	}
	// Strings and a number have no way to fail.
	text, _ := json.Marshal(pushed)
	return string(text)
}
