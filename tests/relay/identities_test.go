package relay

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The Relay Proxy leaves credentials to what AWS's variables and files say. Both builds find the same there.
func TestTheSameIdentityIsFound(t *testing.T) {
	container := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		json.NewEncoder(writer).Encode(map[string]string{
			"AccessKeyId": "of-the-container", "SecretAccessKey": "secret", "Token": "token",
			"Expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		})
	}))
	defer container.Close()
	files := t.TempDir()
	write(t, filepath.Join(files, "credentials"), "[relay]\naws_access_key_id = of-the-profile\naws_secret_access_key = secret\n")
	write(t, filepath.Join(files, "config"), "[profile relay]\nregion = eu-west-1\nmax_attempts = 5\nretry_mode = adaptive\n")
	noKeys := []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}

	for _, identity := range []struct {
		name      string
		accessKey string
		variables []string
	}{
		{"keys", accessKey, nil},
		{"keys and retries", accessKey, []string{"AWS_MAX_ATTEMPTS=2", "AWS_RETRY_MODE=standard"}},
		{"a container", "of-the-container", append([]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + container.URL}, noKeys...)},
		{"a profile", "of-the-profile", append([]string{
			"AWS_PROFILE=relay", "AWS_REGION=",
			"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(files, "credentials"), "AWS_CONFIG_FILE=" + filepath.Join(files, "config"),
		}, noKeys...)},
	} {
		for _, build := range []*Build{Official, Ours} {
			t.Run(identity.name+", "+build.Name, func(t *testing.T) {
				settings := Settings{
					LaunchDarkly: NewLaunchDarkly(t, ManyFlags(3), Items{}), Engine: scripted(t, build), Table: table,
					More: identity.variables,
				}
				Start(t, build, settings).WaitUntilHealthy()
				var last struct {
					AccessKey string `json:"access_key_id"`
				}
				settings.Engine.Ask("headers/last", &last)
				if last.AccessKey != identity.accessKey {
					t.Errorf("requests are signed by %q, not by %q", last.AccessKey, identity.accessKey)
				}
			})
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
